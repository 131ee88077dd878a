//! Numbers that Indian authorities give to people and companies.

use super::words::{IDENTITY, TAX};
use crate::checks::{characters, luhn_36, varied, verhoeff};
use crate::number::Number;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("IN_AADHAAR", UIDAI, 12..=12, |number| {
        number.groups == [4, 4, 4] && aadhaar(number)
    }),
    Rule::number("IN_AADHAAR", UIDAI, 12..=12, aadhaar)
        .needs(&[
            "aadhaar",
            "aadhar",
            "aadhaar_number",
            "uidai",
            "uid",
            "आधार",
            "आधार संख्या",
        ])
        .or_whole(),
    Rule::word(
        "IN_AADHAAR",
        UIDAI,
        0..=0,
        r"[2-9][0-9]{3}:[0-9]{4}:[0-9]{4}\b",
    )
    .needs(&["aadhaar", "aadhar", "uidai"])
    .or_whole()
    .check(|text| verhoeff(&crate::checks::digits(text))),
    Rule::number("IN_NATIONAL_ID", UIDAI, 12..=12, aadhaar).needs(IDENTITY),
    Rule::word(
        "IN_PAN",
        PAN,
        5..=5,
        r"[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]\b",
    )
    .lifted(PAN_WORDS, 60, 95),
    // Without the letter of a kind of holder.
    Rule::word("IN_PAN", PAN, 5..=5, PAN_FORM)
        .lifted(PAN_WORDS, 0, 60)
        .or_whole(),
    Rule::word("IN_TAX_ID", PAN, 5..=5, PAN_FORM).needs(TAX),
    Rule::word("IN_GSTIN", GST, 0..=0, GSTIN).check(|text| state(text) && luhn_36(text)),
    Rule::word("IN_GSTIN", GST, 0..=0, GSTIN)
        .needs(&["gstin", "gst", "gst number", "gst_number"])
        .or_whole()
        .check(state),
    Rule::word(
        "IN_VOTER",
        "Election Commission of India: EPIC",
        3..=3,
        r"[A-Z]{3}[0-9]{7}\b",
    )
    .lifted(
        &[
            "voter",
            "voter id",
            "voter_id",
            "voterid",
            "epic",
            "elector",
            "election card",
            "मतदाता",
        ],
        50,
        90,
    ),
    Rule::word(
        "IN_VOTER",
        "Election Commission of India: EPIC",
        3..=3,
        r"[A-Za-z]{3}[0-9]{7}\b",
    )
    .needs(&[
        "voter", "voter id", "voter_id", "voterid", "epic", "elector",
    ]),
    Rule::word(
        "IN_DRIVING_LICENSE",
        "Ministry of Road Transport and Highways: Sarathi",
        2..=2,
        r"[A-Za-z]{2}[ -]?[0-9]{2}[ -]?(?:19|20)[0-9]{2}[ -]?[0-9]{7}\b",
    )
    .lifted(super::words::LICENCE, 50, 95),
    Rule::word(
        "IN_IFSC",
        "Reserve Bank of India: IFSC",
        4..=4,
        r"[A-Za-z]{4}0[0-9A-Za-z]{6}\b",
    )
    .needs(&["ifsc", "ifsc code", "ifsc_code"]),
];

const UIDAI: &str = "UIDAI: Aadhaar numbering scheme; Verhoeff";
const PAN: &str = "Income Tax Department: PAN";
const GST: &str = "GSTN: structure of the GSTIN";
const PAN_FORM: &str = r"[A-Za-z]{5}[0-9]{4}[A-Za-z]\b";
const PAN_WORDS: &[&str] = &[
    "pan",
    "pan number",
    "pan_number",
    "pancard",
    "pan card",
    "permanent account",
    "income tax",
];
const GSTIN: &str = r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z]\b";

fn aadhaar(number: &Number<'_>) -> bool {
    let palindrome = number.digits.iter().eq(number.digits.iter().rev());
    !number.part
        && number.is_grouped(&[4, 4, 4])
        && matches!(number.digits.first(), Some(2..=9))
        && varied(number.digits)
        && !palindrome
        && verhoeff(number.digits)
}

/// The code of a state, and a holder of a known kind.
fn state(text: &[u8]) -> bool {
    let characters = characters(text);
    let code = crate::checks::number(&crate::checks::digits(
        characters.get(..2).unwrap_or_default(),
    ));
    matches!(code, 1..=37 | 97 | 99)
}
