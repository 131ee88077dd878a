//! Rewrites a body or a query so that named parameters and detected data are gone and every other byte stays.
//!
//! It works on the places in the text, never on a value that is written out anew. What cannot be
//! rewritten safely is a [`RedactError`], and whoever gets one denies. It does not decide what to redact.

pub(crate) mod edits;
mod multipart;
mod signed;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use aegis_dlp::Field;
use aegis_policy::{Action, Numbers};
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::body::stays_text;
use crate::findings::digits;
use crate::json::{JsonError, Kind, Node, Tree};
use crate::json_rpc;
use crate::nested;
use crate::pseudonyms::{Means, Naming};
use crate::urlencoded::{Pair, pairs};
use edits::Edits;
pub use signed::is_signed;
pub(crate) use signed::rewritable;

/// The parts of a request that changed; the caller puts the length of the body right.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Rewritten {
    pub query: Option<String>,
    pub body: Option<Bytes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedactError {
    #[error("the client signed the request; redacting it would break the signature")]
    Signed,
    #[error("the client sent an encoded body; it can only be redacted as plain text")]
    Encoded,
    #[error("the body was not read, so nothing in it can be redacted")]
    Unread,
    #[error(
        "the client put the value into the path, a header or a name, where it cannot be redacted"
    )]
    Fixed,
    #[error("the client put sensitive data into a name, which cannot be redacted")]
    Name,
    #[error("the client put sensitive data into the id of a message, which cannot be redacted")]
    Correlation,
    #[error("a parameter to be redacted is not where it was found")]
    Missing,
    #[error("the client wrote a value that servers decode in different ways")]
    Ambiguous,
    #[error("the client sent a body that is not JSON as RFC 8259 has it: {0}")]
    Json(#[from] JsonError),
    #[error("the client sent a body that is not utf-8")]
    Utf8,
    #[error("sensitive data was still found after redaction")]
    Remains,
    #[error("what is to be redacted is a JSON number, and policy does not let it become text")]
    Number,
}

impl RedactError {
    /// The rule of its own that it is refused under, where it has one.
    pub fn rule(self) -> Option<&'static str> {
        (self == Self::Number).then_some("data.number")
    }
}

/// How to read the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyKind {
    Json,
    Form,
    Multipart,
    Text,
}

/// What is to go from one text. Everything that is named must be there.
#[derive(Clone, Copy, Default)]
pub(crate) struct Targets<'a> {
    /// JSON Pointers; what stands there goes as a whole.
    pub(crate) pointers: &'a [(Cow<'a, str>, Action)],
    /// Parameters of a form or query, by [`Pair::parameter`].
    pub(crate) names: &'a [(&'a str, Action)],
    /// Types of data, wherever they are.
    pub(crate) kinds: &'a [(&'a str, Action)],
}

impl Targets<'_> {
    /// What is done about data of this type. Where several actions are asked for, the one that
    /// leaves the least of it is.
    fn on(&self, kind: &str) -> Option<Action> {
        strongest(self.kinds, kind)
    }

    /// The data alone: within a value, nothing is named.
    fn of_data(&self) -> Self {
        Self {
            kinds: self.kinds,
            ..Self::default()
        }
    }

    fn redact(&self, field: &Field<'_>, means: &Means<'_>) -> Option<String> {
        self.redact_as(field, field.text, means)
    }

    /// A text that is another reading of `asked`; see [`Finder::hits_as`].
    fn redact_as(&self, field: &Field<'_>, asked: &str, means: &Means<'_>) -> Option<String> {
        let naming = Naming {
            scanner: means.scanner,
            names: means.names,
            on: |kind: &str| self.on(kind),
        };
        naming.replace(field.text, &means.finder().hits_as(field, asked))
    }
}

fn strongest(asked: &[(&str, Action)], name: &str) -> Option<Action> {
    let of_it = asked.iter().filter(|(known, _)| *known == name);
    of_it.map(|(_, action)| *action).max()
}

