//! Whether an answer is text, and how it comes, by what its head says. It reads no body.

use http::{HeaderMap, header};

use super::ContentError;

/// How the text of an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    Json,
    /// A JSON document in each line.
    Lines,
    /// `text/event-stream`.
    Events,
    Text,
    /// Nobody says: JSON where it begins so, else text.
    Unknown,
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
        let mut parts = text.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let Some(medium) = Self::named(&essence) else {
            return Ok(None);
        };
        if parts.any(is_foreign) {
            return Err(ContentError::Encoded);
        }
        plain(headers).map(|()| Some(medium))
    }

    fn named(essence: &str) -> Option<Self> {
        let suffix = essence.rsplit_once('+').map(|(_, suffix)| suffix);
        match essence {
            "text/event-stream" => Some(Self::Events),
            "application/json" | "text/json" => Some(Self::Json),
            _ if LINES.contains(&essence) => Some(Self::Lines),
            _ if suffix == Some("json") => Some(Self::Json),
            _ if essence.starts_with("text/") || TEXTS.contains(&essence) => Some(Self::Text),
            _ if matches!(suffix, Some("xml" | "yaml")) => Some(Self::Text),
            _ => None,
        }
    }
}

/// Not compressed.
fn plain(headers: &HeaderMap) -> Result<(), ContentError> {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    let plain = codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    plain.then_some(()).ok_or(ContentError::Encoded)
}

/// A character set in which data would not be seen.
fn is_foreign(parameter: &str) -> bool {
    let parameter = parameter.to_ascii_lowercase();
    let Some(charset) = parameter.strip_prefix("charset=") else {
        return false;
    };
    let charset = charset.trim_matches('"');
    let like_ascii = ["utf-8", "utf8", "us-ascii", "iso-8859-", "windows-125"];
    !like_ascii.iter().any(|known| charset.starts_with(known))
}

const LINES: [&str; 4] = [
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
];
const TEXTS: [&str; 8] = [
    "application/xml",
    "application/yaml",
    "application/x-yaml",
    "application/toml",
    "application/javascript",
    "application/x-javascript",
    "application/sql",
    "application/x-www-form-urlencoded",
];
