//! Numbers that German authorities, insurers and associations give to people.

use super::words::{IDENTITY, PLATE, TAX};
use crate::checks::{Picked, characters, digits, mod_11_10, mod_37, weighted};
use crate::number::Number;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number(
        "DE_TAX_ID",
        "Abgabenordnung 139b; Bundeszentralamt für Steuern",
        11..=11,
        digits!(tax_id),
    )
    .needs(TAX)
    .or(&[
        "idnr",
        "steuer-id",
        "steuerid",
        "steuer_id",
        "steueridentifikationsnummer",
        "steuerliche identifikationsnummer",
        "identifikationsnummer",
    ])
    .or_whole(),
    Rule::number(
        "DE_TAX_NUMBER",
        "Bundesministerium der Finanzen: Aufbau der Steuernummer",
        10..=13,
        tax_number,
    )
    .needs(&[
        "steuernummer",
        "steuer-nr",
        "steuernr",
        "st.-nr",
        "st-nr",
        "stnr",
        "steuer_nummer",
    ])
    .or_whole(),
    Rule::word(
        "DE_SOCIAL_SECURITY",
        "SGB VI 147; VKVV 2",
        0..=0,
        r"[0-9]{2} ?[0-9]{6} ?[A-Za-z] ?[0-9]{3}\b",
    )
    .lifted(
        &[
            "sozialversicherung",
            "sozialversicherungsnummer",
            "rentenversicherung",
            "rentenversicherungsnummer",
            "versicherungsnummer",
            "svnr",
            "rvnr",
            "sv-nummer",
        ],
        70,
        95,
    )
    .check(social_security),
    Rule::word(
        "DE_HEALTH_INSURANCE",
        "SGB V 290; GKV-Spitzenverband",
        1..=1,
        r"[A-Za-z][0-9]{9}\b",
    )
    .needs(&[
        "krankenversicherung",
        "krankenversichertennummer",
        "versichertennummer",
        "krankenkasse",
        "kvnr",
        "kv-nummer",
        "egk",
        "health insurance",
        "health_insurance",
    ])
    .or_whole()
    .check(health_insurance),
    Rule::word(
        "DE_ID_CARD",
        "Personalausweisverordnung; ICAO Doc 9303",
        0..=9,
        r"[CFGHJKLMNPRTVWXYZcfghjklmnprtvwxyz][0-9CFGHJKLMNPRTVWXYZcfghjklmnprtvwxyz]{8}[0-9]?\b",
    )
    .needs(IDENTITY)
    .or(&[
        "personalausweis",
        "personalausweisnummer",
        "ausweisnummer",
        "ausweis",
        "ausweis-nr",
        "perso",
    ])
    .or_whole()
    .check(id_card),
    Rule::number(
        "DE_LANR",
        "Kassenärztliche Bundesvereinigung: Arztnummern, 75 (7) SGB V",
        9..=9,
        digits!(doctor),
    )
    .needs(&[
        "lanr",
        "arztnummer",
        "lebenslange arztnummer",
        "arzt-nr",
        "vertragsarzt",
    ])
    .or_whole(),
    Rule::number(
        "DE_BSNR",
        "Kassenärztliche Bundesvereinigung: Betriebsstättennummern",
        9..=9,
        digits!(|_| true),
    )
    .needs(&[
        "bsnr",
        "betriebsstättennummer",
        "betriebsstätte",
        "betriebsstaettennummer",
    ]),
    Rule::number(
        "DE_BSNR",
        "Kassenärztliche Bundesvereinigung: Betriebsstättennummern",
        9..=9,
        digits!(practice),
    )
    .needs(&["kassenärztliche"])
    .or_whole(),
    Rule::led(
        "DE_HANDELSREGISTER",
        "Handelsregisterverordnung",
        &["HRA", "HRB"],
        "",
        r"HR[AB] ?[0-9]{1,6}\b",
    )
    .lifted(
        &["handelsregister", "amtsgericht", "registergericht"],
        60,
        90,
    ),
    Rule::word(
        "DE_FUEHRERSCHEIN",
        "Fahrerlaubnis-Verordnung; Kraftfahrt-Bundesamt",
        1..=2,
        r"[A-Z][0-9A-Z]{2}[0-9A-Z]{6}[0-9][0-9A-Z]\b",
    )
    .needs(&[
        "führerschein",
        "führerscheinnummer",
        "fuehrerschein",
        "fahrerlaubnis",
        "fahrerlaubnisnummer",
    ])
    .or_whole()
    .check(|text| text.iter().filter(|byte| byte.is_ascii_digit()).count() >= 4),
    Rule::word(
        "DE_KFZ",
        "Fahrzeug-Zulassungsverordnung",
        2..=5,
        r"[A-Z]{1,3}[ -][A-Z]{1,2}[ -]?[1-9][0-9]{0,3}[EH]?\b",
    )
    .needs(&[
        "kennzeichen",
        "kfz",
        "kfz-kennzeichen",
        "nummernschild",
        "autokennzeichen",
        "zugelassen",
    ])
    .or(PLATE)
    .or_whole()
    .check(|text| characters(text).len() <= 8),
    Rule::number(
        "DE_PLZ",
        "Deutsche Post: Postleitzahlen",
        5..=5,
        digits!(
            |digits: &[u8]| matches!(digits, [0, 1..=9, ..] | [1..=9, ..])
                && digits != [0, 1, 0, 0, 0]
        ),
    )
    .needs(&["plz", "postleitzahl"]),
];