/// The redacted body; `None` where nothing had to change.
pub(crate) fn body(
    kind: BodyKind,
    body: &Bytes,
    targets: &Targets<'_>,
    means: &Means<'_>,
) -> Result<Option<Bytes>, RedactError> {
    let impossible = match kind {
        BodyKind::Json => !targets.names.is_empty(),
        BodyKind::Form | BodyKind::Multipart => !targets.pointers.is_empty(),
        BodyKind::Text => !(targets.names.is_empty() && targets.pointers.is_empty()),
    };
    if impossible {
        return Err(RedactError::Missing);
    }
    let text = || std::str::from_utf8(body).map_err(|_| RedactError::Utf8);
    let redacted = match kind {
        BodyKind::Json => json(body, targets, means, 0)?.map(Bytes::from),
        BodyKind::Form => form(text()?, targets, means)?.map(Bytes::from),
        BodyKind::Multipart => multipart::multipart(body, targets, means)?.map(Bytes::from),
        BodyKind::Text => {
            let redacted = plain(text()?, targets, means)?;
            let stays = |after: &String| text().is_ok_and(|before| stays_text(before, after));
            if !redacted.as_ref().is_none_or(stays) {
                return Err(RedactError::Ambiguous);
            }
            redacted.map(Bytes::from)
        }
    };
    Ok(redacted)
}

/// The redacted query; `None` where nothing had to change.
///
/// A presigned URL carries its signature in the query and is refused.
pub(crate) fn query(
    query: &str,
    targets: &Targets<'_>,
    means: &Means<'_>,
) -> Result<Option<String>, RedactError> {
    let redacted = form(query, targets, means)?;
    if redacted.is_some()
        && pairs(query)
            .iter()
            .any(|pair| signed::is_signature(&pair.name))
    {
        return Err(RedactError::Signed);
    }
    Ok(redacted)
}

/// Which parts changed, not to what.
impl fmt::Debug for Rewritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rewritten")
            .field("query", &self.query.is_some())
            .field("body", &self.body.is_some())
            .finish()
    }
}

fn json(
    body: &[u8],
    targets: &Targets<'_>,
    means: &Means<'_>,
    level: usize,
) -> Result<Option<String>, RedactError> {
    let tree = Tree::parse(body)?;
    let whole = targets
        .pointers
        .iter()
        .map(|(pointer, action)| Some((tree.at(pointer)?.span().start, *action)))
        .collect::<Option<Vec<(usize, Action)>>>()
        .ok_or(RedactError::Missing)?;
    let mut edits = Edits::default();
    for node in tree.nodes() {
        if edits.cover(node.span().start) {
            continue;
        }
        if node
            .key()
            .is_some_and(|key| holds_data(&key, targets, means))
        {
            return Err(RedactError::Name);
        }
        let start = node.span().start;
        let actions = whole.iter().filter(|(at, _)| *at == start);
        if let Some(action) = actions.map(|(_, action)| *action).max() {
            let text = means.parameter(action, &node.text().unwrap_or(node.raw().into()));
            edits.replace(node.span(), quoted_in_place_of(node, &text, means)?);
        } else if let Some(text) = redacted_leaf(node, targets, means, level)? {
            if level == 0 && json_rpc::correlates(node) {
                return Err(RedactError::Correlation);
            }
            edits.replace(node.span(), quoted_in_place_of(node, &text, means)?);
        }
    }
    let text = std::str::from_utf8(body).map_err(|_| RedactError::Utf8)?;
    let Some(redacted) = edits.apply(text) else {
        return Ok(None);
    };
    let after = Tree::parse(redacted.as_bytes())?;
    for node in after.leaves() {
        if redacted_leaf(node, targets, &means.unnamed(), level)?.is_some() {
            return Err(RedactError::Remains);
        }
    }
    Ok(Some(redacted))
}

/// A number is searched as it is written and as its digits; what replaces it is text. JSON that is
/// written in a string stays JSON. `level` is how many such strings are around it.
fn redacted_leaf(
    node: Node<'_>,
    targets: &Targets<'_>,
    means: &Means<'_>,
    level: usize,
) -> Result<Option<String>, RedactError> {
    let name = node.name();
    let text = match node.kind() {
        Kind::String => node.text(),
        Kind::Number => Some(node.raw().into()),
        _ => None,
    };
    let Some(text) = text else { return Ok(None) };
    if node.kind() == Kind::String && nested::within(&text, level).is_some() {
        return json(text.as_bytes(), &targets.of_data(), means, level + 1);
    }
    let redact = |text: &str| {
        let name = name.as_deref();
        targets.redact(&Field::part(name, text), means)
    };
    Ok(redact(&text).or_else(|| redact(&digits(node)?)))
}

