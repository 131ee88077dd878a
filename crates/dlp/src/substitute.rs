//! What takes the place of values in a text. It finds none, and keeps none.

use crate::Hit;

/// What stands in the place of data, by its type.
///
/// Values that overlap in part become one label, named for the first; so does a value that is longer than
/// [`LONGEST`] bytes, whatever this says. One value that is of several types is replaced as the first of them, unless
/// one of them is to be a label.
pub trait Substitute {
    /// Whether data of this type is replaced, and whether its value matters.
    fn way(&self, kind: &str) -> Way;

    /// What takes the place of this value, where [`Way::Value`] was said.
    fn instead(&self, kind: &'static str, value: &str) -> String;
}

/// How data of a type is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It stays.
    Keep,
    /// By [`placeholder`].
    Label,
    /// By what [`Substitute::instead`] says.
    Value,
}

/// For the types for which it is true.
pub(crate) struct Labels<F>(pub(crate) F);

impl<F: Fn(&str) -> bool> Substitute for Labels<F> {
    fn way(&self, kind: &str) -> Way {
        if (self.0)(kind) {
            Way::Label
        } else {
            Way::Keep
        }
    }

    fn instead(&self, kind: &'static str, _value: &str) -> String {
        placeholder(kind)
    }
}

/// The text with something else for each of these hits in it, in their order; `None` where nothing
/// is replaced. Where hits are not of this text, it loses more than them, never less.
pub fn replace(text: &str, hits: &[Hit], by: &dyn Substitute) -> Option<String> {
    let mut replaced = hits
        .iter()
        .filter(|hit| by.way(hit.kind) != Way::Keep)
        .peekable();
    replaced.peek()?;
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    while let Some(first) = replaced.next() {
        clean.push_str(text.get(done..first.range.start).unwrap_or_default());
        done = first.range.end;
        let mut is_alone = first.is_whole;
        while let Some(hit) = replaced.next_if(|hit| hit.range.start < done) {
            let is_same = hit.is_whole && hit.range == first.range;
            is_alone &= is_same && by.way(hit.kind) == Way::Value;
            done = done.max(hit.range.end);
        }
        let value = text.get(first.range.clone());
        match value.filter(|value| is_alone && value.len() <= LONGEST) {
            Some(value) if by.way(first.kind) == Way::Value => {
                clean.push_str(&by.instead(first.kind, value));
            }
            _ => clean.push_str(&placeholder(first.kind)),
        }
    }
    clean.push_str(text.get(done..).unwrap_or_default());
    Some(clean)
}

/// What stands in the place of redacted data: `[REDACTED:EMAIL_ADDRESS]`.
pub fn placeholder(kind: &str) -> String {
    format!("[REDACTED:{kind}]")
}

/// The value with `*` for every letter and digit but the last few; signs stay. With fewer than twice
/// as many letters and digits, none of them stays.
pub fn mask(value: &str, keep_last: usize) -> String {
    let count = value.chars().filter(|c| c.is_alphanumeric()).count();
    let kept = if count < keep_last.saturating_mul(2) {
        0
    } else {
        keep_last
    };
    let mut masked = count - kept;
    let hide = |c: char| {
        if !c.is_alphanumeric() || masked == 0 {
            return c;
        }
        masked -= 1;
        '*'
    };
    value.chars().map(hide).collect()
}

/// Of a value that something else than its label takes the place of, in bytes.
pub const LONGEST: usize = 256;
