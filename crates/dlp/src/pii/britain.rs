//! Numbers that British authorities give to people.

use super::words::{IDENTITY, LICENCE, POSTCODE, TAX};
use crate::checks::{characters, day_month, mod_11, varied, weighted};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number(
        "UK_NHS",
        "NHS Data Dictionary: NHS number",
        10..=10,
        digits!(nhs),
    )
    .needs(&[
        "nhs",
        "nhs number",
        "nhs_number",
        "nhsnumber",
        "national health service",
        "patient number",
        "health service number",
    ])
    .or_whole(),
    Rule::word(
        "UK_NINO",
        "HMRC National Insurance Manual NIM39110",
        2..=2,
        NINO,
    )
    .lifted(
        &[
            "nino",
            "ni number",
            "ni_number",
            "ninumber",
            "ni no",
            "national insurance",
            "national_insurance",
            "nationalinsurance",
        ],
        0,
        90,
    )
    .or_whole()
    .check(nino),
    Rule::word(
        "UK_NINO",
        "HMRC National Insurance Manual NIM39110",
        2..=2,
        r"[A-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b",
    )
    .check(nino),
    Rule::number("UK_UTR", UTR, 10..=10, digits!(utr)).needs(&[
        "utr",
        "unique taxpayer reference",
        "self assessment",
    ]),
    Rule::number("UK_TAX_ID", UTR, 10..=10, digits!(|_| true)).needs(TAX),
    Rule::word(
        "UK_TAX_ID",
        UTR,
        2..=2,
        r"[A-Za-z]{2}[0-9]{6}(?:[A-Da-d]\b|[ +])?",
    )
    .needs(TAX)
    .check(nino),
    Rule::word(
        "UK_POSTCODE",
        "Royal Mail Programmers' Guide; BS 7666",
        1..=2,
        CODE,
    )
    .needs(POSTCODE)
    .or_whole()
    .check(postcode),
    Rule::word(
        "UK_DRIVING_LICENCE",
        "DVLA: driver numbers",
        2..=5,
        r"[A-Za-z]{1,5}9{0,4}[0-9]{6}[A-Za-z9]{2}[0-9A-Za-z][A-Za-z]{2}\b",
    )
    .lifted(LICENCE, 60, 95)
    .check(driver),
    Rule::number("UK_NATIONAL_ID", UTR, 10..=10, digits!(nhs)).needs(IDENTITY),
];

const UTR: &str = "HMRC: unique taxpayer reference";
const NINO: &str = r"[A-Za-z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-Da-d]\b";
const CODE: &str = r"[A-Za-z]{1,2}[0-9][0-9A-Za-z]? ?[0-9][A-Za-z]{2}\b";

fn nhs(digits: &[u8]) -> bool {
    digits.iter().any(|digit| *digit > 0)
        && mod_11(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
        && varied(digits)
}

/// Prefixes that are never given out.
fn nino(text: &[u8]) -> bool {
    let text = characters(text);
    let [first, second, ..] = *text else {
        return false;
    };
    let never = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];
    !matches!(first, b'D' | b'F' | b'I' | b'Q' | b'U' | b'V')
        && !matches!(second, b'D' | b'F' | b'I' | b'O' | b'Q' | b'U' | b'V')
        && !never.iter().any(|prefix| text.starts_with(*prefix))
}

fn utr(digits: &[u8]) -> bool {
    let Some((check, rest)) = digits.split_first() else {
        return false;
    };
    let rest = weighted(rest, &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
    let wanted = [2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1].get(usize::try_from(rest).unwrap_or(0));
    wanted == Some(check)
}

/// Of an area that there is; the last two letters are none that look like others.
fn postcode(text: &[u8]) -> bool {
    let text = characters(text);
    let letters = text
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let area = text.get(..letters).unwrap_or_default();
    let inward = text.get(text.len().saturating_sub(2)..).unwrap_or_default();
    AREAS.split(|byte| *byte == b' ').any(|known| known == area)
        && !inward
            .iter()
            .any(|byte| matches!(byte, b'C' | b'I' | b'K' | b'M' | b'O' | b'V'))
}

/// Decade, month (50 more for women), day and year of birth.
fn driver(text: &[u8]) -> bool {
    let text = characters(text);
    let date: Vec<u64> = text
        .get(5..11)
        .unwrap_or_default()
        .iter()
        .filter_map(|byte| char::from(*byte).to_digit(10).map(u64::from))
        .collect();
    let [_, m1, m2, d1, d2, _] = date.as_slice() else {
        return false;
    };
    let name = text.get(..5).unwrap_or_default();
    let padded = name
        .iter()
        .rposition(u8::is_ascii_alphabetic)
        .is_some_and(|last| {
            name.get(last + 1..)
                .unwrap_or_default()
                .iter()
                .all(|byte| *byte == b'9')
                && name
                    .get(..last)
                    .unwrap_or_default()
                    .iter()
                    .all(u8::is_ascii_alphabetic)
        });
    text.len() == 16 && padded && day_month(d1 * 10 + d2, (m1 * 10 + m2) % 50)
}

const AREAS: &[u8] = b"AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE";
