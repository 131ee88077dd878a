//! Digits in groups, as people write long numbers. Reads them; what they are is for the rules.

mod quiet;

use std::ops::Range;

use crate::window::Window;
pub(crate) use quiet::quiet_until;

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

/// Groups of digits that follow each other, each read once although a number may begin at any of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    places: Vec<Place>,
    /// How many digits each group has.
    groups: Vec<usize>,
    /// The sign between each group and the next, which may not have been read yet.
    signs: Vec<u8>,
    /// Of all groups.
    digits: Vec<u8>,
    /// The group that was last asked for, and how many from there on are known to be one chain.
    first: usize,
    count: usize,
}

/// Where a group begins and ends in the text, and how many digits there are up to its end.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: usize,
    end: usize,
    digits: usize,
}

/// What is behind a group.
enum Behind {
    /// And another group.
    Sign(u8),
    /// The rest of a word, or more digits than any number has: the group does not count.
    More,
    Other,
}

/// The groups of a row from its first on, as many as may be one number.
#[derive(Clone, Copy)]
pub(crate) struct Chain {
    /// How many groups count.
    whole: usize,
    /// Behind them is one that does not.
    torn: bool,
    plus: bool,
    led: bool,
    /// The sign behind another group, right before.
    continued: Option<u8>,
    /// The sign behind the first group, where there is another.
    sign: Option<u8>,
}

impl Row {
    /// The groups from `start` on, where a digit begins a word. None where the rest has not come yet.
    pub(crate) fn chain(&mut self, start: usize, window: Window<'_>) -> Option<Chain> {
        self.begin(start, window)?;
        let (whole, torn) = loop {
            match self.behind(window)? {
                Behind::Sign(sign) if self.count < MOST_GROUPS && self.is_alike(sign) => {
                    if !self.push(window)? {
                        break (self.count, true);
                    }
                }
                Behind::More => break (self.count - 1, true),
                Behind::Sign(_) | Behind::Other => break (self.count, false),
            }
        };
        let before = window.shortly_before(start);
        let continued = match before {
            [.., digit, sign] if digit.is_ascii_digit() && is_sign(*sign) => Some(*sign),
            _ => None,
        };
        let sign = self.signs.get(self.first).copied();
        let sign = sign.filter(|_| whole > 1 || torn);
        let is_alike = |other: &u8| sign.is_none_or(|sign| (sign == b' ') == (*other == b' '));
        Some(Chain {
            whole,
            torn,
            plus: before.last() == Some(&b'+') || before.ends_with(b"%2B"),
            led: is_led(before),
            continued: continued.filter(is_alike),
            sign,
        })
    }

    /// Goes to the group that begins here.
    fn begin(&mut self, start: usize, window: Window<'_>) -> Option<()> {
        let first = self.places.get(self.first).map(|place| place.start);
        let next = self.places.get(self.first + 1).map(|place| place.start);
        if first == Some(start) {
            return Some(());
        }
        if next == Some(start) {
            self.first += 1;
            self.count = self.count.saturating_sub(1).max(1);
            if self.first == MOST_KEPT {
                self.forget();
            }
            return Some(());
        }
        self.places.clear();
        self.groups.clear();
        self.signs.clear();
        self.digits.clear();
        (self.first, self.count) = (0, 1);
        self.read(start, window)
    }

    /// The groups before the first.
    fn forget(&mut self) {
        let digits = self.digits_before();
        self.places.drain(..self.first);
        self.places
            .iter_mut()
            .for_each(|place| place.digits -= digits);
        self.groups.drain(..self.first);
        self.signs.drain(..self.first);
        self.digits.drain(..digits);
        self.first = 0;
    }

    /// What is behind the last group of the chain.
    fn behind(&mut self, window: Window<'_>) -> Option<Behind> {
        let last = self.first + self.count - 1;
        let place = self.places.get(last)?;
        if place.digits - self.digits_before() > MOST_DIGITS {
            return Some(Behind::More);
        }
        if let Some(sign) = self.signs.get(last) {
            return Some(Behind::Sign(*sign));
        }
        match window.after(place.end) {
            [sign, next, ..] if is_sign(*sign) && next.is_ascii_digit() => {
                self.signs.push(*sign);
                Some(Behind::Sign(*sign))
            }
            [_] | [] if !window.last => None,
            [next, ..] if ends_torn(*next) => Some(Behind::More),
            _ => Some(Behind::Other),
        }
    }

