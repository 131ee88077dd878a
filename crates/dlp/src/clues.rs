//! The cheap look before any search: what a text must have for a detector to be worth asking.

/// What a text has. Never false where a search would find something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four observations that do not depend on each other"
)]
pub struct Clues {
    pub at_sign: bool,
    /// 13 digits, spaces and hyphens in a row.
    pub long_number: bool,
    /// 20 letters, digits, `+` and `/` in a row.
    pub long_token: bool,
    /// 5 hyphens in a row.
    pub dashes: bool,
}

impl Clues {
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        Self {
            at_sign: bytes.contains(&b'@'),
            long_number: has_run(bytes, 13, |b| matches!(b, b'0'..=b'9' | b' ' | b'-')),
            long_token: has_run(bytes, 20, |b| {
                b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')
            }),
            dashes: has_run(bytes, 5, |b| b == b'-'),
        }
    }
}

/// Whether `length` such bytes stand in a row. The last one in a window that does not fit says
/// where the next window begins, so that most bytes are never looked at.
fn has_run(bytes: &[u8], length: usize, fits: impl Fn(u8) -> bool) -> bool {
    let mut start = 0;
    while let Some(window) = bytes.get(start..start + length) {
        match window.iter().rposition(|byte| !fits(*byte)) {
            Some(misfit) => start += misfit + 1,
            None => return true,
        }
    }
    false
}
