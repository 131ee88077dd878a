//! A text in pieces gives what it gives as a whole, wherever the pieces part.

use proptest::prelude::*;

use super::properties::suspicious;
use super::*;

/// The redacted text, when it comes in these pieces. As much is found in it as in the whole text.
pub(crate) fn in_pieces<'t>(
    name: Option<&str>,
    pieces: impl IntoIterator<Item = &'t [u8]>,
) -> String {
    holding(MOST_HELD, name, pieces)
}

/// The same with no more than so many bytes that wait.
pub(crate) fn holding<'t>(
    most: usize,
    name: Option<&str>,
    pieces: impl IntoIterator<Item = &'t [u8]>,
) -> String {
    let kinds: Vec<&str> = SCANNER.kinds().collect();
    let mut redactor = SCANNER.redactor(name, |kind| kinds.contains(&kind));
    let (mut out, mut text) = (Vec::new(), Vec::new());
    for piece in pieces {
        text.extend_from_slice(piece);
        out.extend(redactor.push(piece));
        assert!(
            redactor.held() <= most,
            "{} bytes are held back",
            redactor.held()
        );
    }
    let (rest, mut seen) = redactor.close();
    out.extend(rest);
    seen.sort_by_key(|seen| seen.kind);
    let text = String::from_utf8(text).unwrap();
    assert_eq!(seen, seen_in(name, &text), "{text}");
    String::from_utf8(out).unwrap()
}

fn seen_in(name: Option<&str>, text: &str) -> Vec<Seen> {
    let mut all = Vec::new();
    for hit in SCANNER.scan_field(&Field { name, text }) {
        let seen = Seen {
            kind: hit.kind,
            class: hit.class,
            count: 1,
            confidence: hit.confidence,
        };
        seen.add_to(&mut all);
    }
    all.sort_by_key(|seen| seen.kind);
    all
}

/// As many bytes in each piece, and then the rest.
pub(crate) fn cut(text: &str, sizes: Vec<usize>) -> Vec<&[u8]> {
    let mut rest = text.as_bytes();
    let mut pieces = Vec::new();
    for size in sizes {
        let (piece, tail) = rest.split_at(size.min(rest.len()));
        pieces.push(piece);
        rest = tail;
    }
    pieces.push(rest);
    pieces
}

pub(crate) fn whole(name: Option<&str>, text: &str) -> String {
    let kinds: Vec<&str> = SCANNER.kinds().collect();
    let redacted = SCANNER.redact_field(&Field { name, text }, &kinds);
    redacted.unwrap_or_else(|| text.to_owned())
}

#[test]
fn every_split_in_two_and_every_size_of_pieces_gives_the_same() {
    let long = pem(&"Zm9vYmFy".repeat(80));
    let texts = [
        "write to ann@shop.example, please".to_owned(),
        "write to 'pat.o'neil@shop.example', please".to_owned(),
        format!(
            "paid with {} 12/29",
            grouped(&card("4", 16), &[4, 4, 4, 4], " ")
        ),
        format!(
            "\u{e9}t\u{e9} 2026: AKIA{} and {}",
            "Q7".repeat(8),
            secret()
        ),
        format!("a key\n{long}\nand {long}"),
        format!("cut off {}", long.get(..500).unwrap()),
    ];
    for text in texts {
        assert_any_split(&text);
    }
}

/// In two pieces and in pieces of one size, wherever they part.
pub(crate) fn assert_any_split(text: &str) {
    let expected = whole(None, text);
    for at in 0..=text.len() {
        let (left, right) = text.as_bytes().split_at(at);
        assert_eq!(
            in_pieces(None, [left, right]),
            expected,
            "at {at} of {text}"
        );
    }
    for size in 1..40 {
        assert_eq!(
            in_pieces(None, text.as_bytes().chunks(size)),
            expected,
            "{size} of {text}"
        );
    }
}

#[test]
fn of_clean_text_only_the_last_word_waits() {
    let kinds: Vec<&str> = SCANNER.kinds().collect();
    let mut redactor = SCANNER.redactor(None, |kind| kinds.contains(&kind));
    let mut out = Vec::new();
    for word in ["The", " quick", " brown", " fox", " jumps"] {
        out.extend(redactor.push(word.as_bytes()));
        assert_eq!(redactor.held(), word.trim().len());
    }
    assert_eq!(out, b"The quick brown fox ");
}

#[test]
fn a_long_word_does_not_wait_as_a_whole() {
    let kinds: Vec<&str> = SCANNER.kinds().collect();
    let mut redactor = SCANNER.redactor(None, |kind| kinds.contains(&kind));
    redactor.push("x".repeat(5000).as_bytes());
    assert_eq!(redactor.held(), 64);
}

