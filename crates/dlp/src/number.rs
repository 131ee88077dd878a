//! Digits in groups, as people write long numbers. Reads them; what they are is for the rules.

use std::ops::Range;

/// Groups of digits, one sign between each two, from the first group of some that follow each
/// other to one of the later ones.
#[derive(Clone, Copy)]
pub(crate) struct Number<'a> {
    /// Values from 0 to 9.
    pub(crate) digits: &'a [u8],
    /// How many digits each group has.
    pub(crate) groups: &'a [usize],
    /// The signs between the groups.
    pub(crate) signs: &'a [u8],
    /// A `+` stands before it.
    pub(crate) plus: bool,
    /// Two or three letters stand before it, behind a space: of a country, for example.
    pub(crate) led: bool,
    /// Other groups stand before or after it, so that it may be a part of something longer.
    pub(crate) part: bool,
}

/// All groups that follow each other from one place on.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    /// Of the first [`MOST_DIGITS`].
    digits: [u8; MOST_DIGITS],
    groups: [usize; MOST_GROUPS],
    signs: [u8; MOST_GROUPS],
    /// Where each group ends, from the start of the chain, and how many digits there are up to there.
    ends: [(usize, usize); MOST_GROUPS],
    /// How many groups there are.
    count: usize,
    /// The chain ends within a word or at a decimal point, so that its last group does not count.
    torn: bool,
    plus: bool,
    led: bool,
    /// The sign behind another group, right before.
    continued: Option<u8>,
}

impl Chain {
    /// Reads the groups from `from` on, which begins with a digit at the beginning of a word. None
    /// where the rest has not come yet.
    pub(crate) fn read(before: &[u8], from: &[u8], open: bool) -> Option<Self> {
        let mut chain = Self {
            plus: before.last() == Some(&b'+') || before.ends_with(b"%2B"),
            led: is_led(before),
            ..Self::default()
        };
        let (mut at, mut digits) = (0, 0);
        loop {
            let rest = from.get(at..).unwrap_or_default();
            let free = chain.digits.get_mut(digits..).unwrap_or_default();
            let mut length = 0;
            while let Some(byte @ b'0'..=b'9') = rest.get(length) {
                if let Some(digit) = free.get_mut(length) {
                    *digit = byte - b'0';
                }
                length += 1;
            }
            at += length;
            digits += length;
            chain.push(length, (at, digits));
            if digits > MOST_DIGITS {
                chain.torn = true;
                break;
            }
            match rest.get(length..) {
                Some([sign, next, ..]) if chain.takes(*sign) && next.is_ascii_digit() => {
                    if let Some(last) = chain.signs.get_mut(chain.count - 1) {
                        *last = *sign;
                    }
                    at += 1;
                }
                Some([_] | []) if open => return None,
                Some([next, ..]) if ends_torn(*next) => {
                    chain.torn = true;
                    break;
                }
                _ => break,
            }
        }
        chain.continued = chain.follows(before);
        Some(chain)
    }

    fn push(&mut self, length: usize, end: (usize, usize)) {
        if let (Some(group), Some(last)) = (
            self.groups.get_mut(self.count),
            self.ends.get_mut(self.count),
        ) {
            (*group, *last) = (length, end);
            self.count += 1;
        }
    }

    /// The sign behind the first group.
    fn sign(&self) -> Option<u8> {
        self.signs.first().copied().filter(|_| self.count > 1)
    }

    /// From the first group to each later one that is not torn, with the length in bytes: those that are
    /// asked for by how many digits they have, and whether they may be a part of something longer.
    pub(crate) fn numbers(
        &self,
        asked: impl Fn(usize, bool) -> bool,
    ) -> impl Iterator<Item = (usize, Number<'_>)> {
        let whole = self.count - usize::from(self.torn);
        (1..=whole).filter_map(move |count| {
            let (length, digits) = *self.ends.get(count - 1)?;
            let more = count < self.count;
            let part = (more || self.continued.is_some()) && !self.stands_out(count, more);
            let decimal =
                count == 1 && (self.continued == Some(b'.') || more && self.sign() == Some(b'.'));
            if decimal || !asked(digits, part) {
                return None;
            }
            let number = Number {
                digits: self.digits.get(..digits)?,
                groups: self.groups.get(..count)?,
                signs: self.signs.get(..count - 1)?,
                plus: self.plus,
                led: self.led,
                part,
            };
            Some((length, number))
        })
    }

    /// A long group among short ones with spaces between them is a number by itself.
    fn stands_out(&self, count: usize, more: bool) -> bool {
        let spaced =
            (!more || self.sign() == Some(b' ')) && self.continued.is_none_or(|sign| sign == b' ');
        count == 1 && spaced && self.groups.first() >= Some(&STANDS_OUT)
    }

    /// Spaces do not mix with other signs: `123-45-6789 2024` are two numbers.
    fn takes(&self, sign: u8) -> bool {
        is_sign(sign) && self.is_alike(sign) && self.count < MOST_GROUPS
    }

    fn follows(&self, before: &[u8]) -> Option<u8> {
        let [.., digit, sign] = before else {
            return None;
        };
        (digit.is_ascii_digit() && is_sign(*sign) && self.is_alike(*sign)).then_some(*sign)
    }

    /// Whether a sign may stand with the others of this chain.
    fn is_alike(&self, sign: u8) -> bool {
        let first = self.sign();
        first.is_none_or(|first| (first == b' ') == (sign == b' '))
    }
}

impl Number<'_> {
    /// Written in these groups, or in none.
    pub(crate) fn is_grouped(&self, groups: &[usize]) -> bool {
        self.groups == groups || self.groups.len() == 1
    }

    /// As a number; digits beyond the 19th do not count.
    pub(crate) fn value(&self, digits: Range<usize>) -> u64 {
        let digits = self.digits.get(digits).unwrap_or_default();
        digits
            .iter()
            .take(19)
            .fold(0, |sum, digit| sum * 10 + u64::from(*digit))
    }
}

/// Whether what begins here is seen to be no number of so many digits: one group that is shorter, or
/// the beginning of a word.
pub(crate) fn is_none(from: &[u8], least: usize) -> bool {
    let length = from.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match from.get(length..) {
        Some([next, ..]) if ends_torn(*next) => true,
        Some([sign, next, ..]) => length < least && !(is_sign(*sign) && next.is_ascii_digit()),
        _ => false,
    }
}

fn ends_torn(next: u8) -> bool {
    next.is_ascii_alphanumeric() || next == b'_'
}

/// `DE 1`, but not `is 1`.
fn is_led(before: &[u8]) -> bool {
    let Some((b' ' | b'+', rest)) = before.split_last() else {
        return false;
    };
    let letters = rest
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    let edge = rest
        .len()
        .checked_sub(letters + 1)
        .and_then(|at| rest.get(at));
    matches!(letters, 2 | 3) && !edge.is_some_and(u8::is_ascii_alphanumeric)
}

fn is_sign(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'/')
}

/// The longest number that a rule knows has 24 digits.
const MOST_DIGITS: usize = 24;
const MOST_GROUPS: usize = 8;
const STANDS_OUT: usize = 7;
