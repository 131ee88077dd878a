//! Sums over digits. They know no type of data.

/// ISO/IEC 7812-1 annex B.
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            match (place % 2, digit) {
                (0, _) => digit,
                (_, 5..) => digit * 2 - 9,
                _ => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The Luhn check over digits and letters, in base 36.
pub(crate) fn luhn_36(characters: &[u8]) -> bool {
    let sum = characters
        .iter()
        .rev()
        .enumerate()
        .try_fold(0, |sum, (place, byte)| {
            let value = char::from(*byte).to_digit(36)?;
            let value = if place % 2 == 0 { value } else { value * 2 };
            Some(sum + value / 36 + value % 36)
        });
    sum.is_some_and(|sum: u32| sum.is_multiple_of(36))
}

/// Each digit times its weight; digits without a weight do not count.
pub(crate) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    let products = digits.iter().zip(weights);
    products
        .map(|(digit, weight)| u32::from(*digit) * weight)
        .sum()
}

/// The weighted sum of all digits, the check digit included, is a multiple of eleven.
pub(crate) fn mod_11(digits: &[u8], weights: &[u32]) -> bool {
    weighted(digits, weights).is_multiple_of(11)
}

/// Weights 7, 3, 1 again and again over digits and letters: ICAO Doc 9303, part 3, 4.9. The last is the check digit.
pub(crate) fn mod_37(characters: &[u8]) -> bool {
    let Some((last, rest)) = characters.split_last() else {
        return false;
    };
    let sum = rest
        .iter()
        .zip([7, 3, 1].into_iter().cycle())
        .try_fold(0, |sum, (byte, weight)| {
            Some(sum + char::from(*byte).to_digit(36)? * weight)
        });
    sum.is_some_and(|sum: u32| char::from(*last).to_digit(10) == Some(sum % 10))
}

/// J. Verhoeff, Error Detecting Decimal Codes, 1969: the dihedral group of ten elements.
pub(crate) fn verhoeff(digits: &[u8]) -> bool {
    let check = digits
        .iter()
        .rev()
        .enumerate()
        .fold(0, |check, (place, digit)| {
            multiply(check, permute(*digit, place))
        });
    check == 0
}

/// In the dihedral group: rotations 0 to 4, reflections 5 to 9.
fn multiply(a: u8, b: u8) -> u8 {
    match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b) % 5,
        (false, true) => 5 + (a + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    }
}

/// The permutation of Verhoeff, as often as the place says.
fn permute(digit: u8, place: usize) -> u8 {
    (0..place % 8).fold(digit, |digit, _| match digit {
        0 => 1,
        1 => 5,
        2 => 7,
        3 => 6,
        4 => 2,
        5 => 8,
        6 => 3,
        7 => 0,
        8 => 9,
        _ => 4,
    })
}
