//! Every key of the settings file as data, from which the reference page is made; its defaults are
//! taken from the code, so the page cannot say another.

mod bounds;
mod calls;
mod sources;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt;

use crate::gateway;
use crate::units::{show_duration, show_size};

/// One key of the settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Dots between keys; `[]` after a list whose items are mappings.
    pub path: &'static str,
    /// What is written there, with its unit.
    pub kind: &'static str,
    pub default: Fallback,
    pub meaning: &'static str,
}

/// What holds where a key is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// The key must be written.
    Required,
    /// What the key would switch on is off.
    Absent,
    /// As it would be written in the file.
    Literal(String),
    /// Follows from another key, in these words.
    Derived(&'static str),
}

impl fmt::Display for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required => f.write_str("required"),
            Self::Absent => f.write_str("absent"),
            Self::Literal(text) => write!(f, "`{text}`"),
            Self::Derived(words) => f.write_str(words),
        }
    }
}

/// A row of the reference table.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "| `{}` | {} | {} | {} |",
            self.path, self.kind, self.default, self.meaning
        )
    }
}

pub(crate) fn keys() -> Vec<Key> {
    let sections: [&[Key]; 12] = [
        &sources::general(),
        &sources::bundle(),
        &sources::control(),
        &calls::listen(),
        &gateway::reference::keys(),
        &calls::identity(),
        &calls::chain(),
        &calls::dlp(),
        &calls::records(),
        &bounds::upstream(),
        &bounds::amounts(),
        &bounds::timeouts(),
    ];
    sections.concat()
}

pub(crate) fn key(
    path: &'static str,
    kind: &'static str,
    default: Fallback,
    meaning: &'static str,
) -> Key {
    Key {
        path,
        kind,
        default,
        meaning,
    }
}

pub(crate) fn literal(value: impl fmt::Display) -> Fallback {
    Fallback::Literal(format!("{value}"))
}

pub(crate) fn duration(value: std::time::Duration) -> Fallback {
    Fallback::Literal(show_duration(value))
}

pub(crate) fn size(value: usize) -> Fallback {
    Fallback::Literal(show_size(value))
}
