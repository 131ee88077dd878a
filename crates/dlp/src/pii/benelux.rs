//! Numbers that Belgium, the Netherlands and Luxembourg give to people.

use super::words::{IDENTITY, TAX};
use crate::checks::{Picked, day_month, is_date, luhn, number, varied, verhoeff, weighted};
use crate::number::Number;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("BE_NATIONAL_NUMBER", BE, 11..=11, |number| {
        printed(number) && belgian(number.digits)
    }),
    Rule::number("BE_NATIONAL_NUMBER", BE, 11..=11, digits!(belgian))
        .needs(IDENTITY)
        .or(&[
            "rijksregisternummer",
            "rijksregister",
            "insz",
            "niss",
            "numéro national",
            "registre national",
            "nrn",
        ]),
    Rule::number("BE_NATIONAL_ID", BE, 11..=11, digits!(belgian)).needs(IDENTITY),
    Rule::number("BE_TAX_ID", BE, 11..=11, digits!(belgian)).needs(TAX),
    Rule::number("NL_BSN", BSN, 9..=9, digits!(bsn)).needs(&[
        "bsn",
        "burgerservicenummer",
        "burger service nummer",
        "sofinummer",
        "sofi-nummer",
    ]),
    Rule::number("NL_TAX_ID", BSN, 9..=9, digits!(bsn))
        .needs(TAX)
        .or(&["rsin"]),
    Rule::number("NL_NATIONAL_ID", BSN, 9..=9, digits!(bsn)).needs(IDENTITY),
    Rule::number("LU_TAX_ID", LU, 13..=13, digits!(luxembourgish))
        .needs(TAX)
        .or(&["matricule"]),
    Rule::number("LU_NATIONAL_ID", LU, 13..=13, digits!(luxembourgish))
        .needs(IDENTITY)
        .or(&["matricule"]),
];

const BE: &str = "Koninklijk besluit van 3 april 1984: identificatienummer van het Rijksregister";
const BSN: &str = "Wet algemene bepalingen burgerservicenummer; elfproef";
const LU: &str = "Loi du 19 juin 2013: identification des personnes physiques";

/// `85.07.30-033.28`.
fn printed(number: &Number<'_>) -> bool {
    !number.part && number.groups == [2, 2, 2, 3, 2]
}

/// The last two digits are 97 less the rest, with a 2 before the others for those born since 2000.
fn belgian(digits: &[u8]) -> bool {
    let (front, check) = digits.split_at_checked(9).unwrap_or_default();
    let check = number(check);
    let [_, _, m1, m2, d1, d2, ..] = *digits else {
        return false;
    };
    // People whose number was given before their sex or birth was known have 20 or 40 more.
    let (month, day) = (u64::from((m1 * 10 + m2) % 20), u64::from(d1 * 10 + d2));
    let known = day_month(day, month) || month == 0 || day == 0;
    known
        && [0, 2_000_000_000]
            .iter()
            .any(|century| 97 - (century + number(front)) % 97 == check)
}

/// The test by eleven, the last digit subtracted.
pub(super) fn bsn(digits: &[u8]) -> bool {
    let (front, last) = digits.split_at_checked(8).unwrap_or_default();
    let sum = weighted(front, &[9, 8, 7, 6, 5, 4, 3, 2]);
    varied(digits)
        && last
            .first()
            .is_some_and(|last| sum % 11 == u32::from(*last))
}

/// A date and two check digits, by Luhn and by Verhoeff.
fn luxembourgish(digits: &[u8]) -> bool {
    let (front, checks) = digits.split_at_checked(11).unwrap_or_default();
    let [first, second] = *checks else {
        return false;
    };
    let with = |check: u8| -> Picked { front.iter().copied().chain([check]).collect() };
    is_date(
        number(front.get(..4).unwrap_or_default()),
        number(front.get(4..6).unwrap_or_default()),
        number(front.get(6..8).unwrap_or_default()),
    ) && luhn(&with(first))
        && verhoeff(&with(second))
}
