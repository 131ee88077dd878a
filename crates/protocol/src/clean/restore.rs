//! Tokens of the caller's own, which become their values again: in a text as a whole, or while it comes.
//!
//! What comes out does not depend on the pieces: what may still become a token waits, at most
//! [`LONGEST`] bytes of it. A token that nobody knows stays as it is.

use std::sync::Arc;

use crate::Pseudonyms;

/// A text of UTF-8 that comes in pieces.
#[derive(Debug)]
pub(crate) struct Restorer {
    names: Arc<dyn Pseudonyms>,
    /// The beginning of what may be a token.
    open: Token,
}

/// `[TYPE:16 hexadecimal digits]`, as far as it has come.
#[derive(Debug, Default)]
struct Token {
    text: String,
    /// Where its colon is.
    colon: Option<usize>,
}

impl Restorer {
    pub(crate) fn new(names: Arc<dyn Pseudonyms>) -> Self {
        Self {
            names,
            open: Token::default(),
        }
    }

    pub(crate) fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(piece.len());
        for byte in piece {
            if self.open.takes(*byte) {
                if let Some((kind, digits)) = self.open.complete() {
                    match self.names.value(kind, digits) {
                        Some(value) => out.extend_from_slice(value.as_bytes()),
                        None => out.extend_from_slice(self.open.text.as_bytes()),
                    }
                    self.open = Token::default();
                }
                continue;
            }
            out.extend(std::mem::take(&mut self.open).text.into_bytes());
            if !self.open.takes(*byte) {
                out.push(*byte);
            }
        }
        out
    }

    /// The rest: nothing follows.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.open.text.into_bytes()
    }
}

/// The text with the values of its tokens; `None` where it has none that is known.
pub(crate) fn restore(names: &Arc<dyn Pseudonyms>, text: &str) -> Option<String> {
    if !text.contains('[') {
        return None;
    }
    let mut restorer = Restorer::new(Arc::clone(names));
    let mut all = restorer.push(text.as_bytes());
    all.extend(restorer.finish());
    let all = String::from_utf8(all).ok()?;
    (all != text).then_some(all)
}

impl Token {
    /// Whether it goes on with this byte, which is then a part of it.
    fn takes(&mut self, byte: u8) -> bool {
        let length = self.text.len();
        let fits = match self.colon {
            None if length == 0 => byte == b'[',
            None if byte == b':' => {
                self.colon = (length > 1).then_some(length);
                length > 1
            }
            None => {
                let of_type = matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
                of_type && length + DIGITS + 2 < LONGEST
            }
            Some(colon) if length - colon <= DIGITS => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Some(_) => byte == b']',
        };
        if fits {
            self.text.push(char::from(byte));
        }
        fits
    }

    /// Type and digits of a token that has its end.
    fn complete(&self) -> Option<(&str, &str)> {
        let inner = self.text.strip_prefix('[')?.strip_suffix(']')?;
        inner.split_once(':')
    }
}

/// Of a token, in bytes.
const LONGEST: usize = 64;
/// Of its name.
const DIGITS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Names;

    #[test]
    fn any_split_of_a_text_gives_the_same() {
        let names: Arc<dyn Pseudonyms> = Arc::new(Names::default());
        let token = names.token("EMAIL_ADDRESS", "ann@corp.example").unwrap();
        let known = format!("[EMAIL_ADDRESS:{token}]");
        let text = format!(
            "a [list] of {known}[[{known}], [X:{token}] [EMAIL_ADDRESS:{token} é [EMAIL_ADDRESS:00{known}["
        );
        let expected = text.replace(&known, "ann@corp.example");
        assert_eq!(restore(&names, &text).as_deref(), Some(&*expected));
        for size in 1..text.len() {
            let mut restorer = Restorer::new(Arc::clone(&names));
            let mut out = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                out.extend(restorer.push(piece));
                assert!(restorer.open.text.len() <= LONGEST);
            }
            out.extend(restorer.finish());
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn every_type_has_room_in_a_token() {
        let types = aegis_dlp::types().iter();
        let longest = types.map(|(kind, _)| kind.len()).max().unwrap();
        assert!(longest + DIGITS + "[:]".len() <= LONGEST, "{longest}");
    }
}
