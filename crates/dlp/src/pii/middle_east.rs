//! Numbers that the authorities of the Middle East give to people.

use super::words::{IDENTITY, TAX};
use crate::checks::{is_date, luhn, two_digit_date, varied, weighted};
use crate::number::Number;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("IL_NATIONAL_ID", IL, 9..=9, digits!(israeli))
        .needs(IDENTITY)
        .or(&["teudat zehut", "תעודת זהות", "מספר זהות", "ת.ז."]),
    Rule::number("IL_TAX_ID", IL, 9..=9, digits!(israeli)).needs(TAX),
    Rule::number(
        "IR_NATIONAL_ID",
        "سازمان ثبت احوال: کد ملی",
        10..=10,
        digits!(iranian),
    )
    .needs(IDENTITY)
    .or(&["کد ملی", "کدملی", "شماره ملی", "kod melli", "code melli"]),
    Rule::number(
        "AE_NATIONAL_ID",
        "Federal Authority for Identity: Emirates ID",
        15..=15,
        emirates,
    ),
    Rule::number(
        "SA_NATIONAL_ID",
        "وزارة الداخلية: رقم الهوية الوطنية",
        10..=10,
        digits!(saudi),
    )
    .needs(IDENTITY)
    .or(&["iqama", "الهوية", "رقم الهوية", "إقامة"]),
    Rule::number(
        "KW_NATIONAL_ID",
        "PACI: civil identification numbers",
        12..=12,
        digits!(kuwaiti),
    )
    .needs(IDENTITY)
    .or(&["civil id", "الرقم المدني"]),
    Rule::number(
        "QA_NATIONAL_ID",
        "Ministry of Interior: QID",
        11..=11,
        digits!(|digits: &[u8]| matches!(digits, [2 | 3, ..])),
    )
    .needs(&["qid", "qatar id", "الرقم الشخصي"]),
    Rule::number(
        "BH_NATIONAL_ID",
        "Information & eGovernment Authority: CPR",
        9..=9,
        digits!(bahraini),
    )
    .needs(&["cpr", "bahrain id", "الرقم الشخصي"]),
];

const IL: &str = "Population and Immigration Authority: identity numbers; Luhn";

fn israeli(digits: &[u8]) -> bool {
    varied(digits) && luhn(digits)
}

fn iranian(digits: &[u8]) -> bool {
    let check = match weighted(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11 {
        rest @ 0..=1 => rest,
        rest => 11 - rest,
    };
    varied(digits) && digits.last().map(|last| u32::from(*last)) == Some(check)
}

/// 784, the year of birth, a serial number and a Luhn digit.
fn emirates(number: &Number<'_>) -> bool {
    !number.part
        && number.is_grouped(&[3, 4, 7, 1])
        && number.digits.starts_with(&[7, 8, 4])
        && (1900..=2100).contains(&number.value(3..7))
        && luhn(number.digits)
}

/// 1 for citizens, 2 for residents.
fn saudi(digits: &[u8]) -> bool {
    matches!(digits.first(), Some(1 | 2)) && luhn(digits)
}

fn kuwaiti(digits: &[u8]) -> bool {
    let [c @ 1..=3, y1, y2, m1, m2, d1, d2, ..] = *digits else {
        return false;
    };
    let year = 1700 + u64::from(c) * 100 + u64::from(y1 * 10 + y2);
    let check = 11 - weighted(digits, &[2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11;
    is_date(year, u64::from(m1 * 10 + m2), u64::from(d1 * 10 + d2))
        && digits.last().map(|last| u32::from(*last)) == Some(check)
}

/// Year and month of birth.
fn bahraini(digits: &[u8]) -> bool {
    let [y1, y2, m1, m2, ..] = *digits else {
        return false;
    };
    two_digit_date(u64::from(y1 * 10 + y2), u64::from(m1 * 10 + m2), 1)
}
