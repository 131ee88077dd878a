//! Checks within the addresses of crypto-currencies. They know no currency.

use ring::digest::{SHA256, digest};

use super::keccak::keccak_256;

/// `Base58Check`, as Bitcoin defines it: the version byte and how many bytes there are, where the
/// last four are the beginning of a double SHA-256 of the others.
pub(crate) fn base58_check(text: &[u8], alphabet: &[u8; 58]) -> Option<(u8, usize)> {
    let bytes = base58(text, alphabet)?;
    let (payload, check) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
    let twice = digest(&SHA256, digest(&SHA256, payload).as_ref());
    twice
        .as_ref()
        .starts_with(check)
        .then_some((*payload.first()?, payload.len()))
}

fn base58(text: &[u8], alphabet: &[u8; 58]) -> Option<Vec<u8>> {
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    for byte in text {
        let mut carry = alphabet.iter().position(|known| known == byte)?;
        for low in &mut bytes {
            carry += usize::from(*low) * 58;
            *low = u8::try_from(carry % 256).ok()?;
            carry /= 256;
        }
        while carry > 0 {
            bytes.push(u8::try_from(carry % 256).ok()?);
            carry /= 256;
        }
    }
    let zero = alphabet.first();
    let zeros = text.iter().take_while(|byte| Some(*byte) == zero).count();
    bytes.extend(std::iter::repeat_n(0, zeros));
    bytes.reverse();
    Some(bytes)
}

/// BIP 173 and BIP 350: Bech32 or Bech32m, in one case.
pub(crate) fn bech32(text: &[u8]) -> bool {
    let lower = text.to_ascii_lowercase();
    if text != lower && text != text.to_ascii_uppercase() {
        return false;
    }
    let Some(sign) = lower.iter().rposition(|byte| *byte == b'1') else {
        return false;
    };
    let (prefix, data) = (
        lower.get(..sign).unwrap_or_default(),
        lower.get(sign + 1..).unwrap_or_default(),
    );
    if data.len() < 6 {
        return false;
    }
    let values = data
        .iter()
        .map(|byte| CHARSET.iter().position(|known| known == byte));
    let expanded = prefix
        .iter()
        .map(|byte| Some(usize::from(byte >> 5)))
        .chain([Some(0)])
        .chain(prefix.iter().map(|byte| Some(usize::from(byte & 31))))
        .chain(values);
    let check = expanded.into_iter().try_fold(1_usize, |check, value| {
        let top = check >> 25;
        let next = (check & 0x01ff_ffff) << 5 ^ value?;
        let bits = GENERATOR.iter().enumerate();
        Some(bits.fold(next, |next, (bit, generator)| {
            next ^ if top >> bit & 1 == 1 { *generator } else { 0 }
        }))
    });
    matches!(check, Some(1 | 0x2bc8_30a3))
}

/// EIP-55: a letter is a capital where the hash of the address has a digit of eight or more.
pub(crate) fn eip_55(hexadecimal: &[u8]) -> bool {
    let Some(hash) = keccak_256(&hexadecimal.to_ascii_lowercase()) else {
        return false;
    };
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    hexadecimal.iter().zip(nibbles).all(|(byte, nibble)| {
        !byte.is_ascii_alphabetic() || byte.is_ascii_uppercase() == (nibble >= 8)
    })
}

const CHARSET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR: [usize; 5] = [
    0x3b6a_57b2,
    0x2650_8e6d,
    0x1ea1_19fa,
    0x3d42_33dd,
    0x2a14_62b3,
];
