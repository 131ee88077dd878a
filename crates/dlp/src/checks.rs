//! Check digits and the like, each as its standard has it. They know no type of data.
//!
//! Digits are values from 0 to 9; characters are bytes of text.

mod addresses;
pub(crate) mod base64;
mod calendar;
pub(crate) mod chance;
pub(crate) mod crc;
mod iso7064;
mod keccak;
pub(crate) mod passwords;
mod picked;
mod sums;
#[cfg(test)]
mod tests;

pub(crate) use addresses::{base58_check, bech32, eip_55};
pub(crate) use calendar::{day_month, is_date, two_digit_date};
pub(crate) use iso7064::{mod_11_2, mod_11_10, mod_97};
pub(crate) use picked::Picked;
pub(crate) use sums::{luhn, luhn_36, mod_11, mod_37, verhoeff, weighted};

/// The digits of a text, without what stands between them.
pub(crate) fn digits(text: &[u8]) -> Picked {
    text.iter()
        .filter(|byte| byte.is_ascii_digit())
        .map(|byte| byte - b'0')
        .collect()
}

/// The letters and digits of a text, in capitals.
pub(crate) fn characters(text: &[u8]) -> Picked {
    text.iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .map(u8::to_ascii_uppercase)
        .collect()
}

/// As a number; digits beyond the 18th do not count.
pub(crate) fn number(digits: &[u8]) -> u64 {
    digits
        .iter()
        .take(18)
        .fold(0, |sum, digit| sum * 10 + u64::from(*digit))
}

/// Not one digit again and again.
pub(crate) fn varied(digits: &[u8]) -> bool {
    digits.windows(2).any(|pair| match pair {
        [a, b] => a != b,
        _ => false,
    })
}
