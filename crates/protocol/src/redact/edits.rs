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

    /// `None` where there is nothing to replace.
    pub(crate) fn apply(&self, text: &str) -> Option<String> {
        self.0.first()?;
        let mut edited = String::with_capacity(text.len());
        let mut done = 0;
        for (range, replacement) in &self.0 {
            edited.push_str(text.get(done..range.start)?);
            edited.push_str(replacement);
            done = range.end;
        }
        edited.push_str(text.get(done..)?);
        Some(edited)
    }
}
