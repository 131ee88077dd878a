//! Numbers for value added tax: by their check digits, or their form near a word for the tax.

use super::words::VAT;
use crate::checks::{
    Picked, characters, digits, luhn, mod_11, mod_11_10, mod_97, number, varied, weighted,
};
use crate::number::Number;
use crate::rule::Rule;

/// Near a word: in the exact form, with the letters of the country.
const fn near(kind: &'static str, value: &'static str) -> Rule {
    Rule::word(kind, SOURCE, 0..=12, value)
        .needs(VAT)
        .check(is_varied)
}

/// The same of a country whose check digits are known, and are not those of [`checked`]: a mistyped
/// number, or one that was made up.
const fn alike(kind: &'static str, value: &'static str) -> Rule {
    near(kind, value).lifted(VAT, 0, UNSURE)
}

/// Near a word, without the country.
const fn bare(kind: &'static str, shortest: usize, longest: usize) -> Rule {
    Rule::number(kind, SOURCE, shortest..=longest, plain).lifted(VAT, 0, UNSURE)
}

/// With the country before it and a right check digit: in any grouping, and without words.
const fn checked(kind: &'static str, value: &'static str, check: fn(&[u8]) -> bool) -> Rule {
    Rule::word(kind, SOURCE, 2..=12, value)
        .lifted(VAT, 60, 95)
        .check(check)
}

const UNSURE: u8 = 60;
const SOURCE: &str =
    "European Commission, VIES: structure of VAT numbers; the national tax authority";

