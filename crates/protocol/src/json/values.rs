//! From bytes to a value for policy in one pass, under the same grammar as the tree. It keeps no places.

use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::cursor::{Cursor, Literal};
use super::{JsonError, JsonFault, Kind, MAX_DEPTH, number, string};

/// The whole text as a value.
///
/// A whole number beyond 64 bits and a fraction that becomes infinite or zero by reading it are
/// errors: policy must never judge another number than the one that is sent.
pub fn value(bytes: &[u8]) -> Result<Value, JsonError> {
    let mut reader = Reader {
        cursor: Cursor::start(bytes)?,
        beyond: None,
    };
    let value = reader.value(0)?;
    reader.cursor.finish()?;
    reader.beyond.map_or(Ok(value), Err)
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    /// The first number out of range. What is not JSON at all is told before it.
    beyond: Option<JsonError>,
}

impl Reader<'_> {
    /// `depth` counts the containers around it.
    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        Ok(match self.cursor.kind()? {
            Kind::Null => {
                self.cursor.word("null")?;
                Value::Null
            }
            Kind::Bool(value) => {
                self.cursor.word(if value { "true" } else { "false" })?;
                Value::Bool(value)
            }
            Kind::Number => self.number()?,
            Kind::String => {
                let literal = self.cursor.string()?;
                Value::String(self.text(literal))
            }
            Kind::Array | Kind::Object if depth == MAX_DEPTH => {
                return Err(self.cursor.error(JsonFault::Depth));
            }
            Kind::Array => Value::Array(self.array(depth + 1)?),
            Kind::Object => Value::Object(self.object(depth + 1)?),
        })
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Value>, JsonError> {
        let mut items = Vec::new();
        if self.cursor.opens_empty(b']')? {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth)?);
            if self.cursor.closes(b']')? {
                return Ok(items);
            }
        }
    }

    /// Keys are the same when their decoded texts are.
    fn object(&mut self, depth: usize) -> Result<Map<String, Value>, JsonError> {
        let mut members = Map::new();
        if self.cursor.opens_empty(b'}')? {
            return Ok(members);
        }
        loop {
            let key = self.cursor.key()?;
            let at = key.span.start;
            let Entry::Vacant(slot) = members.entry(self.text(key)) else {
                return Err(JsonError {
                    fault: JsonFault::DuplicateKey,
                    at,
                });
            };
            self.cursor.colon()?;
            slot.insert(self.value(depth)?);
            if self.cursor.closes(b'}')? {
                return Ok(members);
            }
        }
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let span = self.cursor.number()?;
        let at = span.start;
        let written = self.cursor.text.get(span).unwrap_or_default();
        let Some(number) = number::value(written) else {
            let fault = JsonFault::NumberRange;
            self.beyond.get_or_insert(JsonError { fault, at });
            return Ok(Value::Null);
        };
        Ok(Value::Number(number))
    }

    fn text(&self, literal: Literal) -> String {
        let written = self.cursor.text.get(literal.span).unwrap_or_default();
        if literal.escaped {
            string::decode(written).into_owned()
        } else {
            string::inner(written).to_owned()
        }
    }
}
