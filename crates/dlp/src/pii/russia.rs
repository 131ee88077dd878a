//! Numbers that Russia, Ukraine, Belarus and Kazakhstan give to people and companies.

use super::words::{IDENTITY, TAX};
use crate::checks::{two_digit_date, varied, weighted};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("RU_INN", INN, 10..=12, digits!(inn)).needs(&["inn", "инн", "ИНН"]),
    Rule::number("RU_TAX_ID", INN, 10..=12, digits!(inn))
        .needs(TAX)
        .or(&["инн", "ИНН"]),
    Rule::number(
        "RU_SNILS",
        "Постановление ПФР 192п: СНИЛС",
        11..=11,
        digits!(snils),
    )
    .needs(&["snils", "снилс", "СНИЛС"]),
    Rule::word(
        "RU_SNILS",
        "Постановление ПФР 192п: СНИЛС",
        0..=0,
        r"[0-9]{3}-[0-9]{3}-[0-9]{3} [0-9]{2}\b",
    )
    .needs(&["snils", "снилс", "СНИЛС"])
    .or_whole()
    .check(|text| snils(&crate::checks::digits(text))),
    Rule::number("RU_OGRN", "ФНС: ОГРН", 13..=15, digits!(ogrn)).needs(&[
        "ogrn",
        "ogrnip",
        "огрн",
        "ОГРН",
        "огрнип",
        "ОГРНИП",
    ]),
    Rule::number("UA_TAX_ID", "ДПС: РНОКПП", 10..=10, digits!(ukrainian))
        .needs(TAX)
        .or(&["рнокпп", "РНОКПП", "іпн", "ІПН"]),
    Rule::number(
        "UA_UNZR",
        "Закон про Єдиний державний демографічний реєстр",
        13..=13,
        digits!(|_| true),
    )
    .needs(&["унзр", "УНЗР", "unzr"]),
    Rule::word(
        "BY_NATIONAL_ID",
        "Министерство внутренних дел: идентификационный номер",
        0..=0,
        r"[1-7][0-9]{6}[ABCHKEMabchkem][0-9]{3}(?:PB|BA|BI|pb|ba|bi)[0-9]\b",
    )
    .needs(IDENTITY)
    .or_whole()
    .or(&["идентификационный номер"]),
    Rule::number("KZ_IIN", IIN, 12..=12, digits!(kazakh))
        .needs(&["iin", "иин", "ИИН", "жсн", "ЖСН"])
        .or(IDENTITY),
    Rule::number("KZ_TAX_ID", IIN, 12..=12, digits!(kazakh)).needs(TAX),
];

const INN: &str = "ФНС: структура ИНН";
const IIN: &str = "Закон о национальных реестрах идентификационных номеров";

fn inn(digits: &[u8]) -> bool {
    let check = |weights: &[u32], at: usize| {
        digits.get(at).map(|last| u32::from(*last)) == Some(weighted(digits, weights) % 11 % 10)
    };
    varied(digits)
        && match digits.len() {
            10 => check(&[2, 4, 10, 3, 5, 9, 4, 6, 8], 9),
            12 => {
                check(&[7, 2, 4, 10, 3, 5, 9, 4, 6, 8], 10)
                    && check(&[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8], 11)
            }
            _ => false,
        }
}

fn snils(digits: &[u8]) -> bool {
    let check = weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100;
    let last = digits.get(9..).unwrap_or_default();
    varied(digits) && crate::checks::number(last) == u64::from(check)
}

fn ogrn(digits: &[u8]) -> bool {
    let Some((last, rest)) = digits.split_last() else {
        return false;
    };
    let modulus = if digits.len() == 13 { 11 } else { 13 };
    matches!(digits.len(), 13 | 15)
        && matches!(digits.first(), Some(1..=5))
        && crate::checks::number(rest) % modulus % 10 == u64::from(*last)
}

fn ukrainian(digits: &[u8]) -> bool {
    // The first weight is -1, which is 10 by eleven.
    let check = weighted(digits, &[10, 5, 7, 9, 4, 6, 10, 5, 7]) % 11 % 10;
    varied(digits) && digits.last().map(|last| u32::from(*last)) == Some(check)
}

fn kazakh(digits: &[u8]) -> bool {
    let [y1, y2, m1, m2, d1, d2, ..] = *digits else {
        return false;
    };
    let [year, month, day] = [y1 * 10 + y2, m1 * 10 + m2, d1 * 10 + d2].map(u64::from);
    let check = match weighted(digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11 {
        10 => weighted(digits, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11,
        check => check,
    };
    two_digit_date(year, month, day) && digits.last().map(|last| u32::from(*last)) == Some(check)
}
