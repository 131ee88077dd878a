//! Numbers that the authorities of Czechia, Slovakia, Hungary, Romania and Bulgaria give to people.

use super::words::{IDENTITY, TAX};
use crate::checks::{is_date, number, two_digit_date, varied, weighted};
use crate::number::Number;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("CZ_BIRTH_NUMBER", BIRTH, 9..=10, |number| {
        printed(number) && birth_number(number.digits)
    })
    .lifted(&["rodné číslo", "rodne cislo", "rč", "r.č."], 60, 95),
    Rule::number("CZ_BIRTH_NUMBER", BIRTH, 9..=10, digits!(birth_number))
        .needs(IDENTITY)
        .or(&[
            "rodné číslo",
            "rodne cislo",
            "rč",
            "r.č.",
            "rodneho cisla",
            "rodného čísla",
        ]),
    Rule::number("CZ_TAX_ID", BIRTH, 9..=10, digits!(birth_date))
        .needs(TAX)
        .or(&["dič", "DIČ"]),
    Rule::number("CZ_NATIONAL_ID", BIRTH, 9..=10, digits!(birth_number)).needs(IDENTITY),
    Rule::number(
        "CZ_ICO",
        "Český statistický úřad: IČO",
        8..=8,
        digits!(company),
    )
    .needs(&["ičo", "IČO", "ico", "ič"]),
    Rule::number("SK_BIRTH_NUMBER", BIRTH, 9..=10, digits!(birth_number)).needs(&[
        "rodné číslo",
        "rodne cislo",
        "rč",
        "r.č.",
    ]),
    Rule::number("SK_TAX_ID", BIRTH, 9..=10, digits!(slovak))
        .needs(TAX)
        .or(&["dič", "DIČ"]),
    Rule::number("SK_NATIONAL_ID", BIRTH, 9..=10, digits!(birth_number)).needs(IDENTITY),
    Rule::number(
        "HU_TAX_ID",
        "NAV: adóazonosító jel",
        10..=10,
        digits!(hungarian),
    )
    .needs(TAX)
    .or(&["adóazonosító", "adóazonosító jel", "adoazonosito"]),
    Rule::number("HU_TAJ", "NEAK: TAJ szám", 9..=9, digits!(taj)).needs(&[
        "taj",
        "taj szám",
        "tajszám",
        "taj-szám",
    ]),
    Rule::number(
        "HU_PERSONAL_ID",
        "1996. évi XX. törvény: személyi azonosító",
        11..=11,
        digits!(personal),
    )
    .needs(IDENTITY)
    .or(&["személyi azonosító", "személyi szám"]),
    Rule::number("RO_CNP", CNP, 13..=13, digits!(cnp))
        .needs(IDENTITY)
        .or(&["cnp", "cod numeric personal"])
        .or_whole(),
    Rule::number("RO_TAX_ID", CNP, 13..=13, digits!(cnp))
        .needs(TAX)
        .or(&["cif", "nif"]),
    Rule::number("RO_NATIONAL_ID", CNP, 13..=13, digits!(cnp))
        .needs(IDENTITY)
        .or(&["cnp"]),
    Rule::number("BG_EGN", EGN, 10..=10, digits!(egn))
        .needs(IDENTITY)
        .or(&["egn", "егн", "ЕГН"]),
    Rule::number("BG_TAX_ID", EGN, 10..=10, digits!(egn)).needs(TAX),
    Rule::number("BG_NATIONAL_ID", EGN, 10..=10, digits!(egn))
        .needs(IDENTITY)
        .or(&["егн", "ЕГН"]),
];

const BIRTH: &str = "Zákon o evidenci obyvatel: rodné číslo; Zákon o rodnom čísle";
const CNP: &str = "Legea 105/1996: codul numeric personal";
const EGN: &str = "Закон за гражданската регистрация: ЕГН";

/// `805607/1234`.
fn printed(number: &Number<'_>) -> bool {
    !number.part && number.signs == b"/" && matches!(number.groups, [6, 3 | 4])
}

/// Nine digits until 1953, then ten that eleven divides. Women have 50 more in the month.
pub(super) fn birth_number(digits: &[u8]) -> bool {
    let (front, check) = digits.split_at_checked(9).unwrap_or_default();
    let divides = match check {
        [] => true,
        [last] => number(digits).is_multiple_of(11) || *last == 0 && number(front) % 11 == 10,
        _ => false,
    };
    divides && birth_date(digits)
}

fn slovak(digits: &[u8]) -> bool {
    birth_number(digits) || digits.len() == 10 && number(digits).is_multiple_of(11)
}

fn birth_date(digits: &[u8]) -> bool {
    let [y1, y2, m1, m2, d1, d2, ..] = *digits else {
        return false;
    };
    let [year, month, day] = [y1 * 10 + y2, m1 * 10 + m2, d1 * 10 + d2].map(u64::from);
    // Nine digits stand for a year before 1954.
    let year = if digits.len() == 9 {
        1900 + year
    } else {
        2000 + year
    };
    let month = month % 50;
    is_date(year, if month > 20 { month - 20 } else { month }, day)
        && number(digits.get(6..).unwrap_or_default()) > 0
}

fn company(digits: &[u8]) -> bool {
    let check = (11 - weighted(digits, &[8, 7, 6, 5, 4, 3, 2]) % 11) % 10;
    varied(digits) && digits.last().map(|last| u32::from(*last)) == Some(check)
}

fn hungarian(digits: &[u8]) -> bool {
    let check = weighted(digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11;
    digits.first() == Some(&8) && digits.last().map(|last| u32::from(*last)) == Some(check)
}

fn taj(digits: &[u8]) -> bool {
    let check = weighted(digits, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10;
    varied(digits) && digits.last().map(|last| u32::from(*last)) == Some(check)
}

fn personal(digits: &[u8]) -> bool {
    let [1..=8, y1, y2, m1, m2, d1, d2, ..] = *digits else {
        return false;
    };
    let [year, month, day] = [y1 * 10 + y2, m1 * 10 + m2, d1 * 10 + d2].map(u64::from);
    two_digit_date(year, month, day)
}

fn cnp(digits: &[u8]) -> bool {
    let [1..=9, y1, y2, m1, m2, d1, d2, ..] = *digits else {
        return false;
    };
    let [year, month, day] = [y1 * 10 + y2, m1 * 10 + m2, d1 * 10 + d2].map(u64::from);
    let check = match weighted(digits, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11 {
        10 => 1,
        check => check,
    };
    two_digit_date(year, month, day) && digits.last().map(|last| u32::from(*last)) == Some(check)
}

/// The century is in the month: 20 more before 1900, 40 more after 1999.
fn egn(digits: &[u8]) -> bool {
    let [y1, y2, m1, m2, d1, d2, ..] = *digits else {
        return false;
    };
    let [year, month, day] = [y1 * 10 + y2, m1 * 10 + m2, d1 * 10 + d2].map(u64::from);
    let date = match month {
        41.. => is_date(2000 + year, month - 40, day),
        21..=32 => is_date(1800 + year, month - 20, day),
        _ => is_date(1900 + year, month, day),
    };
    let check = weighted(digits, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10;
    date && digits.last().map(|last| u32::from(*last)) == Some(check)
}
