//! Ways to write a text so that a plain search does not see it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

use crate::tests::card;

pub(super) type Spell = fn(char) -> String;
pub(super) type Pack = fn(&str) -> String;

pub(super) const SPELLINGS: [(&str, Spell); 14] = [
    ("percent", |it| bytes(it, |byte| format!("%{byte:02x}"))),
    ("percent, twice", |it| {
        bytes(it, |byte| format!("%25{byte:02X}"))
    }),
    ("JSON", json),
    ("JSON in a string", |it| json(it).replace('\\', r"\\")),
    ("JSON in three strings", |it| {
        json(it).replace('\\', &"\\".repeat(8))
    }),
    ("C", |it| bytes(it, |byte| format!("\\x{byte:02x}"))),
    ("JavaScript", |it| format!("\\u{{{:x}}}", u32::from(it))),
    ("HTML", |it| format!("&#{};", u32::from(it))),
    ("HTML, hexadecimal", |it| format!("&#x{:X};", u32::from(it))),
    ("zero width", |it| format!("{it}\u{200b}")),
    ("soft hyphens and joiners", |it| {
        format!("\u{ad}{it}\u{2060}")
    }),
    ("full width", |it| offset(it, '!'..='~', 0xfee0)),
    ("mathematical", mathematical),
    ("tags", |it| offset(it, ' '..='~', 0xe0000)),
];

pub(super) fn bytes(it: char, spell: impl Fn(u8) -> String) -> String {
    let mut buffer = [0; 4];
    it.encode_utf8(&mut buffer).bytes().map(spell).collect()
}

pub(super) fn json(it: char) -> String {
    let mut buffer = [0; 2];
    let mut text = String::new();
    for half in it.encode_utf16(&mut buffer) {
        let _ = write!(text, "\\u{half:04x}");
    }
    text
}

pub(super) fn offset(it: char, of: std::ops::RangeInclusive<char>, by: u32) -> String {
    if of.contains(&it) {
        char::from_u32(u32::from(it) + by).unwrap().to_string()
    } else {
        it.to_string()
    }
}

pub(super) fn mathematical(it: char) -> String {
    match it {
        'A'..='Z' => offset(it, 'A'..='Z', 0x1d400 - 0x41),
        'a'..='z' => offset(it, 'a'..='z', 0x1d41a - 0x61),
        '0'..='9' => offset(it, '0'..='9', 0x1d7ce - 0x30),
        other => other.to_string(),
    }
}

pub(super) fn hex(bytes: impl AsRef<[u8]>) -> String {
    let bytes = bytes.as_ref().iter();
    bytes.fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) fn wrapped(text: &str) -> String {
    let encoded = BASE64_STANDARD.encode(text);
    let lines = encoded.as_bytes().chunks(76);
    let lines: Vec<&str> = lines
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    lines.join("\r\n")
}

/// Ways to pack a text.
pub(super) const PACKINGS: [(&str, Pack); 5] = [
    ("base64", |text| BASE64_STANDARD.encode(text)),
    ("base64 without padding", |text| {
        BASE64_STANDARD_NO_PAD.encode(text)
    }),
    ("base64 for URLs", |text| {
        BASE64_URL_SAFE_NO_PAD.encode(text)
    }),
    ("hex", |text| hex(text)),
    ("hex in capitals", |text| hex(text).to_uppercase()),
];

pub(super) fn values() -> [(&'static str, String); 4] {
    [
        ("EMAIL_ADDRESS", "ann@shop.example".to_owned()),
        ("CREDIT_CARD", card("4", 16)),
        ("SECRET_AWS", format!("AKIA{}", "Q7".repeat(8))),
        ("IBAN_CODE", "DE89370400440532013000".to_owned()),
    ]
}
