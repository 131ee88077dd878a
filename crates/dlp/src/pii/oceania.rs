//! Numbers that the authorities of Australia and New Zealand give to people and companies.

use super::words::{IDENTITY, TAX};
use crate::checks::{Picked, characters, varied, weighted};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number(
        "AU_TFN",
        "Australian Taxation Office: tax file number",
        8..=9,
        digits!(tax_file),
    )
    .needs(TAX)
    .or(&["tfn", "tax file", "tax_file_number", "taxfilenumber"])
    .or_whole(),
    Rule::number(
        "AU_TAX_ID",
        "Australian Taxation Office: tax file number",
        8..=9,
        digits!(tax_file),
    )
    .needs(TAX),
    Rule::number(
        "AU_ABN",
        "Australian Business Register: format of the ABN",
        11..=11,
        digits!(business),
    )
    .needs(&["abn", "australian business number", "australian business"])
    .or_whole(),
    Rule::number(
        "AU_ACN",
        "ASIC: Australian company number digit check",
        9..=9,
        digits!(company),
    )
    .needs(&["acn", "australian company number", "australian company"])
    .or_whole(),
    Rule::number(
        "AU_MEDICARE",
        "Services Australia: Medicare card numbers",
        10..=11,
        digits!(medicare),
    )
    .needs(&[
        "medicare",
        "medicare number",
        "medicare card",
        "medicare_number",
    ])
    .or_whole(),
    Rule::word(
        "AU_DRIVER_LICENSE",
        "Austroads; the states' formats",
        0..=2,
        r"[0-9A-Za-z]{6,10}\b",
    )
    .needs(&["australian driver", "nsw licence", "victorian licence"])
    .check(|text| text.iter().filter(|byte| byte.is_ascii_digit()).count() >= 4),
    Rule::number(
        "NZ_IRD",
        "Inland Revenue: IRD number format",
        8..=9,
        digits!(inland_revenue),
    )
    .needs(&["ird", "ird number", "inland revenue"])
    .or(TAX),
    Rule::word(
        "NZ_NHI",
        "HISO 10046: National Health Index",
        3..=3,
        r"[A-HJ-NP-Za-hj-np-z]{3}[0-9]{4}\b",
    )
    .needs(&["nhi", "national health index"])
    .check(health),
    Rule::word(
        "NZ_DRIVER_LICENSE",
        "Waka Kotahi: driver licences",
        2..=2,
        r"[A-Za-z]{2}[0-9]{6}\b",
    )
    .needs(&[
        "new zealand driver",
        "nz driver",
        "nz licence",
        "waka kotahi",
    ]),
    Rule::number(
        "AU_NATIONAL_ID",
        "Services Australia: Medicare card numbers",
        10..=11,
        digits!(medicare),
    )
    .needs(IDENTITY),
];

fn tax_file(digits: &[u8]) -> bool {
    let sum = if digits.len() == 9 {
        weighted(digits, &[1, 4, 3, 7, 5, 8, 6, 9, 10])
    } else {
        weighted(digits, &[10, 7, 8, 4, 6, 3, 5, 1])
    };
    varied(digits) && sum.is_multiple_of(11)
}

/// One less in the first digit.
pub(super) fn business(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    matches!(digits.first(), Some(1..=9)) && sum % 89 == 10
}

fn company(digits: &[u8]) -> bool {
    let check = (10 - weighted(digits, &[8, 7, 6, 5, 4, 3, 2, 1]) % 10) % 10;
    varied(digits) && digits.last().map(|last| u32::from(*last)) == Some(check)
}

fn medicare(digits: &[u8]) -> bool {
    let check = weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10;
    matches!(digits.first(), Some(2..=6))
        && digits.get(8).map(|digit| u32::from(*digit)) == Some(check)
}

fn inland_revenue(digits: &[u8]) -> bool {
    let padded: Picked = std::iter::repeat_n(0, 9 - digits.len().min(9))
        .chain(digits.iter().copied())
        .collect();
    let rest = |weights: &[u32]| (11 - weighted(&padded, weights) % 11) % 11;
    let check = match rest(&[3, 2, 7, 6, 5, 4, 3, 2]) {
        10 => rest(&[7, 4, 3, 2, 5, 2, 7, 6]),
        check => check,
    };
    varied(digits) && padded.last().map(|last| u32::from(*last)) == Some(check)
}

/// Letters without I and O, which count from 1 to 24.
fn health(text: &[u8]) -> bool {
    let values: Picked = characters(text)
        .iter()
        .filter_map(|byte| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            letter => {
                let at = b"ABCDEFGHJKLMNPQRSTUVWXYZ"
                    .iter()
                    .position(|known| known == letter)?;
                u8::try_from(at + 1).ok()
            }
        })
        .collect();
    let check = (11 - weighted(&values, &[7, 6, 5, 4, 3, 2]) % 11) % 10;
    values.len() == 7 && values.last().map(|last| u32::from(*last)) == Some(check)
}
