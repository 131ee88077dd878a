//! Numbers for value added tax: by their check digits, or their form near a word for the tax.

use super::words::VAT;
use crate::checks::{characters, digits, luhn, mod_11, mod_11_10, mod_97, number, varied, weighted};
use crate::rule::Rule;

/// Near a word: in the exact form, with the country before it or not.
const fn near(kind: &'static str, value: &'static str) -> Rule {
    Rule::word(kind, SOURCE, 0..=12, value).needs(VAT).check(is_varied)
}

/// With the country before it and a right check digit: in any grouping, and without words.
const fn checked(kind: &'static str, value: &'static str, check: fn(&[u8]) -> bool) -> Rule {
    Rule::word(kind, SOURCE, 2..=12, value).lifted(VAT, 60, 95).check(check)
}

const SOURCE: &str = "European Commission, VIES: structure of VAT numbers; the national tax authority";

pub(super) const RULES: &[Rule] = &[
    near("AT_VAT", r"(?i:AT)?[Uu][0-9]{8}\b"),
    near("BE_VAT", r"(?i:BE)?[01]?[0-9]{9}\b"),
    near("BG_VAT", r"(?i:BG)?[0-9]{9,10}\b"),
    near("CY_VAT", r"(?i:CY)?[0-9]{8}[0-9A-Za-z]\b"),
    near("CZ_VAT", r"(?i:CZ)?[0-9]{8,10}\b"),
    near("DE_VAT", r"(?i:DE)?[0-9]{9}\b"),
    near("DK_VAT", r"(?i:DK)?[0-9]{8}\b"),
    near("EE_VAT", r"(?i:EE)?[0-9]{9}\b"),
    near("GR_VAT", r"(?i:EL|GR)?[0-9]{9}\b"),
    near("ES_VAT", r"(?i:ES)?(?:[A-Za-z][0-9]{7}[0-9A-Za-z]|[0-9]{8}[A-Za-z])\b"),
    near("FI_VAT", r"(?i:FI)?[0-9]{8}\b"),
    near("FR_VAT", r"(?i:FR)?[0-9A-Za-z]{2}[0-9]{9}\b"),
    near("HR_VAT", r"(?i:HR)?[0-9]{11}\b"),
    near("HU_VAT", r"(?i:HU)?[0-9]{8}\b"),
    near("IE_VAT", r"(?i:IE)?[0-9][0-9A-Za-z+*][0-9]{5}[A-Wa-w][A-Ia-iWw]?\b"),
    near("IT_VAT", r"(?i:IT)?[0-9]{11}\b"),
    near("LT_VAT", r"(?i:LT)?(?:[0-9]{12}|[0-9]{9})\b"),
    near("LU_VAT", r"(?i:LU)?[0-9]{8}\b"),
    near("LV_VAT", r"(?i:LV)?[0-9]{11}\b"),
    near("MT_VAT", r"(?i:MT)?[0-9]{8}\b"),
    near("NL_VAT", r"(?i:NL)?[0-9]{9}[Bb][0-9]{2}\b"),
    near("PL_VAT", r"(?i:PL)?(?:[0-9]{10}|[0-9]{3}-[0-9]{3}-[0-9]{2}-[0-9]{2})\b"),
    near("RO_VAT", r"(?i:RO)?[0-9]{2,10}\b"),
    near("SE_VAT", r"(?i:SE)?[0-9]{12}\b"),
    near("SI_VAT", r"(?i:SI)?[0-9]{8}\b"),
    near("SK_VAT", r"(?i:SK)?[0-9]{10}\b"),
    near("UK_VAT", r"(?i:GB|XI)(?:[0-9]{9}(?:[0-9]{3})?|GD[0-9]{3}|HA[0-9]{3})\b"),
    near("AL_VAT", r"(?i:AL)?[A-Za-z][0-9]{8}[A-Za-z]\b"),
    near("MK_VAT", r"(?i:MK)?[0-9]{13}\b"),
    near("AU_VAT", r"(?i:AU)?[0-9]{11}\b"),
    near("BY_VAT", r"(?:BY)?[0-9]{9}\b"),
    near("CA_VAT", r"(?i:CA)?[0-9]{9}(?:RT[0-9]{4})?\b"),
    near("IS_VAT", r"(?i:IS)?[0-9]{5,6}\b"),
    near("IN_VAT", r"(?i:IN)?[0-9]{15}\b"),
    near("ID_VAT", r"(?i:ID)?(?:[0-9]{15}|[0-9]{2}[.][0-9]{3}[.][0-9]{3}[.][0-9]-[0-9]{3}[.][0-9]{3})\b"),
    near("IL_VAT", r"(?i:IL)?[0-9]{9}\b"),
    near("KZ_VAT", r"(?i:KZ)?[0-9]{12}\b"),
    near("NZ_VAT", r"(?i:NZ)?[0-9]{9}\b"),
    near("NG_VAT", r"(?i:NG)?(?:[0-9]{12}|[0-9]{8}-[0-9]{4})\b"),
    near("NO_VAT", r"(?i:NO)?[0-9]{9}(?: ?MVA)?\b"),
    near("PH_VAT", r"(?i:PH)?(?:[0-9]{12}|[0-9]{3}[ -][0-9]{3}[ -][0-9]{3}[ -][0-9]{3})\b"),
    near("RU_VAT", r"(?i:RU)?(?:[0-9]{10}|[0-9]{12})\b"),
    near("SM_VAT", r"(?i:SM)?[0-9]{5}\b"),
    near("SA_VAT", r"(?i:SA)?[0-9]{15}\b"),
    near("RS_VAT", r"(?i:RS)?[0-9]{9}\b"),
    near("CH_VAT", r"(?:CHE?[ -]?)(?:[0-9]{6}|[0-9]{9}|[0-9]{3}[.][0-9]{3}[.][0-9]{3})(?: ?(?:MWST|TVA|IVA))?\b"),
    near("TR_VAT", r"(?i:TR)?[0-9]{10}\b"),
    near("UA_VAT", r"(?i:UA)?[0-9]{12}\b"),
    near("UZ_VAT", r"(?i:UZ)?[0-9]{9}\b"),
    near("AR_VAT", r"(?i:AR)?[0-9]{11}\b"),
    near("BO_VAT", r"(?i:BO)?[0-9]{7}\b"),
    near("BR_VAT", r"(?i:BR)?(?:[0-9]{14}|[0-9]{2}[.][0-9]{3}[.][0-9]{3}/[0-9]{4}-[0-9]{2}|[0-9]{3}[.][0-9]{3}[.][0-9]{3}-[0-9]{2})\b"),
    near("CL_VAT", r"(?i:CL)?[0-9]{7,8}-[0-9Kk]\b"),
    near("CO_VAT", r"(?i:CO)?[0-9]{9,10}\b"),
    near("CR_VAT", r"(?i:CR)?[0-9]{9,12}\b"),
    near("EC_VAT", r"(?i:EC)?[0-9]{13}\b"),
    near("SV_VAT", r"(?i:SV)?[0-9]{4}-[0-9]{6}-[0-9]{3}-[0-9]\b"),
    near("GT_VAT", r"(?i:GT)?[0-9]{7}-[0-9Kk]\b"),
    near("HN_VAT", r"(?i:HN)?[0-9]{14}\b"),
    near("MX_VAT", r"(?i:MX)?[A-Za-z&]{3,4}[0-9]{6}[0-9A-Za-z]{3}\b"),
    near("NI_VAT", r"(?i:NI)?[0-9]{3}-[0-9]{6}-[0-9]{4}[A-Za-z]\b"),
    near("PA_VAT", r"(?i:PA)?[0-9]{1,2}-[0-9]{3,4}-[0-9]{4,6}\b"),
    near("PY_VAT", r"(?i:PY)?[0-9]{6,8}-[0-9]\b"),
    near("PE_VAT", r"(?i:PE)?[0-9]{11}\b"),
    near("DO_VAT", r"(?i:DO)?(?:[0-9]{9}|[0-9]{11}|[0-9]{3}-?[0-9]{7}-?[0-9])\b"),
    near("UY_VAT", r"(?i:UY)?[0-9]{12}\b"),
    near("VE_VAT", r"(?i:VE)?[JGVEPjgvep]-?[0-9]{8,9}(?:-[0-9])?\b"),
    near("ZA_VAT", r"(?i:ZA)?4[0-9]{9}\b"),
    near("KR_VAT", r"(?i:KR)?[0-9]{10}\b"),
    near("JP_VAT", r"(?i:JP)?T?[0-9]{13}\b"),
    near("TH_VAT", r"(?i:TH)?[0-9]{13}\b"),
    near("AE_VAT", r"(?i:AE)?100[0-9]{12}\b"),
    near("EG_VAT", r"(?i:EG)?[0-9]{9}\b"),
    near("BH_VAT", r"(?i:BH)?2[0-9]{14}\b"),
    near("PT_VAT", r"(?i:PT)?[0-9]{9}\b").check(is_portuguese),
    checked("AT_VAT", r"ATU(?:[ .-]?[0-9]){8}\b", austrian),
    checked("BE_VAT", r"BE(?:[ .-]?[0-9]){10}\b", belgian),
    checked("CZ_VAT", r"CZ(?:[ .-]?[0-9]){8}\b", czech),
    checked("DE_VAT", r"DE(?:[ .-]?[0-9]){9}\b", german),
    checked("DK_VAT", r"DK(?:[ .-]?[0-9]){8}\b", danish),
    checked("EE_VAT", r"EE(?:[ .-]?[0-9]){9}\b", estonian),
    checked("GR_VAT", r"(?:EL|GR)(?:[ .-]?[0-9]){9}\b", greek),
    checked("FI_VAT", r"FI(?:[ .-]?[0-9]){8}\b", finnish),
    checked("HR_VAT", r"HR(?:[ .-]?[0-9]){11}\b", croatian),
    checked("HU_VAT", r"HU(?:[ .-]?[0-9]){8}\b", hungarian),
    checked("IT_VAT", r"IT(?:[ .-]?[0-9]){11}\b", italian),
    checked("LT_VAT", r"LT(?:[ .-]?[0-9]){9}\b", lithuanian),
    checked("LU_VAT", r"LU(?:[ .-]?[0-9]){8}\b", luxembourgish),
    checked("MT_VAT", r"MT(?:[ .-]?[0-9]){8}\b", maltese),
    checked("PL_VAT", r"PL(?:[ .-]?[0-9]){10}\b", polish),
    checked("PT_VAT", r"PT(?:[ .-]?[0-9]){9}\b", portuguese),
    checked("RO_VAT", r"RO(?:[ .-]?[0-9]){8}\b", romanian),
    checked("SE_VAT", r"SE(?:[ .-]?[0-9]){12}\b", swedish),
    checked("SI_VAT", r"SI(?:[ .-]?[0-9]){8}\b", slovenian),
    checked("SK_VAT", r"SK(?:[ .-]?[0-9]){10}\b", slovak),
    checked("UK_VAT", r"(?:GB|XI)(?:[ .-]?[0-9]){9}\b", british),
    checked("NO_VAT", r"NO(?:[ .-]?[0-9]){9}\b", norwegian),
    checked("CH_VAT", r"CHE(?:[ .-]?[0-9]){9}\b", swiss),
    checked("FR_VAT", r"FR ?[0-9A-HJ-NP-Z]{2}(?: ?[0-9]){9}\b", french),
    checked("ES_VAT", r"ES[ -]?[0-9A-Z][ -]?[0-9]{7}[ -]?[0-9A-Z]\b", spanish),
    checked("IE_VAT", r"IE ?[0-9][0-9A-Z+*][0-9]{5}[A-W][A-IW]?\b", irish),
    checked("NL_VAT", r"NL ?[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}\.?B\.?[0-9]{2}\b", dutch),
    checked("CY_VAT", r"CY[ -]?[0-9]{8}[A-Z]\b", cypriot),
];

