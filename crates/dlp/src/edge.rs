//! Where a value begins when the text is itself source text: the letters of an escape are not part of it.

/// How many bytes from `start` on belong to an escape (`\n`, `\u003c`) whose backslash stands before
/// `start`. JSON inside a JSON string still has its own escapes after decoding; without this,
/// `\nAKIA…` would read as a word that begins with `n`.
pub(crate) fn escape_before(bytes: &[u8], start: usize) -> usize {
    let before = bytes.get(..start).unwrap_or_default();
    let backslashes = before
        .iter()
        .rev()
        .take_while(|byte| **byte == b'\\')
        .count();
    if backslashes % 2 == 0 {
        return 0;
    }
    match bytes.get(start..).unwrap_or_default() {
        [b'n' | b'r' | b't' | b'b' | b'f', ..] => 1,
        [b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) => 5,
        _ => 0,
    }
}
