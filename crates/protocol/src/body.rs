//! What a body says it is and what it is: JSON, a form, parts, text, or nothing that can be looked into.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, header};
use serde_json::Value;

use crate::json;
use crate::media_type::MediaType;
use crate::multipart::{self, Part};
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
    Multipart(Vec<Part>),
    /// Anything else that is UTF-8.
    Text(&'a str),
    /// Longer than the limit, compressed, binary or escaped in an unknown way: nothing of it is known.
    Hidden,
}

/// What the content type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Declared {
    Json,
    Form,
    Multipart,
    Other,
}

impl<'a> Content<'a> {
    /// Reads the body as its headers declare it.
    ///
    /// A body that is JSON under another name is still read as JSON: many servers do so as well,
    /// and its strings must be seen unescaped. Only a form stays a form: servers decode it by its
    /// name, and what is escaped in it would not be seen otherwise.
    pub(crate) fn read(view: &RequestView<'a>) -> Result<Self, InspectError> {
        let media = media_type(view.headers)?;
        let body = match view.body {
            BodyView::Absent => return Ok(Self::Absent),
            BodyView::Whole(body) if body.is_empty() => return Ok(Self::Absent),
            BodyView::Truncated => return Ok(Self::Hidden),
            BodyView::Whole(body) => body,
        };
        if !is_identity(view.headers) {
            return Ok(Self::Hidden);
        }
        in_utf8(media.as_ref())?;
        let content = match declared(media.as_ref()) {
            Declared::Json => Self::Json {
                value: parse(body)?,
            },
            Declared::Form => form(body)?,
            Declared::Multipart => parts(body, media.as_ref())?,
            Declared::Other => undeclared(body),
        };
        if content.fields().any(names_charset) || content.unread_names().any(is_charset) {
            return Err(InspectError::Charset);
        }
        Ok(content)
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
            Self::Multipart(_) => Some(BodyKind::Multipart),
            Self::Text(_) => Some(BodyKind::Text),
            Self::Absent | Self::Hidden => None,
        }
    }

    /// Whether there is a body, or a part of one, that nobody has looked into.
    pub(crate) fn is_hidden(&self) -> bool {
        match self {
            Self::Hidden => true,
            Self::Multipart(parts) => parts.iter().any(|part| part.field.is_none()),
            _ => false,
        }
    }

    /// Of the parts that cannot be read.
    pub(crate) fn unread_names(&self) -> impl Iterator<Item = &str> {
        let parts: &[Part] = match self {
            Self::Multipart(parts) => parts,
            _ => &[],
        };
        let unread = parts.iter().filter(|part| part.field.is_none());
        unread.map(|part| &*part.name)
    }

    /// The fields of a form, in whatever form it comes.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Pair> {
        let (pairs, parts): (&[Pair], &[Part]) = match self {
            Self::Form(pairs) => (pairs, &[]),
            Self::Multipart(parts) => (&[], parts),
            _ => (&[], &[]),
        };
        pairs
            .iter()
            .chain(parts.iter().filter_map(|part| part.field.as_ref()))
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

/// Its boundary is the one that the content type names, and no other.
fn parts<'a>(body: &[u8], media: Option<&MediaType>) -> Result<Content<'a>, InspectError> {
    let boundary = media
        .and_then(MediaType::boundary)
        .ok_or(InspectError::Malformed(
            "the content type does not name one boundary of parts",
        ))?;
    multipart::parts(body, boundary).map(Content::Multipart)
}

fn undeclared(body: &Bytes) -> Content<'_> {
    if let Some(value) = undeclared_json(body) {
        return Content::Json { value };
    }
    readable(body).map_or(Content::Hidden, Content::Text)
}

/// The text of a part of a body; `None` where it has none that can be looked into.
pub(crate) fn text_of<'a>(
    content: &'a [u8],
    media: Option<&MediaType>,
) -> Result<Option<&'a str>, InspectError> {
    in_utf8(media)?;
    let is_json = match declared(media) {
        Declared::Json => json::value(content).map(|_| true)?,
        _ => undeclared_json(content).is_some(),
    };
    if is_json {
        return Ok(std::str::from_utf8(content).ok());
    }
    Ok(readable(content))
}

/// Text with a NUL is binary, or in another encoding.
fn readable(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    (!text.contains('\0') && !has_json_escapes(text)).then_some(text)
}

/// Whether lenient readers of JSON may find other characters in the text than those that it shows.
fn has_json_escapes(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
        .starts_with(['{', '[', '"'])
        && text.contains("\\u")
}

fn parse(body: &[u8]) -> Result<Value, InspectError> {
    Ok(json::value(body)?)
}

fn undeclared_json(body: &[u8]) -> Option<Value> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if matches!(first, b'{' | b'[' | b'"') {
        parse(body).ok()
    } else {
        None
    }
}

/// `None` where none was sent.
fn media_type(headers: &HeaderMap) -> Result<Option<MediaType>, InspectError> {
    let Some(text) = single(headers, &header::CONTENT_TYPE)? else {
        return Ok(None);
    };
    let media = MediaType::parse(text).ok_or(InspectError::Malformed(
        "the content type is not one media type",
    ))?;
    Ok(Some(media))
}

/// By this field some servers are told how to read all others.
fn names_charset(field: &Pair) -> bool {
    is_charset(&field.name) && is_foreign(field.value.trim())
}

fn is_charset(name: &str) -> bool {
    name.eq_ignore_ascii_case("_charset_")
}

fn is_foreign(charset: &str) -> bool {
    !UTF8_NAMES.iter().any(|it| it.eq_ignore_ascii_case(charset))
}

fn in_utf8(media: Option<&MediaType>) -> Result<(), InspectError> {
    if media.is_some_and(|media| media.has_charset(is_foreign)) {
        return Err(InspectError::Charset);
    }
    Ok(())
}

fn declared(media: Option<&MediaType>) -> Declared {
    let Some(media) = media else {
        return Declared::Other;
    };
    match media.essence() {
        _ if media.is_json() => Declared::Json,
        "application/x-www-form-urlencoded" => Declared::Form,
        essence if essence.starts_with("multipart/") => Declared::Multipart,
        _ => Declared::Other,
    }
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