pub(super) const RULES: &[Rule] = &[
    alike("BE_VAT", r"[Bb][Ee][0-9]{9,10}\b"),
    bare("BE_VAT", 9, 10),
    near("BG_VAT", r"[Bb][Gg][0-9]{9,10}\b"),
    bare("BG_VAT", 9, 10),
    alike("CZ_VAT", r"[Cc][Zz][0-9]{8,10}\b"),
    bare("CZ_VAT", 8, 10),
    alike("DE_VAT", r"[Dd][Ee][0-9]{9}\b"),
    bare("DE_VAT", 9, 9),
    alike("DK_VAT", r"[Dd][Kk][0-9]{8}\b"),
    bare("DK_VAT", 8, 8),
    alike("EE_VAT", r"[Ee][Ee][0-9]{9}\b"),
    bare("EE_VAT", 9, 9),
    alike("FI_VAT", r"[Ff][Ii][0-9]{8}\b"),
    bare("FI_VAT", 8, 8),
    alike("HR_VAT", r"[Hh][Rr][0-9]{11}\b"),
    bare("HR_VAT", 11, 11),
    alike("HU_VAT", r"[Hh][Uu][0-9]{8}\b"),
    bare("HU_VAT", 8, 8),
    alike("IT_VAT", r"[Ii][Tt][0-9]{11}\b"),
    bare("IT_VAT", 11, 11),
    alike("LU_VAT", r"[Ll][Uu][0-9]{8}\b"),
    bare("LU_VAT", 8, 8),
    near("LV_VAT", r"[Ll][Vv][0-9]{11}\b"),
    bare("LV_VAT", 11, 11),
    alike("MT_VAT", r"[Mm][Tt][0-9]{8}\b"),
    bare("MT_VAT", 8, 8),
    alike(
        "PL_VAT",
        r"[Pp][Ll](?:[0-9]{10}|[0-9]{3}-[0-9]{3}-[0-9]{2}-[0-9]{2})\b",
    ),
    bare("PL_VAT", 10, 10),
    alike("RO_VAT", r"[Rr][Oo][0-9]{6,10}\b"),
    bare("RO_VAT", 6, 10),
    alike("SE_VAT", r"[Ss][Ee][0-9]{12}\b"),
    bare("SE_VAT", 12, 12),
    alike("SI_VAT", r"[Ss][Ii][0-9]{8}\b"),
    bare("SI_VAT", 8, 8),
    alike("SK_VAT", r"[Ss][Kk][0-9]{10}\b"),
    bare("SK_VAT", 10, 10),
    near("MK_VAT", r"[Mm][Kk][0-9]{13}\b"),
    bare("MK_VAT", 13, 13),
    near("BY_VAT", r"[Bb][Yy][0-9]{9}\b"),
    bare("BY_VAT", 9, 9),
    near("CA_VAT", r"[Cc][Aa][0-9]{9}(?:RT[0-9]{4})?\b"),
    bare("CA_VAT", 9, 9),
    near("IN_VAT", r"[Ii][Nn][0-9]{15}\b"),
    bare("IN_VAT", 15, 15),
    near(
        "ID_VAT",
        r"[Ii][Dd](?:[0-9]{15}|[0-9]{2}[.][0-9]{3}[.][0-9]{3}[.][0-9]-[0-9]{3}[.][0-9]{3})\b",
    ),
    bare("ID_VAT", 15, 15),
    near("IL_VAT", r"[Ii][Ll][0-9]{9}\b"),
    bare("IL_VAT", 9, 9),
    near("KZ_VAT", r"[Kk][Zz][0-9]{12}\b"),
    bare("KZ_VAT", 12, 12),
    near("NZ_VAT", r"[Nn][Zz][0-9]{9}\b"),
    bare("NZ_VAT", 9, 9),
    near("NG_VAT", r"[Nn][Gg](?:[0-9]{12}|[0-9]{8}-[0-9]{4})\b"),
    bare("NG_VAT", 12, 12),
    near(
        "PH_VAT",
        r"[Pp][Hh](?:[0-9]{12}|[0-9]{3}[ -][0-9]{3}[ -][0-9]{3}[ -][0-9]{3})\b",
    ),
    bare("PH_VAT", 12, 12),
    near("SM_VAT", r"[Ss][Mm][0-9]{5}\b"),
    bare("SM_VAT", 5, 5),
    near("SA_VAT", r"[Ss][Aa][0-9]{15}\b"),
    bare("SA_VAT", 15, 15),
    near("RS_VAT", r"[Rr][Ss][0-9]{9}\b"),
    bare("RS_VAT", 9, 9),
    near("TR_VAT", r"[Tt][Rr][0-9]{10}\b"),
    bare("TR_VAT", 10, 10),
    near("UA_VAT", r"[Uu][Aa][0-9]{12}\b"),
    bare("UA_VAT", 12, 12),
    near("UZ_VAT", r"[Uu][Zz][0-9]{9}\b"),
    bare("UZ_VAT", 9, 9),
    near("AR_VAT", r"[Aa][Rr][0-9]{11}\b"),
    bare("AR_VAT", 11, 11),
    near("BO_VAT", r"[Bb][Oo][0-9]{7}\b"),
    bare("BO_VAT", 7, 7),
    near("CO_VAT", r"[Cc][Oo][0-9]{10}\b"),
    bare("CO_VAT", 10, 10),
    near("CR_VAT", r"[Cc][Rr][0-9]{9,12}\b"),
    bare("CR_VAT", 9, 12),
    near("EC_VAT", r"[Ee][Cc][0-9]{13}\b"),
    bare("EC_VAT", 13, 13),
    near(
        "SV_VAT",
        r"[Ss][Vv](?:[0-9]{14}|[0-9]{4}-[0-9]{6}-[0-9]{3}-[0-9])\b",
    ),
    bare("SV_VAT", 14, 14),
    near("HN_VAT", r"[Hh][Nn][0-9]{14}\b"),
    bare("HN_VAT", 14, 14),
    near("PE_VAT", r"[Pp][Ee][0-9]{11}\b"),
    bare("PE_VAT", 11, 11),
    near("UY_VAT", r"[Uu][Yy][0-9]{12}\b"),
    bare("UY_VAT", 12, 12),
    near("ZA_VAT", r"[Zz][Aa][0-9]{10}\b"),
    bare("ZA_VAT", 10, 10),
    near("KR_VAT", r"[Kk][Rr][0-9]{10}\b"),
    bare("KR_VAT", 10, 10),
    near("TH_VAT", r"[Tt][Hh][0-9]{13}\b"),
    bare("TH_VAT", 13, 13),
    near("EG_VAT", r"[Ee][Gg][0-9]{9}\b"),
    bare("EG_VAT", 9, 9),
    near("IS_VAT", r"[Ii][Ss][0-9]{5,6}\b"),
    bare("IS_VAT", 5, 6),
    near("JP_VAT", r"[Jj][Pp]T?[0-9]{13}\b"),
    bare("JP_VAT", 13, 13),
    near("PY_VAT", r"[Pp][Yy][0-9]{6,8}-[0-9]\b"),
    bare("PY_VAT", 7, 9),
    alike("GR_VAT", r"(?:[Ee][Ll]|[Gg][Rr])[0-9]{9}\b"),
    bare("GR_VAT", 9, 9),
    alike("LT_VAT", r"[Ll][Tt](?:[0-9]{12}|[0-9]{9})\b"),
    bare("LT_VAT", 9, 9),
    bare("LT_VAT", 12, 12),
    near("RU_VAT", r"[Rr][Uu](?:[0-9]{12}|[0-9]{10})\b"),
    bare("RU_VAT", 10, 10),
    bare("RU_VAT", 12, 12),
    near(
        "DO_VAT",
        r"[Dd][Oo](?:[0-9]{9}|[0-9]{3}-?[0-9]{7}-?[0-9])\b",
    ),
    bare("DO_VAT", 9, 9),
    bare("DO_VAT", 11, 11),
    near(
        "BR_VAT",
        r"(?:[Bb][Rr])?(?:[0-9]{2}[.][0-9]{3}[.][0-9]{3}/[0-9]{4}-[0-9]{2}|[0-9]{3}[.][0-9]{3}[.][0-9]{3}-[0-9]{2})\b",
    ),
    near("BR_VAT", r"[Bb][Rr][0-9]{14}\b"),
    bare("BR_VAT", 14, 14),
    near("AU_VAT", r"[Aa][Uu][0-9]{11}\b").check(australian),
    Rule::number("AU_VAT", SOURCE, 11..=11, |number| {
        !number.led && !number.part && super::oceania::business(number.digits)
    })
    .needs(VAT),
    alike("PT_VAT", r"[Pp][Tt][0-9]{9}\b").check(is_portuguese),
    Rule::number("PT_VAT", SOURCE, 9..=9, |number| {
        plain(number) && is_given(number.digits)
    })
    .needs(VAT),
    alike("UK_VAT", r"(?:GB|XI|gb|xi)(?:[0-9]{9}(?:[0-9]{3})?)\b").check(british),
    alike("UK_VAT", r"(?:GB|XI|gb|xi)(?:GD|HA|gd|ha)[0-9]{3}\b"),
    Rule::number("UK_VAT", SOURCE, 9..=9, |number| {
        !number.led && !number.part && british_digits(number.digits)
    })
    .needs(VAT),
    alike("AT_VAT", r"(?:[Aa][Tt])?[Uu][0-9]{8}\b"),
    alike("CY_VAT", r"(?:[Cc][Yy])?[0-9]{8}[A-Za-z]\b"),
    alike("CY_VAT", r"[Cc][Yy][0-9]{9}\b"),
    bare("CY_VAT", 9, 9),
    alike(
        "ES_VAT",
        r"(?:[Ee][Ss])?(?:[A-Za-z][0-9]{7}[0-9A-Za-z]|[0-9]{8}[A-Za-z])\b",
    ),
    alike("FR_VAT", r"[Ff][Rr][0-9A-Za-z]{2}[0-9]{9}\b"),
    bare("FR_VAT", 11, 11),
    alike(
        "IE_VAT",
        r"(?:[Ii][Ee])?[0-9][0-9A-Za-z+*][0-9]{5}[A-Wa-w][A-IWa-iw]?\b",
    ),
    alike("NL_VAT", r"(?:[Nn][Ll])?[0-9]{9}[Bb][0-9]{2}\b"),
    near("AL_VAT", r"(?:[Aa][Ll])?[A-Za-z][0-9]{8}[A-Za-z]\b"),
    alike("NO_VAT", r"[Nn][Oo][0-9]{9}\b"),
    alike("NO_VAT", r"(?:[Nn][Oo])?[0-9]{9} ?(?:MVA|mva)\b"),
    bare("NO_VAT", 9, 9),
    alike(
        "CH_VAT",
        r"[Cc][Hh][Ee]?[ -]?(?:[0-9]{6}|[0-9]{9}|[0-9]{3}[.][0-9]{3}[.][0-9]{3})(?: ?(?:MWST|TVA|IVA))?\b",
    ),
    near("CL_VAT", r"(?:[Cc][Ll])?[0-9]{7,8}-[0-9Kk]\b"),
    near("GT_VAT", r"[Gg][Tt][0-9]{7}-[0-9Kk]\b"),
    Rule::number("GT_VAT", SOURCE, 8..=8, |number| {
        plain(number) && number.groups == [7, 1]
    })
    .needs(VAT),
    near(
        "MX_VAT",
        r"(?:[Mm][Xx])?[A-Za-z&]{3,4}[0-9]{6}[0-9A-Za-z]{3}\b",
    ),
    near("NI_VAT", r"[Nn][Ii][0-9]{3}-[0-9]{6}-[0-9]{4}[A-Za-z]\b"),
    near("NI_VAT", r"[0-9]{3}-[0-9]{6}-[0-9]{4}[A-Za-z]\b"),
    near("PA_VAT", r"(?:[Pp][Aa])?[0-9]{1,2}-[0-9]{3,4}-[0-9]{4,6}\b"),
    near(
        "VE_VAT",
        r"(?:[Vv][Ee])?[JGVEPjgvep]-?[0-9]{8,9}(?:-[0-9])?\b",
    ),
    near("AE_VAT", r"(?:[Aa][Ee])?100[0-9]{12}\b"),
    near("BH_VAT", r"(?:[Bb][Hh])?2[0-9]{14}\b"),
    near("CO_VAT", r"[Cc][Oo][0-9]{9}\b"),
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
    checked(
        "ES_VAT",
        r"ES[ -]?[0-9A-Z][ -]?[0-9]{7}[ -]?[0-9A-Z]\b",
        spanish,
    ),
    checked(
        "IE_VAT",
        r"IE ?[0-9][0-9A-Z+*][0-9]{5}[A-W][A-IW]?\b",
        irish,
    ),
    checked(
        "NL_VAT",
        r"NL ?[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}\.?B\.?[0-9]{2}\b",
        dutch,
    ),
    checked("CY_VAT", r"CY[ -]?[0-9]{8}[A-Z]\b", cypriot),
];

