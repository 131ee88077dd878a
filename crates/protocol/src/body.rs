//! What a body says it is and what it is: JSON, a form, parts, text, or nothing that can be looked into.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, header};
use serde_json::Value;

use crate::json;
use crate::llm::Endpoint;
use crate::media_type::MediaType;
use crate::multipart::{self, Part};
use crate::redact::BodyKind;
use crate::urlencoded::{self, Pair};
use crate::{BodyView, InspectError, RequestView, a2a};

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
    /// It begins as JSON and is none: what a lenient server makes of it nobody knows.
    Garbled,
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
            Declared::Form if is_garbled(body) => Self::Garbled,
            Declared::Form => form(body)?,
            Declared::Multipart => parts(body, media.as_ref())?,
            Declared::Other => undeclared(body, view),
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
            Self::Absent | Self::Hidden | Self::Garbled => None,
        }
    }

    /// Whether there is a body, or a part of one, that nobody has looked into.
    pub(crate) fn is_hidden(&self) -> bool {
        match self {
            Self::Hidden | Self::Garbled => true,
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

fn undeclared<'a>(body: &'a Bytes, view: &RequestView<'_>) -> Content<'a> {
    if let Some(value) = undeclared_json(body) {
        return Content::Json { value };
    }
    if is_garbled(body) && !is_records(body, view) {
        return Content::Garbled;
    }
    readable(body).map_or(Content::Hidden, Content::Text)
}

/// Invalid UTF-8 is no reason for every server to refuse it.
fn is_garbled(body: &[u8]) -> bool {
    json::begins_as_object(&String::from_utf8_lossy(body)) && undeclared_json(body).is_none()
}

/// Whether each line is JSON by itself, and none of them a call: what databases and collectors of
/// logs are sent. Where a path asks for a call, the first line may be taken for one.
fn is_records(body: &[u8], view: &RequestView<'_>) -> bool {
    let asks = Endpoint::of(view.path).is_some() || a2a::is_over_http(view.path);
    !asks && are_records(body)
}

pub(crate) fn are_records(body: &[u8]) -> bool {
    let mut lines = body.split(|byte| *byte == b'\n');
    lines.all(|line| line.trim_ascii().is_empty() || is_record(line))
}

/// Whether what was read as text is still read so: without what stood before it, a bracket may begin
/// JSON, and a label is no number.
pub(crate) fn stays_text(before: &str, after: &str) -> bool {
    let were = json::begins_as_object(before);
    !json::begins_as_object(after) || were && are_records(after.as_bytes())
}

fn is_record(line: &[u8]) -> bool {
    let is_call = |value: &Value| value.get("jsonrpc").is_some();
    json::value(line).is_ok_and(|value| match &value {
        Value::Array(items) => !items.iter().any(is_call),
        value => !is_call(value),
    })
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

/// Whether a body with these headers is in no content coding; an empty list of codings has none.
pub fn is_identity(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(header::CONTENT_ENCODING).iter();
    let mut codings = lists.flat_map(|list| list.as_bytes().split(|byte| *byte == b','));
    codings.all(|coding| {
        let coding = coding.trim_ascii();
        coding.is_empty() || coding.eq_ignore_ascii_case(b"identity")
    })
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
