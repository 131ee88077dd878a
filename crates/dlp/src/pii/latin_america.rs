//! Numbers that the authorities of Latin America give to people and companies.

use super::words::{IDENTITY, TAX};
use crate::checks::{Picked, characters, digits, number, two_digit_date, varied, weighted};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("BR_CPF", CPF, 11..=11, |number| {
        number.groups == [3, 3, 3, 2] && !number.part && cpf(number.digits)
    }),
    Rule::number("BR_CPF", CPF, 11..=11, digits!(cpf))
        .needs(IDENTITY)
        .or(&["cpf", "cadastro de pessoas"]),
    Rule::number("BR_TAX_ID", CPF, 11..=14, digits!(brazilian))
        .needs(TAX)
        .or(&["cpf", "cnpj"]),
    Rule::number("BR_CNPJ", CPF, 14..=14, |number| {
        number.groups == [2, 3, 3, 4, 2] && !number.part && cnpj(number.digits)
    }),
    Rule::number("BR_CNPJ", CPF, 14..=14, digits!(cnpj)).needs(&["cnpj", "cadastro nacional"]),
    Rule::number(
        "BR_CNH",
        "Denatran: Carteira Nacional de Habilitação",
        11..=11,
        digits!(varied),
    )
    .needs(&[
        "cnh",
        "carteira de habilitação",
        "carteira nacional de habilitação",
        "habilitação",
    ]),
    Rule::word(
        "MX_CURP",
        "RENAPO: instructivo normativo para la CURP",
        4..=4,
        r"[A-Za-z]{4}[0-9]{6}[HMXhmx][A-Za-z]{5}[0-9A-Za-z][0-9]\b",
    )
    .check(curp),
    Rule::word("MX_RFC", RFC, 3..=4, RFC_FORM)
        .needs(&["rfc", "registro federal"])
        .or(TAX)
        .check(rfc),
    Rule::word("MX_TAX_ID", RFC, 3..=4, RFC_FORM)
        .needs(TAX)
        .check(rfc),
    Rule::number(
        "MX_SOCIAL_SECURITY",
        "IMSS: número de seguridad social",
        11..=11,
        digits!(crate::checks::luhn),
    )
    .needs(&["nss", "imss", "seguridad social"]),
    Rule::number("AR_TAX_ID", "AFIP: CUIT, CUIL", 11..=11, digits!(cuit))
        .needs(TAX)
        .or(&["cuit", "cuil", "cdi"]),
    Rule::number("AR_CUIT", "AFIP: CUIT, CUIL", 11..=11, |number| {
        number.groups == [2, 8, 1] && !number.part && cuit(number.digits)
    })
    .lifted(&["cuit", "cuil"], 60, 95),
    Rule::number(
        "AR_NATIONAL_ID",
        "RENAPER: documento nacional de identidad",
        7..=8,
        digits!(varied),
    )
    .needs(&["dni", "documento nacional de identidad", "documento"]),
    Rule::word(
        "CL_NATIONAL_ID",
        RUT,
        0..=0,
        r"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9Kk]\b",
    )
    .check(rut),
    Rule::word("CL_NATIONAL_ID", RUT, 0..=0, r"[0-9]{7,8}-?[0-9Kk]\b")
        .needs(&["rut", "run", "rol único", "rol unico"])
        .or(IDENTITY)
        .check(rut),
    Rule::word("CL_TAX_ID", RUT, 0..=0, r"[0-9]{7,8}-?[0-9Kk]\b")
        .needs(TAX)
        .or(&["rut"])
        .check(rut),
    Rule::number("CO_TAX_ID", "DIAN: NIT", 9..=10, digits!(nit))
        .needs(TAX)
        .or(&["nit"]),
    Rule::number(
        "CO_NATIONAL_ID",
        "Registraduría Nacional: cédula de ciudadanía",
        6..=10,
        digits!(varied),
    )
    .needs(&["cédula", "cedula", "cédula de ciudadanía", "c.c."]),
    Rule::number("PE_TAX_ID", "SUNAT: RUC", 11..=11, digits!(ruc))
        .needs(TAX)
        .or(&["ruc"]),
    Rule::number(
        "PE_NATIONAL_ID",
        "RENIEC: documento nacional de identidad",
        8..=8,
        digits!(varied),
    )
    .needs(&["dni", "documento nacional de identidad"]),
    Rule::number(
        "EC_NATIONAL_ID",
        "Registro Civil: cédula de identidad",
        10..=10,
        digits!(ecuadorian),
    )
    .needs(IDENTITY)
    .or(&["cédula", "cedula"]),
    Rule::number(
        "EC_TAX_ID",
        "SRI: RUC",
        13..=13,
        digits!(|digits: &[u8]| digits.get(..10).is_some_and(ecuadorian)),
    )
    .needs(TAX)
    .or(&["ruc"]),
    Rule::number(
        "UY_NATIONAL_ID",
        "Dirección Nacional de Identificación Civil",
        7..=8,
        digits!(uruguayan),
    )
    .needs(IDENTITY)
    .or(&["cédula", "cedula", "ci"]),
    Rule::number(
        "DO_NATIONAL_ID",
        "Junta Central Electoral: cédula",
        11..=11,
        digits!(crate::checks::luhn),
    )
    .needs(IDENTITY)
    .or(&["cédula", "cedula"]),
    Rule::word(
        "VE_NATIONAL_ID",
        "SAIME: cédula de identidad",
        1..=1,
        r"[VEve]-?[0-9]{1,2}\.?[0-9]{3}\.?[0-9]{3}\b",
    )
    .needs(&["cédula", "cedula", "c.i."])
    .or(IDENTITY),
    Rule::word(
        "VE_TAX_ID",
        "SENIAT: RIF",
        1..=1,
        r"[VEJPGvejpg]-?[0-9]{8}-?[0-9]\b",
    )
    .needs(&["rif"])
    .or(TAX),
    Rule::number(
        "CR_NATIONAL_ID",
        "Tribunal Supremo de Elecciones: cédula",
        9..=9,
        |number| number.groups == [1, 4, 4] && !number.part,
    )
    .needs(IDENTITY)
    .or(&["cédula", "cedula"]),
    Rule::number(
        "GT_NATIONAL_ID",
        "RENAP: código único de identificación",
        13..=13,
        digits!(varied),
    )
    .needs(&["dpi", "cui"]),
];

