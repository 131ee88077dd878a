//! Numbers that the authorities of the Nordic countries give to people and companies.

use super::words::{IDENTITY, TAX};
use crate::checks::{digits, is_date, luhn, mod_11, number, two_digit_date, weighted};
use crate::number::Number;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::word("FI_PERSONAL_IDENTITY_CODE", FI, 0..=0, HETU)
        .lifted(
            &["hetu", "henkilötunnus", "henkilotunnus", "personbeteckning"],
            80,
            95,
        )
        .check(finnish),
    Rule::word("FI_NATIONAL_ID", FI, 0..=0, HETU)
        .needs(IDENTITY)
        .check(finnish),
    Rule::word("FI_TAX_ID", FI, 0..=0, HETU)
        .needs(TAX)
        .check(finnish),
    Rule::number(
        "FI_BUSINESS_ID",
        "Patentti- ja rekisterihallitus: Y-tunnus",
        8..=8,
        digits!(|digits: &[u8]| mod_11(digits, &[7, 9, 10, 5, 8, 4, 2, 1])),
    )
    .needs(&[
        "y-tunnus",
        "ytunnus",
        "business id",
        "business_id",
        "fo-nummer",
    ]),
    Rule::number("SE_PERSONNUMMER", SE, 10..=12, digits!(swedish))
        .needs(IDENTITY)
        .or(&[
            "personnummer",
            "person nummer",
            "personnr",
            "samordningsnummer",
            "pnr",
        ])
        .or_whole(),
    Rule::number("SE_PERSONNUMMER", SE, 10..=12, |number| {
        printed(number) && swedish(number.digits)
    }),
    Rule::number("SE_TAX_ID", SE, 10..=12, digits!(swedish)).needs(TAX),
    Rule::number(
        "SE_ORGANISATIONSNUMMER",
        "Bolagsverket: organisationsnummer",
        10..=10,
        digits!(company),
    )
    .needs(&[
        "organisationsnummer",
        "orgnr",
        "org.nr",
        "org nr",
        "org. nr",
        "company identity",
        "company registration",
        "bolag",
    ])
    .or_whole(),
    Rule::number(
        "NO_NATIONAL_ID",
        "Skatteetaten: fødselsnummer, d-nummer",
        11..=11,
        digits!(norwegian),
    )
    .needs(IDENTITY)
    .or(&[
        "fødselsnummer",
        "fodselsnummer",
        "fødselsnr",
        "personnummer",
        "d-nummer",
        "fnr",
    ]),
    Rule::number(
        "NO_TAX_ID",
        "Skatteetaten: fødselsnummer, d-nummer",
        11..=11,
        digits!(norwegian),
    )
    .needs(TAX),
    Rule::number(
        "NO_ORGANISASJONSNUMMER",
        "Brønnøysundregistrene: organisasjonsnummer",
        9..=9,
        digits!(|digits: &[u8]| mod_11(digits, &[3, 2, 7, 6, 5, 4, 3, 2, 1])),
    )
    .needs(&[
        "organisasjonsnummer",
        "orgnr",
        "org.nr",
        "org nr",
        "foretaksnummer",
    ]),
    Rule::number("DK_CPR", DK, 10..=10, digits!(danish))
        .needs(IDENTITY)
        .or(&["cpr", "cpr-nummer", "cpr-nr", "cprnr", "personnummer"]),
    Rule::number("DK_NATIONAL_ID", DK, 10..=10, digits!(danish))
        .needs(IDENTITY)
        .or(&["cpr"]),
    Rule::number("DK_TAX_ID", DK, 10..=10, digits!(danish)).needs(TAX),
    Rule::number(
        "DK_CVR",
        "Erhvervsstyrelsen: CVR-nummer",
        8..=8,
        digits!(|digits: &[u8]| mod_11(digits, &[2, 7, 6, 5, 4, 3, 2, 1])),
    )
    .needs(&["cvr", "cvr-nr", "cvr-nummer"]),
    Rule::number("IS_KENNITALA", IS, 10..=10, digits!(icelandic))
        .needs(IDENTITY)
        .or(&["kennitala", "kt."]),
    Rule::number("IS_TAX_ID", IS, 10..=10, digits!(icelandic)).needs(TAX),
];

