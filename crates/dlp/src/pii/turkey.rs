//! Numbers that Turkey gives to people and companies.

use super::words::{IDENTITY, TAX};
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

fn tckn(digits: &[u8]) -> bool {
    let [a @ 1..=9, b, c, d, e, f, g, h, i, ten, last] = digits
        .iter()
        .map(|digit| i32::from(*digit))
        .collect::<Vec<_>>()[..]
    else {
        return false;
    };
    let (odd, even) = (a + c + e + g + i, b + d + f + h);
    (odd * 7 - even).rem_euclid(10) == ten && (odd + even + ten) % 10 == last
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
