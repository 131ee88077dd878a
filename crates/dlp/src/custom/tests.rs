//! A policy's own detectors: what they find, and how much of a text they hold back.

mod oracle;
mod properties;
mod refused;

use std::collections::BTreeSet;

use super::*;
use crate::tests::SCANNER;
use crate::{Field, Scanner};

fn pattern(pattern: &str) -> Detector {
    Detector {
        kind: "EMPLOYEE_NUMBER".to_owned(),
        class: Class::Pii,
        looks: Looks::Pattern(pattern.to_owned()),
        checksum: None,
        near: Vec::new(),
        confidence: 90,
    }
}

fn keywords(words: &[&str]) -> Detector {
    let looks = Looks::Keywords(owned(words));
    Detector {
        looks,
        ..pattern("")
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn scanner(detectors: &[Detector]) -> Scanner {
    SCANNER.with_detectors(detectors).unwrap()
}

/// What of a text the detector finds.
fn found<'t>(detector: &Detector, text: &'t str) -> Vec<&'t str> {
    in_field(detector, None, text)
}

fn in_field<'t>(detector: &Detector, name: Option<&str>, text: &'t str) -> Vec<&'t str> {
    let mut hits = scanner(std::slice::from_ref(detector)).scan_field(&Field { name, text });
    hits.retain(|hit| hit.kind == detector.kind);
    hits.into_iter()
        .map(|hit| text.get(hit.range).unwrap())
        .collect()
}

/// What comes out of a redactor, with the greatest hold-back.
fn redacted(scanner: &Scanner, pieces: &[&[u8]]) -> (String, usize) {
    let mut redactor = scanner.redactor(None, |kind| kind == "EMPLOYEE_NUMBER");
    let mut out = Vec::new();
    let mut held = 0;
    for piece in pieces {
        out.extend(redactor.push(piece));
        held = held.max(redactor.held());
    }
    out.extend(redactor.finish());
    (String::from_utf8(out).unwrap(), held)
}

#[test]
fn a_pattern_is_found_wherever_it_begins() {
    let number = pattern(r"EMP-[0-9]{6}");
    let text = "xEMP-123456, EMP-1234567 and EMP-12345";
    assert_eq!(found(&number, text), ["EMP-123456", "EMP-123456"]);
    let whole = pattern(r"\bEMP-[0-9]{6}\b");
    assert_eq!(found(&whole, text), [""; 0]);
    assert_eq!(found(&whole, "id=EMP-123456"), ["EMP-123456"]);
    assert_eq!(
        found(&whole, r"one\nEMP-123456"),
        ["EMP-123456"],
        "behind an escape"
    );
}

#[test]
fn of_overlapping_matches_the_first_and_longest_is_the_value() {
    assert_eq!(
        found(&pattern("[0-9]{3,4}"), "a123456789b"),
        ["1234", "5678"]
    );
    assert_eq!(found(&pattern("[a-z]+[0-9]"), "abc def7 gh"), ["def7"]);
    // The first that begins waits for its end, which does not come.
    assert_eq!(
        found(&pattern("a[a-z]*Z|bc"), "abc bcZ abcZ"),
        ["bc", "bc", "abcZ"]
    );
}

#[test]
fn keywords_are_whole_words_whatever_their_case() {
    let names = keywords(&["Project Orion", "Blue-Bird", "Übersee"]);
    let text = "PROJECT ORION, project orions, blue-bird; ÜBERSEE über";
    assert_eq!(
        found(&names, text),
        ["PROJECT ORION", "blue-bird", "ÜBERSEE"]
    );
}

