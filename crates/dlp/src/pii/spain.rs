//! Numbers that Spanish authorities give to people and companies.

use super::words::{IDENTITY, TAX};
use crate::checks::{characters, digits, number, weighted};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::word("ES_NIF", DNI, 0..=0, r"[0-9]{8}-?[A-Z]\b")
        .lifted(NIF_WORDS, 60, 95)
        .check(nif),
    Rule::word(
        "ES_NIF",
        DNI,
        0..=0,
        r"(?:[0-9]{7,8}|[0-9]{1,2}\.[0-9]{3}\.[0-9]{3})[ -]?[A-Za-z]\b",
    )
    .needs(NIF_WORDS)
    .or_whole()
    .check(nif),
    Rule::word(
        "ES_NIE",
        DNI,
        1..=1,
        r"[XYZxyz][ -]?[0-9]{7}[ -]?[A-Za-z]\b",
    )
    .lifted(
        &[
            "nie",
            "número de identidad de extranjero",
            "extranjero",
            "tie",
        ],
        70,
        95,
    )
    .check(nie),
    Rule::word(
        "ES_CIF",
        "Orden EHA/451/2008",
        1..=1,
        r"[A-HJNP-SUVWa-hjnp-suvw][ -]?[0-9]{7}[ -]?[0-9A-Ja-j]\b",
    )
    .needs(&["cif", "nif", "código de identificación fiscal"])
    .or_whole()
    .check(company),
    Rule::word("ES_TAX_ID", DNI, 0..=1, ANY)
        .needs(TAX)
        .check(tax),
    Rule::word("ES_NATIONAL_ID", DNI, 0..=1, ANY)
        .needs(IDENTITY)
        .or(&["dni", "documento nacional de identidad"])
        .check(tax),
    Rule::number(
        "ES_SOCIAL_SECURITY",
        "Tesorería General de la Seguridad Social",
        12..=12,
        digits!(affiliation),
    )
    .needs(&[
        "seguridad social",
        "nuss",
        "naf",
        "número de afiliación",
        "nss",
    ]),
];

const DNI: &str = "Real Decreto 1553/2005; Real Decreto 1065/2007; Ministerio del Interior: cálculo del dígito de control";
const ANY: &str = r"[0-9XYZKLMxyzklm][0-9]{7}[ -]?[A-Za-z]\b";
const NIF_WORDS: &[&str] = &[
    "nif",
    "dni",
    "documento nacional de identidad",
    "número de identificación fiscal",
];

/// The letter follows from the number.
fn nif(text: &[u8]) -> bool {
    let characters = characters(text);
    let Some((letter, front)) = characters.split_last() else {
        return false;
    };
    matches!(front.len(), 7 | 8)
        && letter_of(number(&digits(front))) == Some(*letter)
        && number(&digits(front)) > 0
}

/// The first letter stands for a digit.
fn nie(text: &[u8]) -> bool {
    let mut characters = characters(text);
    if let Some(first) = characters.first_mut() {
        *first = match first {
            b'X' => b'0',
            b'Y' => b'1',
            b'Z' => b'2',
            _ => return false,
        };
    }
    characters.len() == 9 && nif(&characters)
}

fn tax(text: &[u8]) -> bool {
    nif(text) || nie(text) || {
        let characters = characters(text);
        matches!(characters.first(), Some(b'K' | b'L' | b'M'))
            && characters.get(1..).is_some_and(nif)
    }
}

fn letter_of(number: u64) -> Option<u8> {
    let at = usize::try_from(number % 23).ok()?;
    b"TRWAGMYFPDXBNJZSQVHLCKE".get(at).copied()
}

/// A digit or a letter, over the seven digits.
fn company(text: &[u8]) -> bool {
    let characters = characters(text);
    let front = digits(characters.get(1..8).unwrap_or_default());
    let sum: u32 = front
        .iter()
        .enumerate()
        .map(|(at, digit)| match (at % 2, u32::from(*digit) * 2) {
            (0, doubled) => doubled / 10 + doubled % 10,
            (_, doubled) => doubled / 2,
        })
        .sum();
    let check = (10 - sum % 10) % 10;
    let letter = usize::try_from(check)
        .ok()
        .and_then(|at| b"JABCDEFGHI".get(at));
    characters.len() == 9
        && characters.last().is_some_and(|last| {
            Some(last) == letter || char::from(*last).to_digit(10) == Some(check)
        })
}

/// Of a person or a company; with letters or digits before and behind.
pub(super) fn any(body: &[u8]) -> bool {
    tax(body) || company(body)
}

fn affiliation(digits: &[u8]) -> bool {
    let (front, check) = digits.split_at_checked(10).unwrap_or_default();
    let sure = weighted(front, &[1; 10]) > 0;
    sure && number(front) % 97 == number(check)
}
