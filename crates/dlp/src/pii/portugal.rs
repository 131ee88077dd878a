//! Numbers that Portugal gives to people.

use super::words::{IDENTITY, TAX};
use crate::checks::{characters, varied, weighted};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("PT_TAX_ID", NIF, 9..=9, digits!(nif))
        .needs(TAX)
        .or(&["nif", "contribuinte", "número de contribuinte", "nipc"]),
    Rule::number("PT_NIF", NIF, 9..=9, digits!(nif)).needs(&[
        "nif",
        "contribuinte",
        "número de contribuinte",
    ]),
    Rule::word(
        "PT_CITIZEN_CARD",
        "Portaria 202/2007: Cartão de Cidadão",
        0..=0,
        r"[0-9]{8} ?[0-9] ?[0-9A-Za-z]{2}[0-9]\b",
    )
    .needs(IDENTITY)
    .or(&[
        "cartão de cidadão",
        "cartao de cidadao",
        "cartão do cidadão",
        "bilhete de identidade",
    ])
    .check(card),
    Rule::number("PT_NISS", "Segurança Social: NISS", 11..=11, digits!(niss)).needs(&[
        "niss",
        "segurança social",
        "seguranca social",
    ]),
];

const NIF: &str = "Autoridade Tributária: número de identificação fiscal";

fn nif(digits: &[u8]) -> bool {
    let check = 11 - weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    varied(digits)
        && matches!(digits.first(), Some(1 | 2 | 3 | 5 | 6 | 7 | 8 | 9))
        && digits.last().map(|last| u32::from(*last)) == Some(if check > 9 { 0 } else { check })
}

/// The Luhn check with letters from 10 to 35.
fn card(text: &[u8]) -> bool {
    let text = characters(text);
    let sum: u32 = text
        .iter()
        .rev()
        .enumerate()
        .filter_map(|(at, byte)| {
            let value = char::from(*byte).to_digit(36)?;
            Some(match (at % 2, value * 2) {
                (0, _) => value,
                (_, doubled @ 10..) => doubled - 9,
                (_, doubled) => doubled,
            })
        })
        .sum();
    text.len() == 12 && sum.is_multiple_of(10)
}

fn niss(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[29, 23, 19, 17, 13, 11, 7, 5, 3, 2]);
    matches!(digits.first(), Some(1 | 2))
        && digits.last().map(|last| u32::from(*last)) == Some(9 - sum % 10)
}