const CPF: &str = "Receita Federal: CPF, CNPJ";
const RFC: &str = "SAT: RFC";
const RFC_FORM: &str = r"[A-Za-z&]{3,4}-?[0-9]{6}-?[0-9A-Za-z]{3}\b";
const RUT: &str = "Registro Civil: RUN; Servicio de Impuestos Internos: RUT";

fn cpf(digits: &[u8]) -> bool {
    let check = |count: usize, weights: &[u32]| {
        let sum = weighted(digits.get(..count).unwrap_or_default(), weights);
        digits.get(count).map(|digit| u32::from(*digit)) == Some(sum * 10 % 11 % 10)
    };
    varied(digits)
        && digits.len() == 11
        && check(9, &[10, 9, 8, 7, 6, 5, 4, 3, 2])
        && check(10, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
}

fn cnpj(digits: &[u8]) -> bool {
    let check = |count: usize, weights: &[u32]| {
        let sum = weighted(digits.get(..count).unwrap_or_default(), weights);
        digits.get(count).map(|digit| u32::from(*digit)) == Some(sum * 10 % 11 % 10)
    };
    varied(digits)
        && digits.len() == 14
        && check(12, &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
        && check(13, &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
}

fn brazilian(digits: &[u8]) -> bool {
    cpf(digits) || cnpj(digits)
}

/// A date of birth and a check digit over an alphabet with Ñ.
fn curp(text: &[u8]) -> bool {
    let text = characters(text);
    let value = |byte: &u8| match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'N' => Some(u32::from(byte - b'A') + 10),
        b'O'..=b'Z' => Some(u32::from(byte - b'O') + 25),
        _ => None,
    };
    let Some((last, front)) = text.split_last() else {
        return false;
    };
    let sum: u32 = front
        .iter()
        .filter_map(value)
        .zip((2..=18).rev())
        .map(|(value, weight)| value * weight)
        .sum();
    birth(&text, 4) && u32::from(last.saturating_sub(b'0')) == (10 - sum % 10) % 10
}

/// The date of birth, or of foundation.
fn rfc(text: &[u8]) -> bool {
    let text: Picked = text.iter().filter(|byte| **byte != b'-').copied().collect();
    birth(&text, text.len().saturating_sub(9))
}

fn birth(text: &[u8], at: usize) -> bool {
    let digits = digits(text.get(at..at + 6).unwrap_or_default());
    let part = |range: std::ops::Range<usize>| number(digits.get(range).unwrap_or_default());
    digits.len() == 6 && two_digit_date(part(0..2), part(2..4), part(4..6))
}

fn cuit(digits: &[u8]) -> bool {
    let kind = number(digits.get(..2).unwrap_or_default());
    let check = match 11 - weighted(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11 {
        11 => 0,
        10 => 9,
        check => check,
    };
    matches!(kind, 20 | 23..=27 | 30 | 33 | 34 | 50 | 51 | 55)
        && digits.last().map(|last| u32::from(*last)) == Some(check)
}

fn rut(text: &[u8]) -> bool {
    let text = characters(text);
    let Some((last, front)) = text.split_last() else {
        return false;
    };
    let front: Picked = digits(front).iter().rev().copied().collect();
    let check = match 11 - weighted(&front, &[2, 3, 4, 5, 6, 7, 2, 3, 4]) % 11 {
        11 => b'0',
        10 => b'K',
        check => b'0' + u8::try_from(check).unwrap_or(0),
    };
    varied(&front) && *last == check
}

fn nit(digits: &[u8]) -> bool {
    let Some((last, rest)) = digits.split_last() else {
        return false;
    };
    let reversed: Picked = rest.iter().rev().copied().collect();
    let sum = weighted(&reversed, &[3, 7, 13, 17, 19, 23, 29, 37, 41]) % 11;
    u32::from(*last) == if sum > 1 { 11 - sum } else { sum }
}

fn ruc(digits: &[u8]) -> bool {
    let kind = number(digits.get(..2).unwrap_or_default());
    let check = (11 - weighted(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 10;
    matches!(kind, 10 | 15..=17 | 20) && digits.last().map(|last| u32::from(*last)) == Some(check)
}

/// A province, a digit below six, and a Luhn digit.
fn ecuadorian(digits: &[u8]) -> bool {
    let province = number(digits.get(..2).unwrap_or_default());
    // Doubled from the left in the even places, which for ten digits is the Luhn check.
    matches!(province, 1..=24 | 30)
        && matches!(digits.get(2), Some(0..=5))
        && crate::checks::luhn(digits)
}

fn uruguayan(digits: &[u8]) -> bool {
    let padded: Picked = std::iter::repeat_n(0, 8 - digits.len().min(8))
        .chain(digits.iter().copied())
        .collect();
    let check = (10 - weighted(&padded, &[2, 9, 8, 7, 6, 3, 4]) % 10) % 10;
    varied(digits) && padded.last().map(|last| u32::from(*last)) == Some(check)
}
