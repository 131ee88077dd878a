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

/// Whether `length` such bytes stand in a row. It looks at every `length`-th byte, and around it
/// only where that one fits: no run can lie between two that do not.
fn has_run(bytes: &[u8], length: usize, fits: impl Fn(u8) -> bool) -> bool {
    let mut at = length - 1;
    while let Some((before, after)) = bytes.split_at_checked(at) {
        let fitting = after
            .iter()
            .take(length)
            .take_while(|byte| fits(**byte))
            .count();
        let earlier = match fitting {
            0 => 0,
            _ => before
                .iter()
                .rev()
                .take(length)
                .take_while(|byte| fits(**byte))
                .count(),
        };
        if earlier + fitting >= length {
            return true;
        }
        at += fitting + length;
    }
    false
}
