//! Postcodes, near a word for one. Alone they are numbers like any other.

use super::words::POSTCODE;
use crate::rule::Rule;

const fn postcode(kind: &'static str, letters: usize, value: &'static str) -> Rule {
    Rule::word(
        kind,
        "Universal Postal Union, S42: addressing by country",
        0..=letters,
        value,
    )
    .needs(POSTCODE)
}

pub(super) const RULES: &[Rule] = &[
    postcode("NL_POSTCODE", 0, r"[1-9][0-9]{3} ?[A-Za-z]{2}\b"),
    postcode("PL_POSTCODE", 0, r"[0-9]{2}-[0-9]{3}\b"),
    postcode("PT_POSTCODE", 0, r"[1-9][0-9]{3}-[0-9]{3}\b"),
    postcode("BR_POSTCODE", 0, r"[0-9]{5}-[0-9]{3}\b"),
    postcode("JP_POSTCODE", 0, r"[0-9]{3}-[0-9]{4}\b"),
    postcode("SE_POSTCODE", 0, r"[1-9][0-9]{2} [0-9]{2}\b"),
    postcode("CZ_POSTCODE", 0, r"[1-7][0-9]{2} [0-9]{2}\b"),
    postcode("LV_POSTCODE", 2, r"[Ll][Vv]-[0-9]{4}\b"),
    postcode("LT_POSTCODE", 2, r"[Ll][Tt]-[0-9]{5}\b"),
    postcode("MT_POSTCODE", 3, r"[A-Z]{3} ?[0-9]{4}\b"),
    postcode("AR_POSTCODE", 1, r"[A-HJ-NP-Z][0-9]{4}[A-Z]{3}\b"),
];