/// One digit twice or three times, and the others at most once, in the first ten: what the tax office gives out.
pub(super) fn tax_id(digits: &[u8]) -> bool {
    let first = digits.get(..10).unwrap_or_default();
    let count = |digit| {
        first
            .iter()
            .filter(|other| **other == digit)
            .fold(0, |count, _| count + 1)
    };
    let counts = (0..10).map(count);
    let most = counts.max().unwrap_or(0);
    digits.first() != Some(&0) && (most <= 3) && mod_11_10(digits)
}

/// As a Land writes it, in groups, or the 13 digits of the whole federation.
fn tax_number(number: &Number<'_>) -> bool {
    let slashes = matches!(number.groups, [2 | 3, 3 | 4, 4 | 5] | [2, 3, 3, 4 | 5]);
    let federal = number.digits.len() == 13 && number.digits.get(4) == Some(&0);
    !number.part && (slashes || federal)
}

fn social_security(text: &[u8]) -> bool {
    let characters = characters(text);
    let mut values = Picked::default();
    for byte in characters.iter() {
        match byte {
            b'0'..=b'9' => values.push(byte - b'0'),
            letter => values.extend(ordinal(*letter)),
        }
    }
    let [.., check] = *values else {
        return false;
    };
    let sum = digit_sums(&values, &[2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]);
    let birth = digits(characters.get(2..8).unwrap_or_default());
    let [d1, d2, m1, m2, ..] = *birth else {
        return false;
    };
    let day = u64::from(d1 * 10 + d2);
    // Second numbers for one birthday have 50 added to the day, others 20 to the month.
    let date = crate::checks::day_month(day % 50, u64::from((m1 * 10 + m2) % 20));
    date && sum % 10 == u32::from(check)
}

fn health_insurance(text: &[u8]) -> bool {
    let Some((letter, rest)) = text.split_first() else {
        return false;
    };
    let letter = ordinal(letter.to_ascii_uppercase());
    let values: Picked = letter
        .into_iter()
        .chain(digits(rest).iter().copied())
        .collect();
    let sum = digit_sums(&values, &[1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
    values.last().map(|last| u32::from(*last)) == Some(sum % 10)
}

/// A is 01, Z is 26.
fn ordinal(letter: u8) -> [u8; 2] {
    let place = letter.to_ascii_uppercase().saturating_sub(b'A') + 1;
    [place / 10, place % 10]
}

/// The sum of the digits of each product.
fn digit_sums(digits: &[u8], weights: &[u32]) -> u32 {
    let products = digits
        .iter()
        .zip(weights)
        .map(|(digit, weight)| u32::from(*digit) * weight);
    products.map(|product| product / 10 + product % 10).sum()
}

/// With the check digit, where it is written.
fn id_card(text: &[u8]) -> bool {
    let text = text.to_ascii_uppercase();
    text.iter().any(u8::is_ascii_digit) && (text.len() == 9 || mod_37(&text))
}

fn doctor(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[4, 9, 4, 9, 4, 9]);
    digits.get(6).map(|check| u32::from(*check)) == Some((10 - sum % 10) % 10)
}

/// Of an association that there is.
fn practice(digits: &[u8]) -> bool {
    let region = digits.get(..2).map(crate::checks::number);
    matches!(
        region,
        Some(1..=3 | 17 | 20 | 38 | 46 | 51 | 52 | 71..=73 | 78 | 83 | 88 | 93 | 98)
    )
}
