//! Promises about what is hidden in a text: it is found where it stands, and pieces make no difference.

mod disguises;
mod edges;
mod escaped;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;

use crate::found::Event;
use crate::tests::streams::{assert_any_split, cut, in_pieces, whole};
use crate::tests::{SCANNER, card, found, only};
use disguises::{PACKINGS, SPELLINGS, hex, values, wrapped};
use escaped::escapings;

#[test]
fn a_value_in_any_spelling_is_found_where_it_stands() {
    for (spelling, spell) in SPELLINGS {
        for (kind, value) in values() {
            let spelled: String = value.chars().map(spell).collect();
            let hits = found(&format!("pay it to {spelled} today"));
            let hit = hits.iter().find(|(found, _)| *found == kind);
            let (_, range) = hit.unwrap_or_else(|| panic!("{kind} in {spelling}: {hits:?}"));
            // What cannot be seen at its ends is not part of it.
            let bare = |text: &str| {
                text.trim_matches(['\u{200b}', '\u{ad}', '\u{2060}'])
                    .to_owned()
            };
            assert_eq!(bare(range), bare(&spelled), "{kind} in {spelling}");
        }
    }
}

#[test]
fn one_character_of_a_value_is_enough() {
    for (spelling, spell) in SPELLINGS {
        for (kind, value) in values() {
            for at in 0..value.len() {
                let chars = value.chars().enumerate();
                let spelled: String = chars
                    .map(|(other, it)| if other == at { spell(it) } else { it.into() })
                    .collect();
                let text = format!("to {spelled} now");
                let hits = found(&text);
                assert!(
                    hits.iter().any(|(found, _)| *found == kind),
                    "{kind} in {spelling}: {text}"
                );
            }
        }
    }
}

#[test]
fn slashes_may_be_escaped() {
    let hook = "https://hooks.slack.com/services/T0ABCD1234/B0ABCD1234/abcdEFGH1234ijklMNOP5678";
    for signs in [1, 2, 4, 8] {
        let slash = format!("{}/", "\\".repeat(signs));
        for value in [hook, "https://svc:Kz81mQw2@shop.example/x"] {
            let text = format!("at {} now", value.replace('/', &slash));
            let hits = found(&text);
            let is_secret = |(kind, _): &(&str, String)| kind.starts_with("SECRET");
            assert!(hits.iter().any(is_secret), "{text}: {hits:?}");
            assert_any_split(&text);
        }
        let born = format!("date of birth: 1985{slash}05{slash}17.");
        assert_eq!(found(&born)[0].0, "DATE_OF_BIRTH", "{born}");
    }
}

#[test]
fn letters_of_other_scripts_are_read_as_what_they_look_like() {
    for (kind, text) in [
        ("EMAIL_ADDRESS", "write to \u{430}nn@sh\u{43e}p.example now"),
        (
            "EMAIL_ADDRESS",
            "write to ann\u{ff20}shop\u{3002}example now",
        ),
        ("SECRET_AWS", "\u{391}\u{41a}\u{406}\u{410}Q7Q7Q7Q7Q7Q7Q7Q7"),
        ("CREDIT_CARD", "4111\u{a0}1111\u{2003}1111\u{202f}1111"),
        ("CREDIT_CARD", "4111\u{2013}1111\u{2011}1111\u{2212}1111"),
        ("CREDIT_CARD", "\u{664}111 1111 1111 11\u{96f}\u{967}"),
        ("EMAIL_ADDRESS", "ann&commat;shop&period;example"),
        ("SECRET_PASSWORD", "p\u{430}ssw\u{43e}rd: Sommer-2026-x"),
    ] {
        let text = text.replace("11\u{96f}\u{967}", "111\u{967}");
        let hits = found(&text);
        assert!(
            hits.iter().any(|(found, _)| *found == kind),
            "{kind} in {text}: {hits:?}"
        );
    }
}

#[test]
fn what_the_text_says_as_it_stands_is_found_too() {
    let number = card("4", 16);
    for text in [
        // A letter of another script ends a number; what it looks like would be part of a word.
        format!("{number}\u{430}"),
        format!("\u{43e}{number}"),
        format!("{number}\u{43e}11"),
        format!("{number}%30"),
        format!("x\u{200b}{number}\u{200b}x"),
    ] {
        assert_eq!(found(&text), only("CREDIT_CARD", &number), "{text}");
    }
}

#[test]
fn text_in_other_scripts_is_not_respelled() {
    for text in [
        "\u{43d}\u{430} \u{434}\u{432}\u{43e}\u{440}\u{435} \u{442}\u{440}\u{430}\u{432}\u{430}, \u{43d}\u{430} \u{442}\u{440}\u{430}\u{432}\u{435} \u{434}\u{440}\u{43e}\u{432}\u{430}",
        "caf\u{e9} \u{2013} \u{201c}na\u{ef}ve\u{201d}\u{a0}\u{2026}",
        "50 % off, 100%; C:\\new & old; AT&T; \\n \\\" \\\\",
    ] {
        let mut layers = SCANNER.layers(None);
        layers.read(text.as_bytes(), 0, false);
        assert!(!layers.is_doubled(), "{text}");
    }
}

