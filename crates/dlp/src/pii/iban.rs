//! International bank account numbers: the length that a country gives them, and ISO 7064.

use crate::checks::{Picked, mod_97};
use crate::rule::{Anchor, Rule};
use crate::view::{Verdict, View};

pub(super) const RULES: &[Rule] = &[Rule::custom(
    "IBAN_CODE",
    "ISO 13616; SWIFT IBAN Registry",
    Anchor::Word { letters: (2, 2) },
    iban,
)];

fn iban(view: &View<'_>) -> Verdict {
    let Some(country) = view.from.get(..2) else {
        return Verdict::No;
    };
    let country: Picked = country.iter().map(u8::to_ascii_uppercase).collect();
    let known = LENGTHS.binary_search_by_key(&&*country, |(code, _)| code.as_bytes());
    let Some((_, wanted)) = known.ok().and_then(|known| LENGTHS.get(known)) else {
        return Verdict::No;
    };
    let mut characters = Picked::default();
    let mut spaced = true;
    for (at, byte) in view.from.iter().enumerate() {
        match byte {
            b' ' | b'-' if !spaced => spaced = true,
            byte if byte.is_ascii_alphanumeric() => {
                spaced = false;
                characters.push(*byte);
                if characters.len() == *wanted {
                    return end(view, at + 1, &characters);
                }
            }
            _ => return Verdict::No,
        }
    }
    if view.open {
        Verdict::More
    } else {
        Verdict::No
    }
}

fn end(view: &View<'_>, length: usize, characters: &[u8]) -> Verdict {
    match view.from.get(length) {
        None if view.open => return Verdict::More,
        Some(next) if next.is_ascii_alphanumeric() => return Verdict::No,
        _ => {}
    }
    let (first, rest) = characters.split_at_checked(4).unwrap_or_default();
    let country = first.get(..2).unwrap_or_default();
    let mut lettered = LETTERED.iter();
    let lettered = lettered.any(|known| country.eq_ignore_ascii_case(*known));
    if lettered && !rest.iter().take(4).all(u8::is_ascii_alphabetic) {
        return Verdict::No;
    }
    if mod_97(rest.iter().chain(first).copied()) == Some(1) {
        Verdict::Yes { before: 0, length }
    } else {
        Verdict::No
    }
}

/// SWIFT IBAN Registry, and countries that use IBANs without being in it.
const LENGTHS: [(&str, usize); 111] = [
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AO", 25),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BF", 28),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BJ", 28),
    ("BR", 29),
    ("BY", 28),
    ("CF", 27),
    ("CG", 27),
    ("CH", 21),
    ("CI", 28),
    ("CM", 27),
    ("CR", 22),
    ("CV", 25),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("DZ", 26),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GA", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GQ", 27),
    ("GR", 27),
    ("GT", 28),
    ("GW", 25),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IR", 26),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KM", 27),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MA", 28),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MG", 27),
    ("MK", 19),
    ("ML", 28),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("MZ", 25),
    ("NE", 28),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SN", 28),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TD", 27),
    ("TG", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// Countries whose bank codes are four letters.
const LETTERED: [&[u8; 2]; 19] = [
    b"AZ", b"BG", b"BH", b"GB", b"GI", b"IE", b"IQ", b"JO", b"KW", b"LC", b"LV", b"MT", b"NL",
    b"PK", b"PS", b"QA", b"SC", b"SV", b"VG",
];
