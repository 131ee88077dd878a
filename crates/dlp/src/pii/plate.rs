//! Licence plates: the forms of many countries, near a word for a plate.

use super::words::{PLATE, VEHICLE};
use crate::checks::characters;
use crate::rule::Rule;

const fn plate(kind: &'static str, letters: usize, value: &'static str) -> Rule {
    Rule::word(kind, SOURCE, 0..=letters, value).needs(PLATE)
}

const SOURCE: &str = "the national regulation of vehicle registration marks";

pub(super) const RULES: &[Rule] = &[
    plate("AL_LICENSE_PLATE", 2, r"[A-Za-z]{2}[ -]?[0-9]{3}[ -]?[A-Za-z]{2}\b"),
    plate("AR_LICENSE_PLATE", 3, r"(?:[A-Za-z]{3} ?[0-9]{3}|[A-Za-z]{2} ?[0-9]{3} ?[A-Za-z]{2})\b"),
    plate("AT_LICENSE_PLATE", 2, r"[A-Za-z]{1,2}[ -]?[0-9]{1,5} ?[A-Za-z]{1,3}\b"),
    plate("AU_LICENSE_PLATE", 3, r"(?:[A-Za-z]{3}[ -]?[0-9]{2}[0-9A-Za-z]|[0-9][A-Za-z]{2}[ -]?[0-9][A-Za-z]{2}|[A-Za-z]{2}[ -]?[0-9]{2}[ -]?[A-Za-z]{2})\b"),
    plate("BE_LICENSE_PLATE", 1, r"[0-9][ -]?[A-Za-z]{3}[ -]?[0-9]{3}\b"),
    plate("BG_LICENSE_PLATE", 2, r"[A-Za-z]{1,2} ?[0-9]{4} ?[A-Za-z]{2}\b"),
    plate("BR_LICENSE_PLATE", 3, r"[A-Za-z]{3}[ -]?[0-9][0-9A-Za-z][0-9]{2}\b"),
    plate("CH_LICENSE_PLATE", 2, r"[A-Za-z]{2}[ -]?[0-9]{1,6}\b"),
    plate("CL_LICENSE_PLATE", 4, r"(?:[A-Za-z]{2}[ -]?[0-9]{4}|[A-Za-z]{4}[ -]?[0-9]{2})\b"),
    plate("CO_LICENSE_PLATE", 3, r"[A-Za-z]{3}[ -]?[0-9]{3}\b"),
    plate("CZ_LICENSE_PLATE", 3, r"(?:[0-9A-Za-z][A-Za-z][0-9A-Za-z][ -]?[0-9]{4}|[0-9A-Za-z]{7,8})\b"),
    plate("DE_LICENSE_PLATE", 3, r"[A-Z]{1,3}[ -][A-Z]{1,2}[ -]?[1-9][0-9]{0,3}[EH]?\b").check(german),
    plate("DK_LICENSE_PLATE", 2, r"[A-Za-z]{2} ?[0-9]{2} ?[0-9]{3}\b"),
    plate("EE_LICENSE_PLATE", 0, r"[0-9]{2,3} ?[A-Za-z]{3}\b"),
    plate("ES_LICENSE_PLATE", 0, r"[0-9]{4}[ -]?[B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{3}\b"),
    plate("FI_LICENSE_PLATE", 3, r"[A-Za-z]{1,3}[ -]?[0-9]{1,3}\b"),
    plate("FR_LICENSE_PLATE", 2, r"[A-Za-z]{2}[ -]?[0-9]{3}[ -]?[A-Za-z]{2}\b"),
    plate("GR_LICENSE_PLATE", 3, r"[A-Za-z]{3}[ -]?[0-9]{4}\b"),
    plate("HR_LICENSE_PLATE", 2, r"[A-Za-z]{2}[ -]?[0-9]{3,4}[ -]?[A-Za-z]{1,2}\b"),
    plate("HU_LICENSE_PLATE", 4, r"(?:[A-Za-z]{3}[ -]?[0-9]{3}|[A-Za-z]{2} ?[A-Za-z]{2}[ -]?[0-9]{3})\b"),
    plate("IE_LICENSE_PLATE", 0, r"[0-9]{2,3}[ -]?[A-Za-z]{1,2}[ -]?[0-9]{1,6}\b"),
    plate("IL_LICENSE_PLATE", 0, r"[0-9]{2,3}-[0-9]{2,3}-[0-9]{2,3}\b"),
    plate("IT_LICENSE_PLATE", 2, r"[A-Za-z]{2} ?[0-9]{3} ?[A-Za-z]{2}\b"),
    plate("JP_LICENSE_PLATE", 0, r"[0-9]{2}-[0-9]{2}\b"),
    plate("LI_LICENSE_PLATE", 2, r"[Ff][Ll] ?[0-9]{1,5}\b"),
    plate("LT_LICENSE_PLATE", 3, r"[A-Za-z]{3}[ :-]?[0-9]{3}\b"),
    plate("LU_LICENSE_PLATE", 2, r"[A-Za-z]{2} ?[0-9]{4}\b"),
    plate("LV_LICENSE_PLATE", 2, r"[A-Za-z]{2}[ -]?[0-9]{1,4}\b"),
    plate("MT_LICENSE_PLATE", 3, r"[A-Za-z]{3}[ -]?[0-9]{3}\b"),
    plate("MX_LICENSE_PLATE", 3, r"[A-Za-z]{3}-?[0-9]{2,3}-?[0-9A-Za-z]{1,2}\b"),
    plate("MY_LICENSE_PLATE", 3, r"[A-Za-z]{1,3} ?[0-9]{1,4}\b"),
    plate("NL_LICENSE_PLATE", 2, r"(?:[0-9]{1,2}-[A-Za-z]{2,3}-[0-9]{1,2}|[A-Za-z]{1,2}-[0-9]{2,3}-[A-Za-z]{1,2}|[0-9]{2}-[0-9]{2}-[A-Za-z]{2}|[A-Za-z]{2}-[0-9]{2}-[0-9]{2})\b"),
    plate("NO_LICENSE_PLATE", 2, r"[A-Za-z]{2} ?[0-9]{5}\b"),
    plate("NZ_LICENSE_PLATE", 3, r"[A-Za-z]{2,3} ?[0-9]{3,4}\b"),
    plate("PH_LICENSE_PLATE", 3, r"[A-Za-z]{3}[ -]?[0-9]{3,4}\b"),
    plate("PK_LICENSE_PLATE", 3, r"[A-Za-z]{2,3}[ -]?[0-9]{2,4}\b"),
    plate("PL_LICENSE_PLATE", 3, r"[A-Za-z]{2,3} [0-9A-Za-z]{4,5}\b"),
    plate("PT_LICENSE_PLATE", 2, r"(?:[A-Za-z]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}|[0-9]{2}[ -]?[A-Za-z]{2}[ -]?[0-9]{2}|[0-9]{2}[ -]?[0-9]{2}[ -]?[A-Za-z]{2}|[A-Za-z]{2}[ -]?[0-9]{2}[ -]?[A-Za-z]{2})\b"),
    plate("RO_LICENSE_PLATE", 2, r"[A-Za-z]{1,2}[ -]?[0-9]{2,3}[ -]?[A-Za-z]{3}\b"),
    plate("RS_LICENSE_PLATE", 2, r"[A-Za-z]{2}[ -]?[0-9]{3,5}[ -]?[A-Za-z]{2}\b"),
    plate("RU_LICENSE_PLATE", 1, r"[A-Za-z][0-9]{3}[A-Za-z]{2} ?[0-9]{2,3}\b"),
    plate("SE_LICENSE_PLATE", 3, r"[A-Za-z]{3} ?[0-9]{2}[0-9A-Za-z]\b"),
    plate("SG_LICENSE_PLATE", 3, r"[Ss][A-Za-z]{1,2} ?[0-9]{1,4} ?[A-Za-z]\b"),
    plate("SI_LICENSE_PLATE", 2, r"[A-Za-z]{2}[ -][0-9A-Za-z]{2,3}[ -]?[0-9A-Za-z]{2,3}\b"),
    plate("SK_LICENSE_PLATE", 2, r"[A-Za-z]{2}[ -]?[0-9]{3}[ -]?[A-Za-z]{2}\b"),
    plate("UA_LICENSE_PLATE", 2, r"[A-Za-z]{2} ?[0-9]{4} ?[A-Za-z]{2}\b"),
    plate("US_LICENSE_PLATE", 3, r"(?:[A-Za-z]{3}[ -]?[0-9]{3,4}|[0-9][A-Za-z]{3}[0-9]{3}|[0-9]{3}[ -]?[A-Za-z]{3})\b"),
    plate("ZA_LICENSE_PLATE", 3, r"(?:[A-Za-z]{2} ?[0-9]{2} ?[A-Za-z]{2} ?[A-Za-z]{2}|[A-Za-z]{1,3} ?[0-9]{1,6})\b"),
    plate("TR_LICENSE_PLATE", 0, r"(?:0[1-9]|[1-7][0-9]|8[01])[ -]?(?:[A-Za-z][ -]?[0-9]{2,5}|[A-Za-z]{2}[ -]?[0-9]{2,4}|[A-Za-z]{3}[ -]?[0-9]{2,3})\b").or_whole(),
    plate("NG_VEHICLE_REGISTRATION", 3, r"[A-Za-z]{3}[ -]?[0-9]{3}[ -]?[A-Za-z]{2}\b").or_whole(),
    plate("IN_VEHICLE_REGISTRATION", 2, r"[A-Za-z]{2}[ -]?[0-9]{1,2}[ -]?[A-Za-z]{1,3}[ -]?[0-9]{1,4}\b").check(indian).or_whole(),
    plate("IN_LICENSE_PLATE", 2, r"[A-Za-z]{2}[ -]?[0-9]{1,2}[ -]?[A-Za-z]{1,3}[ -]?[0-9]{1,4}\b").check(indian),
    plate("UK_VEHICLE_REGISTRATION", 3, r"(?:[A-Za-z]{2}[0-9]{2} ?[A-Za-z]{3}|[A-Za-z][0-9]{1,3} ?[A-Za-z]{3}|[A-Za-z]{3} ?[0-9]{1,3}[A-Za-z])\b").check(british).or_whole(),
    Rule::word("VIN", "ISO 3779; ISO 3780; 49 CFR 565", 0..=12, r"[A-HJ-NPR-Za-hj-npr-z0-9]{17}\b")
        .needs(VEHICLE)
        .or(PLATE)
        .check(vin),
];

