//! Numbers that the authorities of South-East Asia give to people.

use super::words::{IDENTITY, TAX};
use crate::checks::{characters, digits, two_digit_date, varied, weighted};
use crate::number::Number;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("TH_TNIN", TH, 13..=13, thai)
        .needs(IDENTITY)
        .or(&[
            "tnin",
            "thai id",
            "thai",
            "thailand",
            "บัตรประชาชน",
            "เลขประจำตัวประชาชน",
            "เลขบัตร",
        ])
        .or_whole(),
    Rule::number("TH_NATIONAL_ID", TH, 13..=13, thai)
        .needs(IDENTITY)
        .or(&["บัตรประชาชน", "เลขประจำตัวประชาชน"]),
    Rule::number("TH_TAX_ID", TH, 13..=13, thai).needs(TAX),
    Rule::word("SG_NRIC_FIN", SG, 1..=1, r"[STFGMstfgm][0-9]{7}[A-Za-z]\b")
        .lifted(NRIC, 60, 95)
        .check(nric),
    Rule::word(
        "SG_NATIONAL_ID",
        SG,
        1..=1,
        r"[STFGMstfgm][0-9]{7}[A-Za-z]\b",
    )
    .needs(IDENTITY)
    .check(nric),
    Rule::word(
        "SG_UEN",
        "ACRA: Unique Entity Number",
        0..=1,
        r"(?:[0-9]{8,9}|[TSRtsr][0-9]{2}[A-Za-z]{2}[0-9]{4})[A-Za-z]\b",
    )
    .needs(&[
        "uen",
        "unique entity number",
        "acra",
        "business registration",
    ])
    .or_whole()
    .check(entity),
    Rule::number(
        "PH_TIN",
        "Bureau of Internal Revenue: TIN",
        9..=14,
        philippine,
    )
    .needs(&[
        "tin",
        "tin no",
        "tin number",
        "taxpayer identification",
        "bir",
    ]),
    Rule::number(
        "PH_TAX_ID",
        "Bureau of Internal Revenue: TIN",
        9..=14,
        philippine,
    )
    .needs(TAX),
    Rule::number("PH_SSS", "Social Security System", 10..=10, |number| {
        !number.part && number.is_grouped(&[2, 7, 1])
    })
    .needs(&["sss", "sss number", "sss no"]),
    Rule::number(
        "PH_UMID",
        "Unified Multi-Purpose ID: common reference number",
        12..=12,
        |number| !number.part && number.is_grouped(&[4, 7, 1]),
    )
    .needs(&["umid", "crn", "common reference number"]),
    Rule::number(
        "PH_NATIONAL_ID",
        "PhilSys: PhilID card number",
        16..=16,
        |number| !number.part && number.is_grouped(&[4, 4, 4, 4]),
    )
    .needs(&["philsys", "philid", "pcn", "psn"]),
    Rule::number(
        "ID_NATIONAL_ID",
        "Kementerian Dalam Negeri: NIK",
        16..=16,
        digits!(indonesian),
    )
    .needs(IDENTITY)
    .or(&["nik", "ktp", "no ktp", "nomor induk kependudukan"]),
    Rule::number(
        "ID_TAX_ID",
        "Direktorat Jenderal Pajak: NPWP",
        15..=16,
        digits!(varied),
    )
    .needs(TAX)
    .or(&["npwp"]),
    Rule::number("MY_NATIONAL_ID", MY, 12..=12, |number| {
        number.groups == [6, 2, 4] && malaysian(number)
    }),
    Rule::number("MY_NATIONAL_ID", MY, 12..=12, malaysian)
        .needs(IDENTITY)
        .or(&[
            "nric",
            "mykad",
            "kad pengenalan",
            "ic number",
            "ic no",
            "no kp",
        ]),
    Rule::number(
        "VN_NATIONAL_ID",
        "Luật Căn cước: số định danh cá nhân",
        12..=12,
        digits!(vietnamese),
    )
    .needs(IDENTITY)
    .or(&["cccd", "cmnd", "căn cước", "căn cước công dân", "can cuoc"]),
];

