//! Where a finding is, in words that repeat no data. It searches nothing but names.

use std::borrow::Cow;

use aegis_dlp::Field;

use crate::heard::Finder;
use crate::parameters::escape;

/// The way to a value of the body.
pub(super) enum Trail<'a> {
    Root,
    Item(&'a Trail<'a>, usize),
    Member(&'a Trail<'a>, &'a str),
}

impl<'a> Trail<'a> {
    /// The way below, but within a string the way to the string.
    pub(super) fn or<'t>(&'t self, below: &'t Trail<'a>, level: usize) -> &'t Trail<'a> {
        if level == 0 { below } else { self }
    }

    /// Appends the JSON Pointer (RFC 6901), with masked names.
    pub(super) fn write(&self, finder: Finder<'_>, pointer: &mut String) {
        match self {
            Self::Root => {}
            Self::Item(above, at) => {
                above.write(finder, pointer);
                pointer.push('/');
                pointer.push_str(&at.to_string());
            }
            Self::Member(above, name) => {
                above.write(finder, pointer);
                pointer.push('/');
                pointer.push_str(&escape(&masked(finder, name)));
            }
        }
    }
}

/// A name as it may stand in a finding's path: without the data that it may itself be. A long name
/// is text of the sender's choice, and does not stand there at all.
pub(super) fn masked<'n>(finder: Finder<'_>, name: &'n str) -> Cow<'n, str> {
    if name.len() > LONGEST_NAME || finder.heard.has(name) {
        return MASKED.into();
    }
    let part = Field::part(None, name);
    let scanner = finder.scanner;
    let hits = scanner.scan_field(&part);
    if hits.is_empty() {
        return name.into();
    }
    let kinds: Vec<&str> = hits.iter().map(|hit| hit.kind).collect();
    let redacted = scanner.redact_field(&part, &kinds);
    redacted.map_or_else(|| "[REDACTED]".into(), Cow::Owned)
}

/// A longer name is masked, in bytes.
pub(super) const LONGEST_NAME: usize = 64;
const MASKED: &str = "[masked]";
