//! Numbers that Pakistan, Sri Lanka, Bangladesh and Nepal give to people.

use super::words::{IDENTITY, TAX};
use crate::checks::characters;
use crate::number::Number;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("PK_NATIONAL_ID", PK, 13..=13, |number| {
        number.groups.len() == 3 && pakistani(number)
    })
    .lifted(IDENTITY, 60, 95),
    Rule::number("PK_NATIONAL_ID", PK, 13..=13, pakistani)
        .needs(IDENTITY)
        .or(&["cnic", "nic", "nadra", "nicop"]),
    Rule::word("LK_NATIONAL_ID", LK, 0..=0, r"[0-9]{9}[VXvx]\b")
        .needs(IDENTITY)
        .or(&["nic", "nic number"])
        .or_whole()
        .check(sri_lankan),
    Rule::number(
        "LK_NATIONAL_ID",
        LK,
        12..=12,
        digits!(|digits: &[u8]| day(digits.get(..4), digits.get(4..7))),
    )
    .needs(IDENTITY)
    .or(&["nic", "nic number"]),
    Rule::number(
        "BD_NATIONAL_ID",
        "Bangladesh Election Commission: NID",
        10..=17,
        digits!(|digits: &[u8]| matches!(digits.len(), 10 | 13 | 17)),
    )
    .needs(&["bangladesh", "bangladeshi", "জাতীয় পরিচয়পত্র"]),
    Rule::number(
        "BD_TAX_ID",
        "National Board of Revenue: e-TIN",
        12..=12,
        digits!(|_| true),
    )
    .needs(TAX),
];

const PK: &str = "NADRA: Computerised National Identity Card";
const LK: &str = "Department for Registration of Persons: National Identity Card";

/// The first digit is a province.
fn pakistani(number: &Number<'_>) -> bool {
    !number.part
        && number.is_grouped(&[5, 7, 1])
        && matches!(number.digits.first(), Some(1..=8))
        && number.digits.get(1).is_some_and(|digit| *digit > 0)
}

/// Year and day of the year; women have 500 more. V marks voters.
fn sri_lankan(text: &[u8]) -> bool {
    let digits = crate::checks::digits(&characters(text));
    day(digits.get(..2), digits.get(2..5))
}

fn day(year: Option<&[u8]>, day: Option<&[u8]>) -> bool {
    let Some(year) = year.map(crate::checks::number) else {
        return false;
    };
    let born = matches!(year, 10..=99 | 1900..=2030);
    born && day
        .map(crate::checks::number)
        .is_some_and(|day| matches!(day, 1..=366 | 501..=866))
}