/// With its first digit one that is given out.
fn is_portuguese(text: &[u8]) -> bool {
    let digits = digits(text);
    varied(&digits) && matches!(digits.first(), Some(1 | 2 | 3 | 5..=9))
}

fn is_varied(text: &[u8]) -> bool {
    varied(&digits(text))
}

/// What stands behind the two letters of the country.
fn body(text: &[u8]) -> Vec<u8> {
    characters(text).get(2..).unwrap_or_default().to_vec()
}

fn austrian(text: &[u8]) -> bool {
    let digits = digits(text);
    let doubled = |digit: u8| digit * 2 / 10 + digit * 2 % 10;
    let sum: u32 = digits
        .iter()
        .take(7)
        .enumerate()
        .map(|(at, digit)| u32::from(if at % 2 == 1 { doubled(*digit) } else { *digit }))
        .sum();
    digits.last().map(|last| u32::from(*last)) == Some((10 - (sum + 4) % 10) % 10)
}

pub(super) fn belgian(text: &[u8]) -> bool {
    let digits = digits(text);
    let (front, check) = digits.split_at_checked(8).unwrap_or_default();
    97 - number(front) % 97 == number(check) && matches!(digits.first(), Some(0 | 1))
}

fn cypriot(text: &[u8]) -> bool {
    let body = body(text);
    let sum: u32 = body
        .iter()
        .take(8)
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte.saturating_sub(b'0'));
            match (at % 2, digit) {
                (1, digit) => digit,
                (_, 0) => 1,
                (_, 1) => 0,
                (_, 2) => 5,
                (_, 3) => 7,
                (_, 4) => 9,
                (_, 5) => 13,
                (_, 6) => 15,
                (_, 7) => 17,
                (_, 8) => 19,
                _ => 21,
            }
        })
        .sum();
    body.get(8).map(|byte| u32::from(*byte)) == Some(u32::from(b'A') + sum % 26)
}

