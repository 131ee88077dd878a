//! PEM private keys: from `BEGIN … PRIVATE KEY` to the matching end, or to the end of the text.

use std::ops::Range;

use crate::{Class, Clues, Detector, Field};

#[derive(Debug)]
pub(crate) struct PemKey;

impl Detector for PemKey {
    fn kind(&self) -> &'static str {
        "pem_key"
    }

    fn class(&self) -> Class {
        Class::Secret
    }

    fn possible(&self, clues: &Clues) -> bool {
        clues.dashes
    }

    fn find(&self, field: &Field<'_>, found: &mut Vec<Range<usize>>) {
        let text = field.text;
        let mut at = 0;
        while let Some(begin) = text
            .get(at..)
            .and_then(|rest| rest.find(BEGIN))
            .map(|next| at + next)
        {
            at = begin + BEGIN.len();
            let Some(header) = text.get(at..).and_then(header_length) else {
                continue;
            };
            at += header;
            let body = text.get(at..).unwrap_or_default();
            let (body, length) = match body.find(END) {
                Some(end) => (
                    body.get(..end).unwrap_or_default(),
                    end + footer_length(body, end),
                ),
                // Cut off: what follows may all be key.
                None => (body, body.len()),
            };
            if has_key_material(body) {
                found.push(begin..at + length);
            }
            at += length;
        }
    }
}

/// The rest of a header line `RSA PRIVATE KEY-----`, its dashes included.
fn header_length(after_begin: &str) -> Option<usize> {
    let near = after_begin.get(..after_begin.floor_char_boundary(LABEL_BYTES))?;
    let label = near.get(..near.find(DASHES)?)?;
    let plain = label
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ');
    (plain && label.contains("PRIVATE KEY")).then_some(label.len() + DASHES.len())
}

/// The footer with its dashes, or as much of it as there is.
fn footer_length(body: &str, end: usize) -> usize {
    let footer = body.get(end..).unwrap_or_default();
    let near = footer
        .get(..footer.floor_char_boundary(END.len() + LABEL_BYTES))
        .unwrap_or(footer);
    let label = near.get(END.len()..).unwrap_or_default();
    label
        .find(DASHES)
        .map_or(near.len(), |dashes| END.len() + dashes + DASHES.len())
}

/// A header alone, as documentation has it, is no key.
fn has_key_material(body: &str) -> bool {
    body.as_bytes()
        .split(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')))
        .any(|run| run.len() >= MATERIAL)
}

const DASHES: &str = "-----";
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
/// The longest label and its dashes.
const LABEL_BYTES: usize = 80;
/// Characters in a row that prose does not have and a line of key always has.
const MATERIAL: usize = 16;
