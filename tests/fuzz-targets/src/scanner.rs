//! The search for sensitive data: hits are in order and in the text, redaction takes all of them and nothing else.

use std::sync::{Arc, LazyLock};

use aegis_dlp::{Field, Hit, Scanner, placeholder};

use crate::input::pieces;

/// One for all: it is made once and keeps nothing.
#[expect(
    clippy::expect_used,
    reason = "without rules there is nothing to look at"
)]
pub(crate) fn standard() -> &'static Arc<Scanner> {
    static SCANNER: LazyLock<Arc<Scanner>> = LazyLock::new(|| Scanner::standard().expect("rules"));
    &SCANNER
}

/// A name, a line end, and the text that stands under it.
pub fn scanner(input: &[u8]) -> bool {
    let Ok(input) = std::str::from_utf8(input) else {
        return false;
    };
    let (name, text) = input.split_once('\n').unwrap_or(("", input));
    let field = Field {
        name: (!name.is_empty()).then_some(name),
        text,
    };
    let scanner = standard();
    let hits = scanner.scan_field(&field);
    in_order(&hits, text);
    let kinds: Vec<&str> = scanner.kinds().collect();
    let redacted = scanner.redact_field(&field, &kinds);
    assert_eq!(redacted.is_some(), !hits.is_empty());
    if let Some(redacted) = &redacted {
        assert_eq!(*redacted, by_hand(&hits, text));
    }
    in_pieces(&field, &kinds, redacted.as_deref().unwrap_or(text));
    !hits.is_empty()
}

fn in_order(hits: &[Hit], text: &str) {
    let mut ends: Vec<(&str, usize)> = Vec::new();
    let mut last = 0;
    for hit in hits {
        assert!(
            text.get(hit.range.clone())
                .is_some_and(|value| !value.is_empty())
        );
        assert!(hit.range.start >= last);
        last = hit.range.start;
        let overlaps = |(kind, end): &(&str, usize)| *kind == hit.kind && *end > hit.range.start;
        assert!(!ends.iter().any(overlaps));
        ends.push((hit.kind, hit.range.end));
    }
}

/// The text with each group of overlapping hits replaced, in a way of its own.
fn by_hand(hits: &[Hit], text: &str) -> String {
    let mut out = String::new();
    let mut hidden_to = 0;
    for (at, character) in text.char_indices() {
        let mut starting = hits.iter().filter(|hit| hit.range.start == at);
        if let Some(first) = starting.next()
            && at >= hidden_to
        {
            out.push_str(&placeholder(first.kind));
        }
        let ends = hits.iter().filter(|hit| hit.range.start <= at);
        hidden_to = ends.map(|hit| hit.range.end).fold(hidden_to, usize::max);
        if at >= hidden_to {
            out.push(character);
        }
    }
    out
}

/// A text that comes in pieces is redacted like the whole, and little of it waits.
fn in_pieces(field: &Field<'_>, kinds: &[&str], expected: &str) {
    let mut redactor = standard().redactor(field.name, |kind| kinds.contains(&kind));
    let mut out = Vec::new();
    for piece in pieces(field.text.as_bytes(), field.text.len()) {
        out.extend(redactor.push(piece));
        assert!(redactor.held() <= MOST_HELD);
    }
    out.extend(redactor.finish());
    assert_eq!(String::from_utf8_lossy(&out), expected);
}

/// An open value, and the word before it.
const MOST_HELD: usize = 256 + 64;
