//! Addresses of networks and machines.

use crate::edge::ends_in_escape;
use crate::rule::{Anchor, Rule};
use crate::view::{Verdict, View};

pub(super) const RULES: &[Rule] = &[
    Rule::custom(
        "IP_ADDRESS",
        "RFC 791; RFC 1123 2.1",
        Anchor::Word { letters: (0, 0) },
        ip_v4,
    )
    .begins(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]"),
    Rule::custom(
        "IP_ADDRESS",
        "RFC 1122 3.2.1.3",
        Anchor::Literals(&EVERYBODYS),
        everybodys,
    )
    .needs(&["ip", "ipv4", "src", "dst", "address", "loopback"])
    .or_whole(),
    Rule::custom(
        "IP_ADDRESS",
        "RFC 4291 2.2; RFC 5952",
        Anchor::Literals(&COLON),
        ip_v6,
    ),
    Rule::custom(
        "IP_ADDRESS",
        "RFC 4291 2.5.2",
        Anchor::Literals(&["::"]),
        unspecified,
    )
    .needs(&[
        "ip", "ipv6", "src", "dst", "listen", "bind", "address", "loopback",
    ])
    .or_whole(),
    Rule::custom("MAC_ADDRESS", EUI, Anchor::Literals(&COLON), mac)
        .begins("(?::[0-9A-Fa-f]{2}){5}"),
    Rule::custom("MAC_ADDRESS", EUI, Anchor::Literals(&DASH), mac).begins("(?:-[0-9A-Fa-f]{2}){5}"),
    Rule::word(
        "MAC_ADDRESS",
        EUI,
        0..=3,
        r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\b",
    )
    .needs(MAC)
    .or_whole(),
    Rule::custom("MAC_ADDRESS", EUI, Anchor::Literals(&DOT), dotted_mac)
        .begins(r"\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}")
        .needs(MAC),
    Rule::word("MAC_ADDRESS", EUI, 0..=11, r"[0-9A-Fa-f]{12}\b").needs(MAC),
];

/// What each machine calls itself, and all of its addresses.
const EVERYBODYS: [&str; 2] = ["127.0.0.1", "0.0.0.0"];

/// A colon in an address, and what may follow it. Of colons alone texts are full.
const COLON: [&str; 17] = [
    ":0", ":1", ":2", ":3", ":4", ":5", ":6", ":7", ":8", ":9", ":a", ":b", ":c", ":d", ":e", ":f",
    "::",
];
const DASH: [&str; 16] = [
    "-0", "-1", "-2", "-3", "-4", "-5", "-6", "-7", "-8", "-9", "-a", "-b", "-c", "-d", "-e", "-f",
];

/// Of an address that begins with letters, which no digit shows.
const DOT: [&str; 6] = [".a", ".b", ".c", ".d", ".e", ".f"];

/// The address whose first colon this is.
fn ip_v6(view: &View<'_>) -> Verdict {
    let first = first_group(view);
    if first > 4 || view.from.get(1) == Some(&b' ') {
        return Verdict::No;
    }
    let (run, ended) = view.run(0, |byte| {
        byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
    });
    if first + run > MOST {
        return Verdict::No;
    }
    if !ended {
        return Verdict::More;
    }
    if view
        .from
        .get(run)
        .is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'_')
    {
        return Verdict::No;
    }
    let start = view.before.len() - first;
    let mut text = view.before.get(start..).unwrap_or_default().to_vec();
    text.extend(view.from.get(..run).unwrap_or_default());
    // The punctuation of the sentence.
    while text.ends_with(b".") || text.ends_with(b":") && !text.ends_with(b"::") {
        text.pop();
    }
    let address = std::str::from_utf8(&text).map(str::parse::<std::net::Ipv6Addr>);
    let is_address = matches!(address, Ok(Ok(_)))
        && !is_path(&text, view.before.get(..start))
        && !is_slice(&text)
        && text != b"::1";
    if is_address && text.iter().any(u8::is_ascii_digit) {
        Verdict::Yes {
            before: first,
            length: text.len() - first,
        }
    } else {
        Verdict::No
    }
}

