//! Addresses of crypto-currencies: by their own check sums, or the words near them where there are none.

use super::words::WALLET;
use crate::checks::{base58_check, bech32, eip_55};
use crate::rule::{Anchor, Rule};
use crate::view::{Verdict, View};

pub(super) const RULES: &[Rule] = &[
    Rule::custom(
        KIND,
        "Bitcoin, Base58Check; the chain parameters of each currency",
        Anchor::Word { letters: (0, 12) },
        base_58,
    )
    .begins("[13LMDA9X7trTmn2][0-9A-Za-z]{24}"),
    Rule::literal(
        KIND,
        "BIP 173; BIP 350; CIP 19",
        &[
            "bc1", "tb1", "ltc1", "addr1", "stake1", "cosmos1", "osmo1", "terra1", "bnb1",
        ],
        r"[A-Za-z]{2,6}1[A-Za-z0-9]{20,110}\b",
    )
    .check(bech32),
    Rule::literal(KIND, "EIP-55", &["0x"], r"0[xX][0-9A-Fa-f]{40}\b").check(is_mixed_case),
    Rule::literal(
        KIND,
        "Ethereum Yellow Paper, 4.1",
        &["0x"],
        r"0[xX][0-9A-Fa-f]{40}\b",
    )
    .needs(WALLET),
    Rule::literal(
        KIND,
        "Bitcoin Cash, CashAddr",
        &["bitcoincash:"],
        r"(?i:bitcoincash):[qpQP][0-9A-Za-z]{41,60}\b",
    ),
    // Without a check that is quick to make.
    Rule::word(
        KIND,
        "Monero, addresses",
        0..=4,
        r"[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}(?:[1-9A-HJ-NP-Za-km-z]{11})?\b",
    )
    .needs(WALLET)
    .or_whole(),
    Rule::word(
        KIND,
        "Solana, accounts",
        0..=12,
        r"[1-9A-HJ-NP-Za-km-z]{43,44}\b",
    )
    .needs(&["solana", "sol"]),
];

/// A word of base 58 with the check sum of one of the currencies.
fn base_58(view: &View<'_>) -> Verdict {
    let Some(
        first @ (b'1' | b'3' | b'L' | b'M' | b'D' | b'A' | b'9' | b'X' | b'7' | b't' | b'r' | b'T'
        | b'm' | b'n' | b'2'),
    ) = view.from.first()
    else {
        return Verdict::No;
    };
    let (run, ended) = view.run(0, |byte| byte.is_ascii_alphanumeric());
    if run > 36 {
        return Verdict::No;
    }
    if !ended {
        return Verdict::More;
    }
    let text = view.from.get(..run).unwrap_or_default();
    let alphabet = if *first == b'r' { RIPPLE } else { BITCOIN };
    let is_known = run >= 25
        && base58_check(text, alphabet).is_some_and(|(version, length)| {
            (length == 21 && VERSIONS.contains(&version)) || (length == 22 && version == 0x1c)
        });
    if is_known {
        Verdict::Yes {
            before: 0,
            length: run,
        }
    } else {
        Verdict::No
    }
}

/// Letters of both cases, in the places where EIP-55 has them.
fn is_mixed_case(address: &[u8]) -> bool {
    let digits = address.get(2..).unwrap_or_default();
    digits.iter().any(u8::is_ascii_uppercase)
        && digits.iter().any(u8::is_ascii_lowercase)
        && eip_55(digits)
}

const KIND: &str = "CRYPTO";
/// Bitcoin, its test network, Litecoin, Dogecoin, Dash, Tron; XRP has that of Bitcoin, Zcash has two bytes.
const VERSIONS: [u8; 11] = [
    0x00, 0x05, 0x6f, 0xc4, 0x30, 0x32, 0x1e, 0x16, 0x4c, 0x10, 0x41,
];
const BITCOIN: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const RIPPLE: &[u8; 58] = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";
