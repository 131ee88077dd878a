//! Numbers that Canadian authorities give to people.

use super::words::{IDENTITY, LICENCE, POSTCODE, TAX};
use crate::checks::luhn;
use crate::number::Number;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("CA_SIN", SIN, 9..=9, insurance)
        .needs(&[
            "sin",
            "social insurance",
            "social_insurance",
            "assurance sociale",
            "nas",
        ])
        .or_whole(),
    Rule::number("CA_TAX_ID", SIN, 9..=9, insurance).needs(TAX),
    Rule::number("CA_NATIONAL_ID", SIN, 9..=9, insurance).needs(IDENTITY),
    Rule::word(
        "CA_POSTCODE",
        "Canada Post Addressing Guidelines",
        1..=1,
        r"[ABCEGHJ-NPRSTVXYabceghj-nprstvxy][0-9][A-Za-z][ -]?[0-9][A-Za-z][0-9]\b",
    )
    .needs(POSTCODE),
    Rule::word(
        "CA_DRIVER_LICENSE",
        "the provinces' formats",
        1..=1,
        r"[A-Za-z][0-9]{4}-?[0-9]{5}-?[0-9]{5}\b",
    )
    .needs(LICENCE),
    Rule::number(
        "CA_HEALTH_CARD",
        "Ontario Ministry of Health: health number",
        10..=10,
        digits!(luhn),
    )
    .needs(&[
        "health card",
        "health_card",
        "healthcard",
        "ohip",
        "health number",
        "carte santé",
    ]),
];

const SIN: &str = "Employment and Social Development Canada: Social Insurance Number";

/// In threes or without groups; none begins with 0 or 8.
fn insurance(number: &Number<'_>) -> bool {
    let written = number.is_grouped(&[3, 3, 3])
        && number.signs.iter().all(|sign| matches!(sign, b' ' | b'-'));
    let alike = number
        .signs
        .windows(2)
        .all(|pair| pair.first() == pair.last());
    !number.part
        && written
        && alike
        && matches!(number.digits.first(), Some(1..=7 | 9))
        && luhn(number.digits)
}