#[test]
fn a_value_must_withstand_the_checksum() {
    let card = Detector {
        checksum: Some(Checksum::Luhn),
        ..pattern(r"CU[0-9]{8}")
    };
    assert_eq!(
        found(&card, "CU79927391 CU00000018 CU00000019"),
        ["CU00000018"]
    );
    let iban = Detector {
        checksum: Some(Checksum::Mod97),
        ..pattern(r"[0-9]{4}")
    };
    assert_eq!(found(&iban, "0098 0099"), ["0098"]);
    let names: Vec<_> = Checksum::ALL.map(Checksum::as_str).into();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn a_word_that_must_be_near_stands_before_or_in_the_name() {
    let badge = Detector {
        near: owned(&["badge"]),
        ..pattern(r"\b[0-9]{5}\b")
    };
    assert_eq!(found(&badge, "Badges: 12345"), ["12345"]);
    assert_eq!(found(&badge, "badger 12345"), [""; 0]);
    assert_eq!(found(&badge, "12345 badge"), [""; 0]);
    let far = format!("badge {} 12345", "x ".repeat(60));
    assert_eq!(found(&badge, &far), [""; 0]);
    assert_eq!(in_field(&badge, Some("userBadge"), "12345"), ["12345"]);
    assert_eq!(in_field(&badge, Some("badge_id"), &far), ["12345"]);
    assert_eq!(in_field(&badge, Some("other"), "12345"), [""; 0]);
}

#[test]
fn a_value_in_base64_and_behind_escapes_is_found() {
    use base64::Engine as _;
    let number = pattern(r"EMP-[0-9]{6}");
    let hidden = base64::prelude::BASE64_STANDARD.encode("the number is EMP-123456, as said");
    assert_eq!(found(&number, &hidden).len(), 1);
    assert_eq!(found(&number, "%45MP%2D123456").len(), 1);
}

#[test]
fn all_of_a_longer_value_is_redacted_and_little_is_held_back() {
    let scanner = scanner(&[
        pattern("!+x?"),
        Detector {
            kind: "OTHER".to_owned(),
            ..pattern("[a-z]+Q")
        },
    ]);
    let text = format!("a {} b", "!".repeat(1000));
    let bytes: Vec<_> = text.as_bytes().chunks(1).collect();
    let (out, held) = redacted(&scanner, &bytes);
    assert!(!out.contains('!'), "{out}");
    assert!(out.starts_with("a [") && out.ends_with("] b"), "{out}");
    assert!(held <= 256, "{held}");
    let long = format!("{}Q", "ä".repeat(200) + &"a".repeat(700));
    let hits = scanner.scan(&long);
    let tail = hits.iter().find(|hit| hit.kind == "OTHER").unwrap();
    assert!(tail.range.end == long.len() && tail.range.len() >= 250);
}

#[test]
fn others_do_not_lose_findings_to_a_detector() {
    let greedy = scanner(&[pattern("[^x]+")]);
    for text in [
        "call +49 30 901820 now",
        "password = hunter2-but-longer",
        "mail ada@example.org",
    ] {
        let all = greedy.scan(text);
        let rest: Vec<_> = all
            .into_iter()
            .filter(|hit| hit.kind != "EMPLOYEE_NUMBER")
            .collect();
        assert_eq!(rest, SCANNER.scan(text), "{text}");
    }
}

#[test]
fn a_name_that_stands_for_a_value_of_its_own_is_no_data() {
    let named = scanner(&[pattern("[0-9a-f]{4,}")]);
    for sign in [':', '#'] {
        let text = format!("of [EMPLOYEE_NUMBER{sign}abc1abcdabcdabcd] here");
        assert_eq!(named.scan(&text), [], "{text}");
        let bytes: Vec<_> = text.as_bytes().chunks(1).collect();
        let (out, held) = redacted(&named, &bytes);
        assert_eq!(out, text);
        assert!(held <= 64, "{held}");
    }
}

#[test]
fn nothing_hides_in_what_only_looks_like_a_name() {
    let named = scanner(&[pattern("[0-9a-f]{4,}|EMP[0-9]+")]);
    for text in [
        "[EMPLOYEE_NAME:abc1abcdabcdabcd]",
        "[EMPLOYEE_NUMBER:abc1abcdabcdabcd1]",
        "[EMPLOYEE_NUMBER:abc1abcdabcdabc]",
        "[EMPLOYEE_NUMBER:1234]",
        "[EMPLOYEE_NUMBER abcd",
        "[EMPLOYEE_NUMBER:abcd",
        "[EMPLOYEE_NUMBER:[abcd",
        "[EMP123:abc1abcdabcdabcd]",
    ] {
        assert_eq!(
            named.scan(text).len(),
            1 + usize::from(text.contains("EMP1")),
            "{text}"
        );
        let bytes: Vec<_> = text.as_bytes().chunks(1).collect();
        assert_eq!(
            redacted(&named, &bytes).0,
            redacted(&named, &[text.as_bytes()]).0,
            "{text}"
        );
    }
}

#[test]
fn what_begins_where_another_ends_is_not_lost_with_what_overlaps_it() {
    // `b+Z` from the second and from the third byte come to the same state; only the latter is free.
    assert_eq!(found(&pattern("ab|b+Z"), "abbZ"), ["ab", "bZ"]);
    assert_eq!(
        found(&pattern("a[^Q]{7}Q|bc|c[^Q]*Z"), "abcxxcxxxxxZ"),
        ["bc", "cxxxxxZ"]
    );
}

#[test]
fn a_byte_takes_a_bounded_number_of_steps() {
    let sum = Some(Checksum::Luhn);
    let slow = [
        pattern("(?:[^x]{1,30}){1,8}!"),
        Detector {
            kind: "SUM".to_owned(),
            checksum: sum,
            ..pattern("[^x]{2,64}")
        },
        Detector {
            kind: "WORD".to_owned(),
            near: owned(&["a", "aa aa"]),
            ..pattern("[a-z][^!]+")
        },
    ];
    let customs = Customs::new(&slow, 0).unwrap();
    for unit in ["a", "aa ", "0", "[A0:", "é", "a!"] {
        let text = unit.repeat(2000);
        let (mut walks, mut found) = (Walks::default(), Found::default());
        for end in 1..=text.len() {
            let bytes = text.as_bytes().get(..end).unwrap();
            let last = end == text.len();
            let window = crate::window::Window {
                bytes,
                base: 0,
                last,
            };
            walks.read(&customs, window, 0, &mut found);
            assert!(walks.open() <= 2 * MOST_WALKS, "{unit} {}", walks.open());
            let held = end - walks.settled();
            // Of a value that may have any length as much has begun before what is waited for.
            assert!(held <= 256 + 1 + 256 + 64, "{unit} {held}");
        }
    }
}

#[test]
fn what_may_begin_anywhere_is_found_and_what_leads_nowhere_is_not_held_back() {
    let secret = pattern("[a-z ]{0,40}secret");
    assert_eq!(
        found(&secret, "A word, then the secret, and a secret"),
        [" then the secret", " and a secret"]
    );
    let far = format!("{}Q", "a".repeat(300));
    let hits = scanner(&[pattern(".{1,255}Q")]).scan(&far);
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].range, 45..301);
    // Of a value that may be longer, the longest is taken as far as there is one.
    assert_eq!(found(&pattern("a(?:[^Q]{0,90}Q)?"), "aabQa"), ["aabQ", "a"]);
    let scanner = scanner(&[pattern("x[0-9a-z]{3,200}Z")]);
    let mut redactor = scanner.redactor(None, |kind| kind == "EMPLOYEE_NUMBER");
    let mut out = redactor.push(b"its xylophone ");
    out.extend(redactor.push(b"x and x123 "));
    assert_eq!(out, b"its xylophone x and x123 ");
}
