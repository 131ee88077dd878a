//! Numbers that Turkey gives to people and companies.

use super::words::{IDENTITY, TAX};
use crate::checks::weighted;
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number("TR_NATIONAL_ID", TCKN, 11..=11, digits!(tckn))
        .needs(IDENTITY)
        .or(&[
            "tckn",
            "tc kimlik",
            "t.c. kimlik",
            "kimlik numarası",
            "kimlik no",
            "kimlik",
        ])
        .or_whole(),
    Rule::number(
        "TR_TAX_ID",
        "Gelir İdaresi Başkanlığı: vergi kimlik numarası",
        10..=10,
        digits!(vkn),
    )
    .needs(TAX)
    .or(&["vkn", "vergi no", "vergi numarası", "vergi kimlik"]),
];

const TCKN: &str = "Nüfus Hizmetleri Kanunu: T.C. kimlik numarası";

/// The tenth digit checks the odd and the even places of the first nine, the last one all ten.
fn tckn(digits: &[u8]) -> bool {
    let (front, [tenth, last]) = (
        digits.get(..9).unwrap_or_default(),
        digits.get(9..).unwrap_or_default(),
    ) else {
        return false;
    };
    let odd = weighted(front, &[1, 0, 1, 0, 1, 0, 1, 0, 1]);
    let even = weighted(front, &[0, 1, 0, 1, 0, 1, 0, 1]);
    // 90 keeps the difference above zero.
    digits.first() != Some(&0)
        && (odd * 7 + 90 - even) % 10 == u32::from(*tenth)
        && (odd + even + u32::from(*tenth)) % 10 == u32::from(*last)
}

fn vkn(digits: &[u8]) -> bool {
    let Some((last, rest)) = digits.split_last() else {
        return false;
    };
    let sum: u32 = rest
        .iter()
        .zip((1..=9).rev())
        .map(|(digit, place)| match (u32::from(*digit) + place) % 10 {
            0 => 0,
            shifted => match shifted * 2_u32.pow(place) % 9 {
                0 => 9,
                value => value,
            },
        })
        .sum();
    u32::from(*last) == (10 - sum % 10) % 10
}
