//! Numbers that the authorities of African countries give to people.

use super::words::{IDENTITY, TAX};
use crate::checks::{is_date, luhn, two_digit_date, varied};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("ZA_ID_NUMBER", ZA, 13..=13, digits!(south_african))
        .needs(IDENTITY)
        .or(&[
            "permanent resident",
            "south african id",
            "sa id",
            "rsa id",
            "id nommer",
            "identiteitsnommer",
        ])
        .or_whole(),
    Rule::number(
        "ZA_TAX_ID",
        "SARS: tax reference numbers",
        10..=10,
        digits!(|digits: &[u8]| matches!(digits, [0..=3 | 9, ..]) && luhn(digits)),
    )
    .needs(TAX),
    Rule::number(
        "EG_NATIONAL_ID",
        "Civil Status Organization: national numbers",
        14..=14,
        digits!(egyptian),
    )
    .needs(IDENTITY)
    .or(&["الرقم القومي", "رقم قومي"]),
    Rule::number(
        "LY_NATIONAL_ID",
        "Civil Registration Authority: national numbers",
        12..=12,
        digits!(libyan),
    )
    .needs(IDENTITY)
    .or(&["الرقم الوطني"]),
    Rule::number(
        "TN_NATIONAL_ID",
        "Ministère de l'Intérieur: carte d'identité nationale",
        8..=8,
        digits!(varied),
    )
    .needs(IDENTITY)
    .or(&["cin", "بطاقة التعريف"]),
    Rule::number(
        "NG_NIN",
        "NIMC: National Identification Number",
        11..=11,
        digits!(varied),
    )
    .needs(&[
        "nin",
        "national identification number",
        "national identification",
        "nimc",
    ]),
    Rule::number(
        "NG_BVN",
        "Central Bank of Nigeria: Bank Verification Number",
        11..=11,
        digits!(|digits: &[u8]| digits.starts_with(&[2, 2])),
    )
    .needs(&["bvn", "bank verification"]),
    Rule::number(
        "KE_NATIONAL_ID",
        "National Registration Bureau",
        7..=8,
        digits!(varied),
    )
    .needs(&["kenyan id", "kenya id", "huduma", "kitambulisho"]),
    Rule::word(
        "KE_TAX_ID",
        "Kenya Revenue Authority: PIN",
        1..=1,
        r"[APap][0-9]{9}[A-Za-z]\b",
    )
    .needs(&["kra pin", "kra", "kra_pin", "pin certificate"])
    .or(TAX),
    Rule::word(
        "GH_NATIONAL_ID",
        "National Identification Authority: Ghana Card",
        3..=3,
        r"GHA-[0-9]{9}-[0-9]\b",
    ),
    Rule::word(
        "MA_NATIONAL_ID",
        "DGSN: carte nationale d'identité électronique",
        1..=2,
        r"[A-Za-z]{1,2}[0-9]{4,7}\b",
    )
    .needs(&["cnie", "cine", "cin", "carte nationale", "البطاقة الوطنية"]),
    Rule::number(
        "DZ_NATIONAL_ID",
        "Ministère de l'Intérieur: NIN",
        18..=18,
        digits!(varied),
    )
    .needs(IDENTITY)
    .or(&["رقم التعريف الوطني"]),
];

const ZA: &str = "Identification Act 68 of 1997: identity numbers";

/// The date of birth, sex, citizenship, and a Luhn digit.
fn south_african(digits: &[u8]) -> bool {
    let [y1, y2, m1, m2, d1, d2, _, _, _, _, citizen, ..] = *digits else {
        return false;
    };
    let [year, month, day] = [y1 * 10 + y2, m1 * 10 + m2, d1 * 10 + d2].map(u64::from);
    two_digit_date(year, month, day) && citizen <= 2 && luhn(digits)
}

/// Century, date of birth, governorate.
fn egyptian(digits: &[u8]) -> bool {
    let [century @ (2 | 3), y1, y2, m1, m2, d1, d2, g1, g2, ..] = *digits else {
        return false;
    };
    let year = 1700 + u64::from(century) * 100 + u64::from(y1 * 10 + y2);
    let governorate = g1 * 10 + g2;
    is_date(year, u64::from(m1 * 10 + m2), u64::from(d1 * 10 + d2))
        && matches!(governorate, 1..=4 | 11..=19 | 21..=29 | 31..=35 | 88)
}

/// 1 for men, 2 for women, and the year of birth.
fn libyan(digits: &[u8]) -> bool {
    matches!(digits, [1 | 2, 1, 9, ..] | [1 | 2, 2, 0, ..])
}
