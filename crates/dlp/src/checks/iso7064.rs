//! The check character systems of ISO/IEC 7064. They know no type of data.

/// MOD 97-10, over digits and letters: the rest, which is 1 where the check digits are right.
pub(crate) fn mod_97(characters: impl Iterator<Item = u8>) -> Option<u32> {
    characters.into_iter().try_fold(0, |rest: u32, byte| {
        let value = char::from(byte).to_digit(36)?;
        let shift = if value < 10 { 10 } else { 100 };
        Some((rest * shift + value) % 97)
    })
}

/// MOD 11,10, over digits.
pub(crate) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((last, rest)) = digits.split_last() else {
        return false;
    };
    let product = rest.iter().fold(10, |product, digit| {
        let sum = (product + u32::from(*digit)) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (product + u32::from(*last)) % 10 == 1
}

/// MOD 11-2, over digits with a last digit or `X`.
pub(crate) fn mod_11_2(characters: &[u8]) -> bool {
    let Some((last, rest)) = characters.split_last() else {
        return false;
    };
    let rest = rest.iter().try_fold(0, |sum, byte| {
        Some((sum + char::from(*byte).to_digit(10)?) * 2 % 11)
    });
    let last = match last {
        b'X' | b'x' => Some(10),
        digit => char::from(*digit).to_digit(10),
    };
    rest.zip(last)
        .is_some_and(|(rest, last): (u32, u32)| (rest + last) % 11 == 1)
}
