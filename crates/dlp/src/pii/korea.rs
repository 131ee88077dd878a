//! Numbers that Korean authorities give to people and companies.

use super::words::{IDENTITY, LICENCE, TAX};
use crate::checks::{two_digit_date, weighted};
use crate::number::Number;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("KR_RRN", RRN, 13..=13, |number| {
        number.groups == [6, 7] && resident(number) && right(number.digits, 11)
    }),
    Rule::number("KR_RRN", RRN, 13..=13, resident)
        .needs(&[
            "rrn",
            "resident registration",
            "주민등록번호",
            "주민번호",
            "주민등록",
        ])
        .or(IDENTITY),
    Rule::number("KR_RRN", RRN, 13..=13, |number| {
        resident(number) && (right(number.digits, 11) || is_recent(number.digits))
    })
    .needs(&["korean", "한국"])
    .or_whole(),
    Rule::number("KR_FRN", FRN, 13..=13, foreigner)
        .needs(&[
            "frn",
            "foreigner registration",
            "foreign registration",
            "alien registration",
            "외국인등록번호",
            "외국인번호",
            "외국인등록",
        ])
        .or_whole(),
    Rule::number(
        "KR_BRN",
        "국세청: 사업자등록번호",
        10..=10,
        digits!(business),
    )
    .needs(&[
        "brn",
        "business registration",
        "사업자등록번호",
        "사업자번호",
        "사업자",
    ])
    .or(TAX)
    .or_whole(),
    Rule::number("KR_DRIVER_LICENSE", "경찰청: 운전면허번호", 12..=12, driver)
        .needs(LICENCE)
        .or(&["운전면허", "운전면허번호", "면허번호"])
        .or_whole(),
];

const RRN: &str = "주민등록법: resident registration numbers";
const FRN: &str = "출입국관리법: foreigner registration numbers";

fn resident(number: &Number<'_>) -> bool {
    person(number) && matches!(number.digits.get(6), Some(0..=4 | 9))
}

fn foreigner(number: &Number<'_>) -> bool {
    person(number) && matches!(number.digits.get(6), Some(5..=8))
}

/// A date, then sex and century.
fn person(number: &Number<'_>) -> bool {
    let [y1, y2, m1, m2, d1, d2, ..] = *number.digits else {
        return false;
    };
    let [year, month, day] = [y1 * 10 + y2, m1 * 10 + m2, d1 * 10 + d2].map(u64::from);
    let written = number.groups.len() == 1 || number.groups == [6, 7] && number.signs == b"-";
    !number.part && written && two_digit_date(year, month, day)
}

fn right(digits: &[u8], from: u32) -> bool {
    let sum = weighted(digits, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11;
    digits.last().map(|last| u32::from(*last)) == Some((from - sum) % 10)
}

/// Since October 2020 the last six digits are random.
fn is_recent(digits: &[u8]) -> bool {
    matches!(digits, [2, _, _, _, _, _, 3 | 4, ..])
}

fn business(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[1, 3, 7, 1, 3, 7, 1, 3, 5]);
    let carry = digits.get(8).map_or(0, |ninth| u32::from(*ninth) * 5 / 10);
    digits.last().map(|last| u32::from(*last)) == Some((10 - (sum + carry) % 10) % 10)
}

/// Region, year, serial number, check: `11-19-012345-61`.
fn driver(number: &Number<'_>) -> bool {
    !number.part
        && matches!(number.groups, [2, 2, 6, 2])
        && matches!(number.digits, [1, 1..=9, ..] | [2, 0..=8, ..])
}
