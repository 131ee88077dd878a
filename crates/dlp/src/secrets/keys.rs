//! Private keys in armour of text, and signed tokens that say what they are.

use super::{is_filled, token};
use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

use crate::checks::base64::decode;
use crate::rule::{LONGEST, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule::literal(
        "SECRET_PRIVATE_KEY",
        "RFC 7468; RFC 9580 6.2",
        &["-----BEGIN"],
        concat!(
            r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----",
            // A header alone, as documentation has it, is no key. Two hyphens never stand in one.
            r"(?:[^-]|-[^-])*[A-Za-z0-9+/]{16}(?:[^-]|-[^-])*",
            // The end, or as much of it as there is.
            r"(?:-{1,5}|-----EN?|-----END[A-Z0-9 ]{0,40}-{0,5})?",
        ),
    ),
    Rule::literal(
        "SECRET_PRIVATE_KEY",
        "RFC 7468, in base64 once more",
        &["LS0tLS1CRUdJT"],
        r"LS0tLS1CRUdJT[A-Za-z0-9+/]{24,}={0,2}",
    )
    .check(is_encoded_key),
    Rule::literal(
        "SECRET_PRIVATE_KEY",
        "PuTTY documentation, PPK file format",
        &["PuTTY-User-Key-File-"],
        concat!(
            r"PuTTY-User-Key-File-[23]: [a-z0-9@.-]+\r?\n",
            r"(?:[A-Za-z-]+: [^\n]*\n|[A-Za-z0-9+/=]+\r?\n)+",
            r"Private-(?:Lines: [0-9]+\r?\n(?:[A-Za-z0-9+/=]+\r?\n?)+)?"
        ),
    ),
    Rule::literal(
        "SECRET_PRIVATE_KEY",
        "SSH Communications Security, encrypted private keys",
        &["SSH2"],
        concat!(
            r"SSH2 ENCRYPTED PRIVATE KEY ----\s",
            r"(?:[^-]|-[^-])*[A-Za-z0-9+/]{16}(?:[^-]|-[^-])*",
            r"(?:-{1,4} ?|---- EN?|---- END[A-Z0-9 ]{0,40}-{0,4})?",
        ),
    ),
    token(
        "SECRET_AGE",
        "age specification, identities",
        &["AGE-SECRET-KEY-1", "AGE-PLUGIN-"],
        r"AGE-(?:SECRET-KEY-1[A-Z0-9]{58}|PLUGIN-[A-Z0-9]+-1[A-Z0-9]{20,})\b",
    ),
    Rule::led(
        "SECRET_PRIVATE_KEY",
        "WireGuard documentation, wg(8)",
        &["PrivateKey", "PresharedKey"],
        r"(?:PrivateKey|PresharedKey) = ",
        r"[A-Za-z0-9+/]{43}=",
    )
    .check(is_filled),
    Rule::literal(
        "SECRET_JWT",
        "RFC 7519; RFC 7515",
        &["eyJ", "eyA", "ewo"],
        r"e[yw][A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*){0,4}",
    )
    .check(is_jwt),
];

/// The header is JSON that names an algorithm, and two parts follow, or four.
fn is_jwt(value: &[u8]) -> bool {
    let mut points = memchr::memchr_iter(b'.', value);
    let header = points.next().and_then(|end| value.get(..end));
    let more = usize::from(header.is_some()) + points.count();
    let header = header.unwrap_or(value);
    let cut = value.len() >= LONGEST;
    let may_name = NAMED.iter().any(|named| named.find(header).is_some());
    if !may_name || !(cut || more == 2 || more == 4) {
        return false;
    }
    let header = decode(header).unwrap_or_default();
    let whole = header.ends_with(b"}") || cut && more == 0;
    let named = memmem::find(&header, b"\"alg\"").is_some();
    header.starts_with(b"{") && whole && named
}

/// What is always the same of `"alg"` in base64, by where in three bytes it begins: most headers that are none need not be decoded.
static NAMED: LazyLock<[Finder<'_>; 3]> =
    LazyLock::new(|| ["ImFsZy", "JhbGci", "iYWxnI"].map(Finder::new));

fn is_encoded_key(value: &[u8]) -> bool {
    let text = decode(value).unwrap_or_default();
    text.windows(11).any(|part| part == b"PRIVATE KEY")
}

/// The header of a signed token, of which the rule for such tokens says whether the rest is right.
pub(super) fn is_token_header(value: &[u8]) -> bool {
    value.starts_with(b"eyJhbGci") || value.starts_with(b"eyJ0eXAi")
}
