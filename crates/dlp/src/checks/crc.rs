//! The check digits of tokens: CRC-32 in digits of base 62, as GitHub and npm write it. They know no type of data.

/// The last six characters are the CRC-32 of those between them and the prefix.
pub(crate) fn crc_62(token: &[u8]) -> bool {
    let start = token.iter().rposition(|byte| *byte == b'_');
    let body = start.and_then(|at| token.get(at + 1..)).unwrap_or(token);
    let Some((body, check)) = body
        .len()
        .checked_sub(CHECK)
        .and_then(|at| body.split_at_checked(at))
    else {
        return false;
    };
    let value = check.iter().try_fold(0_u64, |value, byte| {
        let digit = DIGITS.iter().position(|digit| digit == byte)?;
        Some(value * 62 + u64::try_from(digit).ok()?)
    });
    value == Some(u64::from(crc32fast::hash(body)))
}

const CHECK: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