const FI: &str = "Digital and Population Data Services Agency: the personal identity code";
const SE: &str = "Skatteverket SKV 704: personnummer, samordningsnummer";
const DK: &str = "CPR-kontoret: personnummeret i CPR";
const IS: &str = "Þjóðskrá: kennitala";
const HETU: &str = r"[0-3][0-9][01][0-9]{3}[-+A-FU-Ya-fu-y][0-9]{3}[0-9A-FHJ-NPR-Ya-fhj-npr-y]\b";

/// The last character is the rest of the nine digits by 31.
fn finnish(text: &[u8]) -> bool {
    let text = text.to_ascii_uppercase();
    let (date, rest) = text.split_at_checked(6).unwrap_or_default();
    let (date, serial) = (digits(date), digits(rest.get(1..4).unwrap_or_default()));
    let [d1, d2, m1, m2, y1, y2] = *date else {
        return false;
    };
    let [day, month, year] = [d1 * 10 + d2, m1 * 10 + m2, y1 * 10 + y2].map(u64::from);
    let rest = (number(&date) * 1000 + number(&serial)) % 31;
    let check = usize::try_from(rest)
        .ok()
        .and_then(|at| b"0123456789ABCDEFHJKLMNPRSTUVWXY".get(at));
    two_digit_date(year, month, day) && number(&serial) >= 2 && text.last() == check
}

/// `850709-9805`, as it is printed.
fn printed(number: &Number<'_>) -> bool {
    !number.part && number.signs == b"-" && matches!(number.groups, [6 | 8, 4])
}

/// Ten digits with a right check digit and a date; 60 more in the day of coordination numbers.
fn swedish(digits: &[u8]) -> bool {
    let (century, short) = digits
        .split_at_checked(digits.len().saturating_sub(10))
        .unwrap_or_default();
    let [y1, y2, m1, m2, d1, d2, ..] = *short else {
        return false;
    };
    let [year, month, day] = [y1 * 10 + y2, m1 * 10 + m2, d1 * 10 + d2].map(u64::from);
    let day = if day > 60 { day - 60 } else { day };
    let date = match century {
        [] => two_digit_date(year, month, day),
        [1, c @ (8 | 9)] => is_date(1000 + u64::from(*c) * 100 + year, month, day),
        [2, 0] => is_date(2000 + year, month, day),
        _ => false,
    };
    date && luhn(short)
}

/// The third digit is two at least, so that it is no date.
fn company(digits: &[u8]) -> bool {
    matches!(digits, [1 | 2 | 3 | 5..=9, _, 2..=9, ..]) && luhn(digits)
}

fn norwegian(digits: &[u8]) -> bool {
    let [d1, d2, m1, m2, ..] = *digits else {
        return false;
    };
    let (day, month) = (u64::from(d1 * 10 + d2), u64::from(m1 * 10 + m2));
    let day = if day > 40 { day - 40 } else { day };
    let month = if month > 40 { month - 40 } else { month };
    crate::checks::day_month(day, month)
        && mod_11(digits, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1])
        && mod_11(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1])
}

/// A date and a serial number; since 2007 without a check digit.
fn danish(digits: &[u8]) -> bool {
    let [d1, d2, m1, m2, y1, y2, ..] = *digits else {
        return false;
    };
    let [day, month, year] = [d1 * 10 + d2, m1 * 10 + m2, y1 * 10 + y2].map(u64::from);
    two_digit_date(year, month, day)
}

fn icelandic(digits: &[u8]) -> bool {
    let [d1, d2, m1, m2, y1, y2, .., 0 | 8 | 9] = *digits else {
        return false;
    };
    let [day, month, year] = [d1 * 10 + d2, m1 * 10 + m2, y1 * 10 + y2].map(u64::from);
    let day = if day > 40 { day - 40 } else { day };
    two_digit_date(year, month, day)
        && weighted(digits, &[3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}
