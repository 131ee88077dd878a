//! Addresses of networks and machines.

use crate::rule::{Anchor, Rule};
use crate::view::{Verdict, View};

pub(super) const RULES: &[Rule] = &[Rule::custom(
    "IP_ADDRESS",
    "RFC 791; RFC 1123 2.1",
    Anchor::Word { letters: (0, 0) },
    ip_v4,
)];

/// Four decimal numbers up to 255, with dots between them, that are no part of a longer row.
fn ip_v4(view: &View<'_>) -> Verdict {
    if matches!(view.before, [.., b'.'] | [.., b'0'..=b'9', b'-' | b'_']) {
        return Verdict::No;
    }
    let mut at = 0;
    for part in 0..4 {
        let (digits, ended) = view.run(at, |byte| byte.is_ascii_digit());
        if digits > 3 {
            return Verdict::No;
        }
        if !ended {
            return Verdict::More;
        }
        let text = view.from.get(at..at + digits).unwrap_or_default();
        if !is_octet(text) {
            return Verdict::No;
        }
        at += digits;
        if part < 3 {
            match view.from.get(at) {
                Some(b'.') => at += 1,
                None if view.open => return Verdict::More,
                _ => return Verdict::No,
            }
        }
    }
    match view.from.get(at..).unwrap_or_default() {
        [] | [b'.'] if view.open => Verdict::More,
        [next, ..] if next.is_ascii_alphanumeric() || *next == b'_' => Verdict::No,
        [b'.', next, ..] if next.is_ascii_digit() => Verdict::No,
        _ => Verdict::Yes {
            before: 0,
            length: at,
        },
    }
}

fn is_octet(digits: &[u8]) -> bool {
    let value = digits
        .iter()
        .fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let padded = digits.len() > 1 && digits.first() == Some(&b'0');
    !digits.is_empty() && !padded && value <= 255
}