/// How many hexadecimal digits stand before the colon. Too many where it is not the first one, or
/// where they are the end of a word.
fn first_group(view: &View<'_>) -> usize {
    let digits = view
        .before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_hexdigit());
    let count = digits.count();
    let edge = view
        .before
        .len()
        .checked_sub(count + 1)
        .and_then(|at| view.before.get(at));
    let escape = count == 2 && matches!(view.before, [.., b'%', _, _]);
    let before = view.before.get(..view.before.len() - count);
    match edge {
        Some(_) if before.is_some_and(ends_in_escape) => count,
        Some(byte)
            if byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'.') || escape =>
        {
            5
        }
        _ => count,
    }
}

/// `fade::b1` in source text is no address: of those with letters first only the known prefixes count.
fn is_path(text: &[u8], before: Option<&[u8]>) -> bool {
    let prefix = text.get(..2).unwrap_or_default().to_ascii_lowercase();
    match prefix.as_slice() {
        b"fe" | b"fc" | b"fd" | b"ff" => text.get(4) != Some(&b':'),
        [b'a'..=b'f', _] => !text.windows(2).all(|pair| pair != b"::"),
        b"::" => !matches!(
            before.and_then(<[u8]>::last),
            None | Some(b' ' | b'"' | b'\'' | b'=' | b'[' | b'(' | b',' | b'\n' | b'\t' | b'`')
        ),
        _ => false,
    }
}

/// `rows[1::2]` in source text: one or two small numbers. Nobody has such an address.
fn is_slice(text: &[u8]) -> bool {
    let groups = || text.split(|byte| *byte == b':');
    let is_small = |group: &[u8]| group.len() < 4 && group.iter().all(u8::is_ascii_digit);
    groups().count() == 3 && groups().all(is_small)
}

/// `::` and `::1`, between spaces or signs: every machine's own, so that a word must say that it is an address.
fn unspecified(view: &View<'_>) -> Verdict {
    let free = matches!(view.before.last(), None | Some(b' ' | b'=' | b'"' | b'['));
    match view.from {
        [_] | [_, b':'] | [_, b':', b'1'] if view.open => Verdict::More,
        [_, b':', b'1', rest @ ..] if free && ends(rest) => Verdict::Yes {
            before: 0,
            length: 3,
        },
        [_, b':', rest @ ..] if free && ends(rest) => Verdict::Yes {
            before: 0,
            length: 2,
        },
        _ => Verdict::No,
    }
}

fn ends(rest: &[u8]) -> bool {
    matches!(rest, [] | [b' ' | b'"' | b'/' | b',' | b']' | b'\n', ..])
}

/// Six pairs of hexadecimal digits, one sign between each two; this is the first sign.
fn mac(view: &View<'_>) -> Verdict {
    let pair = match view.before {
        [before @ .., a, b] if ends_in_escape(before) => [*a, *b],
        [.., edge, a, b]
            if !edge.is_ascii_alphanumeric() && !matches!(edge, b':' | b'-' | b'_') =>
        {
            [*a, *b]
        }
        [a, b] => [*a, *b],
        _ => return Verdict::No,
    };
    let sign = view.from.first();
    let mut bytes = pair.to_vec();
    for (at, byte) in view.from.iter().take(15).enumerate() {
        if at % 3 == 0 {
            if Some(byte) != sign {
                return Verdict::No;
            }
        } else {
            bytes.push(*byte);
        }
    }
    if !bytes.iter().all(u8::is_ascii_hexdigit) {
        return Verdict::No;
    }
    match view.from.get(15) {
        None if view.open => Verdict::More,
        Some(next) if next.is_ascii_alphanumeric() || *next == b'_' || Some(next) == sign => {
            Verdict::No
        }
        _ if bytes.len() == 12 && bytes.iter().any(|byte| *byte != b'0') => Verdict::Yes {
            before: 2,
            length: 15,
        },
        _ => Verdict::No,
    }
}