#[test]
fn of_a_value_without_end_nothing_is_kept() {
    let kinds: Vec<&str> = SCANNER.kinds().collect();
    let mut redactor = SCANNER.redactor(None, |kind| kinds.contains(&kind));
    let mut out = redactor.push(b"-----BEGIN PRIVATE KEY-----\n");
    for _ in 0..1000 {
        out.extend(redactor.push(&b"Zm9vYmFy".repeat(8)));
        assert!(redactor.text.len() < 512);
    }
    assert_eq!(out, b"[REDACTED:SECRET_PRIVATE_KEY]");
    assert!(redactor.finish().is_empty());
}

proptest! {
    #[test]
    fn any_pieces_give_what_the_whole_gives(
        text in suspicious(),
        name in prop::option::of("aws_secret|card|x"),
        sizes in prop::collection::vec(1..60_usize, 1..60),
    ) {
        let pieces = cut(&text, sizes);
        prop_assert_eq!(in_pieces(name.as_deref(), pieces), whole(name.as_deref(), &text));
    }
}

/// The value in brackets, so that where each begins and ends is seen.
struct Bracketed;

impl Substitute for Bracketed {
    fn way(&self, kind: &str) -> Way {
        match kind {
            "CREDIT_CARD" => Way::Label,
            "SECRET_PASSWORD" => Way::Keep,
            _ => Way::Value,
        }
    }

    fn instead(&self, kind: &'static str, value: &str) -> String {
        format!("<{kind} {value}>")
    }
}

fn bracketed<'t>(pieces: impl IntoIterator<Item = &'t [u8]>) -> String {
    let mut redactor = SCANNER.replacer(None, Bracketed);
    let mut out = Vec::new();
    for piece in pieces {
        out.extend(redactor.push(piece));
        assert!(redactor.held() <= 2 * MOST_HELD, "{}", redactor.held());
    }
    out.extend(redactor.finish());
    String::from_utf8(out).unwrap()
}

fn bracketed_whole(text: &str) -> String {
    let replaced = replace(text, &SCANNER.scan(text), &Bracketed);
    replaced.unwrap_or_else(|| text.to_owned())
}

#[test]
fn a_value_is_told_to_whoever_replaces_it_wherever_the_pieces_part() {
    let text = format!("to ann@shop.example, {} or bob@shop.example", card("4", 16));
    let expected = "to <EMAIL_ADDRESS ann@shop.example>, [REDACTED:CREDIT_CARD] or <EMAIL_ADDRESS bob@shop.example>";
    assert_eq!(bracketed_whole(&text), expected);
    for size in 1..text.len() {
        assert_eq!(bracketed(text.as_bytes().chunks(size)), expected);
    }
}

/// In two readings of the text, or as two types.
#[test]
fn one_value_that_is_found_twice_is_told_once() {
    for (text, value) in [
        (
            "see /?q=a%20b and write to ann@shop.example",
            "ann@shop.example",
        ),
        ("10\u{2013}12 May, to ann@shop.example", "ann@shop.example"),
        ("CPF 529.982.247-25", "529.982.247-25"),
    ] {
        let whole = bracketed_whole(text);
        assert!(whole.contains(&format!(" {value}>")), "{whole}");
        for size in 1..text.len() {
            assert_eq!(bracketed(text.as_bytes().chunks(size)), whole);
        }
    }
}

#[test]
fn values_that_overlap_and_long_ones_get_a_label() {
    let inside = format!("{}@shop.example", card("4", 16));
    assert_eq!(bracketed_whole(&inside), "[REDACTED:EMAIL_ADDRESS]");
    let long = pem(&"Zm9vYmFy".repeat(80));
    assert_eq!(bracketed_whole(&long), "[REDACTED:SECRET_PRIVATE_KEY]");
    for text in [inside, long] {
        for size in 1..text.len() {
            let pieces = text.as_bytes().chunks(size);
            assert_eq!(bracketed(pieces), bracketed_whole(&text));
        }
    }
}

#[test]
fn a_mask_keeps_signs_and_the_last_characters_of_long_values_only() {
    assert_eq!(mask("4000 1234-1234", 4), "**** ****-1234");
    assert_eq!(mask("1234567", 4), "*******");
    assert_eq!(mask("é7-x", 1), "**-x");
    assert_eq!(mask("ann@shop.example", 0), "***@****.*******");
}

proptest! {
    #[test]
    fn any_pieces_tell_the_values_that_the_whole_tells(
        text in suspicious(),
        size in 1..60_usize,
    ) {
        prop_assert_eq!(bracketed(text.as_bytes().chunks(size)), bracketed_whole(&text));
    }
}

/// Of what is packed twice in hex, a value is four times as long.
const MOST_HELD: usize = 4 * 256 + 64;
