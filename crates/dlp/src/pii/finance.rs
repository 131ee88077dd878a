//! Numbers of banks and securities.

use crate::checks::{Picked, characters, weighted};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number(
        "US_ABA_ROUTING",
        "ABA Routing Number Policy; check by 3, 7, 1",
        9..=9,
        |number| {
            !number.part
                && (number.groups == [4, 4, 1] || number.groups.len() == 1)
                && routing(number.digits)
        },
    )
    .needs(&[
        "aba",
        "routing",
        "routing number",
        "routing_number",
        "routingnumber",
        "rtn",
        "aba number",
        "transit number",
        "bank routing",
    ])
    .or_whole(),
    Rule::word("ISIN", "ISO 6166", 2..=9, r"[A-Z]{2}[0-9A-Z]{9}[0-9]\b")
        .lifted(&["isin", "security id", "securities"], 60, 95)
        .check(isin),
    Rule::led(
        "BIC",
        BIC,
        &["bic", "swift"],
        LEAD,
        r"[A-Z]{6}[0-9A-Z]{2}(?:[0-9A-Z]{3})?\b",
    )
    .check(bic),
    Rule::word("BIC", BIC, 6..=10, r"[A-Z]{6}[0-9A-Z]{2}(?:[0-9A-Z]{3})?\b")
        .needs(&[
            "bic",
            "swift",
            "swift code",
            "swift_code",
            "bic_code",
            "bank identifier",
        ])
        .check(bic),
    Rule::number("UK_SORT_CODE", "Pay.UK: sort codes", 6..=6, |number| {
        !number.part && number.is_grouped(&[2, 2, 2])
    })
    .needs(&["sort code", "sort_code", "sortcode"]),
    Rule::word(
        "LEI",
        "ISO 17442; ISO/IEC 7064",
        0..=12,
        r"[0-9A-Z]{18}[0-9]{2}\b",
    )
    .needs(&["lei", "legal entity identifier"])
    .check(|text| crate::checks::mod_97(text.iter().copied()) == Some(1)),
];

const BIC: &str = "ISO 9362";
const LEAD: &str = r"(?i:(?:bic|swift)(?:/(?:bic|swift))?(?:[ _-]?(?:code|number|no))?)[ \x22':=.]{1,6}(?i:is )?[ \x22']{0,2}";

/// Of a Federal Reserve district.
fn routing(digits: &[u8]) -> bool {
    let district = digits.get(..2).map(crate::checks::number);
    matches!(district, Some(0..=12 | 21..=32 | 61..=72 | 80))
        && crate::checks::varied(digits)
        && weighted(digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

/// Of a country, with a Luhn digit over the letters as two digits each.
fn isin(text: &[u8]) -> bool {
    let values: Picked = characters(text)
        .iter()
        .filter_map(|byte| char::from(*byte).to_digit(36))
        .flat_map(|value| {
            let value = u8::try_from(value).unwrap_or(0);
            [value / 10, value % 10]
                .into_iter()
                .skip(usize::from(value < 10))
        })
        .collect();
    let varied = text
        .get(2..)
        .is_some_and(|rest| rest.iter().filter(|byte| byte.is_ascii_digit()).count() >= 3);
    is_country(text.get(..2).unwrap_or_default()) && varied && crate::checks::luhn(&values)
}

fn bic(text: &[u8]) -> bool {
    is_country(text.get(4..6).unwrap_or_default())
}

fn is_country(code: &[u8]) -> bool {
    COUNTRIES.chunks(2).any(|known| known == code)
}

/// ISO 3166-1, and XS, EU, XK.
const COUNTRIES: &[u8] = b"ADAEAFAGAIALAMAOARATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCYCZDEDJDKDMDODZECEEEGERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGTGUGWGYHKHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUSUYUZVAVCVEVGVIVNVUWFWSXKXSEUYEYTZAZMZW";
