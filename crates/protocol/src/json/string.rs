//! String literals of JSON: their end, their faults and their text.

use std::borrow::Cow;

use super::{JsonError, JsonFault};

/// The offset after the closing quote of the literal whose opening quote stands before `at`, and
/// whether there are escapes in it.
pub(super) fn end(bytes: &[u8], mut at: usize) -> Result<(usize, bool), JsonError> {
    let mut escaped = false;
    loop {
        at += plain_length(bytes.get(at..).unwrap_or_default());
        match bytes.get(at) {
            Some(b'"') => return Ok((at + 1, escaped)),
            Some(b'\\') => {
                at += escape(bytes, at)?;
                escaped = true;
            }
            Some(_) => {
                return Err(JsonError {
                    fault: JsonFault::Control,
                    at,
                });
            }
            None => {
                return Err(JsonError {
                    fault: JsonFault::End,
                    at,
                });
            }
        }
    }
}

/// The text of a literal that [`end`] has accepted.
pub(super) fn decode(literal: &str) -> Cow<'_, str> {
    let inner = inner(literal);
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        text.push_str(plain);
        let (character, length) = unescape(escaped);
        text.push(character);
        rest = escaped.get(length..).unwrap_or_default();
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The literal without its quotes.
pub(super) fn inner(literal: &str) -> &str {
    literal
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or_default()
}

/// How many bytes stand before the first quote, backslash or control character: eight at a time,
/// and those around the end one by one.
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks::<8>();
    let plain = words
        .iter()
        .take_while(|word| !holds_special(u64::from_ne_bytes(**word)))
        .count()
        * 8;
    let rest = bytes.get(plain..).unwrap_or_default();
    let last = rest
        .iter()
        .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f))
        .count();
    plain + last
}

/// Whether one of eight bytes is a quote, a backslash or a control character. Subtracting a byte
/// from a smaller one sets the highest bit, which only bytes beyond ASCII have themselves.
fn holds_special(word: u64) -> bool {
    let below = |word: u64, limit: u8| word.wrapping_sub(EACH * u64::from(limit)) & !word;
    let is = |byte: u8| below(word ^ (EACH * u64::from(byte)), 1);
    (is(b'"') | is(b'\\') | below(word, 0x20)) & (EACH << 7) != 0
}

/// The length of the escape at `at`, its backslash included; a surrogate pair is one escape.
fn escape(bytes: &[u8], at: usize) -> Result<usize, JsonError> {
    let fail = |fault| Err(JsonError { fault, at });
    let rest = bytes.get(at + 1..).unwrap_or_default();
    match rest {
        [] => fail(JsonFault::End),
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Ok(2),
        [b'u', digits @ ..] => match (hex(digits), digits.get(4..)) {
            (Some(0xD800..=0xDBFF), Some([b'\\', b'u', low @ ..])) => match hex(low) {
                Some(0xDC00..=0xDFFF) => Ok(12),
                _ => fail(JsonFault::Surrogate),
            },
            (Some(0xD800..=0xDFFF), _) => fail(JsonFault::Surrogate),
            (Some(_), _) => Ok(6),
            (None, _) => fail(JsonFault::Escape),
        },
        _ => fail(JsonFault::Escape),
    }
}

/// The character of an escape and the length of what follows its backslash.
fn unescape(escaped: &str) -> (char, usize) {
    match escaped.as_bytes() {
        [b'b', ..] => ('\u{8}', 1),
        [b'f', ..] => ('\u{c}', 1),
        [b'n', ..] => ('\n', 1),
        [b'r', ..] => ('\r', 1),
        [b't', ..] => ('\t', 1),
        [b'u', digits @ ..] => {
            let high = hex(digits).unwrap_or_default();
            let low = digits.get(6..).and_then(hex).unwrap_or_default();
            match char::from_u32(high) {
                Some(character) => (character, 5),
                None => (pair(high, low), 11),
            }
        }
        [other, ..] => (char::from(*other), 1),
        [] => (char::REPLACEMENT_CHARACTER, 0),
    }
}

fn pair(high: u32, low: u32) -> char {
    let code = 0x1_0000 + ((high & 0x3FF) << 10) + (low & 0x3FF);
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The value of the four hexadecimal digits that stand here.
fn hex(digits: &[u8]) -> Option<u32> {
    digits.get(..4)?.iter().try_fold(0, |value, digit| {
        char::from(*digit)
            .to_digit(16)
            .map(|digit| value * 16 + digit)
    })
}

/// One in each of eight bytes.
const EACH: u64 = 0x0101_0101_0101_0101;
