//! Payment card numbers: 13 to 19 digits of a known scheme with a right check digit.

use crate::Class;
use crate::checks::luhn;
use crate::number::Number;
use crate::rule::{Anchor, Rule};
use crate::view::{Verdict, View};

pub(super) const RULES: &[Rule] = &[
    Rule::number("CREDIT_CARD", SOURCE, SHORTEST..=LONGEST, card)
        .class(Class::Pci)
        .in_rows(),
    Rule::number("CREDIT_CARD", SOURCE, FEWEST..=LONGEST, near)
        .class(Class::Pci)
        .needs(&[
            "card",
            "card_number",
            "cardnumber",
            "card no",
            "credit card",
            "creditcard",
            "debit card",
            "cc",
            "ccnum",
            "payment card",
            "kreditkarte",
            "kartennummer",
            "carte bancaire",
            "tarjeta",
            "carta di credito",
            "cartão",
            "卡号",
            "信用卡",
            "カード",
            "카드",
        ])
        .or_whole(),
    Rule::custom("CREDIT_CARD", TRACK, Anchor::Byte(b'^'), track).class(Class::Pci),
];

/// A number that stands by itself may be grouped in any way. A part of a row of groups must be
/// grouped as on a card (4-4-4-4, 4-6-5, …): only that stands out from its neighbours, for example
/// from the expiry date behind it.
fn card(number: &Number<'_>) -> bool {
    let phone = number.plus && number.digits.len() <= PHONE_DIGITS;
    let signs = number.signs.iter().all(|sign| matches!(sign, b' ' | b'-'));
    let printed = match number.groups {
        [first, rest @ ..] => {
            (*first == 4 || *first >= SHORTEST) && rest.iter().all(|group| (3..=7).contains(group))
        }
        [] => false,
    };
    !phone
        && signs
        && (printed || !number.part)
        && scheme_fits(number.digits)
        && luhn(number.digits)
}

/// Near a word for a card, also of small and old schemes.
fn near(number: &Number<'_>) -> bool {
    let signs = number.signs.iter().all(|sign| matches!(sign, b' ' | b'-'));
    let prefix = number.value(0..6.min(number.digits.len()));
    let known = SMALL.iter().any(|(low, high, lengths)| {
        (*low..=*high).contains(&prefix) && lengths.contains(&number.digits.len())
    });
    !number.plus && !number.part && signs && known && luhn(number.digits)
}

/// Of a magnetic stripe's first track, which begins with a letter: `%B4111111111111111^DOE/JOHN^2512…`. This is the
/// first sign behind the number.
fn track(view: &View<'_>) -> Verdict {
    let digits = view.before.iter().rev();
    let count = digits.take_while(|byte| byte.is_ascii_digit()).count();
    let (before, number) = view.before.split_at(view.before.len() - count);
    let is_track = matches!(before, [b'B' | b'b'] | [.., b'%', b'B' | b'b'])
        || matches!(before, [.., edge, b'B' | b'b'] if !edge.is_ascii_alphanumeric());
    let digits: Vec<_> = number.iter().map(|byte| byte - b'0').collect();
    if is_track && (SHORTEST..=LONGEST).contains(&count) && scheme_fits(&digits) && luhn(&digits) {
        let (before, length) = (count, 0);
        Verdict::Yes { before, length }
    } else {
        Verdict::No
    }
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

/// UATP, JCB until 1989, and Maestro with its national schemes.
const SMALL: [(u64, u64, &[usize]); 6] = [
    (100_000, 199_999, &[15]),
    (213_100, 213_199, &[15]),
    (500_000, 509_999, &[12, 13, 14, 15, 16, 17, 18, 19]),
    (560_000, 589_999, &[12, 13, 14, 15, 16, 17, 18, 19]),
    (600_000, 699_999, &[12, 13, 14, 15, 16, 17, 18, 19]),
    (60_400, 60_499, &[12, 13, 14, 15, 16]),
];

const SOURCE: &str = "ISO/IEC 7812-1; the schemes' own ranges";
const TRACK: &str = "ISO/IEC 7813, track 1";
const FEWEST: usize = 12;
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
