//! Numbers that Estonia, Latvia and Lithuania give to people.

use super::words::{IDENTITY, TAX};
use crate::checks::{two_digit_date, weighted};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("EE_NATIONAL_ID", CODE, 11..=11, digits!(code))
        .needs(IDENTITY)
        .or(&["isikukood"]),
    Rule::number("EE_TAX_ID", CODE, 11..=11, digits!(code))
        .needs(TAX)
        .or(&["isikukood"]),
    Rule::number("LT_NATIONAL_ID", CODE, 11..=11, digits!(code))
        .needs(IDENTITY)
        .or(&["asmens kodas", "asmens_kodas"]),
    Rule::number("LT_TAX_ID", CODE, 11..=11, digits!(code))
        .needs(TAX)
        .or(&["asmens kodas"]),
    Rule::number("LV_NATIONAL_ID", LATVIAN, 11..=11, digits!(latvian))
        .needs(IDENTITY)
        .or(&["personas kods", "personas_kods"]),
    Rule::number("LV_TAX_ID", LATVIAN, 11..=11, digits!(latvian))
        .needs(TAX)
        .or(&["personas kods"]),
];

const CODE: &str = "EVS 585:2007: isikukood; Lietuvos gyventojų registras: asmens kodas";
const LATVIAN: &str = "Fizisko personu reģistra likums: personas kods";

/// Century and sex, the date, a serial number, and a check digit by two rows of weights.
fn code(digits: &[u8]) -> bool {
    let [1..=8, y1, y2, m1, m2, d1, d2, ..] = *digits else {
        return false;
    };
    let [year, month, day] = [y1 * 10 + y2, m1 * 10 + m2, d1 * 10 + d2].map(u64::from);
    let check = match weighted(digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11 {
        10 => weighted(digits, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10,
        check => check,
    };
    two_digit_date(year, month, day) && digits.last().map(|last| u32::from(*last)) == Some(check)
}

/// With a date and a check digit, or since 2017 without both.
fn latvian(digits: &[u8]) -> bool {
    if let [3, 2..=9, ..] = digits {
        return true;
    }
    let [d1, d2, m1, m2, y1, y2, 0..=2, ..] = *digits else {
        return false;
    };
    let [day, month, year] = [d1 * 10 + d2, m1 * 10 + m2, y1 * 10 + y2].map(u64::from);
    let sum = weighted(digits, &[1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    two_digit_date(year, month, day)
        && digits.last().map(|last| u32::from(*last)) == Some((1101 - sum) % 11 % 10)
}
