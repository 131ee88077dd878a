//! Check digits and the like, each as its standard has it. They know no type of data.

pub(crate) mod base64;
pub(crate) mod chance;
pub(crate) mod crc;
pub(crate) mod passwords;

/// ISO/IEC 7812-1 annex B, over values from 0 to 9.
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

/// ISO/IEC 7064 MOD 97-10, over digits and letters; as IBANs use it, with the first four last.
pub(crate) fn mod_97(characters: impl Iterator<Item = u8>) -> Option<u32> {
    characters.into_iter().try_fold(0, |rest: u32, byte| {
        let value = char::from(byte).to_digit(36)?;
        let shift = if value < 10 { 10 } else { 100 };
        Some((rest * shift + value) % 97)
    })
}
