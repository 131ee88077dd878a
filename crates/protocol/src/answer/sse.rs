//! Finds the events of an event stream (WHATWG HTML, section 9.2) in the bytes that carry it. It reads no data.

use std::borrow::Cow;
use std::ops::Range;

use super::AnswerError;
use super::frames::{Frame, Payload};
use crate::{Cleaner, Denied};

/// Incremental: it remembers how far it has looked, and never looks at a byte twice.
///
/// Stricter than the standard where clients differ from it: a line that is none of the standard's
/// fields (some clients read such lines as bare JSON, or trim them into fields), a byte order
/// mark (skipped by some, part of a field's name to others) and, beside data, a character at which
/// some end a line are errors.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// Bytes looked at, from the start of the event.
    scanned: usize,
    /// Where the line begins that is being looked at.
    line: usize,
    /// The last line ended with CR: an LF here belongs to that line end.
    after_cr: bool,
    name: Range<usize>,
    data: Vec<Range<usize>>,
}

impl Events {
    /// The next event, of which `bytes` must start with all that was not yet part of one.
    pub(super) fn next<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<Frame<'b>>, AnswerError> {
        while let Some(byte) = bytes.get(self.scanned) {
            let (at, after_cr) = (self.scanned, std::mem::take(&mut self.after_cr));
            match byte {
                // It came later than the event that it ends, and goes after it by itself.
                b'\n' if after_cr && at == 0 => {
                    return Ok(Some(Frame {
                        length: 1,
                        name: "",
                        ends: false,
                        payload: Payload::None,
                    }));
                }
                b'\n' if after_cr => {
                    self.scanned = at + 1;
                    self.line = self.scanned;
                }
                b'\n' | b'\r' => {
                    let start = self.line;
                    self.scanned = at + 1;
                    self.line = self.scanned;
                    self.after_cr = *byte == b'\r';
                    if start == at {
                        // An LF that follows at once belongs to this event, where it is known already.
                        if self.after_cr && bytes.get(self.scanned) == Some(&b'\n') {
                            self.scanned += 1;
                            self.after_cr = false;
                        }
                        return self.dispatch(bytes).map(Some);
                    }
                    self.field(bytes, start..at)?;
                }
                _ => {
                    let rest = bytes.get(at..).unwrap_or_default();
                    self.scanned += rest
                        .iter()
                        .position(|byte| matches!(byte, b'\n' | b'\r'))
                        .unwrap_or(rest.len());
                }
            }
        }
        Ok(None)
    }

    /// The event that the end of the stream has cut off: some clients read it nevertheless.
    pub(super) fn last<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<Frame<'b>>, AnswerError> {
        if bytes.is_empty() {
            return Ok(None);
        }
        if self.line < bytes.len() {
            self.field(bytes, self.line..bytes.len())?;
        }
        self.scanned = bytes.len();
        self.dispatch(bytes).map(Some)
    }

    fn dispatch<'b>(&mut self, bytes: &'b [u8]) -> Result<Frame<'b>, AnswerError> {
        let done = std::mem::take(self);
        self.after_cr = done.after_cr;
        let name = bytes.get(done.name).unwrap_or_default();
        let name = std::str::from_utf8(name)
            .map_err(|_| AnswerError::Malformed("the name of an event is not utf-8"))?;
        let data = |range: &Range<usize>| bytes.get(range.clone()).unwrap_or_default();
        Ok(Frame {
            length: done.scanned,
            name,
            ends: false,
            payload: match &*done.data {
                [] => Payload::None,
                [one] if data(one).is_empty() => Payload::None,
                [one] => Payload::Json(Cow::Borrowed(data(one))),
                several => {
                    let lines: Vec<_> = several.iter().map(data).collect();
                    Payload::Json(Cow::Owned(lines.join(&b'\n')))
                }
            },
        })
    }

    fn field(&mut self, bytes: &[u8], line: Range<usize>) -> Result<(), AnswerError> {
        let (name, value) = field(bytes, line.clone());
        // Nothing can be said within the JSON of data that would be an event by itself.
        if name != b"data" && ends_a_line_for_some(bytes.get(line).unwrap_or_default()) {
            return Err(AnswerError::Ambiguous(
                "a character at which some clients end a line",
            ));
        }
        match name {
            b"data" => self.data.push(value),
            b"event" => self.name = value,
            b"" | b"id" | b"retry" => {}
            _ => {
                return Err(AnswerError::Ambiguous(
                    "a line that is no field of an event stream",
                ));
            }
        }
        Ok(())
    }
}

