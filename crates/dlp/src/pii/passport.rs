//! Passports of many countries: the form of their numbers, near a word for a passport.

use super::words::PASSPORT;
use crate::checks::mod_37;
use crate::rule::Rule;

/// A passport whose number has letters first, so many at most, or none.
const fn passport(kind: &'static str, letters: usize, value: &'static str) -> Rule {
    Rule::word(kind, SOURCE, 0..=letters, value).needs(PASSPORT)
}

const SOURCE: &str = "ICAO Doc 9303; Council of the European Union, PRADO; the issuing authority";

pub(super) const RULES: &[Rule] = &[
    passport("AD_PASSPORT", 1, r"[A-Za-z]?[0-9]{6,8}\b"),
    passport("AE_PASSPORT", 1, r"[A-Za-z]?[0-9]{7,9}\b"),
    passport("AL_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{7}\b"),
    passport("AM_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{7}\b"),
    passport("AR_PASSPORT", 3, r"[A-Za-z]{3}[0-9]{6}\b"),
    passport("AT_PASSPORT", 2, r"[A-Za-z]{1,2} ?[0-9]{7}\b"),
    passport("AU_PASSPORT", 2, r"[A-Za-z]{1,2}[0-9]{7}\b"),
    passport(
        "AZ_PASSPORT",
        3,
        r"(?:(?:[A-Za-z]{1,2}[0-9]{8}|[Aa][Zz][Ee][0-9]{8}))\b",
    ),
    passport(
        "BA_PASSPORT",
        1,
        r"(?:[A-Za-z][0-9]{2}[A-Za-z]{2}[0-9]{4}|[A-Za-z][0-9]{7})\b",
    ),
    passport("BD_PASSPORT", 2, r"[A-Za-z]{1,2}[0-9]{7,8}\b"),
    passport("BE_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{6}\b"),
    passport("BG_PASSPORT", 2, r"(?:[0-9]{9}|[A-Za-z]{2}[0-9]{7})\b"),
    passport("BR_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{6}\b"),
    passport("BY_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{7}\b"),
    passport(
        "CA_PASSPORT",
        2,
        r"(?:[A-Za-z]{2}[0-9]{6}|[A-Za-z][0-9]{6}[A-Za-z]{2})\b",
    ),
    passport(
        "CH_PASSPORT",
        1,
        r"[A-Za-z][0-9A-Za-z][0-9]{5,6}[0-9A-Za-z]?\b",
    ),
    passport("CL_PASSPORT", 1, r"[A-Za-z]?[0-9]{8,9}\b"),
    passport("CN_PASSPORT", 2, r"[DdEeGgPpSsKkHhMm][A-Za-z]?[0-9]{7,8}\b"),
    passport("CO_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{6,7}\b"),
    passport("CY_PASSPORT", 1, r"[A-Za-z][0-9]{6,8}\b"),
    passport("CZ_PASSPORT", 1, r"[0-9]{8,9}\b"),
    passport(
        "DE_PASSPORT",
        9,
        r"[CFGHJKcfghjk][0-9CFGHJKLMNPRTVWXYZcfghjklmnprtvwxyz]{8}[0-9]?\b",
    )
    .check(german)
    .or_whole(),
    passport("DK_PASSPORT", 0, r"[0-9]{9}\b"),
    passport("DZ_PASSPORT", 0, r"[0-9]{9}\b"),
    passport(
        "EE_PASSPORT",
        2,
        r"(?:[A-Za-z][0-9]{7}|[A-Za-z]{2}[0-9]{7})\b",
    ),
    passport("EG_PASSPORT", 1, r"[A-Za-z][0-9]{8}\b"),
    passport(
        "ES_PASSPORT",
        3,
        r"(?:[A-Za-z]{3}[0-9]{6}|[A-Za-z]{2}[0-9]{7})\b",
    )
    .or_whole(),
    passport("FI_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{7}\b"),
    passport("FR_PASSPORT", 0, r"[0-9]{2}[A-Za-z]{2}[0-9]{5}\b"),
    passport("GE_PASSPORT", 2, r"[0-9]{2}[A-Za-z]{2}[0-9]{5}\b"),
    passport("UK_PASSPORT", 2, r"(?:[0-9]{9}|[A-Za-z]{2}[0-9]{7})\b").or_whole(),
    passport("GR_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{7}\b"),
    passport("GH_PASSPORT", 1, r"[A-Za-z][0-9]{7}\b"),
    passport("HK_PASSPORT", 2, r"[HhKk][A-Za-z]?[0-9]{8}\b"),
    passport("HR_PASSPORT", 0, r"[0-9]{9}\b"),
    passport("HU_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{6,7}\b"),
    passport(
        "ID_PASSPORT",
        2,
        r"(?:[A-Za-z][0-9]{7}|[A-Za-z][0-9][A-Za-z][0-9]{5}|[A-Za-z]{2}[0-9]{6})\b",
    ),
    passport(
        "IE_PASSPORT",
        2,
        r"(?:[A-Za-z]{2}[0-9]{7}|[A-Za-z][0-9]{8})\b",
    ),
    passport("IL_PASSPORT", 0, r"[0-9]{7,9}\b"),
    passport(
        "IN_PASSPORT",
        1,
        r"[A-PR-WYa-pr-wy]-?[1-9][0-9] ?[0-9]{4}[1-9]\b",
    )
    .or_whole(),
    passport("IQ_PASSPORT", 1, r"[A-Za-z][0-9]{8}\b"),
    passport("IR_PASSPORT", 1, r"[A-Za-z][0-9]{8}\b"),
    passport("IS_PASSPORT", 1, r"[A-Za-z][0-9]{7}\b"),
    passport(
        "IT_PASSPORT",
        2,
        r"(?:[A-Za-z]{2}[0-9]{7}|[A-Za-z][0-9]{6}|[A-Za-z0-9]{2}[0-9]{7})\b",
    )
    .or_whole(),
    passport("JM_PASSPORT", 1, r"[Aa][0-9]{7}\b"),
    passport("JO_PASSPORT", 1, r"[A-Za-z][0-9]{6,7}\b"),
    passport("JP_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{7}\b"),
    passport("KE_PASSPORT", 2, r"[A-Za-z]{1,2}[0-9]{6,7}\b"),
    passport(
        "KR_PASSPORT",
        2,
        r"(?:[MSRODGmsrodg][0-9]{8}|[MSRODGmsrodg][0-9]{3}[A-Za-z][0-9]{4}|[A-Za-z]{2}[0-9]{7})\b",
    )
    .or_whole(),
    passport("KW_PASSPORT", 1, r"[A-Za-z]?[0-9]{8,9}\b"),
    passport("KZ_PASSPORT", 1, r"[A-Za-z][0-9]{7,8}\b"),
    passport("LB_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{6,7}\b"),
    passport("LI_PASSPORT", 1, r"[A-Za-z][0-9]{5}\b"),
    passport("LK_PASSPORT", 1, r"[A-Za-z][0-9]{7}\b"),
    passport("LT_PASSPORT", 2, r"(?:[0-9]{8}|[A-Za-z]{2}[0-9]{6})\b"),
    passport(
        "LU_PASSPORT",
        9,
        r"(?:[A-Za-z0-9]{7}[0-9]|[A-Za-z0-9]{8})\b",
    )
    .check(has_digit),
    passport("LV_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{7}\b"),
    passport("LY_PASSPORT", 9, r"[A-Za-z0-9]{8}\b").check(has_digit),
    passport("MA_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{7}\b"),
    passport("MD_PASSPORT", 1, r"[A-Za-z]{1,2}[0-9]{7}\b"),
    passport("ME_PASSPORT", 1, r"(?:[A-Za-z][0-9]{8}|[A-Za-z0-9]{9})\b").check(has_digit),
    passport("MK_PASSPORT", 1, r"[A-Za-z][0-9]{7}\b"),
    passport("MT_PASSPORT", 1, r"(?:[0-9]{7}|[A-Za-z][0-9]{6})\b"),
    passport("MX_PASSPORT", 1, r"(?:[A-Za-z][0-9]{8}|[0-9]{10,11})\b"),
    passport("MY_PASSPORT", 1, r"[AHKahk][0-9]{8}\b"),
    passport(
        "MZ_PASSPORT",
        2,
        r"(?:[A-Za-z]{2}[0-9]{7}|[0-9]{2}[A-Za-z]{2}[0-9]{5})\b",
    ),
    passport("NG_PASSPORT", 1, r"[A-Za-z][0-9]{8}\b"),
    passport(
        "NL_PASSPORT",
        9,
        r"[A-NP-Za-np-z]{2}[A-NP-Z0-9a-np-z]{6}[0-9]\b",
    )
    .check(has_digit),
    passport(
        "NO_PASSPORT",
        3,
        r"(?:[A-Za-z]?[0-9]{8}|[A-Za-z]{3}[0-9]{6})\b",
    ),
    passport("NP_PASSPORT", 2, r"(?:[0-9]{7,8}|[A-Za-z]{2}[0-9]{7})\b"),
    passport(
        "NZ_PASSPORT",
        2,
        r"(?:[LlEe][ADFHKadfhk][0-9]{6}|[Nn][0-9]{6})\b",
    ),
    passport("PE_PASSPORT", 1, r"[A-Za-z]?[0-9]{8,9}\b"),
    passport(
        "PH_PASSPORT",
        2,
        r"(?:[A-Za-z][0-9]{7}[A-Za-z]|[A-Za-z]{1,2}[0-9]{6}|[A-Za-z]{2}[0-9]{7})\b",
    ),
    passport("PK_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{7}\b"),
    passport("PL_PASSPORT", 2, r"[A-Za-z]{2} ?[0-9]{7}\b"),
    passport(
        "PT_PASSPORT",
        2,
        r"(?:[A-Za-z][0-9]{6}|[A-Za-z]{1,2}[0-9]{6})\b",
    ),
    passport("QA_PASSPORT", 1, r"[A-Za-z]?[0-9]{7,8}\b"),
    passport("RO_PASSPORT", 0, r"[0-9]{8,9}\b"),
    passport("RS_PASSPORT", 0, r"[0-9]{9}\b"),
    passport(
        "RU_PASSPORT",
        0,
        r"(?:[0-9]{9}|[0-9]{2} [0-9]{7}|[0-9]{2} ?[0-9]{2} ?[0-9]{6})\b",
    ),
    passport("SA_PASSPORT", 1, r"[A-Za-z][0-9]{6,8}\b"),
    passport("SE_PASSPORT", 2, r"(?:[0-9]{8}|[A-Za-z]{2}[0-9]{6})\b"),
    passport("SG_PASSPORT", 1, r"[A-Za-z][0-9]{7}[A-Za-z]\b"),
    passport("SI_PASSPORT", 2, r"[Pp][A-Za-z][0-9]{7}\b"),
    passport("SK_PASSPORT", 2, r"(?:[A-Za-z]{2}[0-9]{7}|[0-9]{9})\b"),
    passport("SL_PASSPORT", 2, r"[Pp][A-Za-z][0-9]{7}\b"),
    passport("TH_PASSPORT", 2, r"[A-Za-z]{1,2}[0-9]{6,7}\b"),
    passport("TN_PASSPORT", 1, r"[A-Za-z][0-9]{6}\b"),
    passport("TR_PASSPORT", 1, r"[A-Za-z][0-9]{8}\b"),
    passport("TW_PASSPORT", 0, r"[0-9]{9}\b"),
    passport("UA_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{6}\b"),
    passport("US_PASSPORT", 1, r"(?:[0-9]{9}|[A-Za-z][0-9]{8})\b").or_whole(),
    passport("UZ_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{7}\b"),
    passport("VE_PASSPORT", 1, r"(?:[0-9]{9}|[A-Za-z][0-9]{8})\b"),
    passport("VN_PASSPORT", 1, r"[A-Za-z][0-9]{7,8}\b"),
    passport("ZA_PASSPORT", 1, r"(?:[ADMTadmt][0-9]{8}|[0-9]{9})\b"),
    passport("ZW_PASSPORT", 2, r"[A-Za-z]{2}[0-9]{6}\b"),
];

/// With the check digit of the machine-readable zone, where it is written.
fn german(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_digit) && (text.len() == 9 || mod_37(&text.to_ascii_uppercase()))
}

fn has_digit(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_digit)
}
