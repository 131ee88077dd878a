//! The checksums that a detector may ask for, by their names. The sums themselves are those of the catalogue.

use crate::checks;

/// A checksum, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    Luhn,
    Luhn36,
    Verhoeff,
    Mod97,
    Mod1110,
    Mod112,
    Mod37,
}

impl Checksum {
    pub const ALL: [Self; 7] = [
        Self::Luhn,
        Self::Luhn36,
        Self::Verhoeff,
        Self::Mod97,
        Self::Mod1110,
        Self::Mod112,
        Self::Mod37,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Luhn => "luhn",
            Self::Luhn36 => "luhn_36",
            Self::Verhoeff => "verhoeff",
            Self::Mod97 => "mod97",
            Self::Mod1110 => "mod_11_10",
            Self::Mod112 => "mod_11_2",
            Self::Mod37 => "mod_37",
        }
    }

    /// A value without anything to sum up does not fulfil it.
    pub(super) fn holds(self, value: &[u8]) -> bool {
        let of_digits = |holds: fn(&[u8]) -> bool| holds(&checks::digits(value));
        let of_all = |holds: fn(&[u8]) -> bool| holds(&checks::characters(value));
        match self {
            Self::Luhn => of_digits(|digits| !digits.is_empty() && checks::luhn(digits)),
            Self::Luhn36 => of_all(|all| !all.is_empty() && checks::luhn_36(all)),
            Self::Verhoeff => of_digits(|digits| !digits.is_empty() && checks::verhoeff(digits)),
            Self::Mod97 => of_all(|all| checks::mod_97(all.iter().copied()) == Some(1)),
            Self::Mod1110 => of_digits(checks::mod_11_10),
            Self::Mod112 => of_all(checks::mod_11_2),
            Self::Mod37 => of_all(checks::mod_37),
        }
    }
}
