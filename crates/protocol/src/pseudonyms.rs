//! What takes the place of a value that is to be sanitised. It finds none, and keeps none.

use std::fmt;

use aegis_dlp::{Hit, LONGEST, Scanner, Substitute, Way, mask, placeholder};
use aegis_policy::{Action, Mask, Numbers};

use crate::heard::{Finder, Heard};

/// Names for values, those of one caller.
pub trait Pseudonyms: fmt::Debug + Send + Sync {
    /// Sixteen hexadecimal digits, the same for the same value. `None`: it has no such name.
    fn hash(&self, value: &str) -> Option<String>;

    /// Sixteen hexadecimal digits by which the value can be found again. `None`: there is no room.
    fn token(&self, kind: &str, value: &str) -> Option<String>;

    /// The value of this type that has this token.
    fn value(&self, kind: &str, token: &str) -> Option<String>;
}

/// For whoever has no names: labels stand for every value.
#[derive(Clone, Copy, Debug)]
pub struct Unnamed;

/// By what means something is rewritten.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    pub scanner: &'a Scanner,
    /// About the texts of what is rewritten.
    pub heard: &'a Heard,
    pub numbers: Numbers,
    pub names: &'a dyn Pseudonyms,
}

/// What stands for each type of data, asked of `on`.
pub(crate) struct Naming<'a, F> {
    pub(crate) scanner: &'a Scanner,
    pub(crate) names: &'a dyn Pseudonyms,
    pub(crate) on: F,
}

impl Means<'_> {
    pub fn finder(&self) -> Finder<'_> {
        Finder {
            scanner: self.scanner,
            heard: self.heard,
        }
    }

    /// With labels alone.
    pub(crate) fn unnamed(self) -> Self {
        Self {
            names: &Unnamed,
            ..self
        }
    }

    /// What takes the place of a parameter, whatever is in it.
    pub(crate) fn parameter(&self, action: Action, value: &str) -> String {
        let named = || named(action, PARAMETER, value, self.names);
        match action {
            Action::Label => REDACTED.to_owned(),
            Action::Remove => String::new(),
            Action::Mask(Mask { keep_last }) => mask(value, usize::from(keep_last)),
            Action::Hash | Action::Token => named().unwrap_or_else(|| REDACTED.to_owned()),
        }
    }
}

impl<F: Fn(&str) -> Option<Action>> Naming<'_, F> {
    pub(crate) fn replace(&self, text: &str, hits: &[Hit]) -> Option<String> {
        aegis_dlp::replace(text, hits, self)
    }
}

impl<F: Fn(&str) -> Option<Action>> Substitute for Naming<'_, F> {
    fn way(&self, kind: &str) -> Way {
        way((self.on)(kind))
    }

    fn instead(&self, kind: &'static str, value: &str) -> String {
        instead((self.on)(kind), (kind, value), self.names, self.scanner)
    }
}

pub(crate) fn way(action: Option<Action>) -> Way {
    match action {
        None => Way::Keep,
        Some(Action::Label) => Way::Label,
        Some(_) => Way::Value,
    }
}

/// What takes the place of a value: a label, where the action has no other name for it.
pub(crate) fn instead(
    action: Option<Action>,
    (kind, value): (&'static str, &str),
    names: &dyn Pseudonyms,
    scanner: &Scanner,
) -> String {
    let label = || placeholder(kind);
    match action {
        None | Some(Action::Label) => label(),
        Some(Action::Remove) => String::new(),
        Some(Action::Mask(Mask { keep_last })) => {
            let masked = mask(value, usize::from(keep_last));
            // What is left may look like data still.
            if scanner.scan(&masked).is_empty() {
                masked
            } else {
                label()
            }
        }
        Some(action) => named(action, kind, value, names).unwrap_or_else(label),
    }
}

fn named(action: Action, kind: &str, value: &str, names: &dyn Pseudonyms) -> Option<String> {
    if value.len() > LONGEST {
        return None;
    }
    match action {
        Action::Hash => Some(format!("[{kind}#{}]", names.hash(value)?)),
        Action::Token if is_plain(value) => Some(format!("[{kind}:{}]", names.token(kind, value)?)),
        _ => None,
    }
}

/// Whether the value is the same in JSON: a token of it may be anywhere, in JSON within text, too,
/// when it becomes its value again.
fn is_plain(value: &str) -> bool {
    !value.contains(|c: char| matches!(c, '"' | '\\') || c.is_control())
}

impl Pseudonyms for Unnamed {
    fn hash(&self, _value: &str) -> Option<String> {
        None
    }

    fn token(&self, _kind: &str, _value: &str) -> Option<String> {
        None
    }

    fn value(&self, _kind: &str, _token: &str) -> Option<String> {
        None
    }
}

impl fmt::Debug for Means<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Means")
            .field("numbers", &self.numbers)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

/// What stands in the place of a redacted parameter.
const REDACTED: &str = "[REDACTED]";
/// What a parameter is called in a name for its value, whatever is in it.
const PARAMETER: &str = "PARAMETER";
