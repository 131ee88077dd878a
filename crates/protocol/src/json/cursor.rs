//! The words of RFC 8259's grammar over one text: whitespace, brackets, literals. It knows no nesting and keeps no value.

use std::ops::Range;

use super::{JsonError, JsonFault, Kind, string};

pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    bytes: &'a [u8],
    pub(super) at: usize,
}

/// Where a string literal stands, its quotes included, and whether it has to be decoded.
pub(super) struct Literal {
    pub(super) span: Range<usize>,
    pub(super) escaped: bool,
}

impl<'a> Cursor<'a> {
    /// At the first character of the text's value.
    pub(super) fn start(bytes: &'a [u8]) -> Result<Self, JsonError> {
        if bytes.starts_with(BYTE_ORDER_MARK) {
            return Err(JsonError {
                fault: JsonFault::ByteOrderMark,
                at: 0,
            });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| JsonError {
            fault: JsonFault::Utf8,
            at: error.valid_up_to(),
        })?;
        let mut cursor = Self { text, bytes, at: 0 };
        cursor.skip_whitespace();
        Ok(cursor)
    }

    /// Nothing but whitespace may follow the value.
    pub(super) fn finish(&mut self) -> Result<(), JsonError> {
        self.skip_whitespace();
        if self.at < self.bytes.len() {
            return Err(self.error(JsonFault::Trailing));
        }
        Ok(())
    }

    /// What the next character begins.
    pub(super) fn kind(&self) -> Result<Kind, JsonError> {
        Ok(match self.peek()? {
            b'n' => Kind::Null,
            b't' => Kind::Bool(true),
            b'f' => Kind::Bool(false),
            b'-' | b'0'..=b'9' => Kind::Number,
            b'"' => Kind::String,
            b'[' => Kind::Array,
            b'{' => Kind::Object,
            _ => return Err(self.error(JsonFault::Unexpected)),
        })
    }

    /// Takes the opening bracket; whether the closing one follows at once (and is taken).
    pub(super) fn opens_empty(&mut self, close: u8) -> Result<bool, JsonError> {
        self.at += 1;
        self.skip_whitespace();
        let empty = self.peek()? == close;
        self.at += usize::from(empty);
        Ok(empty)
    }

    /// Takes the closing bracket or a comma; whether it was the bracket.
    pub(super) fn closes(&mut self, close: u8) -> Result<bool, JsonError> {
        self.skip_whitespace();
        if self.peek()? == close {
            self.at += 1;
            return Ok(true);
        }
        self.expect(b',')?;
        self.skip_whitespace();
        Ok(false)
    }

    /// A key, without its colon.
    pub(super) fn key(&mut self) -> Result<Literal, JsonError> {
        if self.peek()? != b'"' {
            return Err(self.error(JsonFault::Unexpected));
        }
        self.string()
    }

    /// The colon after a key.
    pub(super) fn colon(&mut self) -> Result<(), JsonError> {
        self.skip_whitespace();
        self.expect(b':')?;
        self.skip_whitespace();
        Ok(())
    }

    pub(super) fn string(&mut self) -> Result<Literal, JsonError> {
        let start = self.at;
        let (end, escaped) = string::end(self.bytes, start + 1)?;
        self.at = end;
        Ok(Literal {
            span: start..end,
            escaped,
        })
    }

    pub(super) fn number(&mut self) -> Result<Range<usize>, JsonError> {
        let begin = self.at;
        self.take(|byte| byte == b'-');
        let start = self.at;
        let whole = self.digits()?;
        if whole > 1 && self.bytes.get(start) == Some(&b'0') {
            return Err(JsonError {
                fault: JsonFault::Number,
                at: start,
            });
        }
        if self.take(|byte| byte == b'.') {
            self.digits()?;
        }
        if self.take(|byte| matches!(byte, b'e' | b'E')) {
            self.take(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        Ok(begin..self.at)
    }

    pub(super) fn word(&mut self, word: &str) -> Result<(), JsonError> {
        word.bytes().try_for_each(|byte| self.expect(byte))
    }

    pub(super) fn error(&self, fault: JsonFault) -> JsonError {
        JsonError { fault, at: self.at }
    }

    /// One digit or more; how many.
    fn digits(&mut self) -> Result<usize, JsonError> {
        let start = self.at;
        while self.take(|byte| byte.is_ascii_digit()) {}
        match self.at - start {
            0 => Err(self.error(JsonFault::Number)),
            count => Ok(count),
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek()? != byte {
            return Err(self.error(JsonFault::Unexpected));
        }
        self.at += 1;
        Ok(())
    }

    fn skip_whitespace(&mut self) {
        while self.take(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {}
    }

    fn take(&mut self, wanted: impl Fn(u8) -> bool) -> bool {
        let taken = self.bytes.get(self.at).is_some_and(|byte| wanted(*byte));
        self.at += usize::from(taken);
        taken
    }

    fn peek(&self) -> Result<u8, JsonError> {
        match self.bytes.get(self.at) {
            Some(byte) => Ok(*byte),
            None => Err(self.error(JsonFault::End)),
        }
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
