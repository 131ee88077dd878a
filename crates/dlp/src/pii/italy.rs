//! Numbers that Italian authorities give to people.

use super::words::{IDENTITY, LICENCE, TAX};
use crate::checks::{characters, varied};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::word("IT_FISCAL_CODE", CODE, 6..=6, FISCAL)
        .lifted(
            &[
                "codice fiscale",
                "codice_fiscale",
                "codicefiscale",
                "cf",
                "c.f.",
            ],
            80,
            95,
        )
        .check(fiscal_code),
    Rule::word("IT_TAX_ID", CODE, 6..=6, FISCAL)
        .needs(TAX)
        .check(fiscal_code),
    Rule::word("IT_IDENTITY_CARD", CARD, 0..=2, ID_CARD)
        .needs(IDENTITY)
        .or(&[
            "carta d'identità",
            "carta d’identità",
            "carta identità",
            "carta di identità",
            "cie",
        ])
        .or_whole(),
    Rule::word(
        "IT_NATIONAL_ID",
        CARD,
        2..=2,
        r"[Cc][A-Za-z][0-9]{5}[A-Za-z]{2}\b",
    )
    .needs(IDENTITY),
    Rule::word(
        "IT_DRIVER_LICENSE",
        "D.P.R. 445/2000; Motorizzazione Civile",
        1..=2,
        r"(?:[A-Za-z]{2}[0-9]{7}[A-Za-z]|[Uu]1[0-9A-Za-z]{7}[A-Za-z])\b",
    )
    .needs(LICENCE)
    .or(&["license", "licence", "patente", "patente di guida"])
    .or_whole()
    .check(|text| text.iter().filter(|byte| byte.is_ascii_digit()).count() > 2),
    Rule::number(
        "IT_VAT",
        "Agenzia delle Entrate: partita IVA",
        11..=11,
        digits!(|digits: &[u8]| varied(digits) && crate::checks::luhn(digits)),
    )
    .needs(&[
        "partita iva",
        "partita_iva",
        "partitaiva",
        "p.iva",
        "p. iva",
        "piva",
    ])
    .or_whole(),
];

const CODE: &str = "D.M. 23 dicembre 1976: codice fiscale";
const CARD: &str = "Ministero dell'Interno: carta d'identità";
const FISCAL: &str = r"[A-Za-z]{6}[0-9LMNPQRSTUVlmnpqrstuv]{2}[A-EHLMPR-Ta-ehlmpr-t][0-9LMNPQRSTUVlmnpqrstuv]{2}[A-Za-z][0-9LMNPQRSTUVlmnpqrstuv]{3}[A-Za-z]\b";
const ID_CARD: &str =
    r"(?:[A-Za-z]{2} ?[0-9]{7}|[A-Za-z]{2}[0-9]{5}[A-Za-z]{2}|[0-9]{7}[A-Za-z]{2})\b";

/// The last letter follows from the others, with one table for odd places.
fn fiscal_code(text: &[u8]) -> bool {
    let characters = characters(text);
    let Some((last, rest)) = characters.split_last() else {
        return false;
    };
    let sum: u32 = rest
        .iter()
        .enumerate()
        .filter_map(|(at, byte)| {
            let value = match byte {
                b'0'..=b'9' => byte - b'0',
                letter => letter - b'A',
            };
            if at % 2 == 0 {
                ODD.get(usize::from(value)).copied()
            } else {
                Some(u32::from(value))
            }
        })
        .sum();
    rest.len() == 15 && u32::from(*last) == u32::from(b'A') + sum % 26
}

const ODD: [u32; 26] = [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];
