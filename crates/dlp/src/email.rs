//! E-mail addresses: outwards from each `@`, within the lengths that RFC 5321 allows.

use std::ops::Range;

use crate::edge::escape_before;
use crate::{Class, Clues, Detector, Field};

#[derive(Debug)]
pub(crate) struct Email;

impl Detector for Email {
    fn kind(&self) -> &'static str {
        "email"
    }

    fn class(&self) -> Class {
        Class::Pii
    }

    fn possible(&self, clues: &Clues) -> bool {
        clues.at_sign
    }

    fn find(&self, field: &Field<'_>, found: &mut Vec<Range<usize>>) {
        let text = field.text;
        found.extend(
            text.match_indices('@')
                .filter_map(|(at, _)| address(text, at)),
        );
    }
}

/// The address around the `@` that stands here.
fn address(text: &str, at: usize) -> Option<Range<usize>> {
    let start = local_start(text, text.get(..at)?)?;
    let domain = domain_length(text.get(at + 1..)?)?;
    Some(start..at + 1 + domain)
}

/// Where the local part begins that ends with `before`. Letters of any script count, so that no
/// part of an international address is left behind.
fn local_start(text: &str, before: &str) -> Option<usize> {
    let near =
        before.get(before.floor_char_boundary(before.len().saturating_sub(LOCAL_BYTES))..)?;
    let outside = near
        .char_indices()
        .rev()
        .find(|(_, c)| !(c.is_alphanumeric() || LOCAL.contains(c)));
    let local = near.get(outside.map_or(0, |(at, c)| at + c.len_utf8())..)?;
    let escaped = escape_before(text.as_bytes(), before.len() - local.len());
    let local = local.get(escaped..)?.trim_start_matches(['.', '\'', '-']);
    let whole = !local.is_empty() && !local.ends_with('.');
    whole.then_some(before.len() - local.len())
}

/// The length of the domain that `after` begins with: two labels or more, the last one of letters
/// (or `xn--…`), so that `package@1.2.3` is none. What follows the letters is not part of it.
fn domain_length(after: &str) -> Option<usize> {
    let near = after.get(..after.floor_char_boundary(DOMAIN_BYTES))?;
    let is_domain = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
    let characters = near.split(|c| !is_domain(c)).next()?;
    let mut domain = characters.split("..").next()?;
    if domain.starts_with(['.', '-']) {
        return None;
    }
    loop {
        let (rest, last) = domain.trim_end_matches(['.', '-']).rsplit_once('.')?;
        if let Some(length) = top_level_length(last) {
            return Some(rest.len() + 1 + length);
        }
        domain = rest;
    }
}

fn top_level_length(label: &str) -> Option<usize> {
    if label
        .get(..4)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"))
    {
        return Some(label.len());
    }
    let other = label
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(label.len());
    let letters = label.get(..other)?;
    letters.chars().nth(1).map(|_| letters.len())
}

/// Punctuation of local parts that people really have.
const LOCAL: [char; 6] = ['.', '_', '%', '+', '-', '\''];
/// RFC 5321 4.5.3.1.1 has 64 octets; twice that, for mail hosts that do not care.
const LOCAL_BYTES: usize = 128;
/// RFC 5321 4.5.3.1.2.
const DOMAIN_BYTES: usize = 255;
