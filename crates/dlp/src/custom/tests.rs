//! A policy's own detectors: what they find, what they may not be, and that pieces do not matter to them.

use std::collections::BTreeSet;

use proptest::prelude::*;
use regex_automata::dfa::Automaton as _;

use super::*;
use crate::rules::begin;
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
fn what_is_no_detector_is_told() {
    let told = |detector: Detector| detector.check().unwrap_err();
    for name in ["", "AB", "employee", "9AB", "A-B", &"A".repeat(65)] {
        let kind = name.to_owned();
        let detector = Detector {
            kind,
            ..pattern("a")
        };
        assert_eq!(told(detector), DetectorError::Name(name.to_owned()));
    }
    let taken = Detector {
        kind: "EMAIL_ADDRESS".to_owned(),
        ..pattern("a")
    };
    assert!(matches!(told(taken), DetectorError::Taken(_)));
    for bad in ["(", "a(?=b)", r"(a)\1", "[z-a]"] {
        let error = told(pattern(bad));
        assert!(matches!(error, DetectorError::Syntax(_)), "{bad}: {error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    for empty in ["", "a*", r"\b", "a|"] {
        assert_eq!(told(pattern(empty)), DetectorError::Empty, "{empty}");
    }
    assert_eq!(told(pattern("a{257}")), DetectorError::Long(257));
    assert_eq!(told(pattern("[a&&b]")), DetectorError::Never);
    assert_eq!(
        told(pattern("([a-z]{0,99}[0-9]{0,99}a){99}")),
        DetectorError::Large
    );
    let letter = |at: u8| char::from(b'a' + at);
    let pairs = (0..26).flat_map(|one| (0..26).map(move |other| [letter(one), letter(other)]));
    let words = pairs
        .map(|pair| String::from_iter(pair).repeat(32))
        .collect();
    let many = Detector {
        near: words,
        ..pattern("a")
    };
    assert_eq!(told(many), DetectorError::ManyNear);
    assert_eq!(told(keywords(&[])), DetectorError::NoWords);
    assert_eq!(told(keywords(&[""])), DetectorError::Word);
    assert_eq!(told(keywords(&[&"a".repeat(65)])), DetectorError::Word);
}

#[test]
fn what_is_summed_up_is_bounded() {
    let summed = |looks: &str| Detector {
        checksum: Some(Checksum::Luhn),
        ..pattern(looks)
    };
    for bounded in [
        "[0-9]{10,16}",
        "[0-9]{64}",
        r"\bCU[0-9]{4}(?:-[0-9]{4}){1,3}\b",
    ] {
        assert_eq!(summed(bounded).check(), Ok(()), "{bounded}");
    }
    for unbounded in [
        "[0-9]+",
        "[0-9]{65}",
        "CU[0-9]{10,}",
        "(?:[0-9]{4} ?){1,16}",
    ] {
        let error = summed(unbounded).check().unwrap_err();
        assert_eq!(error, DetectorError::Unbounded, "{unbounded}");
        assert_eq!(pattern(unbounded).check(), Ok(()), "{unbounded}");
    }
    let told = DetectorError::Unbounded.to_string();
    assert!(
        told.contains("at most 64 bytes") && told.contains("`[0-9]{10,16}`"),
        "{told}"
    );
    let words = Detector {
        checksum: Some(Checksum::Luhn),
        ..keywords(&[&"0".repeat(64)])
    };
    assert_eq!(words.check(), Ok(()));
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

#[test]
fn what_would_take_too_long_is_refused() {
    for bounded in [
        "[a-z ]{0,200}secret",
        ".{1,255}Q",
        "[^x]{2,256}",
        "BEGIN.{0,200}END",
        "BEGIN.*END",
        "(?:[^x]{1,30}){1,8}!",
        "[A-Za-z0-9_]{3,100}[.][a-z]{2,10}",
        "[A-Z][a-z]+(?: [A-Z][a-z]+){1,4} Ltd",
        "a(?:[^Q]{0,250}Q)?",
        "a[0-9a-f]{12}b",
        "password.{0,500}",
    ] {
        assert_eq!(pattern(bounded).check(), Ok(()), "{bounded}");
    }
    for costly in [
        // Where the last of them has begun says nothing of those before it.
        "a.{60}b",
        // Longer than what is waited for.
        ".{1,300}Q",
        "a(?:.*Q)?",
    ] {
        let error = pattern(costly).check().unwrap_err();
        assert_eq!(error, DetectorError::Costly, "{costly}");
    }
    let told = DetectorError::Costly.to_string();
    assert!(
        told.contains("at most 256 bytes") && told.contains("`.{0,99}`"),
        "{told}"
    );
}

/// The first and longest matches, as a search says that has all of the text before it.
fn expected(looks: &Looks, text: &str) -> Vec<Range<usize>> {
    let Ok((dfa, _)) = looks.automaton(None) else {
        return Vec::new();
    };
    let mut matches: Vec<Range<usize>> = Vec::new();
    for (start, _) in text.char_indices() {
        if matches.last().is_some_and(|last| start < last.end) {
            continue;
        }
        let bytes = text.as_bytes();
        let before = start.checked_sub(1).map(|at| *bytes.get(at).unwrap());
        let mut state = begin(&dfa, before).unwrap();
        let mut longest = None;
        for end in start..=bytes.len() {
            state = match bytes.get(end) {
                Some(byte) => dfa.next_state(state, *byte),
                None => dfa.next_eoi_state(state),
            };
            if dfa.is_match_state(state) && text.is_char_boundary(end) && end > start {
                longest = Some(end);
            }
        }
        matches.extend(longest.map(|end| start..end));
    }
    matches
}

fn detectors(counts: &[&'static str]) -> impl Strategy<Value = Detector> {
    let atom = prop::sample::select(vec![
        "a",
        "b",
        "[ab]",
        "[0-9]",
        r"\b",
        "-",
        ".",
        "é",
        "(?:ab|b0)",
        "[^a]",
        "$",
    ]);
    let count = prop::sample::select(counts.to_vec());
    let parts = prop::collection::vec((atom, count), 1..5);
    let patterns = parts.prop_map(|parts| {
        let parts = parts.into_iter().map(|(atom, count)| match atom {
            r"\b" | "$" => atom.to_owned(),
            atom => format!("(?:{atom}){count}"),
        });
        Looks::Pattern(parts.collect())
    });
    let words = prop::sample::select(vec!["a", "ab", "b-a", "é0", "0 a"]);
    let words = prop::collection::vec(words, 1..4).prop_map(|words| Looks::Keywords(owned(&words)));
    let sums = prop::option::weighted(0.3, prop::sample::select(Checksum::ALL.to_vec()));
    let near = prop::sample::select(vec![vec![], vec![], vec!["b"], vec!["ab", "0"]]);
    (prop_oneof![3 => patterns, 1 => words], sums, near).prop_map(|(looks, checksum, near)| {
        let near = owned(&near);
        let checksum = checksum.filter(|_| looks.automaton(Some(LONGEST_SUMMED)).is_ok());
        Detector {
            looks,
            checksum,
            near,
            ..pattern("")
        }
    })
}

fn texts() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "a", "b", "0", "7", "-", " ", "é", "\n", "ab", "b0", "\\n", "%61", "YWIwLWFi",
    ]);
    let part = (parts, prop_oneof![9 => 1..4_usize, 1 => 200..600_usize]);
    let parts = prop::collection::vec(part, 0..20);
    parts.prop_map(|parts| {
        parts
            .iter()
            .map(|(part, times)| part.repeat(*times))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_first_and_longest_matches_are_found(
        detector in detectors(&["", "+", "*", "?", "{2,5}"]),
        text in "[ab0\\-é \n\\[A:]{0,120}",
    ) {
        let plain = Detector { checksum: None, near: Vec::new(), ..detector };
        prop_assume!(plain.check().is_ok());
        let mut hits = scanner(std::slice::from_ref(&plain)).scan(&text);
        hits.retain(|hit| hit.kind == plain.kind);
        let found: Vec<_> = hits.into_iter().map(|hit| hit.range).collect();
        prop_assert_eq!(found, expected(&plain.looks, &text));
    }
}

/// Texts that are read as they stand, long enough to be read in several parts.
fn long_texts() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec!["a", "b", "0", "-", " ", "é", "\n", "ab0"]);
    let part = (parts, prop_oneof![5 => 1..4_usize, 1 => 20..150_usize]);
    let parts = prop::collection::vec(part, 0..24);
    parts.prop_map(|parts| {
        let parts = parts.iter().map(|(part, times)| part.repeat(*times));
        parts.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_ahead_is_what_a_try_at_every_byte_finds(
        detector in detectors(&["", "?", "{2,5}", "{0,40}", "{1,60}", "{9}"]),
        text in long_texts(),
        size in 1..80_usize,
    ) {
        let plain = Detector { checksum: None, near: Vec::new(), ..detector };
        prop_assume!(plain.looks.automaton(Some(256)).is_ok() && plain.check().is_ok());
        let mut hits = scanner(std::slice::from_ref(&plain)).scan(&text);
        hits.retain(|hit| hit.kind == plain.kind);
        let found: Vec<_> = hits.into_iter().map(|hit| hit.range).collect();
        let expected = expected(&plain.looks, &text);
        prop_assert_eq!(&found, &expected);
        let mut redacted_text = text.clone();
        for range in expected.into_iter().rev() {
            redacted_text.replace_range(range, &crate::placeholder("EMPLOYEE_NUMBER"));
        }
        let pieces: Vec<_> = text.as_bytes().chunks(size).collect();
        prop_assert_eq!(redacted(&scanner(&[plain]), &pieces).0, redacted_text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pieces_do_not_change_what_is_found(
        detector in detectors(&["", "", "+", "*", "?", "?", "{2,5}", "{3,12}", "{0,300}"]),
        text in texts(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        prop_assume!(detector.check().is_ok());
        let scanner = scanner(&[detector]);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces: Vec<_> = cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]]).collect();
        let whole = redacted(&scanner, &[text.as_bytes()]).0;
        prop_assert_eq!(&redacted(&scanner, &pieces).0, &whole);
        let bytes: Vec<_> = text.as_bytes().chunks(1).collect();
        prop_assert_eq!(&redacted(&scanner, &bytes).0, &whole);
        let document = scanner.redact(&text, &["EMPLOYEE_NUMBER"]);
        prop_assert_eq!(document.unwrap_or(text), whole);
    }
}
