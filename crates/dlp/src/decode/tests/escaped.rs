//! Packed text whose characters are escaped is unpacked all the same.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;

use super::disguises::{PACKINGS, SPELLINGS, Spell, json, values};
use crate::tests::found;
use crate::tests::streams::{assert_any_split, cut, holding, whole};

/// As a value of a query is written, and as some write it whose library escapes everything.
pub(super) fn escapings(packed: &str) -> [String; 5] {
    let some = |escapes: fn(char) -> bool, spell: Spell| -> String {
        let each = packed.chars();
        each.map(|it| if escapes(it) { spell(it) } else { it.into() })
            .collect()
    };
    let sign = |it: char| !it.is_ascii_alphanumeric();
    let percent: Spell = |it| format!("%{:02X}", u32::from(it));
    [
        some(sign, percent),
        some(|_| true, percent),
        some(|it| it > 'G', percent),
        some(sign, |it| format!("%25{:02x}", u32::from(it))),
        some(sign, json),
    ]
}

#[test]
fn what_is_packed_is_found_when_its_signs_are_escaped() {
    // With `+`, `/` and `=` within and around the value, whatever its place in a quantum.
    for (kind, value) in values() {
        for shift in 0..3 {
            let inner = format!("{}>>>???~~ pay it to {value} ~~>>>???", "x".repeat(shift));
            let packed = BASE64_STANDARD.encode(&inner);
            assert!(packed.contains('+') && packed.contains('/'), "{packed}");
            for escaped in escapings(&packed) {
                let text = format!("https://h.example/?d={escaped}&x=1");
                let hits = found(&text);
                let hit = hits.iter().find(|(found, _)| *found == kind);
                let (_, range) = hit.unwrap_or_else(|| panic!("{kind} in {text}: {hits:?}"));
                assert!(escaped.contains(range), "{range} in {text}");
                assert_any_split(&text);
            }
        }
    }
}

#[test]
fn a_sign_within_a_packed_value_may_be_escaped() {
    // The quantum in which the sign stands is one of the value.
    for value in ["a>~b>~c>~d@shop.example", "??o??e??a@shop.example"] {
        for lead in ["", "x", "xy"] {
            let packed = BASE64_STANDARD.encode(format!("{lead} write to {value} now"));
            let escaped = packed.replace('+', "%2B").replace('/', "%2F");
            let whole = found(&format!("d={packed} "));
            let split = found(&format!("d={escaped} "));
            let kinds = |hits: &[(&'static str, String)]| {
                let kinds = hits.iter().map(|(kind, _)| *kind);
                kinds.collect::<Vec<_>>()
            };
            assert_eq!(kinds(&split), kinds(&whole), "{escaped}");
            assert_eq!(kinds(&split), ["EMAIL_ADDRESS"], "{escaped}");
        }
    }
}

#[test]
fn letters_behind_a_percent_sign_may_be_packed_too() {
    let (kind, value) = &values()[2];
    // `%51` would be a letter; as it stands, what follows the sign begins with it.
    for at in 0..40 {
        let packed = BASE64_STANDARD.encode(format!("{value} {at:02} and so on"));
        let hits = found(&format!("100%{packed} "));
        assert!(hits.iter().any(|(found, _)| found == kind), "{packed}");
    }
}

/// A packed text of which some characters, or all, are spelled otherwise; what is spelled in it, and long values.
fn escaped() -> impl Strategy<Value = String> {
    let long = prop_oneof![
        Just(String::new()),
        Just(crate::tests::pem(&"Zm9v".repeat(90)))
    ];
    let inner = (0..4_usize, long, any::<bool>()).prop_map(|(value, long, spells)| {
        let value = &values()[value].1;
        let spelled = value.replace(['@', '7'], if spells { "%40" } else { "@" });
        format!("so {value}, {long}{spelled}")
    });
    let ways = (0..PACKINGS.len(), any::<bool>(), 0..SPELLINGS.len());
    (inner, ways, any::<u32>()).prop_map(|(inner, (pack, twice, spell), which)| {
        let once = PACKINGS[pack].1(&inner);
        let packed = if twice {
            BASE64_STANDARD.encode(once)
        } else {
            once
        };
        let chars = packed.chars().enumerate();
        let escaped = chars.map(|(at, it)| match which >> (at % 32) & 1 {
            1 if !it.is_ascii_alphanumeric() || which.trailing_zeros() >= 2 => {
                SPELLINGS[spell].1(it)
            }
            _ => it.to_string(),
        });
        escaped.collect::<String>()
    })
}

proptest! {
    #[test]
    fn any_pieces_of_packed_text_that_is_escaped_give_what_the_whole_gives(
        texts in prop::collection::vec((escaped(), "[%= a-zA-Z\n]{0,9}"), 1..3),
        sizes in prop::collection::vec(1..200_usize, 1..60),
    ) {
        let texts: Vec<_> = texts.iter().map(|(text, behind)| format!("{text} {behind}")).collect();
        let text = texts.concat();
        let pieces = cut(&text, sizes);
        prop_assert_eq!(holding(MOST_ESCAPED, None, pieces), whole(None, &text));
    }
}

/// Of a character in two runs of hex, spelled with as many signs as there may be, in a value of 256.
const MOST_ESCAPED: usize = 13 * 4 * 256 + 64;