#[test]
fn both_searches_are_one_again_behind_what_was_spelled_otherwise() {
    let mut layers = SCANNER.layers(None);
    let text = format!("ann%40shop.example {}", "and so on ".repeat(60));
    layers.read(&text.as_bytes()[..100], 0, false);
    assert!(layers.is_doubled());
    layers.read(text.as_bytes(), 0, false);
    assert!(!layers.is_doubled());
}

#[test]
fn what_is_packed_is_found_at_what_holds_it() {
    for (packing, pack) in PACKINGS {
        for (kind, value) in values() {
            let inner = format!("{{\"note\": \"pay it to {value} today\"}}");
            for around in [
                "x: ",
                "a=",
                "https://h.example/d/",
                "(\"",
                "data:text/plain;base64,",
            ] {
                let packed = pack(&inner);
                let hits = found(&format!("{around}{packed} end"));
                let hit = hits.iter().find(|(found, _)| *found == kind);
                let (_, range) =
                    hit.unwrap_or_else(|| panic!("{kind} in {around}{packed}: {hits:?}"));
                assert!(packed.contains(range), "{packing}: {range} in {packed}");
                // Its own bytes, and those of the quanta at its ends.
                assert!(range.len() <= pack(&value).len() + 8, "{packing}: {range}");
                assert!(
                    unpacked(range).contains(value.get(3..value.len() - 3).unwrap()),
                    "{packing}: {range}"
                );
            }
        }
    }
}

fn unpacked(text: &str) -> String {
    let bytes = if text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let pairs = text.as_bytes().chunks(2);
        let pairs = pairs.map(|pair| std::str::from_utf8(pair).unwrap());
        pairs
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect()
    } else {
        crate::checks::base64::decode(text.as_bytes()).unwrap()
    };
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn what_is_packed_in_lines_or_within_bytes_is_found() {
    let (kind, value) = &values()[0];
    let text = format!(
        "{}{value} and so on",
        "Lorem ipsum dolor sit amet, ".repeat(9)
    );
    let mut bytes = vec![0xff, 0x00, 0x17, 0x80];
    bytes.extend_from_slice(text.as_bytes());
    bytes.extend([0x00, 0x9c, 0xff]);
    for packed in [wrapped(&text), BASE64_STANDARD.encode(&bytes)] {
        let hits = found(&format!("\r\n\r\n{packed}\r\n\r\n--b"));
        assert_eq!(hits.len(), 1, "{hits:?}");
        assert_eq!(hits[0].0, *kind);
    }
}

#[test]
fn packed_twice_is_found_and_three_times_is_not() {
    for (_, inner) in PACKINGS {
        for (_, outer) in PACKINGS {
            for (kind, value) in values() {
                let twice = outer(&inner(&format!("a note: pay it to {value} today")));
                let hits = found(&format!("x: {twice} end"));
                assert!(
                    hits.iter().any(|(found, _)| *found == kind),
                    "{kind} in {twice}: {hits:?}"
                );
                assert!(found(&format!("x: {} end", outer(&twice))).is_empty());
            }
        }
    }
}

#[test]
fn what_is_packed_may_be_spelled_otherwise() {
    let inner = "{\"mail\": \"ann\\u0040shop.example\"}";
    for (_, pack) in PACKINGS {
        let hits = found(&pack(inner));
        assert_eq!(hits.len(), 1, "{hits:?}");
        assert_eq!(hits[0].0, "EMAIL_ADDRESS");
    }
}

#[test]
fn bytes_that_are_no_text_hold_nothing() {
    let mut state = 1_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56).to_le_bytes()[0]
    };
    for _ in 0..200 {
        let bytes: Vec<u8> = (0..512).map(|_| random()).collect();
        let pairs = hex(&bytes);
        assert_eq!(found(&pairs), []);
        let packed = BASE64_STANDARD.encode(&bytes);
        let hits = found(&packed);
        assert!(
            hits.iter().all(|(_, value)| packed.contains(value)),
            "{hits:?}"
        );
    }
}

#[test]
fn every_split_of_what_is_hidden_gives_the_same() {
    let [(_, mail), (_, number), (_, key), _] = values();
    let note = format!("a note: {mail}, \"{number}\" and {key}");
    let mut texts: Vec<String> = PACKINGS
        .iter()
        .flat_map(|(_, pack)| {
            [
                pack(&note),
                pack(&pack(&note)),
                pack(&note.replace('@', "\\u0040")),
            ]
        })
        .collect();
    texts.extend(SPELLINGS.map(|(_, spell)| note.chars().map(spell).collect()));
    texts.extend(escapings(&BASE64_STANDARD.encode(&note)));
    texts.extend(escapings(
        &BASE64_STANDARD.encode(BASE64_STANDARD.encode(&note)),
    ));
    let key = crate::tests::pem(&"Zm9vYmFy".repeat(60));
    texts.extend(escapings(&BASE64_STANDARD.encode(format!("{key} {note}"))));
    texts.push(wrapped(&format!("{}{note}", "Lorem ipsum, ".repeat(12))));
    texts.push(format!("{number}\u{430} \u{430}{number} %4"));
    texts.push(crate::tests::pem(&"Zm9v\u{200b}YmFy".repeat(60)));
    for text in texts {
        assert_any_split(&format!("see {text} there"));
    }
}

