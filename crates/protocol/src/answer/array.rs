//! Finds the elements of one JSON array while it arrives. Whether an element is JSON is judged by who reads it.

use std::borrow::Cow;

use super::AnswerError;
use super::frames::{Frame, Payload};

/// Incremental: it remembers how far it has looked, and never looks at a byte twice.
#[derive(Debug, Default)]
pub(super) struct Elements {
    place: Place,
    /// Bytes looked at, from the end of the last element.
    scanned: usize,
    /// Where the element begins.
    start: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Before,
    First,
    Element,
    Behind,
    Next,
    After,
}

impl Elements {
    /// The next element, with what stands before it; then the closing bracket.
    pub(super) fn next<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<Frame<'b>>, AnswerError> {
        while let Some(byte) = bytes.get(self.scanned) {
            self.scanned += 1;
            match (self.place, byte) {
                (Place::Element, byte) => {
                    if self.closes(*byte) {
                        self.place = Place::Behind;
                        let element = bytes.get(self.start..self.scanned).unwrap_or_default();
                        return Ok(Some(self.frame(Payload::Json(Cow::Borrowed(element)))));
                    }
                }
                (_, b' ' | b'\t' | b'\r' | b'\n') => {}
                (Place::Before, b'[') => self.place = Place::First,
                (Place::First | Place::Next, b'{') => {
                    (self.place, self.start, self.depth) = (Place::Element, self.scanned - 1, 1);
                }
                (Place::Behind, b',') => self.place = Place::Next,
                (Place::First | Place::Behind, b']') => {
                    self.place = Place::After;
                    return Ok(Some(self.frame(Payload::None)));
                }
                _ => return Err(AnswerError::Malformed("not an array of objects")),
            }
        }
        Ok(None)
    }

    /// White space behind the array; everything else is cut off.
    pub(super) fn last<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<Frame<'b>>, AnswerError> {
        match self.place {
            Place::After if bytes.is_empty() => Ok(None),
            Place::After => Ok(Some(self.frame(Payload::None))),
            _ => Err(AnswerError::Malformed("the array is not closed")),
        }
    }

    fn frame<'b>(&mut self, payload: Payload<'b>) -> Frame<'b> {
        Frame {
            length: std::mem::take(&mut self.scanned),
            name: "",
            ends: self.place == Place::After,
            payload,
        }
    }

    /// Whether this byte ends the element.
    fn closes(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth -= 1,
            _ => {}
        }
        self.depth == 0
    }
}

/// The element with other text, behind the same separator.
pub(super) fn rewrite(element: &[u8], payload: &str) -> Vec<u8> {
    let separator = element.iter().position(|byte| *byte == b'{');
    let mut written = element
        .get(..separator.unwrap_or(element.len()))
        .unwrap_or_default()
        .to_vec();
    written.extend_from_slice(payload.as_bytes());
    written
}
