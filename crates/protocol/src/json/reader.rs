//! From bytes to the records of a tree: the grammar of RFC 8259, each step of nesting a call.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::{JsonError, JsonFault, Kind, MAX_DEPTH, Record, Tree, string};

pub(super) fn read(bytes: &[u8]) -> Result<Tree<'_>, JsonError> {
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
    let mut reader = Reader {
        text,
        bytes,
        at: 0,
        records: Vec::new(),
    };
    reader.skip_whitespace();
    reader.value(Slot {
        key: 0..0,
        parent: 0,
        index: 0,
        depth: 0,
    })?;
    reader.skip_whitespace();
    if reader.at < bytes.len() {
        return Err(reader.error(JsonFault::Trailing));
    }
    Ok(Tree {
        text,
        records: reader.records,
    })
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    records: Vec<Record>,
}

/// What a value is told about the place it stands in.
struct Slot {
    key: Range<usize>,
    parent: usize,
    index: usize,
    /// Containers around it.
    depth: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, slot: Slot) -> Result<(), JsonError> {
        let (start, own, depth) = (self.at, self.records.len(), slot.depth);
        let kind = self.kind()?;
        let Slot {
            key, parent, index, ..
        } = slot;
        self.records.push(Record {
            kind,
            start,
            end: start,
            key,
            parent,
            index,
            next: own + 1,
        });
        match kind {
            Kind::Null => self.word("null"),
            Kind::Bool(true) => self.word("true"),
            Kind::Bool(false) => self.word("false"),
            Kind::Number => self.number(),
            Kind::String => self.string(),
            Kind::Array | Kind::Object if depth == MAX_DEPTH => Err(self.error(JsonFault::Depth)),
            Kind::Array => self.array(own, depth + 1),
            Kind::Object => self.object(own, depth + 1),
        }?;
        let (end, next) = (self.at, self.records.len());
        if let Some(record) = self.records.get_mut(own) {
            (record.end, record.next) = (end, next);
        }
        Ok(())
    }

    /// What the next character begins.
    fn kind(&self) -> Result<Kind, JsonError> {
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

    fn array(&mut self, parent: usize, depth: usize) -> Result<(), JsonError> {
        if self.opens_empty(b']')? {
            return Ok(());
        }
        for index in 0.. {
            self.value(Slot {
                key: 0..0,
                parent,
                index,
                depth,
            })?;
            if self.closes(b']')? {
                break;
            }
        }
        Ok(())
    }

    fn object(&mut self, parent: usize, depth: usize) -> Result<(), JsonError> {
        if self.opens_empty(b'}')? {
            return Ok(());
        }
        let mut keys = HashSet::new();
        for index in 0.. {
            let key = self.key(&mut keys)?;
            self.value(Slot {
                key,
                parent,
                index,
                depth,
            })?;
            if self.closes(b'}')? {
                break;
            }
        }
        Ok(())
    }

    /// A key and its colon. Keys are the same when their decoded texts are.
    fn key(&mut self, seen: &mut HashSet<Cow<'a, str>>) -> Result<Range<usize>, JsonError> {
        let start = self.at;
        if self.peek()? != b'"' {
            return Err(self.error(JsonFault::Unexpected));
        }
        self.string()?;
        let span = start..self.at;
        if !seen.insert(string::decode(
            self.text.get(span.clone()).unwrap_or_default(),
        )) {
            return Err(JsonError {
                fault: JsonFault::DuplicateKey,
                at: start,
            });
        }
        self.skip_whitespace();
        self.expect(b':')?;
        self.skip_whitespace();
        Ok(span)
    }

    /// Takes the opening bracket; whether the closing one follows at once (and is taken).
    fn opens_empty(&mut self, close: u8) -> Result<bool, JsonError> {
        self.at += 1;
        self.skip_whitespace();
        let empty = self.peek()? == close;
        self.at += usize::from(empty);
        Ok(empty)
    }

    /// Takes the closing bracket or a comma; whether it was the bracket.
    fn closes(&mut self, close: u8) -> Result<bool, JsonError> {
        self.skip_whitespace();
        if self.peek()? == close {
            self.at += 1;
            return Ok(true);
        }
        self.expect(b',')?;
        self.skip_whitespace();
        Ok(false)
    }

    fn string(&mut self) -> Result<(), JsonError> {
        self.at = string::end(self.bytes, self.at + 1)?;
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
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
        Ok(())
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

    fn word(&mut self, word: &str) -> Result<(), JsonError> {
        word.bytes().try_for_each(|byte| self.expect(byte))
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
        self.bytes
            .get(self.at)
            .copied()
            .ok_or(self.error(JsonFault::End))
    }

    fn error(&self, fault: JsonFault) -> JsonError {
        JsonError { fault, at: self.at }
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