/// Whether a client that goes by Unicode's line ends, as Python's `splitlines` does, would read another line in it.
pub(super) fn ends_a_line_for_some(line: &[u8]) -> bool {
    let control = |byte: &u8| matches!(byte, 0x0b | 0x0c | 0x1c..=0x1e);
    let has = |end: &[u8]| line.windows(end.len()).any(|part| part == end);
    line.iter().any(control)
        || has("\u{85}".as_bytes())
        || has("\u{2028}".as_bytes())
        || has("\u{2029}".as_bytes())
}

/// The event with other data, in one line; everything else in it stays.
pub(super) fn rewrite(event: &[u8], payload: &str) -> Vec<u8> {
    // Line ends within JSON stand between its tokens only.
    let mut data = Some(payload.replace(['\r', '\n'], " "));
    let mut written = Vec::with_capacity(event.len() + payload.len());
    let mut rest = event;
    while !rest.is_empty() {
        let (content, end) = line(rest);
        let (name, value) = field(rest, 0..content);
        let kept = rest.get(..end).unwrap_or_default();
        if name != b"data" {
            written.extend_from_slice(kept);
        } else if let Some(data) = data.take() {
            written.extend_from_slice(b"data: ");
            written.extend_from_slice(data.as_bytes());
            written.extend_from_slice(kept.get(value.end..).unwrap_or_default());
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    written
}

/// The event without data in its comments and in lines that nobody reads; `None` where there is none. It ends
/// with an id or a name that has some: clients repeat the one and go by the other.
pub(super) fn clean(event: &[u8], cleaner: &mut Cleaner) -> Result<Option<Vec<u8>>, Denied> {
    let mut kept = Vec::with_capacity(event.len());
    let (mut changed, mut rest) = (false, event);
    while !rest.is_empty() {
        let (content, end) = line(rest);
        let (name, value) = field(rest, 0..content);
        let said = String::from_utf8_lossy(rest.get(value).unwrap_or_default());
        let passes = match name {
            b"data" => true,
            b"id" | b"event" => cleaner.fixed(&said).map(|()| true)?,
            _ => cleaner.cleaned(None, &said)?.is_none(),
        };
        changed |= !passes;
        if passes {
            kept.extend_from_slice(rest.get(..end).unwrap_or_default());
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    Ok(changed.then_some(kept))
}

/// The length of the first line without and with its line end.
fn line(bytes: &[u8]) -> (usize, usize) {
    let content = bytes
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .unwrap_or(bytes.len());
    let end = match bytes.get(content..) {
        Some([b'\r', b'\n', ..]) => content + 2,
        Some([_, ..]) => content + 1,
        _ => content,
    };
    (content, end)
}

/// Name and value of a line; a comment has an empty name.
fn field(bytes: &[u8], line: Range<usize>) -> (&[u8], Range<usize>) {
    let content = bytes.get(line.clone()).unwrap_or_default();
    let Some(colon) = content.iter().position(|byte| *byte == b':') else {
        return (content, line.end..line.end);
    };
    let name = content.get(..colon).unwrap_or_default();
    let mut start = line.start + colon + 1;
    if bytes.get(start) == Some(&b' ') && start < line.end {
        start += 1;
    }
    (name, start..line.end)
}