    /// Adds the next group to the chain, unless there are too many digits already and its end is not seen.
    fn push(&mut self, window: Window<'_>) -> Option<bool> {
        let next = self.first + self.count;
        if next == self.places.len() {
            let last = self.places.last()?;
            let (start, digits) = (last.end + 1, last.digits - self.digits_before());
            if self.read(start, window).is_none() {
                let more = window.after(start).len();
                return (digits + more > MOST_DIGITS).then_some(false);
            }
        }
        self.count += 1;
        Some(true)
    }

    /// A group, to its end. None where that has not come yet.
    fn read(&mut self, start: usize, window: Window<'_>) -> Option<()> {
        let bytes = window.after(start);
        let digits = bytes.iter().take(MOST_DIGITS + 1);
        let length = digits.take_while(|byte| byte.is_ascii_digit()).count();
        let is_cut = length == bytes.len() && !window.last;
        if is_cut && length <= MOST_DIGITS {
            return None;
        }
        let digits = bytes.get(..length).unwrap_or_default();
        self.digits.extend(digits.iter().map(|digit| digit - b'0'));
        self.groups.push(length);
        self.places.push(Place {
            start,
            end: start + length,
            digits: self.digits.len(),
        });
        Some(())
    }

    /// How many digits stand before the first group.
    fn digits_before(&self) -> usize {
        let before = self.first.checked_sub(1);
        let before = before.and_then(|before| self.places.get(before));
        before.map_or(0, |before| before.digits)
    }

    /// Whether a sign may stand with those of the chain. Spaces do not mix with other signs:
    /// `123-45-6789 2024` are two numbers.
    fn is_alike(&self, sign: u8) -> bool {
        let first = self.signs.get(self.first);
        first.is_none_or(|first| (*first == b' ') == (sign == b' '))
    }
}

impl Chain {
    /// There are others before or behind the first group.
    pub(crate) fn is_row(&self) -> bool {
        self.whole > 1 || self.torn || self.continued.is_some()
    }
}

impl Row {
    /// From the first group to each later one that counts: a bit for each such number that is asked for,
    /// by how many groups it has. What is asked for is how many digits it has, a bit for each, where it
    /// stands alone and where it may be a part of something longer.
    pub(crate) fn asked(&self, chain: Chain, alone: u32, in_rows: u32) -> u32 {
        let before = self.digits_before();
        let places = self.places.get(self.first..self.first + chain.whole);
        let places = places.unwrap_or_default();
        let bit =
            |rules: u32, place: &Place, count| (rules >> (place.digits - before) & 1) << count;
        let mut asked = 0;
        let most = places.last().map_or(0, |last| last.digits - before);
        if in_rows & !(u32::MAX << most << 1) != 0 {
            let parts = places.iter().zip(1..);
            asked = parts.fold(0, |all, (place, count)| all | bit(in_rows, place, count));
        }
        // Nothing but the first or all of them may stand alone.
        for (count, place) in [(1, places.first()), (chain.whole, places.last())] {
            if let Some(place) = place
                && !self.is_part(chain, count)
            {
                asked = asked & !(1 << count) | bit(alone, place, count);
            }
        }
        let decimal = chain.continued == Some(b'.') || chain.sign == Some(b'.');
        if decimal { asked & !0b10 } else { asked }
    }

    /// That of so many groups, and its length in bytes.
    pub(crate) fn number(&self, chain: Chain, count: usize) -> Option<(usize, Number<'_>)> {
        let (first, before) = (self.first, self.digits_before());
        let (start, last) = (self.places.get(first)?, self.places.get(first + count - 1)?);
        let number = Number {
            digits: self.digits.get(before..last.digits)?,
            groups: self.groups.get(first..first + count)?,
            signs: self.signs.get(first..first + count - 1)?,
            plus: chain.plus,
            led: chain.led,
            part: self.is_part(chain, count),
        };
        Some((last.end - start.start, number))
    }

    fn is_part(&self, chain: Chain, count: usize) -> bool {
        let more = count < chain.whole || chain.torn;
        (more || chain.continued.is_some()) && !(count == 1 && self.stands_out(chain, more))
    }

    /// A long group among short ones with spaces between them is a number by itself.
    fn stands_out(&self, chain: Chain, more: bool) -> bool {
        let spaced =
            (!more || chain.sign == Some(b' ')) && chain.continued.is_none_or(|sign| sign == b' ');
        spaced && self.groups.get(self.first) >= Some(&STANDS_OUT)
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

/// Whether one digit begins here, and then another group: of such there may be one at every second byte.
pub(crate) fn is_short(from: &[u8]) -> bool {
    matches!(from, [_, sign, next, ..] if is_sign(*sign) && next.is_ascii_digit())
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
/// Of a row, how many groups before the first are kept at the most.
const MOST_KEPT: usize = 32;
