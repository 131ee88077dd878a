//! For every type of personal data what is found, and what misses it narrowly and is not.

mod devices;
mod europe;
mod licences;
mod passports;
mod plates;
mod vat;
mod world;

use super::*;

/// A type, and a text with a value of it between `<` and `>`. There a `#` stands for the right one
/// of the ten digits, a `?` for the right one of the digits and capitals.
struct Example(&'static str, &'static str);

fn examples() -> impl Iterator<Item = &'static Example> {
    [
        devices::DEVICES,
        europe::EUROPE,
        licences::LICENCES,
        passports::PASSPORTS,
        plates::PLATES,
        vat::VAT,
        world::WORLD,
    ]
    .into_iter()
    .flatten()
}

impl Example {
    /// What stands before the value, and the value.
    fn parts(&self) -> (&'static str, &'static str) {
        let (before, value) = self.1.split_once('<').unwrap();
        (before, value.strip_suffix('>').unwrap())
    }

    /// With each character that may stand for the missing ones.
    fn candidates(&self) -> Vec<String> {
        let (_, value) = self.parts();
        value.chars().fold(vec![String::new()], |known, next| {
            let choices = match next {
                '#' => "0123456789".to_owned(),
                '?' => "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".to_owned(),
                next => next.to_string(),
            };
            let with = |text: &String| {
                let texts = choices.chars().map(|next| format!("{text}{next}"));
                texts.collect::<Vec<_>>()
            };
            known.iter().flat_map(with).collect()
        })
    }

    fn finds(&self, text: &str, value: &str) -> bool {
        let found = hits(None, text);
        found
            .iter()
            .any(|(kind, found)| *kind == self.0 && found == value)
    }

    /// The values that are found, and how many might have been.
    fn right(&self) -> (Vec<String>, usize) {
        let (before, _) = self.parts();
        let candidates = self.candidates();
        let all = candidates.len();
        let right = candidates
            .into_iter()
            .filter(|value| self.finds(&format!("{before}{value} there"), value));
        (right.collect(), all)
    }
}

#[test]
fn every_type_of_personal_data_has_an_example() {
    let rules = crate::pii::rules().map(|rule| rule.kind);
    let missing: Vec<_> = rules
        .filter(|kind| !examples().any(|example| example.0 == *kind))
        .collect();
    assert!(missing.is_empty(), "no example of {missing:?}");
}

