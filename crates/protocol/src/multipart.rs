//! The parts of a multipart body (RFC 2046, RFC 7578), with the places where they stand. It judges nothing.
//!
//! Readers of such bodies differ in what they forgive, so that nothing is forgiven here: a part that
//! one of them would see and another would not must not exist.

use std::ops::Range;

use crate::InspectError;
use crate::body::text_of;
use crate::media_type::{MediaType, is_token, parameters};
use crate::urlencoded::Pair;

/// One part.
#[derive(Debug)]
pub(crate) struct Part {
    /// Where its header lines stand.
    pub(crate) head: Range<usize>,
    /// As its head has it, empty where it has none.
    pub(crate) name: String,
    /// The same with what it says; `None` where that cannot be read.
    pub(crate) field: Option<Pair>,
    /// It says that it is JSON, and is.
    pub(crate) is_json: bool,
    /// It says how long it is.
    pub(crate) is_sized: bool,
}

/// The parts between lines of this boundary.
pub(crate) fn parts(body: &[u8], boundary: &str) -> Result<Vec<Part>, InspectError> {
    if !is_boundary(boundary) {
        return Err(MALFORMED);
    }
    let line = format!("--{boundary}");
    let blank = if body.starts_with(b"\r\n") { 2 } else { 0 };
    let mut at = blank + line.len();
    if body.get(blank..at) != Some(line.as_bytes()) {
        return Err(MALFORMED);
    }
    let mut found = Vec::new();
    loop {
        let rest = match body.get(at..).unwrap_or_default() {
            b"--" | b"--\r\n" => return Ok(found),
            rest => rest.strip_prefix(b"\r\n").ok_or(MALFORMED)?,
        };
        let begins = body.len() - rest.len();
        let length = next_delimiter(rest, line.as_bytes()).ok_or(MALFORMED)?;
        found.push(part(body, begins..begins + length)?);
        at = begins + length + "\r\n".len() + line.len();
    }
}

/// The boundary that a body begins with.
pub(crate) fn boundary_of(body: &[u8]) -> Option<&str> {
    let body = body.strip_prefix(b"\r\n").unwrap_or(body);
    let line = body.strip_prefix(b"--")?;
    let line = line.get(..find(line, b"\r\n").unwrap_or(line.len()))?;
    let boundary = line.strip_suffix(b"--").unwrap_or(line);
    std::str::from_utf8(boundary).ok()
}

/// How far it is to the end of the line before the next delimiter. One that only some readers
/// would take for it, after half a line's end, is none, and leads to no end.
fn next_delimiter(rest: &[u8], line: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + find(rest.get(from..)?, line)?;
        match rest.get(..at)? {
            before if before.ends_with(b"\r\n") => return Some(at - "\r\n".len()),
            before if before.is_empty() || before.ends_with(b"\n") || before.ends_with(b"\r") => {
                return None;
            }
            _ => from = at + line.len(),
        }
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, wanted)
}

fn part(body: &[u8], range: Range<usize>) -> Result<Part, InspectError> {
    let part = body.get(range.clone()).unwrap_or_default();
    let head_length = match find(part, b"\r\n\r\n") {
        _ if part.starts_with(b"\r\n") => 0,
        Some(at) => at + "\r\n".len(),
        None => return Err(MALFORMED),
    };
    let (head, content) = part.split_at_checked(head_length).ok_or(MALFORMED)?;
    let content = content.strip_prefix(b"\r\n").ok_or(MALFORMED)?;
    let head = Head::read(head)?;
    let value_at = range.end - content.len()..range.end;
    let text = head.text(content)?;
    if head.length.is_some_and(|length| length != content.len()) {
        return Err(MALFORMED);
    }
    Ok(Part {
        head: range.start..range.start + head_length,
        is_json: head.is_json(),
        is_sized: head.length.is_some(),
        field: text.map(|value| Pair {
            name_at: range.start..range.start + head_length,
            value: value.to_owned(),
            literal: None,
            value_at,
            clear: is_clear(&head.name),
            name: head.name.clone(),
        }),
        name: head.name,
    })
}

/// What the header lines of a part say.
#[derive(Default)]
struct Head {
    name: String,
    media: Option<MediaType>,
    /// In a coding, such as base64.
    is_coded: bool,
    /// How long it says that the content is.
    length: Option<usize>,
}

