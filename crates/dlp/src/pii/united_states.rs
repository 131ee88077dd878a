//! Numbers that authorities and health programmes of the United States give to people.

use super::words::{LICENCE, TAX};
use crate::checks::{Picked, characters, digits, luhn, varied, weighted};
use crate::number::Number;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("US_SSN", SSN, 9..=9, |number| {
        printed(number) && social_security(number.digits)
    })
    .lifted(SSN_WORDS, 60, 95),
    Rule::number("US_SSN", SSN, 9..=9, digits!(social_security)).needs(SSN_WORDS),
    Rule::number("US_ITIN", "IRS Publication 1915", 9..=9, |number| {
        printed(number) && taxpayer(number.digits)
    })
    .lifted(TAX, 60, 95),
    Rule::number("US_ITIN", "IRS Publication 1915", 9..=9, digits!(taxpayer))
        .needs(TAX)
        .or(&["individual taxpayer"]),
    Rule::number("US_EIN", "IRS Publication 1635", 9..=9, |number| {
        !number.part && (number.groups == [2, 7] || number.groups.len() == 1)
    })
    .needs(&[
        "ein",
        "fein",
        "employer identification",
        "employer id",
        "employer_id",
        "federal tax id",
    ]),
    Rule::number(
        "US_TAX_ID",
        "IRS Publications 1635 and 1915",
        9..=9,
        |number| {
            !number.part && (number.is_grouped(&[2, 7]) || printed(number)) && varied(number.digits)
        },
    )
    .needs(TAX),
    Rule::number(
        "US_NPI",
        "45 CFR 162.408; CMS: NPI check digit",
        10..=10,
        digits!(provider),
    )
    .needs(&[
        "npi",
        "national provider",
        "provider identifier",
        "provider number",
        "provider_id",
        "physician",
    ])
    .or_whole(),
    Rule::word("US_MBI", "CMS: understanding the MBI format", 0..=0, MBI)
        .lifted(
            &["mbi", "medicare", "beneficiary", "medicare number"],
            60,
            95,
        )
        .check(|text| {
            !text.iter().any(u8::is_ascii_lowercase) || !text.iter().any(u8::is_ascii_uppercase)
        }),
    Rule::word(
        "MEDICAL_LICENSE",
        "21 CFR 1301; DEA Diversion Control Division",
        2..=2,
        r"[ABCDEFGHJKLMPRSTUXabcdefghjklmprstux][A-Za-z9][0-9]{7}\b",
    )
    .lifted(
        &[
            "dea",
            "dea number",
            "dea_number",
            "medical license",
            "medical licence",
            "medical_license",
            "registration number",
            "prescriber",
            "certificate",
        ],
        50,
        95,
    )
    .check(prescriber),
    Rule::number("US_BANK_NUMBER", "ANSI X9.100-160", 8..=17, digits!(varied)).needs(&[
        "bank account",
        "bank_account",
        "bankaccount",
        "account number",
        "account_number",
        "accountnumber",
        "account no",
        "checking account",
        "savings account",
        "acct number",
        "acct no",
        "direct deposit",
    ]),
    Rule::word(
        "US_DRIVER_LICENSE",
        "AAMVA; the states' formats",
        0..=2,
        DRIVER,
    )
    .needs(LICENCE),
    Rule::word(
        "US_DRIVER_LICENSE",
        "AAMVA; the states' formats",
        1..=1,
        r"[A-Za-z][0-9]{7,8}\b",
    )
    .needs(LICENCE)
    .or_whole(),
    Rule::number(
        "US_DRIVER_LICENSE",
        "AAMVA; the states' formats",
        7..=14,
        digits!(varied),
    )
    .needs(LICENCE),
    Rule::number("US_ZIP_CODE", "USPS Publication 28", 9..=9, |number| {
        !number.part && number.groups == [5, 4]
    })
    .needs(&["zip", "zip code", "zip_code", "zipcode", "postal code"]),
];

const SSN: &str = "Social Security Administration, POMS RM 10201.035";
const SSN_WORDS: &[&str] = &[
    "ssn",
    "social security",
    "social_security",
    "socialsecurity",
    "social security number",
    "socialsecuritynumber",
    "ss#",
    "ss #",
    "ssa number",
    "soc sec",
    "social insurance number us",
];
const MBI: &str = r"[1-9][AC-HJKMNP-RT-Yac-hjkmnp-rt-y][0-9AC-HJKMNP-RT-Yac-hjkmnp-rt-y][0-9]-?[AC-HJKMNP-RT-Yac-hjkmnp-rt-y][0-9AC-HJKMNP-RT-Yac-hjkmnp-rt-y][0-9]-?[AC-HJKMNP-RT-Yac-hjkmnp-rt-y]{2}[0-9]{2}\b";
const DRIVER: &str = r"(?:[A-Za-z][0-9]{4,14}|[A-Za-z]{2}[0-9]{4,7}|[0-9]{7,10}[A-Za-z]|[0-9]{2}[A-Za-z]{3}[0-9]{5,6}|[A-Za-z][0-9]{3}-[0-9]{3}-[0-9]{2}-[0-9]{3}(?:-[0-9])?|[A-Za-z][0-9]{3}-[0-9]{4}-[0-9]{4})\b";

/// Grouped as 3-2-4 by one sign.
fn printed(number: &Number<'_>) -> bool {
    !number.part
        && number.groups == [3, 2, 4]
        && matches!(number.signs, [a, b] if a == b && *a != b'/')
}

/// No area, group or serial number of zeros, and none of the numbers that advertisements made known.
fn social_security(digits: &[u8]) -> bool {
    let (area, group, serial) = parts(digits);
    let known = matches!((area, group, serial), (78, 5, 1120) | (219, 9, 9999));
    !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0 && !known && varied(digits)
}

fn taxpayer(digits: &[u8]) -> bool {
    let (area, group, _) = parts(digits);
    area >= 900 && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

fn parts(digits: &[u8]) -> (u64, u64, u64) {
    let part = |range: std::ops::Range<usize>| {
        crate::checks::number(digits.get(range).unwrap_or_default())
    };
    (part(0..3), part(3..5), part(5..9))
}

/// Luhn with the prefix 80840. Ten digits that begin so are also seconds since 1970.
fn provider(digits: &[u8]) -> bool {
    let prefixed: Picked = [8, 0, 8, 4, 0].iter().chain(digits).copied().collect();
    matches!(digits.first(), Some(1 | 2)) && luhn(&prefixed)
}

fn prescriber(text: &[u8]) -> bool {
    let digits = digits(characters(text).get(2..).unwrap_or_default());
    let sum = weighted(&digits, &[1, 2, 1, 2, 1, 2]);
    varied(&digits) && digits.last().map(|last| u32::from(*last)) == Some(sum % 10)
}