pub(super) fn czech(text: &[u8]) -> bool {
    let digits = digits(text);
    if digits.len() != 8 {
        return super::central_europe::birth_number(&digits);
    }
    let check = (11 - weighted(&digits, &[8, 7, 6, 5, 4, 3, 2]) % 11) % 10;
    digits.last().map(|last| u32::from(*last)) == Some(check)
}

pub(super) fn german(text: &[u8]) -> bool {
    let digits = digits(text);
    digits.first() != Some(&0) && mod_11_10(&digits)
}

pub(super) fn danish(text: &[u8]) -> bool {
    mod_11(&digits(text), &[2, 7, 6, 5, 4, 3, 2, 1])
}

fn estonian(text: &[u8]) -> bool {
    weighted(&digits(text), &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

pub(super) fn greek(text: &[u8]) -> bool {
    let digits = digits(text);
    let sum = weighted(&digits, &[256, 128, 64, 32, 16, 8, 4, 2]);
    digits.len() == 9 && varied(&digits) && digits.last().map(|last| u32::from(*last)) == Some(sum % 11 % 10)
}

fn finnish(text: &[u8]) -> bool {
    mod_11(&digits(text), &[7, 9, 10, 5, 8, 4, 2, 1])
}

fn french(text: &[u8]) -> bool {
    let body = body(text);
    let (key, siren) = body.split_at_checked(2).unwrap_or_default();
    let siren = digits(siren);
    let wanted = (12 + 3 * (number(&siren) % 97)) % 97;
    let key = digits(key);
    luhn(&siren) && (key.len() < 2 || number(&key) == wanted)
}

pub(super) fn croatian(text: &[u8]) -> bool {
    mod_11_10(&digits(text))
}

fn hungarian(text: &[u8]) -> bool {
    weighted(&digits(text), &[9, 7, 3, 1, 9, 7, 3, 1]).is_multiple_of(10)
}

fn irish(text: &[u8]) -> bool {
    super::ireland::pps(&body(text))
}

pub(super) fn italian(text: &[u8]) -> bool {
    let digits = digits(text);
    digits.len() == 11 && varied(&digits) && luhn(&digits)
}

fn lithuanian(text: &[u8]) -> bool {
    let digits = digits(text);
    let Some((last, rest)) = digits.split_last() else {
        return false;
    };
    let weigh = |from: usize| {
        let weights: Vec<u32> = (from..from + rest.len()).map(|at| u32::try_from(at % 9 + 1).unwrap_or(0)).collect();
        weighted(rest, &weights) % 11
    };
    let first = weigh(0);
    u32::from(*last) == if first == 10 { weigh(2) % 10 } else { first }
}

fn luxembourgish(text: &[u8]) -> bool {
    let digits = digits(text);
    let (front, check) = digits.split_at_checked(6).unwrap_or_default();
    number(front) % 89 == number(check)
}

fn maltese(text: &[u8]) -> bool {
    let digits = digits(text);
    let (front, check) = digits.split_at_checked(6).unwrap_or_default();
    u64::from(37 - weighted(front, &[3, 4, 6, 7, 8, 9]) % 37) == number(check)
}

fn dutch(text: &[u8]) -> bool {
    let characters = characters(text);
    let front = digits(characters.get(2..11).unwrap_or_default());
    super::benelux::bsn(&front) || mod_97(characters.iter().copied()) == Some(1)
}

pub(super) fn norwegian(text: &[u8]) -> bool {
    mod_11(&digits(text), &[3, 2, 7, 6, 5, 4, 3, 2, 1])
}

pub(super) fn polish(text: &[u8]) -> bool {
    let digits = digits(text);
    varied(&digits) && digits.last().map(|last| u32::from(*last)) == Some(weighted(&digits, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11)
}

pub(super) fn portuguese(text: &[u8]) -> bool {
    let digits = digits(text);
    let check = 11 - weighted(&digits, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    digits.len() == 9 && digits.last().map(|last| u32::from(*last)) == Some(if check > 9 { 0 } else { check })
}

pub(super) fn romanian(text: &[u8]) -> bool {
    let digits = digits(text);
    let Some((last, rest)) = digits.split_last() else {
        return false;
    };
    let reversed: Vec<u8> = rest.iter().rev().copied().collect();
    u32::from(*last) == weighted(&reversed, &[2, 3, 5, 7, 1, 2, 3, 5, 7]) * 10 % 11 % 10
}

fn swedish(text: &[u8]) -> bool {
    let digits = digits(text);
    let (company, rest) = digits.split_at_checked(10).unwrap_or_default();
    luhn(company) && rest == [0, 1]
}

pub(super) fn slovenian(text: &[u8]) -> bool {
    let digits = digits(text);
    let check = 11 - weighted(&digits, &[8, 7, 6, 5, 4, 3, 2]) % 11;
    digits.first() != Some(&0) && check != 11 && digits.last().map(|last| u32::from(*last)) == Some(check % 10)
}

fn slovak(text: &[u8]) -> bool {
    let digits = digits(text);
    digits.len() == 10 && digits.first() != Some(&0) && number(&digits).is_multiple_of(11)
}

pub(super) fn swiss(text: &[u8]) -> bool {
    let digits = digits(text);
    digits.len() == 9 && mod_11(&digits, &[5, 4, 3, 2, 7, 6, 5, 4, 1])
}

fn spanish(text: &[u8]) -> bool {
    super::spain::any(&body(text))
}

/// HMRC: modulus 97, since 2010 with 55 added.
fn british(text: &[u8]) -> bool {
    let digits = digits(text);
    let (front, check) = digits.split_at_checked(7).unwrap_or_default();
    let sum = u64::from(weighted(front, &[8, 7, 6, 5, 4, 3, 2])) + number(check.get(..2).unwrap_or_default());
    varied(&digits) && (sum.is_multiple_of(97) || (sum + 55).is_multiple_of(97))
}
