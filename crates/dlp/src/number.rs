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

/// All groups that follow each other from one place on. Kept between numbers for its room.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    digits: Vec<u8>,
    groups: Vec<usize>,
    signs: Vec<u8>,
    /// Where each group ends, from the start of the chain, and how many digits there are up to there.
    ends: Vec<(usize, usize)>,
    /// The chain ends within a word or at a decimal point, so that its last group does not count.
    torn: bool,
    plus: bool,
    led: bool,
    /// The sign behind another group, right before.
    continued: Option<u8>,
}

impl Chain {
    /// Reads the groups from `from` on, which begins with a digit at the beginning of a word. Whether
    /// they are all there: otherwise the rest has not come yet.
    pub(crate) fn read(&mut self, before: &[u8], from: &[u8], open: bool) -> bool {
        self.clear();
        self.plus = before.last() == Some(&b'+') || before.ends_with(b"%2B");
        self.led = is_led(before);
        let mut at = 0;
        loop {
            let rest = from.get(at..).unwrap_or_default();
            let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let digits = rest.get(..length).unwrap_or_default();
            self.digits.extend(digits.iter().map(|digit| digit - b'0'));
            self.groups.push(length);
            at += length;
            self.ends.push((at, self.digits.len()));
            if self.digits.len() > MOST_DIGITS {
                self.torn = true;
                break;
            }
            match from.get(at..) {
                Some([sign, next, ..]) if self.takes(*sign) && next.is_ascii_digit() => {
                    self.signs.push(*sign);
                    at += 1;
                }
                Some([_] | []) if open => return false,
                Some([next, ..]) if next.is_ascii_alphanumeric() || *next == b'_' => {
                    self.torn = true;
                    break;
                }
                _ => break,
            }
        }
        self.continued = self.follows(before);
        true
    }

    fn clear(&mut self) {
        self.digits.clear();
        self.groups.clear();
        self.signs.clear();
        self.ends.clear();
        self.torn = false;
    }

    /// From the first group to each later one that is not torn, with the length in bytes: those that are
    /// asked for by how many digits they have, and whether they may be a part of something longer.
    pub(crate) fn numbers(
        &self,
        asked: impl Fn(usize, bool) -> bool,
    ) -> impl Iterator<Item = (usize, Number<'_>)> {
        let whole = self.groups.len() - usize::from(self.torn);
        (1..=whole).filter_map(move |count| {
            let (length, digits) = *self.ends.get(count - 1)?;
            let more = count < self.groups.len();
            let part = (more || self.continued.is_some()) && !self.stands_out(count, more);
            let decimal = count == 1
                && (self.continued == Some(b'.') || more && self.signs.first() == Some(&b'.'));
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
        let alone = count == 1 && self.digits.len() >= STANDS_OUT;
        let spaced = (!more || self.signs.first() == Some(&b' '))
            && self.continued.is_none_or(|sign| sign == b' ');
        alone && spaced && self.groups.first() >= Some(&STANDS_OUT)
    }

    /// Spaces do not mix with other signs: `123-45-6789 2024` are two numbers.
    fn takes(&self, sign: u8) -> bool {
        let first = self.signs.first();
        let alike = first.is_none_or(|first| (*first == b' ') == (sign == b' '));
        is_sign(sign) && alike && self.groups.len() < MOST_GROUPS
    }

    fn follows(&self, before: &[u8]) -> Option<u8> {
        let [.., digit, sign] = before else {
            return None;
        };
        let alike = |first: &u8| (*first == b' ') == (*sign == b' ');
        (digit.is_ascii_digit() && is_sign(*sign) && self.signs.first().is_none_or(alike))
            .then_some(*sign)
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
