//! Whether an answer is text, and how it comes, by what its head says. It reads no body.

use http::{HeaderMap, header};

use super::ContentError;
use crate::is_identity;
use crate::media_type::MediaType;

/// How the text of an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    Json,
    /// A JSON document in each line.
    Lines,
    /// `text/event-stream`.
    Events,
    Text,
    /// Nobody says: JSON where it is, else text up to the first byte that is none.
    Unknown,
}

/// What follows the text at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    Nothing,
    /// The beginning of a character.
    Character,
    /// What is no text.
    Binary,
}

impl Medium {
    /// `None` where the body is no text, such as an image. An error where it is and cannot be read.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, ContentError> {
        let mut types = headers.get_all(header::CONTENT_TYPE).iter();
        let Some(value) = types.next() else {
            return plain(headers).map(|()| Some(Self::Unknown));
        };
        if types.next().is_some() {
            return Err(ContentError::Encoded);
        }
        let text = value.to_str().map_err(|_| ContentError::Encoded)?;
        let media = MediaType::parse(text).ok_or(ContentError::Encoded)?;
        let Some(medium) = Self::named(&media) else {
            return Ok(None);
        };
        if media.has_charset(is_foreign) {
            return Err(ContentError::Encoded);
        }
        plain(headers).map(|()| Some(medium))
    }

    /// `None` where it is no text.
    pub(crate) fn named(media: &MediaType) -> Option<Self> {
        let essence = media.essence();
        let kind = essence.split('/').next().unwrap_or_default();
        let is_xml = essence.ends_with("+xml");
        match essence {
            "text/event-stream" => Some(Self::Events),
            _ if media.is_json() => Some(Self::Json),
            _ if LINES.contains(&essence) => Some(Self::Lines),
            _ if is_xml || kind == "text" || TEXTS.contains(&essence) => Some(Self::Text),
            // Frames of lengths and bytes.
            _ if essence.starts_with("application/grpc") => None,
            _ if SEEN_OR_HEARD.contains(&kind) => None,
            // What is in a character set is text.
            _ if media.names_charset() => Some(Self::Text),
            _ => Some(Self::Unknown),
        }
    }

    /// How much of these bytes is text, and what follows it.
    pub(super) fn text_in(self, bytes: &[u8]) -> (usize, Rest) {
        let (length, rest) = match std::str::from_utf8(bytes) {
            // It may be in a character set that is like ASCII: then its data is readable all the same.
            _ if self == Self::Text => (bytes.len(), Rest::Nothing),
            Ok(text) => (text.len(), Rest::Nothing),
            Err(error) if error.error_len().is_none() => (error.valid_up_to(), Rest::Character),
            Err(error) => (error.valid_up_to(), Rest::Binary),
        };
        let is_binary = |byte: &u8| match self {
            // ASCII in two or four bytes has it, too.
            Self::Text => *byte == 0,
            _ => *byte < b' ' && !CONTROLS.contains(byte),
        };
        match bytes.iter().take(length).position(is_binary) {
            Some(at) => (at, Rest::Binary),
            None => (length, rest),
        }
    }
}

/// Not compressed.
fn plain(headers: &HeaderMap) -> Result<(), ContentError> {
    is_identity(headers)
        .then_some(())
        .ok_or(ContentError::Encoded)
}

/// A character set in which data would not be seen.
fn is_foreign(charset: &str) -> bool {
    let charset = charset.to_ascii_lowercase();
    !LIKE_ASCII.iter().any(|known| charset.starts_with(known))
}

const LIKE_ASCII: [&str; 5] = ["utf-8", "utf8", "us-ascii", "iso-8859-", "windows-125"];
const LINES: [&str; 4] = [
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
];
const TEXTS: [&str; 3] = [
    "application/xml",
    "application/yaml",
    "application/x-www-form-urlencoded",
];
/// Bytes in which nothing is written.
const SEEN_OR_HEARD: [&str; 5] = ["image", "audio", "video", "font", "model"];
/// That text may have: blanks, the escape of terminals, the separator of JSON sequences.
const CONTROLS: &[u8] = b"\t\n\x0b\x0c\r\x1b\x1e";
