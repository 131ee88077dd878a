//! Messages of `application/vnd.amazon.eventstream`: found, checked and written. It reads no payload.

use std::borrow::Cow;
use std::ops::Range;

use super::AnswerError;
use super::frames::{Frame, Payload};

/// One message at the start of the bytes; its parts as places in them.
pub(super) struct Message {
    length: usize,
    headers: Range<usize>,
    payload: Range<usize>,
}

impl Message {
    /// The message that the bytes start with, as soon as all of it is there.
    ///
    /// Both checksums are checked, and the lengths before anything is waited for: `limit` is the
    /// longest message in bytes.
    pub(super) fn first(bytes: &[u8], limit: usize) -> Result<Option<Self>, AnswerError> {
        let Some(prelude) = bytes.first_chunk::<PRELUDE>() else {
            return Ok(None);
        };
        if number(prelude, 8) != crc32fast::hash(prelude.get(..8).unwrap_or_default()) {
            return Err(AnswerError::Malformed(
                "a message's prelude has another checksum",
            ));
        }
        let (length, headers) = (size(number(prelude, 0)), size(number(prelude, 4)));
        if length > limit {
            return Err(AnswerError::EventTooLong);
        }
        let payload = PRELUDE.saturating_add(headers);
        if payload.saturating_add(CHECKSUM) > length || headers > MAX_HEADERS {
            return Err(AnswerError::Malformed(
                "a message's lengths contradict each other",
            ));
        }
        let Some(message) = bytes.get(..length) else {
            return Ok(None);
        };
        let end = length - CHECKSUM;
        if number(message, end) != crc32fast::hash(message.get(..end).unwrap_or_default()) {
            return Err(AnswerError::Malformed("a message has another checksum"));
        }
        Ok(Some(Self {
            length,
            headers: PRELUDE..payload,
            payload: payload..end,
        }))
    }

    /// What the message is, and its payload.
    pub(super) fn frame<'b>(&self, bytes: &'b [u8]) -> Result<Frame<'b>, AnswerError> {
        let headers = headers(bytes.get(self.headers.clone()).unwrap_or_default())?;
        let header = |name: &str| {
            headers
                .iter()
                .find_map(|(key, value)| (*key == name).then_some(*value).flatten())
                .unwrap_or_default()
        };
        let payload = bytes.get(self.payload.clone()).unwrap_or_default();
        let (name, payload) = match header(":message-type") {
            "event" if payload.is_empty() => (header(":event-type"), Payload::None),
            "event" => (header(":event-type"), Payload::Json(Cow::Borrowed(payload))),
            "exception" => (header(":exception-type"), Payload::Exception),
            "error" => (header(":error-code"), Payload::Exception),
            _ => return Err(AnswerError::Ambiguous("a message of an unknown type")),
        };
        Ok(Frame {
            length: self.length,
            name,
            ends: false,
            payload,
        })
    }

    /// The message with another payload.
    pub(super) fn rewrite(&self, bytes: &[u8], payload: &[u8]) -> Vec<u8> {
        encode(bytes.get(self.headers.clone()).unwrap_or_default(), payload)
    }
}

/// A message whose headers are all strings.
pub(super) fn message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for (name, value) in headers {
        encoded.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        encoded.extend(name.bytes().take(usize::from(u8::MAX)));
        encoded.push(STRING);
        encoded.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        encoded.extend(value.bytes().take(usize::from(u16::MAX)));
    }
    encode(&encoded, payload)
}

fn encode(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = PRELUDE + headers.len() + payload.len() + CHECKSUM;
    let mut message = Vec::with_capacity(length);
    message.extend(wire(length));
    message.extend(wire(headers.len()));
    message.extend(crc32fast::hash(&message).to_be_bytes());
    message.extend(headers);
    message.extend(payload);
    message.extend(crc32fast::hash(&message).to_be_bytes());
    message
}

/// Every header, with its value where that is a string. A header given twice is an error.
fn headers(mut bytes: &[u8]) -> Result<Vec<(&str, Option<&str>)>, AnswerError> {
    let mut headers: Vec<(&str, Option<&str>)> = Vec::new();
    while !bytes.is_empty() {
        let (name, value, rest) =
            header(bytes).ok_or(AnswerError::Malformed("a message's headers cannot be read"))?;
        if headers.iter().any(|(other, _)| *other == name) {
            return Err(AnswerError::Ambiguous("a message has a header twice"));
        }
        headers.push((name, value));
        bytes = rest;
    }
    Ok(headers)
}

fn header(bytes: &[u8]) -> Option<(&str, Option<&str>, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*length))?;
    let (kind, rest) = rest.split_first()?;
    let (length, rest) = match *kind {
        0 | 1 => (0, rest),
        2 => (1, rest),
        3 => (2, rest),
        4 => (4, rest),
        5 | 8 => (8, rest),
        6 | STRING => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        9 => (16, rest),
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    let text = match *kind {
        STRING => Some(std::str::from_utf8(value).ok()?),
        _ => None,
    };
    Some((std::str::from_utf8(name).ok()?, text, rest))
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..).and_then(<[u8]>::first_chunk::<4>);
    u32::from_be_bytes(four.copied().unwrap_or_default())
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn wire(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

/// Total length, length of the headers, checksum of both.
const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;
const STRING: u8 = 7;
/// As the services and their SDKs have it.
const MAX_HEADERS: usize = 128 * 1024;
