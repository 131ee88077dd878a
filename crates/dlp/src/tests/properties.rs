//! What holds for every text.

use proptest::prelude::*;

use super::*;

/// Texts made of what the detectors look for, whole and in pieces.
pub(crate) fn suspicious() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("ann@shop.example".to_owned()),
        Just(card("4", 16)),
        Just(grouped(&card("37", 15), &[4, 6, 5], " ")),
        Just(format!("AKIA{}", "Q7".repeat(8))),
        Just(format!("aws {}", secret())),
        Just(pem(&"Zm9vYmFy".repeat(4))),
        Just("-----BEGIN PRIVATE KEY-----".to_owned()),
        Just("password: \"Sommer2026\"".to_owned()),
        Just("stripe_api_key=a1b2c3d4e5f6g7h8i9".to_owned()),
        Just("postgres://ann:Sommer2026@db.example/".to_owned()),
        Just("Authorization: Bearer a1b2c3d4e5f6g7h8i9".to_owned()),
        Just("$2b$12$".to_owned() + &"a1B".repeat(18)),
        Just("curl --user ann:Sommer2026".to_owned()),
        Just("secret token key auth ".to_owned()),
        "[@.\\-\\\\nu0-9aA é卡+/ =]{0,6}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_scanned_without_a_panic_and_hits_are_in_order(text in any::<String>()) {
        let hits = SCANNER.scan(&text);
        prop_assert!(hits.iter().all(|hit| text.get(hit.range.clone()).is_some()));
    }

    #[test]
    fn hits_are_ordered_and_never_overlap_within_a_kind(text in suspicious()) {
        let hits = SCANNER.scan(&text);
        prop_assert!(hits.is_sorted_by_key(|hit| hit.range.start));
        for (at, hit) in hits.iter().enumerate() {
            prop_assert!(text.get(hit.range.clone()).is_some_and(|value| !value.is_empty()));
            let next = hits[at + 1..].iter().find(|other| other.kind == hit.kind);
            prop_assert!(next.is_none_or(|next| next.range.start >= hit.range.end));
        }
    }

    #[test]
    fn redaction_takes_every_byte_of_every_hit_and_no_other(text in suspicious()) {
        let scanner = &*SCANNER;
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
