//! Numbers of telephones and their cards.

use crate::checks::{luhn, varied};
use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::number(
        "IMEI",
        "3GPP TS 23.003, 6.2",
        15..=15,
        digits!(|digits: &[u8]| varied(digits) && luhn(digits)),
    )
    .needs(&[
        "imei",
        "imei_number",
        "imeinumber",
        "imei1",
        "imei2",
        "meid",
        "device id",
        "device_id",
    ]),
    Rule::number("IMEISV", "3GPP TS 23.003, 6.2.2", 16..=16, digits!(varied)).needs(&["imeisv"]),
    Rule::number(
        "IMSI",
        "3GPP TS 23.003, 2.2",
        14..=15,
        digits!(|digits: &[u8]| matches!(digits, [2..=7, ..])),
    )
    .needs(&["imsi"]),
    Rule::number(
        "ICCID",
        "ITU-T E.118",
        18..=20,
        digits!(|digits: &[u8]| digits.starts_with(&[8, 9])),
    )
    .needs(&["iccid", "sim card", "sim number", "sim_number"]),
];
