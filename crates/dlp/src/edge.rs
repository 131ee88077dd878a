//! Where a value begins when the text is itself source text: the letters of an escape are not part of it.
//!
//! JSON inside a JSON string still has its own escapes after decoding. Without this, `\nAKIA…` would
//! read as a word that begins with `n`.

/// Whether the bytes being read belong to an escape: `\n`, `\u003c`, `%2B`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Escape {
    #[default]
    None,
    Begun,
    /// Of punctuation in a form or a URL: `%2B`.
    Percent,
    /// So many hexadecimal digits are to come.
    Digits(u8),
}

impl Escape {
    /// Whether the byte is part of an escape's letters.
    pub(crate) fn covers(&mut self, byte: u8) -> bool {
        let (next, covers) = match (*self, byte) {
            (Self::None, b'%') => (Self::Percent, false),
            (Self::Percent, b'2') => (Self::Digits(1), true),
            (Self::Begun, b'n' | b'r' | b't' | b'b' | b'f') => (Self::None, true),
            (Self::Begun, b'u') => (Self::Digits(4), true),
            (Self::Digits(left), byte) if byte.is_ascii_hexdigit() => match left {
                1 => (Self::None, true),
                _ => (Self::Digits(left - 1), true),
            },
            (Self::None | Self::Digits(_) | Self::Percent, b'\\') => (Self::Begun, false),
            _ => (Self::None, false),
        };
        *self = next;
        covers
    }
}

/// Whether the last letters are those of an escape.
pub(crate) fn ends_in_escape(bytes: &[u8]) -> bool {
    if let [.., b'%', b'2', digit] = bytes {
        return digit.is_ascii_hexdigit();
    }
    [1, 5].into_iter().any(|length| {
        let Some((before, escape)) = bytes
            .len()
            .checked_sub(length)
            .and_then(|at| bytes.split_at_checked(at))
        else {
            return false;
        };
        let backslashes = before
            .iter()
            .rev()
            .take_while(|byte| **byte == b'\\')
            .count();
        backslashes % 2 == 1
            && match escape {
                [b'n' | b'r' | b't' | b'b' | b'f'] => true,
                [b'u', digits @ ..] => {
                    digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit)
                }
                _ => false,
            }
    })
}