/// Three groups of four hexadecimal digits, a dot between each two; this is the first dot. It begins with them.
fn dotted_mac(view: &View<'_>) -> Verdict {
    let Some((before, group)) = view.before.split_last_chunk::<4>() else {
        return Verdict::No;
    };
    let is_part = |edge: &u8| edge.is_ascii_alphanumeric() || matches!(edge, b'.' | b'_');
    if before.last().is_some_and(is_part) || !group.iter().all(u8::is_ascii_hexdigit) {
        return Verdict::No;
    }
    match view.from.get(10) {
        None if view.open => Verdict::More,
        Some(next) if next.is_ascii_alphanumeric() || *next == b'_' => Verdict::No,
        _ => Verdict::Yes {
            before: 4,
            length: 10,
        },
    }
}

/// Four decimal numbers up to 255, with dots between them, that are no part of a longer row.
fn ip_v4(view: &View<'_>) -> Verdict {
    if matches!(view.before, [.., b'.'] | [.., b'0'..=b'9', b'-' | b'_']) {
        return Verdict::No;
    }
    let mut at = 0;
    for part in 0..4 {
        let (digits, ended) = view.run(at, |byte| byte.is_ascii_digit());
        if digits > 3 {
            return Verdict::No;
        }
        if !ended {
            return Verdict::More;
        }
        let text = view.from.get(at..at + digits).unwrap_or_default();
        if !is_octet(text) {
            return Verdict::No;
        }
        at += digits;
        if part < 3 {
            match view.from.get(at) {
                Some(b'.') => at += 1,
                None if view.open => return Verdict::More,
                _ => return Verdict::No,
            }
        }
    }
    let is_everybodys = |address: &[u8]| EVERYBODYS.iter().any(|it| it.as_bytes() == address);
    if view.from.get(..at).is_some_and(is_everybodys) || is_version(view.before) {
        return Verdict::No;
    }
    up_to(view, at)
}

/// One that every machine has, so that a word must say that it is an address.
fn everybodys(view: &View<'_>) -> Verdict {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
    if view.before.last().is_some_and(is_part) || is_version(view.before) {
        return Verdict::No;
    }
    let known = EVERYBODYS.iter().map(|it| it.as_bytes());
    let mut known = known.filter(|it| view.from.starts_with(it));
    known.next().map_or(Verdict::No, |it| up_to(view, it.len()))
}

/// An address of so many bytes, if nothing behind it belongs to it.
fn up_to(view: &View<'_>, at: usize) -> Verdict {
    match view.from.get(at..).unwrap_or_default() {
        [] | [b'.'] if view.open => Verdict::More,
        [next, ..] if next.is_ascii_alphanumeric() || *next == b'_' => Verdict::No,
        [b'.', next, ..] if next.is_ascii_digit() => Verdict::No,
        _ => Verdict::Yes {
            before: 0,
            length: at,
        },
    }
}

/// `__version__ = "1.2.3.4"`: the number of a program.
fn is_version(before: &[u8]) -> bool {
    let is_between = |byte: &u8| {
        matches!(
            byte,
            b' ' | b'"' | b'\'' | b'`' | b'=' | b':' | b'_' | b'>' | b'\\'
        )
    };
    let between = before
        .iter()
        .rev()
        .take_while(|byte| is_between(byte))
        .count();
    let before = before.get(..before.len() - between).unwrap_or_default();
    let word = before.get(before.len().saturating_sub(b"version".len())..);
    word.is_some_and(|word| word.eq_ignore_ascii_case(b"version"))
}

fn is_octet(digits: &[u8]) -> bool {
    let value = digits
        .iter()
        .fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let padded = digits.len() > 1 && digits.first() == Some(&b'0');
    !digits.is_empty() && !padded && value <= 255
}

const EUI: &str = "IEEE 802, EUI-48";
const MAC: &[&str] = &[
    "mac",
    "mac_address",
    "macaddress",
    "mac address",
    "hardware address",
    "physical address",
    "ethernet",
    "bssid",
    "hwaddr",
    "ether",
];
/// Of an address with an IPv4 part, and a little more.
const MOST: usize = 48;