fn form(
    text: &str,
    targets: &Targets<'_>,
    means: &Means<'_>,
) -> Result<Option<String>, RedactError> {
    let found = pairs(text);
    present(targets, found.iter())?;
    let mut edits = Edits::default();
    for pair in &found {
        if holds_data(&pair.name, targets, means) {
            return Err(RedactError::Name);
        }
        let value = match strongest(targets.names, pair.parameter()) {
            Some(action) => Some(means.parameter(action, &pair.value)),
            None => redacted_value(text, pair, targets, means)?,
        };
        let Some(value) = value else { continue };
        if !pair.clear {
            return Err(RedactError::Ambiguous);
        }
        let value = utf8_percent_encode(&value, ENCODED);
        // Without a sign between them, the new value would lengthen the name.
        let sign = if pair.has_sign() { "" } else { "=" };
        edits.replace(pair.value_at.clone(), format!("{sign}{value}"));
    }
    let Some(redacted) = edits.apply(text) else {
        return Ok(None);
    };
    let unnamed = means.unnamed();
    for pair in pairs(&redacted) {
        if redacted_value(&redacted, &pair, targets, &unnamed)?.is_some() {
            return Err(RedactError::Remains);
        }
    }
    Ok(Some(redacted))
}

/// What is named must be there.
fn present<'a>(
    targets: &Targets<'_>,
    fields: impl Iterator<Item = &'a Pair>,
) -> Result<(), RedactError> {
    let fields: Vec<&str> = fields.map(Pair::parameter).collect();
    let is_there = |(name, _): &(&str, Action)| fields.contains(name);
    if targets.names.iter().all(is_there) {
        Ok(())
    } else {
        Err(RedactError::Missing)
    }
}

fn redacted_value(
    text: &str,
    pair: &Pair,
    targets: &Targets<'_>,
    means: &Means<'_>,
) -> Result<Option<String>, RedactError> {
    within_text(&pair.name, &pair.value, targets, means, || {
        redacted_text(text, pair, targets, means)
    })
}

/// The value without the data, which `as_text` takes out of it as text. JSON stays JSON, where that
/// is enough.
fn within_text(
    name: &str,
    value: &str,
    targets: &Targets<'_>,
    means: &Means<'_>,
    as_text: impl Fn() -> Option<String>,
) -> Result<Option<String>, RedactError> {
    if nested::within(value, 0).is_none() {
        return Ok(as_text());
    }
    let Some(value) = json(value.as_bytes(), &targets.of_data(), means, 1)? else {
        return Ok(as_text());
    };
    // Read as text, it may still show something: a member's name and its value together.
    let shows = targets.redact(&Field::part(Some(name), &value), means);
    Ok(Some(shows.unwrap_or(value)))
}

/// Whether the server takes a `+` for a space (a card number in groups) or for itself (an e-mail
/// address with a tag).
fn redacted_text(
    text: &str,
    pair: &Pair,
    targets: &Targets<'_>,
    means: &Means<'_>,
) -> Option<String> {
    let name = Some(&*pair.name);
    let redact = |text: &str| targets.redact(&Field { name, text }, means);
    let raw = text.get(pair.value_at.clone())?;
    let literal = percent_decode_str(raw).decode_utf8_lossy();
    let as_literal = Field {
        name,
        text: &literal,
    };
    if let Some(first) = targets.redact_as(&as_literal, &pair.value, means) {
        let spaced = first.replace('+', " ");
        return Some(redact(&spaced).unwrap_or(spaced));
    }
    redact(&pair.value)
}

fn plain(
    text: &str,
    targets: &Targets<'_>,
    means: &Means<'_>,
) -> Result<Option<String>, RedactError> {
    let Some(redacted) = targets.redact(&Field::part(None, text), means) else {
        return Ok(None);
    };
    if holds_data(&redacted, targets, means) {
        return Err(RedactError::Remains);
    }
    Ok(Some(redacted))
}

pub(crate) fn holds_data(text: &str, targets: &Targets<'_>, means: &Means<'_>) -> bool {
    let hits = means.finder().hits(&Field::part(None, text));
    hits.iter().any(|hit| targets.on(hit.kind).is_some())
}

/// Text in the place of a value, as JSON.
fn quoted_in_place_of(
    node: Node<'_>,
    text: &str,
    means: &Means<'_>,
) -> Result<String, RedactError> {
    if node.kind() == Kind::Number && means.numbers == Numbers::Deny {
        return Err(RedactError::Number);
    }
    Ok(serde_json::Value::from(text).to_string())
}

/// RFC 3986 unreserved characters stay. A space becomes `%20`, which everyone reads alike.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
