//! From bytes to the records of a tree, each step of nesting a call.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::cursor::Cursor;
use super::{JsonError, JsonFault, Kind, MAX_DEPTH, MAX_VALUES, Record, Tree, string};

pub(super) fn read(bytes: &[u8]) -> Result<Tree<'_>, JsonError> {
    let mut reader = Reader {
        cursor: Cursor::start(bytes)?,
        records: Vec::new(),
    };
    reader.value(Slot {
        key: 0..0,
        parent: 0,
        index: 0,
        depth: 0,
    })?;
    reader.cursor.finish()?;
    Ok(Tree {
        text: reader.cursor.text,
        records: reader.records,
    })
}

struct Reader<'a> {
    cursor: Cursor<'a>,
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
        let (start, own, depth) = (self.cursor.at, self.records.len(), slot.depth);
        let kind = self.cursor.kind()?;
        if own == MAX_VALUES {
            return Err(self.cursor.error(JsonFault::Values));
        }
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
            Kind::Null => self.cursor.word("null"),
            Kind::Bool(true) => self.cursor.word("true"),
            Kind::Bool(false) => self.cursor.word("false"),
            Kind::Number => self.cursor.number().map(drop),
            Kind::String => self.cursor.string().map(drop),
            Kind::Array | Kind::Object if depth == MAX_DEPTH => {
                Err(self.cursor.error(JsonFault::Depth))
            }
            Kind::Array => self.array(own, depth + 1),
            Kind::Object => self.object(own, depth + 1),
        }?;
        let (end, next) = (self.cursor.at, self.records.len());
        if let Some(record) = self.records.get_mut(own) {
            (record.end, record.next) = (end, next);
        }
        Ok(())
    }

    fn array(&mut self, parent: usize, depth: usize) -> Result<(), JsonError> {
        if self.cursor.opens_empty(b']')? {
            return Ok(());
        }
        for index in 0.. {
            self.value(Slot {
                key: 0..0,
                parent,
                index,
                depth,
            })?;
            if self.cursor.closes(b']')? {
                break;
            }
        }
        Ok(())
    }

    fn object(&mut self, parent: usize, depth: usize) -> Result<(), JsonError> {
        if self.cursor.opens_empty(b'}')? {
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
            if self.cursor.closes(b'}')? {
                break;
            }
        }
        Ok(())
    }

    /// A key and its colon. Keys are the same when their decoded texts are.
    fn key(&mut self, seen: &mut HashSet<Cow<'a, str>>) -> Result<Range<usize>, JsonError> {
        let span = self.cursor.key()?.span;
        let text = self.cursor.text.get(span.clone()).unwrap_or_default();
        if !seen.insert(string::decode(text)) {
            return Err(JsonError {
                fault: JsonFault::DuplicateKey,
                at: span.start,
            });
        }
        self.cursor.colon()?;
        Ok(span)
    }
}
