//! Replacements within one text, in its order. Bytes between them are copied as they are.

use std::ops::Range;

#[derive(Default)]
pub(crate) struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    /// Replaces a range that begins where the last one ended, or later.
    pub(crate) fn replace(&mut self, range: Range<usize>, text: String) {
        self.0.push((range, text));
    }

    /// Whether the last replacement reaches beyond this offset.
    pub(crate) fn cover(&self, at: usize) -> bool {
        self.0.last().is_some_and(|(range, _)| at < range.end)
    }

    /// `None` where there is nothing to replace. Of ranges that are not of this text, or not in their
    /// order, more is lost than they cover, never less.
    pub(crate) fn apply(&self, text: &str) -> Option<String> {
        self.0.first()?;
        let mut edited = String::with_capacity(text.len());
        let mut done = 0;
        for (range, replacement) in &self.0 {
            edited.push_str(text.get(done..range.start).unwrap_or_default());
            edited.push_str(replacement);
            done = range.end;
        }
        edited.push_str(text.get(done..).unwrap_or_default());
        Some(edited)
    }

    /// The same in a body that is not all text.
    pub(crate) fn apply_to_bytes(&self, body: &[u8]) -> Option<Vec<u8>> {
        self.0.first()?;
        let mut edited = Vec::with_capacity(body.len());
        let mut done = 0;
        for (range, replacement) in &self.0 {
            edited.extend_from_slice(body.get(done..range.start).unwrap_or_default());
            edited.extend_from_slice(replacement.as_bytes());
            done = range.end;
        }
        edited.extend_from_slice(body.get(done..).unwrap_or_default());
        Some(edited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_that_does_not_fit_never_leaves_the_text_as_it_was() {
        for (first, second) in [(2..4, 1..3), (0..9, 9..12), (1..2, 2..3)] {
            let mut edits = Edits::default();
            edits.replace(first, "-".to_owned());
            edits.replace(second, "-".to_owned());
            let edited = edits.apply("0é345678").unwrap();
            assert!(edited.contains("--") && !edited.contains('é'), "{edited}");
        }
    }

    #[test]
    fn what_is_no_text_stays_byte_for_byte() {
        let mut edits = Edits::default();
        edits.replace(1..3, "-".to_owned());
        assert_eq!(
            edits.apply_to_bytes(b"\xff12\0\xc3"),
            Some(b"\xff-\0\xc3".to_vec())
        );
        edits.replace(9..12, "+".to_owned());
        assert_eq!(
            edits.apply_to_bytes(b"\xff12\0\xc3"),
            Some(b"\xff-+".to_vec())
        );
    }
}
