//! Numbers that China, Taiwan, Hong Kong, Macao and Japan give to people and companies.

use super::words::{IDENTITY, TAX};
use crate::checks::{Picked, characters, digits, is_date, mod_11_2, number, weighted};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::word("CN_NATIONAL_ID", CN, 0..=0, r"[1-9][0-9]{16}[0-9Xx]\b")
        .lifted(CN_WORDS, 70, 95)
        .check(chinese),
    Rule::word("CN_NATIONAL_ID", CN, 0..=0, r"[1-9][0-9]{14}\b")
        .needs(IDENTITY)
        .or(CN_WORDS)
        .check(old_chinese),
    Rule::word(
        "CN_SOCIAL_CREDIT",
        "GB 32100-2015",
        0..=12,
        r"[1-9A-HJ-NP-RTUWXY][1239][0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}\b",
    )
    .needs(&[
        "uscc",
        "social credit",
        "统一社会信用代码",
        "信用代码",
        "营业执照",
    ]),
    Rule::word(
        "TW_NATIONAL_ID",
        "內政部: 國民身分證統一編號",
        1..=2,
        r"[A-Za-z][1289A-Da-d][0-9]{8}\b",
    )
    .needs(IDENTITY)
    .or(&["身分證", "身份證", "統一編號", "居留證"])
    .or_whole()
    .check(taiwanese),
    Rule::word(
        "HK_NATIONAL_ID",
        "Immigration Department: Hong Kong identity card",
        1..=2,
        r"[A-Za-z]{1,2}[0-9]{6} ?(?:\([0-9Aa]\)|[0-9Aa]\b)",
    )
    .needs(IDENTITY)
    .or(&[
        "hkid",
        "hong kong identity",
        "香港身份證",
        "身份證",
        "身分證",
    ])
    .or_whole()
    .check(hong_kong),
    Rule::word(
        "MO_NATIONAL_ID",
        "Direcção dos Serviços de Identificação",
        0..=0,
        r"[157][0-9]{6} ?\([0-9]\)",
    )
    .needs(IDENTITY)
    .or(&["bir", "macau", "macao", "澳門"]),
    Rule::number(
        "JP_MY_NUMBER",
        "総務省令第八十五号: 個人番号",
        12..=12,
        digits!(my_number),
    )
    .needs(&[
        "my number",
        "my_number",
        "mynumber",
        "individual number",
        "マイナンバー",
        "個人番号",
    ])
    .or(IDENTITY),
    Rule::number(
        "JP_TAX_ID",
        "国税庁: 法人番号",
        12..=13,
        digits!(my_or_company),
    )
    .needs(TAX),
    Rule::number(
        "JP_CORPORATE_NUMBER",
        "国税庁: 法人番号",
        13..=13,
        digits!(corporate),
    )
    .needs(&["corporate number", "corporate_number", "法人番号"]),
    Rule::number(
        "JP_DRIVER_LICENSE",
        "警察庁: 運転免許証",
        12..=12,
        digits!(|_| true),
    )
    .needs(&[
        "運転免許",
        "免許証",
        "運転免許証",
        "japanese driver",
        "japan driver",
    ]),
];

const CN: &str = "GB 11643-1999; GB/T 2260";
const CN_WORDS: &[&str] = &[
    "身份证",
    "身份证号",
    "公民身份号码",
    "居民身份证",
    "resident identity",
    "shenfenzheng",
    "id_card",
];

/// Region, date, serial number, ISO 7064 MOD 11-2.
fn chinese(text: &[u8]) -> bool {
    let text = characters(text);
    let digits = digits(text.get(..17).unwrap_or_default());
    region(&digits)
        && is_date(
            number(digits.get(6..10).unwrap_or_default()),
            number(digits.get(10..12).unwrap_or_default()),
            number(digits.get(12..14).unwrap_or_default()),
        )
        && (1800..=2100).contains(&number(digits.get(6..10).unwrap_or_default()))
        && mod_11_2(&text)
}

/// Until 1999: two digits for the year, and no check digit.
fn old_chinese(text: &[u8]) -> bool {
    let digits = digits(text);
    let part = |range: std::ops::Range<usize>| number(digits.get(range).unwrap_or_default());
    region(&digits) && is_date(1900 + part(6..8), part(8..10), part(10..12))
}

fn region(digits: &[u8]) -> bool {
    let province = number(digits.get(..2).unwrap_or_default());
    matches!(province, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81 | 82 | 83 | 91)
}

/// The letter counts as two digits.
fn taiwanese(text: &[u8]) -> bool {
    let text = characters(text);
    let value = |byte: &u8| {
        let at = b"ABCDEFGHJKLMNPQRSTUVXYWZIO"
            .iter()
            .position(|known| known == byte)?;
        u8::try_from(at + 10).ok()
    };
    let Some((letter, rest)) = text.split_first() else {
        return false;
    };
    let Some(first) = value(letter) else {
        return false;
    };
    let rest = rest.iter().filter_map(|byte| {
        if byte.is_ascii_digit() {
            Some(byte - b'0')
        } else {
            value(byte).map(|value| value % 10)
        }
    });
    let values: Picked = [first / 10, first % 10].into_iter().chain(rest).collect();
    values.len() == 11 && weighted(&values, &[1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1]).is_multiple_of(10)
}

/// Letters count from 10, a missing one as 36; the check digit A is 10.
fn hong_kong(text: &[u8]) -> bool {
    let text = characters(text);
    let mut values: Vec<u32> = text
        .iter()
        .filter_map(|byte| char::from(*byte).to_digit(36))
        .collect();
    if values.len() == 8 {
        values.insert(0, 36);
    }
    let sum: u32 = values
        .iter()
        .zip((1..=9).rev())
        .map(|(value, weight)| value * weight)
        .sum();
    values.len() == 9 && sum.is_multiple_of(11)
}

fn my_number(digits: &[u8]) -> bool {
    let rest = weighted(digits, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let check = if rest <= 1 { 0 } else { 11 - rest };
    crate::checks::varied(digits) && digits.last().map(|last| u32::from(*last)) == Some(check)
}

/// The first digit checks the others, by nine.
fn corporate(digits: &[u8]) -> bool {
    let Some((check, rest)) = digits.split_first() else {
        return false;
    };
    let sum = weighted(rest, &[2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]);
    u32::from(*check) == 9 - sum % 9
}

fn my_or_company(digits: &[u8]) -> bool {
    if digits.len() == 12 {
        my_number(digits)
    } else {
        corporate(digits)
    }
}
