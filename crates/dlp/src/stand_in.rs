//! The names that stand in the place of values, `[TYPE:…]` and `[TYPE#…]`: what is found within one is no data.
//!
//! Only what Aegis itself writes is such a name: a type that is looked for, and digits that could be no
//! number of any kind. In anything else of that form a value could hide.

use std::ops::Range;

use crate::custom::Customs;
use crate::types;
use crate::window::Window;

/// Sixteen hexadecimal digits, of which no more than a few in a row are decimal: whoever makes a name
/// makes another one otherwise.
pub fn is_stand_in(digits: &[u8]) -> bool {
    let hexadecimal = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let mut runs = digits.split(|byte| !byte.is_ascii_digit());
    digits.len() == DIGITS
        && digits.iter().all(hexadecimal)
        && runs.all(|run| run.len() <= LONGEST_NUMBER)
}

/// Whether the range is a part of a name. Its end may not have come yet.
pub(crate) fn covers(range: &Range<usize>, window: Window<'_>, customs: &Customs) -> bool {
    let earliest = range.start.saturating_sub(LONGEST).max(window.base);
    let before = window.after(earliest).get(..=range.start - earliest);
    let begins = memchr::memrchr(b'[', before.unwrap_or_default());
    begins.is_some_and(|at| {
        let begins = earliest + at;
        let length = name(window.after(begins), customs);
        length.is_some_and(|length| range.end <= begins + length)
    })
}

/// The length of the name that the text begins with.
fn name(text: &[u8], customs: &Customs) -> Option<usize> {
    let inner = text.strip_prefix(b"[")?;
    let of_type = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
    let kind = inner.iter().take_while(|byte| of_type(byte)).count();
    let digits = inner.get(kind..)?;
    let digits = digits.strip_prefix(b":").or(digits.strip_prefix(b"#"))?;
    let ends = digits.get(DIGITS).is_none_or(|end| *end == b']');
    let is_name = is_type(inner.get(..kind)?, customs) && is_stand_in(digits.get(..DIGITS)?);
    (is_name && ends).then_some("[:]".len() + kind + DIGITS)
}

/// Where the name began that goes on with this byte, if one began there that may go on; its end is none.
pub(crate) fn goes_on(begun: Option<usize>, byte: u8, at: usize) -> Option<usize> {
    match byte {
        b'[' => Some(at),
        b'A'..=b'Z' | b'0'..=b'9' | b'_' | b':' | b'#' | b'a'..=b'f' => {
            begun.filter(|begun| at - begun < LONGEST)
        }
        _ => None,
    }
}

/// Where the name ends, or what is none, that began here and goes on at `at`; none where that has not come yet.
pub(crate) fn ends(begun: usize, at: usize, window: Window<'_>) -> Option<usize> {
    let rest = window.after(at + 1).iter().zip(at + 1..);
    let mut rest = rest.map(|(byte, at)| (goes_on(Some(begun), *byte, at), at));
    let end = rest.find(|(name, _)| *name != Some(begun));
    end.map(|(_, at)| at)
        .or(window.last.then_some(window.end()))
}

fn is_type(name: &[u8], customs: &Customs) -> bool {
    let types = types();
    name == PARAMETER
        || types
            .binary_search_by_key(&name, |(kind, _)| kind.as_bytes())
            .is_ok()
        || customs.types().any(|(kind, _)| kind.as_bytes() == name)
}

/// What a parameter is called that policy has redacted whatever its value.
const PARAMETER: &[u8] = b"PARAMETER";
const DIGITS: usize = 16;
/// Of decimal digits in a row.
const LONGEST_NUMBER: usize = 3;
/// Of a name, in bytes.
const LONGEST: usize = 64;
/// Of a type in a name.
pub(crate) const LONGEST_TYPE: usize = LONGEST - DIGITS - "[:]".len();
