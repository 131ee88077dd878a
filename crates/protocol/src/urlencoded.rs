//! Pairs of queries and form bodies, with the places where they stand. It judges nothing.

use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::percent_decode_str;

/// One `name=value`, decoded; without `=` the value is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) value: String,
    /// The value where `+` is not a space but itself, as some servers read it; only if it has one.
    pub(crate) literal: Option<String>,
    /// Where the encoded name stands in the text.
    pub(crate) name_at: Range<usize>,
    /// Where the encoded value stands in the text.
    pub(crate) value_at: Range<usize>,
    /// Every decoder reads it in the same way: escapes are whole, the text is UTF-8, and there is
    /// no bare `;`, which some servers take for `&`.
    pub(crate) clear: bool,
}

impl Pair {
    /// The parameter that the pair gives, or a part of which it gives: what stands before the first `[`.
    pub(crate) fn parameter(&self) -> &str {
        self.name.split('[').next().unwrap_or_default()
    }

    /// Whether it gives one part of a parameter, as in `item[0]=a` or `tag[]=a`.
    pub(crate) fn is_part(&self) -> bool {
        self.name.contains('[')
    }

    /// Whether an `=` stands between name and value.
    pub(crate) fn has_sign(&self) -> bool {
        self.name_at.end < self.value_at.start
    }

    /// Whether every server takes the same parameter from the name: none trims it, cuts it short,
    /// drops its brackets or reads its first character as another one.
    pub(crate) fn has_plain_name(&self) -> bool {
        let parameter = self.parameter();
        !parameter.is_empty()
            && !parameter.starts_with('.')
            && parameter.trim() == parameter
            && self.name.trim() == self.name
            && !self.name.contains(char::is_control)
            && brackets_are_paired(&self.name)
    }
}

/// Whether a web framework may take the method from a field of this name, however it is spelled.
pub(crate) fn overrides_method(name: &str) -> bool {
    name.split(|c: char| matches!(c, '[' | ']') || c.is_control())
        .map(str::trim)
        .find(|part| !part.is_empty())
        .is_some_and(|name| folded(name) == FORM_METHOD)
}

/// The name as one key for all servers: some ignore its case, some read `.` and space as `_`.
pub(crate) fn folded(name: &str) -> Cow<'_, str> {
    if is_folded(name) {
        return name.into();
    }
    let folded = name.to_lowercase();
    if folded.contains(['.', ' ']) {
        folded.replace(['.', ' '], "_").into()
    } else {
        folded.into()
    }
}

/// Whether a name is plainly its own key. Some beyond ASCII are as well, and not called so.
pub(crate) fn is_folded(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase() && byte != b'.' && byte != b' ')
}

/// Reads `application/x-www-form-urlencoded` text as the URL Standard does; empty pairs are skipped.
pub(crate) fn pairs(text: &str) -> Vec<Pair> {
    let mut found = Vec::new();
    let mut start = 0;
    for piece in text.split('&') {
        if !piece.is_empty() {
            found.push(pair(piece, start));
        }
        start += piece.len() + 1;
    }
    found
}

fn pair(piece: &str, start: usize) -> Pair {
    let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
    let end = start + piece.len();
    let (decoded_name, name_clear) = decode(name);
    let (decoded_value, value_clear) = decode(value);
    Pair {
        name: decoded_name,
        value: decoded_value,
        literal: value.contains('+').then(|| unescape(value).0),
        name_at: start..start + name.len(),
        value_at: end - value.len()..end,
        clear: name_clear && value_clear,
    }
}

/// The decoded text, and whether there is only one way to decode it.
fn decode(text: &str) -> (String, bool) {
    unescape(&text.replace('+', " "))
}

fn unescape(text: &str) -> (String, bool) {
    let whole = escapes_are_whole(text) && !text.contains(';');
    match percent_decode_str(text).decode_utf8() {
        Ok(decoded) => (decoded.into_owned(), whole),
        Err(_) => (
            percent_decode_str(text).decode_utf8_lossy().into_owned(),
            false,
        ),
    }
}

fn brackets_are_paired(name: &str) -> bool {
    let mut open = 0_usize;
    for c in name.chars() {
        match c {
            '[' => open += 1,
            ']' if open == 0 => return false,
            ']' => open -= 1,
            _ => {}
        }
    }
    open == 0
}

fn escapes_are_whole(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let mut digits = after.bytes().take(2);
        let mut digit = || digits.next().is_some_and(|b| b.is_ascii_hexdigit());
        digit() && digit()
    })
}

/// Web frameworks take the method from this parameter.
pub(crate) const FORM_METHOD: &str = "_method";

#[cfg(test)]
mod tests;
