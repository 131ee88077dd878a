//! Numbers that the successors of Yugoslavia give to people: JMBG, OIB, EMŠO, tax numbers.

use super::words::{IDENTITY, TAX};
use crate::checks::{is_date, mod_11_10, number, weighted};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("HR_OIB", OIB, 11..=11, digits!(mod_11_10))
        .needs(IDENTITY)
        .or(&["oib", "osobni identifikacijski broj"]),
    Rule::number("HR_TAX_ID", OIB, 11..=11, digits!(mod_11_10))
        .needs(TAX)
        .or(&["oib", "porezni broj"]),
    Rule::number("HR_NATIONAL_ID", OIB, 11..=11, digits!(mod_11_10))
        .needs(IDENTITY)
        .or(&["oib"]),
    Rule::number("RS_JMBG", JMBG, 13..=13, digits!(jmbg))
        .needs(IDENTITY)
        .or(&[
            "jmbg",
            "jmb",
            "matični broj",
            "maticni broj",
            "јмбг",
            "ЈМБГ",
        ]),
    Rule::number("SI_EMSO", JMBG, 13..=13, digits!(jmbg))
        .needs(IDENTITY)
        .or(&["emšo", "emso"]),
    Rule::number("BA_JMBG", JMBG, 13..=13, digits!(jmbg)).needs(&["jmbg", "jmb", "matični broj"]),
    Rule::number("MK_EMBG", JMBG, 13..=13, digits!(jmbg)).needs(&[
        "embg",
        "ембг",
        "ЕМБГ",
        "матичен број",
    ]),
    Rule::number(
        "SI_TAX_ID",
        "FURS: davčna številka",
        8..=8,
        digits!(slovenian),
    )
    .needs(TAX)
    .or(&["davčna številka", "davčna"]),
    Rule::number("RS_PIB", "Poreska uprava: PIB", 9..=9, digits!(mod_11_10))
        .needs(TAX)
        .or(&["pib", "пиб", "ПИБ"]),
];

const OIB: &str = "Zakon o osobnom identifikacijskom broju; ISO/IEC 7064 MOD 11,10";
const JMBG: &str = "Zakon o jedinstvenom matičnom broju građana";

/// Day, month and three digits of the year, then a region, a serial number and a check digit.
fn jmbg(digits: &[u8]) -> bool {
    let [d1, d2, m1, m2, y @ (0 | 9), y1, y2, ..] = *digits else {
        return false;
    };
    let year = u64::from(y1) * 10 + u64::from(y2) + if y == 9 { 1900 } else { 2000 };
    let check = (11 - weighted(digits, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    is_date(year, u64::from(m1 * 10 + m2), u64::from(d1 * 10 + d2))
        && digits.last().map(|last| u32::from(*last)) == Some(check)
}

fn slovenian(digits: &[u8]) -> bool {
    let check = 11 - weighted(digits, &[8, 7, 6, 5, 4, 3, 2]) % 11;
    number(digits) >= 10_000_000
        && check != 11
        && digits.last().map(|last| u32::from(*last)) == Some(check % 10)
}
