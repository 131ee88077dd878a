//! What stands right before and behind a value may be spelled otherwise, too.

use super::disguises::{SPELLINGS, Spell, bytes, json, values};
use crate::tests::card;
use crate::tests::found;
use crate::tests::secrets::{examples, made};
use crate::tests::streams::assert_any_split;

#[test]
fn a_text_that_is_spelled_otherwise_as_a_whole_says_the_same() {
    let whole: [(&str, Spell); 5] = [
        ("percent", |it| bytes(it, |byte| format!("%{byte:02x}"))),
        ("C", |it| bytes(it, |byte| format!("\\x{byte:02x}"))),
        ("JSON", json),
        ("HTML", |it| format!("&#{};", u32::from(it))),
        ("HTML, hexadecimal", |it| format!("&#x{:X};", u32::from(it))),
    ];
    let mut wrong = Vec::new();
    for (kind, template, _) in examples() {
        let text = made(template);
        for (spelling, spell) in whole {
            let spelled: String = text.chars().map(spell).collect();
            let hits = found(&spelled);
            if !hits.iter().any(|(found, _)| found == kind) {
                wrong.push((*kind, spelling, text.clone(), hits));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {wrong:#?}", wrong.len());
}

/// The dashes around its name are nothing but dashes: no value touches them.
#[test]
fn a_private_key_is_found_however_its_dashes_are_written() {
    let body = "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAK".repeat(3);
    let key = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----");
    for dash in [
        '\u{2010}', '\u{2013}', '\u{2014}', '\u{2212}', '\u{fe63}', '\u{ff0d}',
    ] {
        let text = key.replace('-', &dash.to_string());
        assert!(is_key(&text), "{text}");
    }
    for (spelling, spell) in SPELLINGS {
        for ends in ["", "x\n", "key: "] {
            let spelled = |at: usize| -> String {
                let chars = key.chars().enumerate();
                chars
                    .map(|(other, it)| if other == at { spell(it) } else { it.into() })
                    .collect()
            };
            for at in (0..27).chain([key.len() - 25, key.len() - 1]) {
                let text = format!("{ends}{}\n", spelled(at));
                assert!(is_key(&text), "{spelling} at {at}: {text}");
            }
        }
        let dashes = key.replace('-', &spell('-'));
        assert!(is_key(&dashes), "{spelling}: {dashes}");
        assert_any_split(&dashes);
    }
}

fn is_key(text: &str) -> bool {
    found(text)
        .iter()
        .any(|(kind, _)| *kind == "SECRET_PRIVATE_KEY")
}

#[test]
fn a_value_behind_any_escaped_sign_is_found() {
    let mut wrong = Vec::new();
    let others = [
        ("US_SSN", "536-22-8745".to_owned()),
        ("IP_ADDRESS", "10.11.12.13".to_owned()),
        ("IP_ADDRESS", "2a02:26f0:41::5".to_owned()),
        ("MAC_ADDRESS", "00:1b:44:11:3a:b7".to_owned()),
    ];
    let spells: [(&str, Spell); 4] = [
        ("percent", |it| bytes(it, |byte| format!("%{byte:02X}"))),
        ("percent, twice", |it| {
            bytes(it, |byte| format!("%25{byte:02x}"))
        }),
        ("C", |it| bytes(it, |byte| format!("\\x{byte:02x}"))),
        ("JSON", json),
    ];
    let signs = (0..0x7f_u8).filter(|it| !it.is_ascii_alphanumeric());
    let signs: Vec<char> = signs
        .map(char::from)
        .filter(|it| !"_@.:-/+%\\".contains(*it))
        .collect();
    for (kind, value) in values().into_iter().chain(others) {
        for (spelling, spell) in spells {
            for &sign in &signs {
                let sign = spell(sign);
                for text in [
                    format!("row{sign}{value}{sign}end"),
                    format!("{sign}{value}"),
                ] {
                    if !found(&text).iter().any(|(found, _)| *found == kind) {
                        wrong.push((spelling, text));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {wrong:#?}", wrong.len());
}

/// As in source text and in JSON that stands in a string.
#[test]
fn a_value_behind_the_letter_of_an_escape_is_found() {
    for escape in ["\\n", "\\t", "\\r\\n", "\\u000a", "%2C"] {
        for (kind, value) in [
            ("IP_ADDRESS", "2a02:26f0:41::5"),
            ("IP_ADDRESS", "10.11.12.13"),
            ("MAC_ADDRESS", "00:1b:44:11:3a:b7"),
            ("US_SSN", "536-22-8745"),
        ] {
            let text = format!("is{escape}{value}{escape}now");
            let hits = found(&text);
            assert!(
                hits.iter().any(|(found, _)| *found == kind),
                "{text}: {hits:?}"
            );
        }
    }
}

/// What a program writes to a terminal in colour.
#[test]
fn a_value_behind_a_colour_of_a_terminal_is_found() {
    let number = card("4", 16);
    for escape in ["\u{1b}", "\\x1b", "\\u001b", "\\e", "\\033", "%1b", "%1B"] {
        for colour in ["[m", "[0m", "[31m", "[1;31m", "[38;5;196m", "[2K", "[1A"] {
            for value in [
                &number,
                "AKIAQ7Q7Q7Q7Q7Q7Q7Q7",
                "536-22-8745",
                "10.11.12.13",
            ] {
                let text = format!("is{escape}{colour}{value}{escape}[0m now");
                let hits = found(&text);
                assert!(
                    hits.iter().any(|(_, found)| found == value),
                    "{text:?}: {hits:?}"
                );
                assert_any_split(&text);
            }
        }
    }
}
