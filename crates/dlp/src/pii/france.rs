//! Numbers that French authorities give to people and companies.

use super::words::{IDENTITY, TAX};
use crate::checks::{Picked, digits, luhn, number};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::word(
        "FR_NIR",
        "INSEE: numéro d'inscription au répertoire",
        0..=0,
        NIR,
    )
    .lifted(
        &[
            "nir",
            "sécurité sociale",
            "securite sociale",
            "numéro de sécu",
            "numéro de sécurité sociale",
            "carte vitale",
            "insee",
            "social security",
        ],
        70,
        95,
    )
    .check(nir),
    Rule::number(
        "FR_TAX_ID",
        "Direction générale des Finances publiques: numéro fiscal (SPI)",
        13..=13,
        |number| number.is_grouped(&[2, 2, 3, 3, 3]) && !number.part && fiscal(number.digits),
    )
    .needs(TAX)
    .or(&[
        "numéro fiscal",
        "numero fiscal",
        "spi",
        "identifiant fiscal",
    ]),
    Rule::number("FR_SIREN", "INSEE: répertoire Sirene", 9..=9, digits!(luhn)).needs(&[
        "siren",
        "rcs",
        "numéro siren",
    ]),
    Rule::number(
        "FR_SIRET",
        "INSEE: répertoire Sirene",
        14..=14,
        digits!(luhn),
    )
    .needs(&["siret", "numéro siret"]),
    Rule::number(
        "FR_ID_CARD",
        "Ministère de l'Intérieur: carte nationale d'identité",
        12..=12,
        digits!(|_| true),
    )
    .needs(&[
        "cni",
        "carte nationale d'identité",
        "carte d'identité",
        "carte nationale",
    ]),
    Rule::word(
        "FR_ID_CARD",
        "Ministère de l'Intérieur: carte nationale d'identité, 2021",
        1..=3,
        r"[0-9A-Z]{9}\b",
    )
    .needs(&["cni", "carte nationale d'identité", "carte d'identité"])
    .check(|text| text.iter().any(u8::is_ascii_digit)),
    Rule::number(
        "FR_NATIONAL_ID",
        "INSEE: numéro d'inscription au répertoire",
        15..=15,
        digits!(|all: &[u8]| plain_nir(all)),
    )
    .needs(IDENTITY),
    Rule::number(
        "FR_DRIVER_LICENSE",
        "Arrêté du 20 avril 2012",
        12..=12,
        digits!(|_| true),
    )
    .needs(&[
        "permis",
        "permis de conduire",
        "numéro de permis",
        "french driver",
        "french driving",
    ]),
];

const NIR: &str = r"[12378] ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?[0-9][0-9ABab] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b";

/// The key is 97 less the rest; Corsica counts as 19 and 18.
fn nir(text: &[u8]) -> bool {
    let text: Picked = text
        .iter()
        .filter(|byte| **byte != b' ')
        .map(u8::to_ascii_uppercase)
        .collect();
    let less = match text.get(6) {
        Some(b'A') => 1_000_000,
        Some(b'B') => 2_000_000,
        _ => 0,
    };
    let plain: Picked = text
        .iter()
        .map(|byte| if byte.is_ascii_digit() { *byte } else { b'0' })
        .collect();
    let values = digits(&plain);
    let (front, key) = values.split_at_checked(13).unwrap_or_default();
    number(front) > 0 && 97 - (number(front) - less) % 97 == number(key)
}

fn plain_nir(digits: &[u8]) -> bool {
    let (front, key) = digits.split_at_checked(13).unwrap_or_default();
    number(front) > 0 && 97 - number(front) % 97 == number(key)
}

fn fiscal(digits: &[u8]) -> bool {
    let (front, key) = digits.split_at_checked(10).unwrap_or_default();
    matches!(digits.first(), Some(0..=3)) && number(front) > 0 && number(front) % 511 == number(key)
}
