//! Numbers that Greece, Cyprus and Malta give to people.

use super::words::{IDENTITY, TAX};
use crate::checks::{day_month, luhn, varied, weighted};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("GR_TAX_ID", "ΑΑΔΕ: ΑΦΜ", 9..=9, digits!(greek))
        .needs(TAX)
        .or(&["afm", "α.φ.μ.", "αφμ", "ΑΦΜ"]),
    Rule::number("GR_AMKA", "ΗΔΙΚΑ: ΑΜΚΑ", 11..=11, digits!(amka))
        .needs(IDENTITY)
        .or(&["amka", "αμκα", "ΑΜΚΑ"]),
    Rule::word(
        "GR_ID_CARD",
        "Ελληνική Αστυνομία: δελτίο ταυτότητας",
        0..=2,
        r"[A-Za-z]{1,2}[ -]?[0-9]{6}\b",
    )
    .needs(&[
        "identity card",
        "id card",
        "id_card",
        "ταυτότητα",
        "ταυτότητας",
        "αδτ",
        "ΑΔΤ",
    ]),
    Rule::word(
        "CY_TAX_ID",
        "Τμήμα Φορολογίας: TIC",
        0..=0,
        r"[09][0-9]{7}[A-Za-z]\b",
    )
    .needs(TAX),
    Rule::word(
        "MT_TAX_ID",
        MT,
        0..=0,
        r"(?:[0-9]{3,7}[AGHLMPZBaghlmpzb]|[0-9]{9})\b",
    )
    .needs(TAX),
    Rule::word(
        "MT_NATIONAL_ID",
        MT,
        0..=0,
        r"[0-9]{3,7}[AGHLMPZBaghlmpzb]\b",
    )
    .needs(IDENTITY),
    Rule::word(
        "CY_NATIONAL_ID",
        "Αρχείο Πληθυσμού: δελτίο ταυτότητας",
        0..=0,
        r"[0-9]{6,10}\b",
    )
    .needs(&["αριθμός ταυτότητας", "δελτίο ταυτότητας", "arc number"]),
];

const MT: &str =
    "Identità: identity card numbers; Commissioner for Revenue: taxpayer identification numbers";

fn greek(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[256, 128, 64, 32, 16, 8, 4, 2]);
    varied(digits) && digits.last().map(|last| u32::from(*last)) == Some(sum % 11 % 10)
}

/// A date of birth and a check digit.
fn amka(digits: &[u8]) -> bool {
    let [d1, d2, m1, m2, ..] = *digits else {
        return false;
    };
    day_month(u64::from(d1 * 10 + d2), u64::from(m1 * 10 + m2)) && luhn(digits)
}