impl Head {
    fn read(head: &[u8]) -> Result<Self, InspectError> {
        let text = std::str::from_utf8(head).map_err(|_| MALFORMED)?;
        let mut read = Self::default();
        let mut known: Vec<String> = Vec::new();
        for line in text.split_terminator("\r\n") {
            let (name, value) = line.split_once(':').ok_or(MALFORMED)?;
            let is_plain = !line.contains(|c: char| c.is_control() && c != '\t');
            if !is_plain || name.is_empty() || name.contains(char::is_whitespace) {
                return Err(MALFORMED);
            }
            let name = name.to_ascii_lowercase();
            read.line(&name, value.trim())?;
            if known.contains(&name) || known.len() == MOST_LINES {
                return Err(MALFORMED);
            }
            known.push(name);
        }
        Ok(read)
    }

    fn line(&mut self, name: &str, value: &str) -> Result<(), InspectError> {
        match name {
            "content-disposition" => self.name = name_in(value)?,
            "content-type" => self.media = Some(MediaType::parse(value).ok_or(MALFORMED)?),
            "content-transfer-encoding" => {
                let plain = ["7bit", "8bit", "binary"];
                self.is_coded = !plain.iter().any(|it| value.eq_ignore_ascii_case(it));
            }
            "content-encoding" => self.is_coded = true,
            "content-length" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.length = Some(value.parse().map_err(|_| MALFORMED)?);
            }
            "content-length" => return Err(MALFORMED),
            _ => {}
        }
        Ok(())
    }

    fn is_json(&self) -> bool {
        self.media.as_ref().is_some_and(MediaType::is_json)
    }

    /// `None` where it is no text, or parts of its own.
    fn text<'a>(&self, content: &'a [u8]) -> Result<Option<&'a str>, InspectError> {
        let nests = |media: &MediaType| media.essence().starts_with("multipart/");
        if self.is_coded || self.media.as_ref().is_some_and(nests) {
            return Ok(None);
        }
        text_of(content, self.media.as_ref())
    }
}

/// The name that a disposition gives. Readers that split at every `;`, that look for `name=` anywhere or
/// do not take a `\` for an escape, find the same one.
fn name_in(disposition: &str) -> Result<String, InspectError> {
    let (_, rest) = disposition.split_once(';').unwrap_or_default();
    if disposition.contains("\\\"") || !are_plain(rest) || names(rest) > 1 {
        return Err(InspectError::Malformed(
            "a part of the body has a name that servers read differently",
        ));
    }
    let mut found = parameters(rest).into_iter();
    let name = found.find(|(name, _)| name == "name");
    Ok(name.map(|(_, value)| value).unwrap_or_default())
}

/// How often the text gives a name, or seems to: in the middle of a value, too.
fn names(text: &str) -> usize {
    let text = text.to_ascii_lowercase();
    let gives = |(at, word): (usize, &str)| {
        let (before, after) = text.split_at(at);
        let after = after.strip_prefix(word).unwrap_or_default().trim_start();
        let of_file = before.strip_suffix("file");
        let of_file =
            of_file.is_some_and(|it| it.trim_end().is_empty() || it.trim_end().ends_with(';'));
        after.starts_with(['=', '*']) && !of_file
    };
    text.match_indices("name")
        .filter(|found| gives(*found))
        .count()
}

/// Each parameter is a token, `=`, and a token or a text in quotes, with nothing behind it.
fn are_plain(mut text: &str) -> bool {
    loop {
        let Some((name, value)) = text.split_once('=') else {
            return text.trim().is_empty();
        };
        let rest = match value.strip_prefix('"').map(|quoted| quoted.split_once('"')) {
            Some(Some((_, rest))) => rest,
            Some(None) => return false,
            None => {
                let end = value.find(';').unwrap_or(value.len());
                let (value, rest) = value.split_at(end);
                if !is_token(value.trim()) {
                    return false;
                }
                rest
            }
        };
        if !is_token(name.trim()) {
            return false;
        }
        match rest.trim_start().strip_prefix(';') {
            Some(rest) => text = rest,
            None => return rest.trim().is_empty(),
        }
    }
}

/// Whether every reader takes the same name from it: nothing in it is an escape to some.
fn is_clear(name: &str) -> bool {
    !name.contains(|c: char| matches!(c, '%' | '\\' | '"' | ';' | '&') || c.is_control())
}

/// As RFC 2046 has it.
fn is_boundary(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    (1..=70).contains(&text.len()) && !text.ends_with(' ') && text.bytes().all(allowed)
}

/// Of a head.
const MOST_LINES: usize = 16;
const MALFORMED: InspectError =
    InspectError::Malformed("the parts of the body are not as RFC 2046 has them");

#[cfg(test)]
mod tests;