/// Of the inner text, the first byte stands for nothing.
#[test]
fn packed_twice_from_the_first_byte_on_is_the_same_at_every_split() {
    for text in [
        "Zo%6e@shop.exampl%65",
        "ann@shop.example or so, and more of it",
    ] {
        for (_, inner) in PACKINGS {
            for (_, outer) in PACKINGS {
                assert_any_split(&outer(&inner(text)));
            }
        }
    }
    assert_any_split("VUJ6SlRZNGJ5VTNNQ1V5WldWNFlXMXdKVFpqSlRZMQ==");
}

/// Two findings of one type are one that is longer than what began with the first.
#[test]
fn what_is_found_in_two_ways_is_named_as_in_a_stream() {
    let text = "YW5uQHNob3AuZXhhbXBsZQ2536316e2536654073686f702e6578616d706c65ann@shop.example";
    let name = Some("aws_secret");
    let bytes = text.as_bytes().chunks(1);
    assert_eq!(in_pieces(name, bytes), whole(name, text));
}

#[test]
fn of_packed_text_no_more_waits_than_its_ratio_says() {
    for (text, most) in [
        ("clean text of many words ".repeat(200), 100),
        (
            format!("a {}", crate::tests::pem(&"Zm9vYmFy".repeat(400))),
            344 + 16,
        ),
    ] {
        let kinds: Vec<&str> = SCANNER.kinds().collect();
        let mut redactor = SCANNER.redactor(None, |kind| kinds.contains(&kind));
        for byte in BASE64_STANDARD.encode(text).bytes() {
            redactor.push(&[byte]);
            assert!(redactor.held() <= most, "{}", redactor.held());
            assert!(redactor.text.len() < 1024);
        }
    }
}

/// Texts with values in them in any spelling and packing, whole and in part.
fn hidden() -> impl Strategy<Value = String> {
    let value = (0..4_usize).prop_map(|at| values()[at].1.clone());
    let spelled = (value, 0..SPELLINGS.len(), any::<u32>()).prop_map(|(value, at, which)| {
        let (_, spell) = SPELLINGS[at];
        let chars = value.chars().enumerate();
        let spelled = chars.map(|(at, it)| match which >> (at % 32) & 1 {
            0 => it.to_string(),
            _ => spell(it),
        });
        spelled.collect::<String>()
    });
    let packed = (
        spelled.clone(),
        0..PACKINGS.len(),
        0..PACKINGS.len(),
        0..40_usize,
    )
        .prop_map(|(text, inner, outer, cut)| {
            let twice = PACKINGS[outer].1(&format!("so {}", PACKINGS[inner].1(&text)));
            twice.chars().skip(cut).collect::<String>()
        });
    let once = (spelled.clone(), 0..PACKINGS.len()).prop_map(|(text, at)| PACKINGS[at].1(&text));
    let piece = prop_oneof![
        spelled,
        once,
        packed,
        crate::tests::properties::suspicious(),
        Just(" and so on".repeat(30)),
        "[%&#x;\\\\u0-9aA \u{430}\u{200b}=\r\n]{0,8}",
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_pieces_of_what_is_hidden_give_what_the_whole_gives(
        text in hidden(),
        name in prop::option::of("aws_secret|card|x"),
        sizes in prop::collection::vec(1..60_usize, 1..60),
    ) {
        let pieces = cut(&text, sizes);
        prop_assert_eq!(in_pieces(name.as_deref(), pieces), whole(name.as_deref(), &text));
    }

    #[test]
    fn decoding_takes_nothing_away(text in hidden()) {
        let hits = SCANNER.scan(&text);
        let mut plain = crate::search::Search::new(&SCANNER.sets, None);
        plain.read(text.as_bytes(), 0, true);
        let mut events = Vec::new();
        plain.events(true, &mut events);
        for event in events {
            let found: Vec<_> = match event {
                Event::Found(finding, range) => vec![(finding, range)],
                Event::Group(group) => {
                    let findings = SCANNER.sets.findings(&group);
                    findings.map(|(finding, _)| (finding, group.range.clone())).collect()
                }
                Event::Begins(..) | Event::Ends(..) => continue,
            };
            for (finding, range) in found {
                let kind = SCANNER.sets.type_of(finding.id).map(|(kind, _)| kind).unwrap();
                let covers = |hit: &crate::Hit| hit.range.start <= range.start && hit.range.end >= range.end;
                prop_assert!(hits.iter().any(|hit| hit.kind == kind && covers(hit)));
            }
        }
    }
}
