//! Numbers that Irish authorities give to people.

use super::words::{IDENTITY, TAX};
use crate::checks::{characters, digits, weighted};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::word("IE_PPS", SOURCE, 0..=0, PPS)
        .needs(&[
            "pps",
            "ppsn",
            "pps number",
            "pps_number",
            "personal public service",
            "rsi",
        ])
        .check(pps),
    Rule::word("IE_TAX_ID", SOURCE, 0..=0, PPS)
        .needs(TAX)
        .check(pps),
    Rule::word("IE_NATIONAL_ID", SOURCE, 0..=0, PPS)
        .needs(IDENTITY)
        .check(pps),
    Rule::word(
        "IE_EIRCODE",
        "Eircode: product guide",
        1..=1,
        r"[AC-FHKNPRTV-Y][0-9][0-9W] ?[0-9AC-FHKNPRTV-Y]{4}\b",
    )
    .needs(&[
        "eircode",
        "postcode",
        "post code",
        "post_code",
        "postal code",
        "postal_code",
    ]),
];

const SOURCE: &str = "Department of Social Protection: PPS numbers";
const PPS: &str = r"[0-9]{7}[A-Wa-w][A-IWTXa-iwtx]?\b";

/// The letter follows from the digits, and the second letter where there is one.
pub(super) fn pps(text: &[u8]) -> bool {
    let text = characters(text);
    let (front, letters) = text.split_at_checked(7).unwrap_or_default();
    let [check, more @ ..] = letters else {
        return false;
    };
    let extra = match more {
        [second @ b'A'..=b'I'] => u32::from(second - b'A' + 1) * 9,
        _ => 0,
    };
    let sum = (weighted(&digits(front), &[8, 7, 6, 5, 4, 3, 2]) + extra) % 23;
    front.iter().all(u8::is_ascii_digit)
        && u32::from(*check)
            == if sum == 0 {
                u32::from(b'W')
            } else {
                u32::from(b'A') + sum - 1
            }
}
