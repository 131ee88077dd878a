//! Where a value begins when the text is itself source text: the letters of an escape are not part of it.
//!
//! JSON inside a JSON string still has its own escapes after decoding. Without this, `\nAKIA…` would
//! read as a word that begins with `n`.

/// How many bytes of a word belong to an escape (`\n`, `\u003c`, `%2B`) whose sign `before` ends with;
/// none where the escape goes on behind the word.
pub(crate) fn escape_at(before: &[u8], word: &[u8]) -> Option<usize> {
    if before.last() == Some(&b'%') {
        // Of punctuation in a form or a URL.
        return match word {
            [b'2', digit, ..] if digit.is_ascii_hexdigit() => Some(2),
            [] | [b'2'] => None,
            _ => Some(0),
        };
    }
    if let Some(length) = colour_at(before, word) {
        return Some(length);
    }
    let backslashes = before
        .iter()
        .rev()
        .take_while(|byte| **byte == b'\\')
        .count();
    if backslashes % 2 == 0 {
        return Some(0);
    }
    match word {
        [b'n' | b'r' | b't' | b'b' | b'f', ..] => Some(1),
        [b'u', digits @ ..] => {
            let hexadecimal = digits
                .iter()
                .take_while(|byte| byte.is_ascii_hexdigit())
                .count();
            match hexadecimal {
                4.. => Some(5),
                some if some == digits.len() => None,
                _ => Some(0),
            }
        }
        _ => Some(0),
    }
}

/// The same of what sets the colour of a terminal, `ESC[1;31m`: a program's output is pasted as it is, or with its
/// first sign written as an escape.
fn colour_at(before: &[u8], word: &[u8]) -> Option<usize> {
    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let ends = word.get(digits).is_some_and(u8::is_ascii_alphabetic);
    let is_number = |byte: &&u8| byte.is_ascii_digit() || **byte == b';';
    let numbers = before.iter().rev().take(COLOUR).take_while(is_number);
    let numbers = numbers.count();
    let before = before.get(..before.len() - numbers)?;
    let sign = before.strip_suffix(b"[")?;
    let signs: [&[u8]; 5] = [b"\x1b", b"1b", b"1B", b"\\e", b"\\033"];
    let begins = signs.iter().any(|begin| sign.ends_with(begin));
    (ends && begins).then_some(digits + 1)
}

/// Whether the last letters are those of an escape.
pub(crate) fn ends_in_escape(bytes: &[u8]) -> bool {
    may_end_in_escape(bytes)
        && (1..=5).any(|length| {
            let parts = bytes
                .len()
                .checked_sub(length)
                .and_then(|at| bytes.split_at_checked(at));
            parts.is_some_and(|(before, escape)| escape_at(before, escape) == Some(length))
        })
}

/// Whether the sign of one is near. Mostly none is.
fn may_end_in_escape(bytes: &[u8]) -> bool {
    let near = bytes.get(bytes.len().saturating_sub(6)..);
    let is_sign = |byte: &u8| matches!(byte, b'%' | b'\\');
    let is_colour =
        matches!(bytes, [.., b'0'..=b'9' | b';' | b'[', letter] if letter.is_ascii_alphabetic());
    is_colour || near.unwrap_or_default().iter().any(is_sign)
}

/// The numbers of a colour, in bytes: `1;38;2;255;255;255`. What is further back may be gone.
const COLOUR: usize = 32;
