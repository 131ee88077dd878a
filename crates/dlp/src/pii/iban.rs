//! International bank account numbers: the length that a country gives them, and ISO 7064.

use crate::checks::mod_97;
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
    let country = country.to_ascii_uppercase();
    let Some((_, wanted)) = LENGTHS.iter().find(|(code, _)| code.as_bytes() == country) else {
        return Verdict::No;
    };
    let mut characters = Vec::with_capacity(*wanted);
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
    if mod_97(rest.iter().chain(first).copied()) == Some(1) {
        Verdict::Yes { before: 0, length }
    } else {
        Verdict::No
    }
}

/// SWIFT IBAN Registry, and countries that use IBANs without being in it.
const LENGTHS: [(&str, usize); 88] = [
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
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
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
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
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("XK", 20),
];