/// With its first digit one that is given out.
fn is_portuguese(text: &[u8]) -> bool {
    is_given(&digits(text))
}

fn is_given(digits: &[u8]) -> bool {
    varied(digits) && matches!(digits.first(), Some(1 | 2 | 3 | 5..=9))
}

fn australian(text: &[u8]) -> bool {
    super::oceania::business(&digits(text))
}

/// Letters with a space before the digits are a country, so that the check digit decides.
fn plain(number: &Number<'_>) -> bool {
    !number.led && !number.part && varied(number.digits)
}

fn is_varied(text: &[u8]) -> bool {
    varied(&digits(text))
}

/// What stands behind the two letters of the country.
fn body(text: &[u8]) -> Picked {
    characters(text).iter().skip(2).copied().collect()
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
    digits.len() == 9
        && varied(&digits)
        && digits.last().map(|last| u32::from(*last)) == Some(sum % 11 % 10)
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
        let weights: Vec<u32> = (from..from + rest.len())
            .map(|at| u32::try_from(at % 9 + 1).unwrap_or(0))
            .collect();
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
    varied(&digits)
        && digits.last().map(|last| u32::from(*last))
            == Some(weighted(&digits, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11)
}

pub(super) fn portuguese(text: &[u8]) -> bool {
    let digits = digits(text);
    let check = 11 - weighted(&digits, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    digits.len() == 9
        && digits.last().map(|last| u32::from(*last)) == Some(if check > 9 { 0 } else { check })
}

pub(super) fn romanian(text: &[u8]) -> bool {
    let digits = digits(text);
    let Some((last, rest)) = digits.split_last() else {
        return false;
    };
    let reversed: Picked = rest.iter().rev().copied().collect();
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
    digits.first() != Some(&0)
        && check != 11
        && digits.last().map(|last| u32::from(*last)) == Some(check % 10)
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
    british_digits(&digits(text))
}

fn british_digits(digits: &[u8]) -> bool {
    let (front, check) = digits.split_at_checked(7).unwrap_or_default();
    let sum = u64::from(weighted(front, &[8, 7, 6, 5, 4, 3, 2]))
        + number(check.get(..2).unwrap_or_default());
    varied(digits) && (sum.is_multiple_of(97) || (sum + 55).is_multiple_of(97))
}