#[test]
fn every_example_is_found_and_with_a_wrong_check_digit_it_is_not() {
    let mut wrong = Vec::new();
    for example in examples() {
        let (right, all) = example.right();
        if right.is_empty() || all > 1 && right.len() * 5 > all {
            wrong.push((example.0, example.1, right));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn behind_a_word_a_near_miss_is_none_or_less_sure() {
    let confidence = |text: &str, kind: &str| {
        let hits = SCANNER.scan(text);
        let hit = hits.iter().find(|hit| hit.kind == kind);
        hit.map(|hit| hit.confidence)
    };
    for (kind, right, miss, unsure) in [
        ("SG_NRIC_FIN", "NRIC S1234567D", "NRIC S1234567E", None),
        ("DE_VAT", "VAT DE136695976", "VAT DE136695975", Some(60)),
        ("IN_PAN", "PAN ABCPE1234F", "PAN ABCNE1234F", Some(60)),
    ] {
        assert_eq!(confidence(right, kind), Some(95), "{right}");
        assert_eq!(confidence(miss, kind), unsure, "{miss}");
    }
}

#[test]
fn a_part_of_a_longer_word_is_no_value() {
    let mut wrong = Vec::new();
    for example in examples() {
        // A domain ends where its letters do, and a bracket ends a number.
        if example.0 == "EMAIL_ADDRESS" || example.1.ends_with(")>") {
            continue;
        }
        let (before, _) = example.parts();
        for value in example.right().0 {
            let longer = [
                format!("{before}{value}0Q7Q"),
                format!("{before}Q7Q{value}Q7Q"),
            ];
            wrong.extend(
                longer
                    .into_iter()
                    .filter(|text| example.finds(text, &value)),
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_value_that_needs_a_word_is_not_found_without() {
    let mut wrong = Vec::new();
    for example in examples() {
        let mut rules = crate::pii::rules().filter(|rule| rule.kind == example.0);
        let always = rules.any(|rule| rule.confidence.alone >= 50);
        for value in example.right().0.iter().filter(|_| !always) {
            let text = format!("the thing {value} there");
            if example.finds(&text, value) {
                wrong.push(text);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn characters_that_nobody_sees_hide_no_value() {
    let card = card("4", 16);
    for unseen in (0..0x20_u8).chain([0x7f]).map(char::from).chain([
        '\u{ad}',
        '\u{80}',
        '\u{200b}',
        '\u{2800}',
        '\u{e0001}',
        '\u{e007f}',
        '\u{e0100}',
        '\u{fff9}',
        '\u{fffa}',
        '\u{fffb}',
        '\u{13430}',
        '\u{1d173}',
    ]) {
        if unseen.is_ascii_whitespace() || unseen == '\u{b}' {
            continue;
        }
        let (left, right) = card.split_at(7);
        let text = format!("to {left}{unseen}{right} there");
        let found = hits(None, &text);
        assert!(
            found.iter().any(|(kind, _)| *kind == "CREDIT_CARD"),
            "{text:?}: {found:?}"
        );
        let beside = format!("to{unseen}{card}{unseen}there");
        let found = hits(None, &beside);
        assert!(
            found.iter().any(|(kind, _)| *kind == "CREDIT_CARD"),
            "{beside:?}: {found:?}"
        );
    }
}

#[test]
fn a_card_is_found_in_both_tracks_of_its_stripe() {
    let card = card("4", 16);
    let mut near = card.clone();
    let last = near.pop().and_then(|last| last.to_digit(10)).unwrap();
    near.push(char::from_digit((last + 1) % 10, 10).unwrap());
    for (before, behind) in [
        ("%B", "^DOE/JOHN^2512101"),
        ("track B", "^DOE/JOHN^2512101"),
        (";", "=25121011?"),
    ] {
        let text = format!("{before}{card}{behind}");
        assert!(
            hits(None, &text).contains(&("CREDIT_CARD", card.clone())),
            "{text}"
        );
        let text = format!("{before}{near}{behind}");
        assert!(
            hits(None, &text)
                .iter()
                .all(|(kind, _)| *kind != "CREDIT_CARD"),
            "{text}"
        );
    }
}

#[test]
fn a_number_is_found_in_brackets_that_are_spelled_otherwise() {
    for (open, close) in [
        ("%28", "%29"),
        ("\\u0028", "\\u0029"),
        ("&#40;", "&#41;"),
        ("\u{ff08}", "\u{ff09}"),
    ] {
        for (before, area, rest) in [("", "212", "555-0123"), ("phone ", "030", "901820")] {
            let value = format!("{open}{area}{close} {rest}");
            let found = hits(None, &format!("{before}{value} there"));
            assert!(
                found.contains(&("PHONE_NUMBER", value.clone())),
                "{value}: {found:?}"
            );
        }
    }
}

#[test]
fn a_field_says_by_its_name_what_its_value_is() {
    for (name, value, kind) in [
        ("passportNumber", "AB1234567", "UK_PASSPORT"),
        ("tax_id", "ABCPE1234F", "IN_TAX_ID"),
        ("customer.phone", "901820", "PHONE_NUMBER"),
        ("licencePlate", "AB12 CDE", "UK_VEHICLE_REGISTRATION"),
        ("dob", "1980-02-29", "DATE_OF_BIRTH"),
        ("ssn", "123456780", "US_SSN"),
    ] {
        let found = hits(Some(name), value);
        assert!(
            found.contains(&(kind, value.to_owned())),
            "{name}: {found:?}"
        );
        let found = hits(Some("order"), value);
        assert!(!found.contains(&(kind, value.to_owned())), "{found:?}");
    }
}

#[test]
fn a_text_that_is_nothing_but_a_value_is_one_unless_it_has_another_name() {
    for (value, kind) in [
        ("AB1234567", "UK_PASSPORT"),
        ("943 476 5919", "UK_NHS"),
        ("06 A 123", "TR_LICENSE_PLATE"),
    ] {
        assert!(
            hits(None, value).contains(&(kind, value.to_owned())),
            "{value}"
        );
        assert_eq!(hits(Some("order"), value), vec![], "{value}");
        assert_eq!(found(&format!("{value} there")), vec![], "{value}");
        assert_eq!(found(&format!("see {value}")), vec![], "{value}");
    }
}

#[test]
fn prose_code_hashes_and_times_are_no_personal_data() {
    for text in [
        "2026-11-21T18:06:07.123Z took 1732212345678 ms, 12.5% of 3,000,000",
        "commit 2c26b46b68ffc68ff99b453c1d30413413422d70, id 7d793037-a076-4f6b-9f5e-0d9c3a2b1c11",
        "fn main() { let x: [u8; 32] = std::array::from_fn(|at| at as u8); dead::beef::f00() }",
        "items[1::2], x[a, ::2], s[3::-1], y[1::], arr[:, 10::25]",
        "version 1.2.3-rc.4, build 20261121.7, section 12.3.4, pages 100-200, ISBN 978-3-16-148410-0",
        "a [10] b (20) c {30}: 1:2, 3:4, 5 - 6 + 7; 00:00:00, 12:30, 0x1f, #ff0000, 1e10",
        "error E0308 at src/lib.rs:120:14, HTTP 404, RFC 9110, UTF-8, SHA-256, x86_64, IPv6, H264",
        "listen 127.0.0.1:8080, bind 0.0.0.0, HOST = \"127.0.0.1\"",
        "curl http://[::1]:80/ on localhost ::1 there",
        "__version__ = \"1.2.3.4\"; version: 10.20.30.40, 'version' => '1.2.3.4', Version 1.2.3.4",
        "%B4000000000000003^DOE/JOHN^2512101, AB4000000000000002^2, x4000000000000002^",
        "the table has 1000000 rows, 250000 columns and 999999999 cells on 4 pages",
    ] {
        assert_eq!(found(text), vec![], "{text}");
    }
}

#[test]
fn every_split_of_every_example_gives_the_same() {
    let kinds: Vec<&str> = SCANNER.kinds().collect();
    for example in examples() {
        let (before, _) = example.parts();
        let value = example.right().0.pop().unwrap();
        for text in [format!("{before}{value}, there"), value] {
            let whole = SCANNER
                .redact(&text, &kinds)
                .unwrap_or_else(|| text.clone());
            for at in 0..=text.len() {
                let (left, right) = text.as_bytes().split_at(at);
                let mut redactor = SCANNER.redactor(None, |kind| kinds.contains(&kind));
                let mut out = redactor.push(left);
                out.extend(redactor.push(right));
                out.extend(redactor.finish());
                assert_eq!(String::from_utf8(out).unwrap(), whole, "at {at} of {text}");
            }
        }
    }
}

#[test]
fn an_address_ends_at_marks_of_any_script_and_goes_on_with_its_letters() {
    for (text, address) in [
        (
            "联系人：ann.lee@corp.example，谢谢您的来信。祝您生活愉快",
            "ann.lee@corp.example",
        ),
        (
            "Kontakt\u{a0}ann.lee@corp.example heute",
            "ann.lee@corp.example",
        ),
        ("“ann.lee@corp.example”", "ann.lee@corp.example"),
        ("an «ann.lee@corp.example», bitte", "ann.lee@corp.example"),
        ("jörg@müller.example", "jörg@müller.example"),
        ("用户@例子.广告", "用户@例子.广告"),
    ] {
        let found = SCANNER.scan(text);
        let found: Vec<_> = found
            .iter()
            .filter_map(|hit| text.get(hit.range.clone()))
            .collect();
        assert_eq!(found, [address], "{text}");
        let all = streams::whole(None, text);
        for size in 1..text.len() {
            assert_eq!(streams::in_pieces(None, text.as_bytes().chunks(size)), all);
        }
    }
}
