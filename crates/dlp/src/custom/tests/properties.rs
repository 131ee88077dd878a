//! What holds for detectors and texts of any kind, whole and in pieces.

use proptest::prelude::*;

use super::oracle::expected;
use super::*;

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
        let plain = Detector { near: Vec::new(), ..detector };
        prop_assume!(plain.check().is_ok());
        let mut hits = scanner(std::slice::from_ref(&plain)).scan(&text);
        hits.retain(|hit| hit.kind == plain.kind);
        let found: Vec<_> = hits.into_iter().map(|hit| hit.range).collect();
        prop_assert_eq!(found, expected(&plain, &text));
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
        let plain = Detector { near: Vec::new(), ..detector };
        prop_assume!(plain.looks.automaton(Some(256)).is_ok() && plain.check().is_ok());
        let mut hits = scanner(std::slice::from_ref(&plain)).scan(&text);
        hits.retain(|hit| hit.kind == plain.kind);
        let found: Vec<_> = hits.into_iter().map(|hit| hit.range).collect();
        let expected = expected(&plain, &text);
        prop_assert_eq!(&found, &expected);
        let mut redacted_text = text.clone();
        for range in expected.into_iter().rev() {
            redacted_text.replace_range(range, &crate::placeholder("EMPLOYEE_NUMBER"));
        }
        let pieces: Vec<_> = text.as_bytes().chunks(size).collect();
        prop_assert_eq!(redacted(&scanner(&[plain]), &pieces).0, redacted_text);
    }
}

/// Digits in groups, as a checksum is asked for of most that is summed up.
fn summed() -> impl Strategy<Value = Detector> {
    let looks = prop::sample::select(vec![
        "[0-9 ]{2,64}",
        "[0-9]{3,16}",
        r"\b[0-9]{2}(?:[ -]?[0-9]{2}){1,9}\b",
        "[0-9a-z]{2}[0-9 ]{1,30}",
        "(?:[0-9 ]|é){4,20}$",
    ]);
    let sums = prop::sample::select(Checksum::ALL.to_vec());
    (looks, sums).prop_map(|(looks, sum)| Detector {
        checksum: Some(sum),
        ..pattern(looks)
    })
}

proptest! {
    #[test]
    fn of_what_is_summed_up_the_first_that_holds_is_found(
        detector in summed(),
        text in "(?:[0-9]{0,9}[ \n-]|(?:[0-9]{1,7} ){0,20}|é|a ){0,12}",
        size in 1..80_usize,
    ) {
        let mut hits = scanner(std::slice::from_ref(&detector)).scan(&text);
        hits.retain(|hit| hit.kind == detector.kind);
        let found: Vec<_> = hits.into_iter().map(|hit| hit.range).collect();
        let expected = expected(&detector, &text);
        prop_assert_eq!(&found, &expected);
        let mut redacted_text = text.clone();
        for range in expected.into_iter().rev() {
            redacted_text.replace_range(range, &crate::placeholder("EMPLOYEE_NUMBER"));
        }
        let pieces: Vec<_> = text.as_bytes().chunks(size).collect();
        prop_assert_eq!(redacted(&scanner(&[detector]), &pieces).0, redacted_text);
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
