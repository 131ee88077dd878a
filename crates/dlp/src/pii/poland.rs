//! Numbers that Polish authorities give to people and companies.

use super::words::{IDENTITY, TAX};
use crate::checks::{characters, is_date, number, varied, weighted};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("PL_PESEL", PESEL, 11..=11, digits!(pesel))
        .needs(&["pesel"])
        .or_whole(),
    Rule::number("PL_NATIONAL_ID", PESEL, 11..=11, digits!(pesel))
        .needs(IDENTITY)
        .or(&["pesel"]),
    Rule::number("PL_TAX_ID", PESEL, 10..=11, digits!(tax))
        .needs(TAX)
        .or(&["numer podatkowy"]),
    Rule::number("PL_NIP", "Ustawa o NIP", 10..=10, digits!(nip))
        .needs(&["nip", "numer identyfikacji podatkowej"]),
    Rule::number("PL_REGON", "GUS: rejestr REGON", 9..=14, digits!(regon)).needs(&["regon"]),
    Rule::word(
        "PL_ID_CARD",
        "Ustawa o dowodach osobistych; ICAO Doc 9303",
        3..=3,
        r"[A-Za-z]{3} ?[0-9]{6}\b",
    )
    .needs(IDENTITY)
    .or(&["dowód osobisty", "dowodu osobistego", "dowód", "dowodu"])
    .check(id_card),
];

const PESEL: &str = "Ustawa o ewidencji ludności: numer PESEL";

/// The century is in the month.
pub(super) fn pesel(digits: &[u8]) -> bool {
    let [y1, y2, m1, m2, d1, d2, ..] = *digits else {
        return false;
    };
    let [year, month, day] = [y1 * 10 + y2, m1 * 10 + m2, d1 * 10 + d2].map(u64::from);
    let century = [1900, 2000, 2100, 2200, 1800]
        .get(usize::from(m1 / 2))
        .copied()
        .unwrap_or(0);
    is_date(century + year, month % 20, day)
        && digits.len() == 11
        && weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

fn nip(digits: &[u8]) -> bool {
    let check = weighted(digits, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11;
    digits.len() == 10
        && varied(digits)
        && digits.last().map(|last| u32::from(*last)) == Some(check)
}

fn tax(digits: &[u8]) -> bool {
    nip(digits) || pesel(digits)
}

fn regon(digits: &[u8]) -> bool {
    let check = match digits.len() {
        9 => weighted(digits, &[8, 9, 2, 3, 4, 5, 6, 7]),
        14 => weighted(digits, &[2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8]),
        _ => return false,
    };
    number(digits) > 0 && digits.last().map(|last| u32::from(*last)) == Some(check % 11 % 10)
}

/// The first digit checks the letters and the others.
fn id_card(text: &[u8]) -> bool {
    let values: Vec<u32> = characters(text)
        .iter()
        .filter_map(|byte| char::from(*byte).to_digit(36))
        .collect();
    let sum: u32 = values
        .iter()
        .zip([7, 3, 1, 9, 7, 3, 1, 7, 3])
        .map(|(value, weight)| value * weight)
        .sum();
    values.len() == 9 && sum.is_multiple_of(10)
}
