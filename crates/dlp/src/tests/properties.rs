//! What holds for every text.

use proptest::prelude::*;

use super::*;

/// Texts made of what the detectors look for, whole and in pieces.
fn suspicious() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("ann@shop.example".to_owned()),
        Just(card("4", 16)),
        Just(grouped(&card("37", 15), &[4, 6, 5], " ")),
        Just(format!("AKIA{}", "Q7".repeat(8))),
        Just(format!("aws {}", secret())),
        Just(pem(&"Zm9vYmFy".repeat(4))),
        Just("-----BEGIN PRIVATE KEY-----".to_owned()),
        "[@.\\-\\\\nu0-9aA é卡+/ =]{0,6}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_scanned_without_a_panic_and_hits_are_in_order(text in any::<String>()) {
        let hits = Scanner::standard().scan(&text);
        prop_assert!(hits.iter().all(|hit| text.get(hit.range.clone()).is_some()));
    }

    #[test]
    fn hits_are_ordered_and_never_overlap_within_a_kind(text in suspicious()) {
        let hits = Scanner::standard().scan(&text);
        prop_assert!(hits.is_sorted_by_key(|hit| (hit.range.start, Reverse(hit.range.end))));
        for (at, hit) in hits.iter().enumerate() {
            prop_assert!(text.get(hit.range.clone()).is_some_and(|value| !value.is_empty()));
            let next = hits[at + 1..].iter().find(|other| other.kind == hit.kind);
            prop_assert!(next.is_none_or(|next| next.range.start >= hit.range.end));
        }
    }

    #[test]
    fn a_long_run_is_a_clue_wherever_it_stands(before in "[a ]{0,18}", after in "[a ]{0,18}") {
        let clues = |run: &str| Clues::of(&[before.as_str(), "!", run, "!", after.as_str()].concat());
        let token = "A1+/z".repeat(4);
        prop_assert!(clues(&token).long_token);
        prop_assert!(!clues(token.trim_start_matches('A')).long_token);
        prop_assert!(clues("-----").dashes);
        prop_assert!(!clues("----").dashes);
        prop_assert!(clues("1234-567 890-1").long_number);
    }

    #[test]
    fn clues_are_those_of_a_look_at_every_byte(text in "([a1+/]{15,22}|[1 -]{9,15}|-{3,6}|[@a -]){0,5}") {
        let runs = |length: usize, fits: fn(u8) -> bool| {
            let mut windows = text.as_bytes().windows(length);
            windows.any(|window| window.iter().all(|byte| fits(*byte)))
        };
        let expected = Clues {
            at_sign: text.contains('@'),
            long_number: runs(13, |byte| byte.is_ascii_digit() || byte == b' ' || byte == b'-'),
            long_token: runs(20, |byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'),
            dashes: runs(5, |byte| byte == b'-'),
        };
        prop_assert_eq!(Clues::of(&text), expected);
    }

    #[test]
    fn clues_never_hide_a_hit(text in suspicious()) {
        let scanner = Scanner::standard();
        let clues = Clues::of(&text);
        for detector in scanner.detectors.iter().filter(|detector| !detector.possible(&clues)) {
            let mut found = Vec::new();
            detector.find(&Field { name: Some("aws"), text: &text }, &mut found);
            prop_assert!(found.is_empty());
        }
    }

    #[test]
    fn no_part_of_a_text_that_is_not_suspected_holds_data(text in suspicious(), from in 0..40_usize, to in 0..400_usize) {
        let scanner = Scanner::standard();
        let part: String = text.chars().skip(from).take(to).collect();
        let named = scanner.scan_field(&Field { name: Some("aws_secret_key"), text: &part });
        prop_assert!(scanner.suspects(&text) || named.is_empty());
    }

    #[test]
    fn redaction_takes_every_byte_of_every_hit_and_no_other(text in suspicious()) {
        let scanner = Scanner::standard();
        let mut kept = text.clone().into_bytes();
        for hit in scanner.scan(&text) {
            kept[hit.range].fill(0xFF);
        }
        kept.retain(|byte| *byte != 0xFF);
        let mut clean = redacted(&text);
        for kind in scanner.kinds() {
            clean = clean.replace(&placeholder(kind), "");
        }
        prop_assert_eq!(clean.into_bytes(), kept);
    }
}