/// At most eight letters and digits: Fahrzeug-Zulassungsverordnung.
fn german(text: &[u8]) -> bool {
    characters(text).len() <= 8
}

/// Of the mark of a state, the code is one that is given out: Central Motor Vehicles Rules.
fn indian(text: &[u8]) -> bool {
    characters(text).get(..2).is_some_and(|state| {
        STATES
            .split(|byte| *byte == b' ')
            .any(|known| known == state)
    })
}

/// Letters and digits, of which the last four are digits.
fn vin(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_alphabetic)
        && text
            .get(13..)
            .is_some_and(|serial| serial.iter().all(u8::is_ascii_digit))
}

/// DVLA, INF104: the second letter of an area, and the half-year in which the mark was given out.
fn british(text: &[u8]) -> bool {
    let mark = characters(text);
    match &*mark {
        [area, office @ b'A'..=b'Z', tens, units, last @ ..]
            if mark.len() == 7 && tens.is_ascii_digit() =>
        {
            let age = (tens - b'0') * 10 + (units.saturating_sub(b'0'));
            !matches!(area, b'I' | b'J' | b'Q' | b'T' | b'Z')
                && !matches!(office, b'I' | b'Q' | b'Z')
                && matches!(age, 2..=29 | 51..=79)
                && !last.iter().any(|byte| matches!(byte, b'I' | b'Q'))
        }
        _ => true,
    }
}

const STATES: &[u8] = b"AN AP AR AS BH BR CG CH DD DL DN GA GJ HP HR JH JK KA KL LA LD MH ML MN MP MZ NL OD OR PB PY RJ SK TN TR TS TG UA UK UP WB";
