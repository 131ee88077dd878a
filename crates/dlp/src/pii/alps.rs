//! Numbers that Austria, Switzerland and Liechtenstein give to people.

use super::words::{IDENTITY, TAX};
use crate::checks::{day_month, luhn, weighted};
use crate::number::Number;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number(
        "AT_TAX_ID",
        "Bundesministerium für Finanzen: Steuernummer",
        9..=9,
        digits!(luhn),
    )
    .needs(TAX)
    .or(&["steuernummer", "st.-nr", "abgabenkontonummer"]),
    Rule::number(
        "AT_SOCIAL_SECURITY",
        "Hauptverband: Versicherungsnummer",
        10..=10,
        digits!(austrian),
    )
    .needs(&[
        "svnr",
        "sv-nummer",
        "sozialversicherungsnummer",
        "versicherungsnummer",
        "sozialversicherung",
        "e-card",
        "social security",
    ]),
    Rule::number(
        "AT_NATIONAL_ID",
        "Hauptverband: Versicherungsnummer",
        10..=10,
        digits!(austrian),
    )
    .needs(IDENTITY),
    Rule::number("CH_AHV", AHV, 13..=13, |number| {
        number.groups == [3, 4, 4, 2] && swiss(number)
    }),
    Rule::number("CH_AHV", AHV, 13..=13, swiss)
        .needs(IDENTITY)
        .or(&[
            "ahv",
            "ahv-nummer",
            "ahv-nr",
            "ahvn13",
            "avs",
            "numéro avs",
            "navs13",
            "sozialversicherungsnummer",
        ])
        .or_whole(),
    Rule::number("CH_TAX_ID", AHV, 13..=13, swiss).needs(TAX),
];

const AHV: &str = "AHVG 50c; GS1: check digit of EAN-13";

/// The fourth digit checks the others; the last six are the date of birth.
fn austrian(digits: &[u8]) -> bool {
    let [_, _, _, check, d1, d2, m1, m2, ..] = *digits else {
        return false;
    };
    // The month is 13 or more where the days of a date are used up.
    let month = u64::from(m1 * 10 + m2);
    let date = day_month(u64::from(d1 * 10 + d2), month) || (13..=15).contains(&month);
    digits.first() != Some(&0)
        && date
        && weighted(digits, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == u32::from(check)
}

fn swiss(number: &Number<'_>) -> bool {
    !number.part
        && number.digits.starts_with(&[7, 5, 6])
        && weighted(number.digits, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}
