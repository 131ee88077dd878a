//! Driving licences of many countries: the form of their numbers, near a word for a licence.

use super::words::LICENCE;
use crate::rule::Rule;

const fn licence(kind: &'static str, letters: usize, value: &'static str) -> Rule {
    Rule::word(kind, SOURCE, 0..=letters, value).needs(LICENCE).check(has_digits)
}

const SOURCE: &str = "Directive 2006/126/EC; RESPER; the issuing authority";

pub(super) const RULES: &[Rule] = &[
    licence("AT_DRIVER_LICENSE", 0, r"[0-9]{8}\b"),
    licence("BE_DRIVER_LICENSE", 0, r"[0-9]{10}\b"),
    licence("BG_DRIVER_LICENSE", 0, r"[0-9]{9}\b"),
    licence("CH_DRIVER_LICENSE", 0, r"[0-9]{12}\b"),
    licence("CY_DRIVER_LICENSE", 0, r"[0-9]{12}\b"),
    licence("CZ_DRIVER_LICENSE", 2, r"[A-Za-z]{2} ?[0-9]{6}\b"),
    licence("DE_DRIVER_LICENSE", 3, r"[A-Za-z][0-9A-Za-z]{2}[0-9]{6}[0-9][0-9A-Za-z]\b"),
    licence("DK_DRIVER_LICENSE", 0, r"[0-9]{8}\b"),
    licence("EE_DRIVER_LICENSE", 2, r"[A-Za-z]{2}[0-9]{6}\b"),
    licence("ES_DRIVER_LICENSE", 0, r"[0-9]{8}[ -]?[A-Za-z]\b"),
    licence("FI_DRIVER_LICENSE", 0, r"[0-9]{6}[-+A-Fa-f][0-9]{3}[0-9A-Ya-y]\b"),
    licence("GR_DRIVER_LICENSE", 0, r"[0-9]{9}\b"),
    licence("HR_DRIVER_LICENSE", 0, r"[0-9]{8}\b"),
    licence("HU_DRIVER_LICENSE", 2, r"[A-Za-z]{2}[0-9]{6}\b"),
    licence("IE_DRIVER_LICENSE", 0, r"[0-9]{9}\b"),
    licence("IL_DRIVER_LICENSE", 0, r"[0-9]{7,8}\b"),
    licence("IS_DRIVER_LICENSE", 0, r"[0-9]{9}\b"),
    licence("LT_DRIVER_LICENSE", 0, r"[0-9]{8}\b"),
    licence("LU_DRIVER_LICENSE", 0, r"[0-9]{6}\b"),
    licence("LV_DRIVER_LICENSE", 2, r"[A-Za-z]{2}[0-9]{6}\b"),
    licence("MT_DRIVER_LICENSE", 2, r"[A-Za-z]{2} ?[0-9]{3} ?[0-9]{3}\b"),
    licence("MX_DRIVER_LICENSE", 2, r"[A-Za-z]{0,2}[0-9]{8,10}\b"),
    licence("NL_DRIVER_LICENSE", 0, r"[0-9]{10}\b"),
    licence("NO_DRIVER_LICENSE", 0, r"[0-9]{2} ?[0-9]{2} ?[0-9]{6} ?[0-9]\b"),
    licence("PH_DRIVER_LICENSE", 1, r"[A-Za-z][0-9]{2}-[0-9]{2}-[0-9]{6}\b"),
    licence("PK_DRIVER_LICENSE", 0, r"[0-9]{5}-[0-9]{7}-[0-9]#[0-9]{3}\b"),
    licence("PL_DRIVER_LICENSE", 0, r"[0-9]{5}/[0-9]{2}/[0-9]{4}\b"),
    licence("PT_DRIVER_LICENSE", 2, r"[A-Za-z]{1,2}-[0-9]{5,7}(?: [0-9])?\b"),
    licence("RO_DRIVER_LICENSE", 1, r"[A-Za-z][0-9]{8}[A-Za-z]\b"),
    licence("RS_DRIVER_LICENSE", 0, r"[0-9]{9}\b"),
    licence("RU_DRIVER_LICENSE", 2, r"[0-9]{2} ?[0-9A-Za-z]{2} ?[0-9]{6}\b"),
    licence("SE_DRIVER_LICENSE", 0, r"[0-9]{6}-?[0-9]{4}\b"),
    licence("SG_DRIVER_LICENSE", 1, r"[STFGMstfgm][0-9]{7}[A-Za-z]\b"),
    licence("SI_DRIVER_LICENSE", 0, r"[0-9]{9}\b"),
    licence("SK_DRIVER_LICENSE", 1, r"[A-Za-z][0-9]{7}\b"),
    licence("TH_DRIVER_LICENSE", 0, r"[0-9]{8}\b"),
    licence("TR_DRIVER_LICENSE", 0, r"[0-9]{6}\b"),
    licence("TW_DRIVER_LICENSE", 1, r"[A-Za-z][0-9]{9}\b"),
    licence("UA_DRIVER_LICENSE", 3, r"[A-Za-z]{3} ?[0-9]{6}\b"),
    licence("ZA_DRIVER_LICENSE", 0, r"[0-9]{10}[0-9A-Za-z]{2}\b"),
];

fn has_digits(text: &[u8]) -> bool {
    text.iter().filter(|byte| byte.is_ascii_digit()).count() >= 4
}
