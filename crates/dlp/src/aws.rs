//! AWS keys: access key ids by their form, secret keys by their form and the words near them.

use std::ops::Range;

use crate::edge::escape_before;
use crate::{Class, Clues, Detector, Field};

#[derive(Debug)]
pub(crate) struct AwsKey;

impl Detector for AwsKey {
    fn kind(&self) -> &'static str {
        "aws_key"
    }

    fn class(&self) -> Class {
        Class::Secret
    }

    fn possible(&self, clues: &Clues) -> bool {
        clues.long_token
    }

    fn find(&self, field: &Field<'_>, found: &mut Vec<Range<usize>>) {
        let bytes = field.text.as_bytes();
        // Only where a text has the shape of a key: one name can stand over very many texts.
        let named = || {
            let name = field.name.unwrap_or_default().as_bytes();
            names_a_secret_key(name.get(..LONGEST_NAME).unwrap_or(name))
        };
        let mut last_id = None;
        for run in runs(bytes) {
            let Some(token) = bytes.get(run.clone()) else {
                continue;
            };
            if token.len() == SECRET_LENGTH
                && is_secret_shaped(token)
                && bytes.get(run.end) != Some(&b'=')
            {
                let near_id = last_id.is_some_and(|end| run.start - end <= NEAR);
                let window = bytes.get(run.start.saturating_sub(NEAR)..run.start);
                if near_id || window.is_some_and(names_a_secret_key) || named() {
                    found.push(run);
                    continue;
                }
            }
            for id in ids(token, run.start) {
                last_id = Some(id.end);
                found.push(id);
            }
        }
    }
}

/// Runs of the base64 alphabet that are long enough for a key.
fn runs(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    bytes
        .split(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')))
        .filter_map(move |run| {
            let (start, end) = (at, at + run.len());
            at = end + 1;
            (run.len() >= ID_LENGTH).then(|| start + escape_before(bytes, start)..end)
        })
}

/// Access key ids within a run, where `+` and `/` part words.
fn ids(token: &[u8], start: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = start;
    token
        .split(|byte| matches!(byte, b'+' | b'/'))
        .filter_map(move |word| {
            let start = at;
            at += word.len() + 1;
            is_id(word).then(|| start..start + word.len())
        })
}

fn is_id(word: &[u8]) -> bool {
    let prefixed = PREFIXES.iter().any(|prefix| word.starts_with(prefix));
    prefixed
        && word.len() == ID_LENGTH
        && word
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Both cases and a digit: a digest in hexadecimal has as many characters, but one case.
fn is_secret_shaped(token: &[u8]) -> bool {
    token.iter().any(u8::is_ascii_uppercase)
        && token.iter().any(u8::is_ascii_lowercase)
        && token.iter().any(|byte| !byte.is_ascii_alphabetic())
}

fn names_a_secret_key(words: &[u8]) -> bool {
    let has = |word: &[u8]| {
        words
            .windows(word.len())
            .any(|part| part.eq_ignore_ascii_case(word))
    };
    has(b"aws") || (has(b"key") && (has(b"secret") || has(b"access")))
}

/// Long-term and temporary access keys, service bearer tokens, context-specific credentials, and
/// the prefix that keys had before these.
const PREFIXES: [&[u8]; 5] = [b"AKIA", b"ASIA", b"ABIA", b"ACCA", b"A3T"];
const ID_LENGTH: usize = 20;
const SECRET_LENGTH: usize = 40;
/// How far before a secret key its name or its id may stand, in bytes.
const NEAR: usize = 96;
/// How much of a field's name is looked at, in bytes.
const LONGEST_NAME: usize = 128;
