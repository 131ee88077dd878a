//! Payment card numbers: 13 to 19 digits of a known scheme with a right check digit.

use std::ops::Range;

use crate::edge::escape_before;
use crate::{Class, Clues, Detector, Field};

#[derive(Debug)]
pub(crate) struct PaymentCard;

impl Detector for PaymentCard {
    fn kind(&self) -> &'static str {
        "payment_card"
    }

    fn class(&self) -> Class {
        Class::Pci
    }

    fn possible(&self, clues: &Clues) -> bool {
        clues.long_number
    }

    fn find(&self, field: &Field<'_>, found: &mut Vec<Range<usize>>) {
        let bytes = field.text.as_bytes();
        let mut at = 0;
        while let Some(chain) = next_chain(bytes, at) {
            at = chain.last().map_or(bytes.len(), |group| group.end);
            find_in_chain(bytes, &chain, found);
        }
    }
}

/// Groups of digits with one space or hyphen between each two, the first at or after `at`.
fn next_chain(bytes: &[u8], at: usize) -> Option<Vec<Range<usize>>> {
    let rest = bytes.get(at..)?;
    let mut start = at + rest.iter().position(u8::is_ascii_digit)?;
    let mut chain = Vec::new();
    loop {
        let digits = bytes
            .get(start..)?
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let end = start + digits;
        chain.push(start..end);
        match bytes.get(end..) {
            Some([b' ' | b'-', next, ..]) if next.is_ascii_digit() => start = end + 1,
            _ => return Some(chain),
        }
    }
}

/// Whole groups only: a card is never part of a longer run of digits.
fn find_in_chain(bytes: &[u8], chain: &[Range<usize>], found: &mut Vec<Range<usize>>) {
    let mut first = 0;
    while let Some(groups @ [start, ..]) = chain.get(first..) {
        let taken = longest_card(bytes, groups, first == 0);
        if let Some(last) = taken.checked_sub(1).and_then(|last| groups.get(last)) {
            found.push(start.start..last.end);
        }
        first += taken.max(1);
    }
}

/// How many of these groups, from the first on, make a card; 0 where none do.
///
/// A chain that is a card as a whole may be grouped in any way. A part of a chain must be one long
/// group or be grouped as on a card (4-4-4-4, 4-6-5, …): only that stands out from its neighbours,
/// for example from the expiry date behind it.
fn longest_card(bytes: &[u8], groups: &[Range<usize>], whole: bool) -> usize {
    let mut longest = 0;
    let mut count = 0;
    let mut printed = true;
    for (at, group) in groups.iter().enumerate() {
        count += group.len();
        printed &= match at {
            0 => group.len() == 4 || group.len() > SHORTEST,
            _ => (3..=7).contains(&group.len()),
        };
        let taken = at + 1;
        let all = whole && taken == groups.len();
        if count > LONGEST || !(printed || whole) {
            break;
        }
        if (printed || all) && is_card(bytes, groups.get(..taken).unwrap_or_default(), count) {
            longest = taken;
        }
    }
    longest
}

fn is_card(bytes: &[u8], groups: &[Range<usize>], count: usize) -> bool {
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else {
        return false;
    };
    if count < SHORTEST || !free_standing(bytes, first.start, last.end) {
        return false;
    }
    let phone = first.start.checked_sub(1).and_then(|at| bytes.get(at)) == Some(&b'+');
    if phone && count <= PHONE_DIGITS {
        return false;
    }
    let digits: Vec<u8> = groups
        .iter()
        .filter_map(|group| bytes.get(group.clone()))
        .flatten()
        .map(|byte| byte - b'0')
        .collect();
    scheme_fits(&digits) && luhn(&digits)
}

/// Not within a word (identifiers, digests) and not the fraction or the whole part of a decimal
/// number: lists of measurements are full of sixteen digits.
fn free_standing(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = bytes.get(..start).unwrap_or_default();
    let after = bytes.get(end..).unwrap_or_default();
    let word_before =
        before.last().is_some_and(u8::is_ascii_alphabetic) && !escape_ends_at(bytes, start);
    let fraction = matches!(before, [.., digit, b'.'] if digit.is_ascii_digit());
    let word_after = after.first().is_some_and(u8::is_ascii_alphabetic);
    let whole = matches!(after, [b'.', digit, ..] if digit.is_ascii_digit());
    !(word_before || fraction || word_after || whole)
}

fn escape_ends_at(bytes: &[u8], end: usize) -> bool {
    [1, 5]
        .into_iter()
        .filter_map(|length| Some((length, end.checked_sub(length)?)))
        .any(|(length, start)| escape_before(bytes, start) == length)
}

/// Issuer prefixes and lengths (ISO/IEC 7812 and the schemes' own publications).
fn scheme_fits(digits: &[u8]) -> bool {
    let prefix = digits
        .iter()
        .take(6)
        .fold(0_u32, |number, digit| number * 10 + u32::from(*digit));
    SCHEMES.iter().any(|scheme| {
        scheme
            .prefixes
            .iter()
            .any(|(low, high)| (*low..=*high).contains(&prefix))
            && scheme.lengths.contains(&digits.len())
    })
}

/// ISO/IEC 7812-1 annex B.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            match (place % 2, digit) {
                (0, _) => digit,
                (_, 5..) => digit * 2 - 9,
                _ => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

const SHORTEST: usize = 13;
const LONGEST: usize = 19;
/// E.164: a `+` and at most 15 digits are a telephone number.
const PHONE_DIGITS: usize = 15;

struct Scheme {
    /// Inclusive ranges of the first six digits.
    prefixes: &'static [(u32, u32)],
    lengths: &'static [usize],
}

const SCHEMES: [Scheme; 8] = [
    // Visa
    Scheme {
        prefixes: &[(400_000, 499_999)],
        lengths: &[13, 16, 19],
    },
    // Mastercard
    Scheme {
        prefixes: &[(510_000, 559_999), (222_100, 272_099)],
        lengths: &[16],
    },
    // American Express
    Scheme {
        prefixes: &[(340_000, 349_999), (370_000, 379_999)],
        lengths: &[15],
    },
    // Discover, UnionPay, RuPay
    Scheme {
        prefixes: &[
            (601_100, 601_199),
            (620_000, 629_999),
            (644_000, 659_999),
            (810_000, 829_999),
            (508_500, 508_999),
        ],
        lengths: &[16, 17, 18, 19],
    },
    // Diners Club
    Scheme {
        prefixes: &[
            (300_000, 305_999),
            (309_500, 309_599),
            (360_000, 369_999),
            (380_000, 399_999),
        ],
        lengths: &[14, 16, 17, 18, 19],
    },
    // JCB
    Scheme {
        prefixes: &[(352_800, 358_999)],
        lengths: &[16, 17, 18, 19],
    },
    // Maestro
    Scheme {
        prefixes: &[
            (501_800, 501_899),
            (502_000, 502_099),
            (503_800, 503_899),
            (589_300, 589_399),
            (630_400, 630_499),
            (675_900, 675_999),
            (676_100, 676_399),
        ],
        lengths: &[13, 14, 15, 16, 17, 18, 19],
    },
    // Mir
    Scheme {
        prefixes: &[(220_000, 220_499)],
        lengths: &[16, 17, 18, 19],
    },
];
