//! E-mail addresses: outwards from each `@`, within the lengths that RFC 5321 allows.

use crate::edge::ends_in_escape;
use crate::rule::{Anchor, Rule};
use crate::view::{Verdict, View};

pub(super) const RULES: &[Rule] = &[Rule::custom(
    "EMAIL_ADDRESS",
    "RFC 5321 4.1.2, RFC 6531",
    Anchor::Byte(b'@'),
    address,
)];

/// The address around the `@`.
fn address(view: &View<'_>) -> Verdict {
    let local = local(view.before);
    if local == 0 {
        return Verdict::No;
    }
    let (run, ended) = view.run(1, is_domain);
    if run == 0 && ended {
        return Verdict::No;
    }
    if !ended && run < DOMAIN_BYTES {
        return Verdict::More;
    }
    let domain = view.from.get(1..=run.min(DOMAIN_BYTES)).unwrap_or_default();
    let domain = before_mark(domain);
    match domain_length(domain) {
        Some(length) => Verdict::Yes {
            before: local,
            length: 1 + length,
        },
        None => Verdict::No,
    }
}

/// How long the local part is that ends here. Letters of any script count, so that no part of an
/// international address is left behind.
fn local(before: &[u8]) -> usize {
    let start = before.iter().rposition(|byte| !is_local(*byte));
    let mut start = start.map_or(0, |at| at + 1);
    while (0x80..0xc0).contains(before.get(start).unwrap_or(&0)) {
        start += 1;
    }
    let escape = (1..=5)
        .find(|length| before.get(..start + length).is_some_and(ends_in_escape) && start > 0);
    let local = before
        .get(start + escape.unwrap_or(0)..)
        .unwrap_or_default();
    let local = trim_start(unparted(local), |byte| matches!(byte, b'.' | b'\'' | b'-'));
    if local.last() == Some(&b'.') {
        0
    } else {
        local.len()
    }
}

/// What is left behind the last mark in it.
fn unparted(local: &[u8]) -> &[u8] {
    let text = text_of(local);
    let marks = text.char_indices().rev();
    let last = marks
        .filter(|_| !text.is_ascii())
        .find(|(_, one)| is_mark(*one));
    let start = last.map_or(0, |(at, mark)| at + mark.len_utf8());
    local.get(start..).unwrap_or_default()
}

/// What stands before the first mark in it.
fn before_mark(domain: &[u8]) -> &[u8] {
    let text = text_of(domain);
    let end = text.find(is_mark).unwrap_or(domain.len());
    domain.get(..end).unwrap_or_default()
}

/// As far as it is UTF-8: a text may be cut within a character.
fn text_of(bytes: &[u8]) -> &str {
    let valid = bytes.utf8_chunks().next();
    valid.map_or("", |chunk| chunk.valid())
}

/// The length of the domain: two labels or more, the last one of letters (or `xn--…`), so that
/// `package@1.2.3` is none. What follows the letters is not part of it.
fn domain_length(characters: &[u8]) -> Option<usize> {
    let double = characters.windows(2).position(|pair| pair == b"..");
    let mut domain = characters.get(..double.unwrap_or(characters.len()))?;
    if matches!(domain.first(), None | Some(b'.' | b'-')) {
        return None;
    }
    loop {
        while let [rest @ .., b'.' | b'-'] = domain {
            domain = rest;
        }
        let dot = domain.iter().rposition(|byte| *byte == b'.')?;
        let (rest, last) = (domain.get(..dot)?, domain.get(dot + 1..)?);
        if let Some(length) = top_level_length(last) {
            return Some(rest.len() + 1 + length);
        }
        domain = rest;
    }
}

fn top_level_length(label: &[u8]) -> Option<usize> {
    if label
        .get(..4)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"xn--"))
    {
        return Some(label.len());
    }
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    let letters = label.iter().take_while(|byte| is_letter(byte)).count();
    (letters >= 2).then_some(letters)
}

fn trim_start(mut bytes: &[u8], drop: impl Fn(u8) -> bool) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && drop(*first)
    {
        bytes = rest;
    }
    bytes
}

/// Letters, digits, and the punctuation of local parts that people really have.
fn is_local(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'')
}

fn is_domain(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'.' | b'-')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// What parts words beyond ASCII: spaces, dashes, quotes, the punctuation of Chinese and Japanese. What has no width does not.
fn is_mark(one: char) -> bool {
    matches!(one, '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{bf}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}'
        | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}' | '\u{ff01}'..='\u{ff0f}'
        | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}')
        && !one.is_alphanumeric()
        || !one.is_ascii() && one.is_whitespace()
}

/// RFC 5321 4.5.3.1.2 has 255 octets; what is looked at has one less.
const DOMAIN_BYTES: usize = 254;
