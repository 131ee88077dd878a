//! What a body says it is and what it is: JSON, a form, text, or nothing that can be looked into.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, header};
use serde_json::Value;

use crate::json;
use crate::redact::BodyKind;
use crate::urlencoded::{self, Pair};
use crate::{BodyView, InspectError, RequestView};

/// A body as far as it can be read.
pub(crate) enum Content<'a> {
    Absent,
    Json {
        value: Value,
    },
    Form(Vec<Pair>),
    /// Anything else that is UTF-8.
    Text(&'a str),
    /// Longer than the limit, compressed, multipart, binary or escaped in an unknown way: nothing of
    /// it is known.
    Hidden,
}

/// What the content type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Declared {
    Json,
    Form,
    Other,
}

impl<'a> Content<'a> {
    /// Reads the body as its headers declare it.
    ///
    /// A body that is JSON under another name is still read as JSON: many servers do so as well,
    /// and its strings must be seen unescaped. Only a form stays a form: servers decode it by its
    /// name, and what is escaped in it would not be seen otherwise.
    pub(crate) fn read(view: &RequestView<'a>) -> Result<Self, InspectError> {
        let media = MediaType::read(view.headers)?;
        let body = match view.body {
            BodyView::Absent => return Ok(Self::Absent),
            BodyView::Whole(body) if body.is_empty() => return Ok(Self::Absent),
            BodyView::Truncated => return Ok(Self::Hidden),
            BodyView::Whole(body) => body,
        };
        if !is_identity(view.headers) || media.essence.starts_with("multipart/") {
            return Ok(Self::Hidden);
        }
        if media.foreign_charset {
            return Err(InspectError::Charset);
        }
        match media.declared() {
            Declared::Json => Ok(Self::Json {
                value: parse(body)?,
            }),
            Declared::Form => form(body),
            Declared::Other => Ok(undeclared(body)),
        }
    }

    /// What servers that look for JSON under any name would read in the place of a form.
    pub(crate) fn misnamed_json(&self, view: &RequestView<'_>) -> Option<Value> {
        match (self, view.body) {
            (Self::Form(_), BodyView::Whole(body)) => undeclared_json(body),
            _ => None,
        }
    }

    /// How it would be rewritten.
    pub(crate) fn kind(&self) -> Option<BodyKind> {
        match self {
            Self::Json { .. } => Some(BodyKind::Json),
            Self::Form(_) => Some(BodyKind::Form),
            Self::Text(_) => Some(BodyKind::Text),
            Self::Absent | Self::Hidden => None,
        }
    }

    /// Whether there is a body that nobody has looked into.
    pub(crate) fn is_hidden(&self) -> bool {
        matches!(self, Self::Hidden)
    }

    pub(crate) fn into_json(self) -> Option<Value> {
        match self {
            Self::Json { value } => Some(value),
            _ => None,
        }
    }
}

fn form(body: &Bytes) -> Result<Content<'_>, InspectError> {
    let text =
        std::str::from_utf8(body).map_err(|_| InspectError::Malformed("the form is not utf-8"))?;
    if has_json_escapes(text) {
        return Err(InspectError::Disagreement {
            declared: "a form",
            found: "JSON",
        });
    }
    Ok(Content::Form(urlencoded::pairs(text)))
}

fn undeclared(body: &Bytes) -> Content<'_> {
    if let Some(value) = undeclared_json(body) {
        return Content::Json { value };
    }
    match std::str::from_utf8(body) {
        // Text with a NUL is binary, or in another encoding.
        Ok(text) if !text.contains('\0') && !has_json_escapes(text) => Content::Text(text),
        _ => Content::Hidden,
    }
}

/// Whether lenient readers of JSON may find other characters in the text than those that it shows.
fn has_json_escapes(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
        .starts_with(['{', '[', '"'])
        && text.contains("\\u")
}

fn parse(body: &Bytes) -> Result<Value, InspectError> {
    Ok(json::value(body)?)
}

fn undeclared_json(body: &Bytes) -> Option<Value> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if matches!(first, b'{' | b'[' | b'"') {
        parse(body).ok()
    } else {
        None
    }
}

#[derive(Default)]
struct MediaType {
    /// In lower case, without parameters; empty where none was sent.
    essence: String,
    foreign_charset: bool,
}

impl MediaType {
    fn read(headers: &HeaderMap) -> Result<Self, InspectError> {
        let Some(text) = single(headers, &header::CONTENT_TYPE)? else {
            return Ok(Self::default());
        };
        let mut parts = text.split(';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        if !is_media_type(&essence) {
            return Err(InspectError::Malformed(
                "the content type is not one media type",
            ));
        }
        let foreign_charset = parts
            .filter_map(|part| part.split_once('='))
            .any(|(name, value)| is_charset(name) && !is_utf8(value));
        Ok(Self {
            essence,
            foreign_charset,
        })
    }

    fn declared(&self) -> Declared {
        match self.essence.as_str() {
            "application/json" | "text/json" => Declared::Json,
            "application/x-www-form-urlencoded" => Declared::Form,
            other if other.ends_with("+json") => Declared::Json,
            _ => Declared::Other,
        }
    }
}

fn is_media_type(essence: &str) -> bool {
    essence
        .split_once('/')
        .is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

/// As RFC 9110 has it.
fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

fn is_charset(parameter: &str) -> bool {
    parameter.trim().eq_ignore_ascii_case("charset")
}

fn is_utf8(charset: &str) -> bool {
    let name = charset.trim().trim_matches('"');
    UTF8_NAMES.iter().any(|it| it.eq_ignore_ascii_case(name))
}

fn is_identity(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// The one value of a header that may stand only once.
pub(crate) fn single<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'h str>, InspectError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(InspectError::Malformed(
            "a header that may stand only once stands twice",
        ));
    }
    value
        .to_str()
        .map(Some)
        .map_err(|_| InspectError::Malformed("a header that decides the call is not plain text"))
}

/// US-ASCII is a subset.
const UTF8_NAMES: [&str; 3] = ["utf-8", "utf8", "us-ascii"];

#[cfg(test)]
mod tests;