const TH: &str = "Department of Provincial Administration: identification numbers";
const SG: &str = "Immigration and Checkpoints Authority: NRIC and FIN";
const MY: &str = "Jabatan Pendaftaran Negara: MyKad";
const NRIC: &[&str] = &[
    "nric",
    "fin",
    "nric/fin",
    "singapore id",
    "identity card",
    "ic number",
    "nric_number",
    "pink ic",
    "singapore",
];

/// Kind of person, province, and a check digit.
fn thai(number: &Number<'_>) -> bool {
    let [first, p1, p2, ..] = *number.digits else {
        return false;
    };
    let province = p1 * 10 + p2;
    let check = (11 - weighted(number.digits, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 10;
    !number.part
        && number.is_grouped(&[1, 4, 5, 2, 1])
        && (1..=8).contains(&first)
        && matches!(province, 10..=27 | 30..=39 | 40..=49 | 50..=58 | 60..=67 | 70..=77 | 80..=86 | 90..=96)
        && number.digits.last().map(|last| u32::from(*last)) == Some(check)
}

fn nric(text: &[u8]) -> bool {
    let text = characters(text);
    let sum = weighted(&digits(&text), &[2, 7, 6, 5, 4, 3, 2]);
    let (offset, letters): (u32, &[u8; 11]) = match text.first() {
        Some(b'S') => (0, b"JZIHGFEDCBA"),
        Some(b'T') => (4, b"JZIHGFEDCBA"),
        Some(b'F') => (0, b"XWUTRQPNMLK"),
        Some(b'G') => (4, b"XWUTRQPNMLK"),
        _ => (3, b"XWUTRQPNJLK"),
    };
    let at = usize::try_from((sum + offset) % 11).unwrap_or(0);
    text.last() == letters.get(at)
}

/// Businesses, companies with a year, and other entities.
fn entity(text: &[u8]) -> bool {
    let text = characters(text);
    text.len() != 10
        || text.get(4).is_none_or(|byte| !byte.is_ascii_digit())
        || is_year(text.get(..4))
}

fn is_year(text: Option<&[u8]>) -> bool {
    text.is_some_and(|text| (1800..=2099).contains(&crate::checks::number(&digits(text))))
}

/// In threes, with a branch code of three to five digits or not.
fn philippine(number: &Number<'_>) -> bool {
    let printed = matches!(number.groups, [3, 3, 3] | [3, 3, 3, 3..=5]);
    let plain = number.groups.len() == 1 && matches!(number.digits.len(), 9 | 12 | 14);
    !number.part
        && (printed || plain)
        && number
            .digits
            .get(3..9)
            .is_some_and(|rest| rest.iter().any(|digit| *digit > 0))
}

/// Region, then the date of birth (40 more in the day for women), then a serial number.
fn indonesian(digits: &[u8]) -> bool {
    let [p1, p2, _, _, _, _, d1, d2, m1, m2, y1, y2, ..] = *digits else {
        return false;
    };
    let [day, month, year] = [d1 * 10 + d2, m1 * 10 + m2, y1 * 10 + y2].map(u64::from);
    (11..=96).contains(&(p1 * 10 + p2))
        && two_digit_date(year, month, if day > 40 { day - 40 } else { day })
}

/// The date of birth, a place, a serial number.
fn malaysian(number: &Number<'_>) -> bool {
    let [y1, y2, m1, m2, d1, d2, ..] = *number.digits else {
        return false;
    };
    let [year, month, day] = [y1 * 10 + y2, m1 * 10 + m2, d1 * 10 + d2].map(u64::from);
    !number.part && number.is_grouped(&[6, 2, 4]) && two_digit_date(year, month, day)
}

/// Province, then century and sex.
fn vietnamese(digits: &[u8]) -> bool {
    let province = digits.get(..3).map(crate::checks::number);
    matches!(province, Some(1..=96)) && matches!(digits.get(3), Some(0..=3))
}
