//! One message of a WebSocket that a client sends, described as the body of a POST that it would be. It decides nothing about the call.

use std::fmt;
use std::sync::Arc;

use aegis_policy::{Authority, Call, CallKind, Protocol, Service, Truncation};
use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::body::Content;
use crate::heard::Finder;
use crate::inspected::{Described, Subject, conclude};
use crate::llm::{Endpoint, realtime};
use crate::recognise::{self, Spoken};
use crate::websocket::Kind;
use crate::{BodyView, InspectError, Inspected, RequestView, a2a, generic, grpc, json, llm, mcp};

/// A message, and what is known of the connection it came on.
#[derive(Clone, Copy)]
pub struct MessageView<'a> {
    pub authority: &'a Authority,
    /// Of the handshake, as sent: percent-encoded, without the query.
    pub path: &'a str,
    pub kind: Kind,
    /// Decoded; UTF-8 where it is text.
    pub payload: &'a Bytes,
    /// The model that the conversation has been with so far.
    pub model: Option<&'a Arc<str>>,
}

/// Describes one message.
///
/// A JSON-RPC message is a call of MCP or A2A, an event for a model is a call of an LLM; everything
/// else is the action `message` of its service or of plain HTTP. What cannot be looked into, which is
/// binary data that is no JSON, is opaque. An error means that two readers could understand the
/// message differently, so it must not be forwarded.
pub fn inspect_message<'a>(
    message: &MessageView<'_>,
    service: Option<&Service>,
    finder: impl Into<Finder<'a>>,
) -> Result<Inspected, InspectError> {
    with_content(message, |view, content| {
        inspect_content(message, (view, content), service, finder.into())
    })?
}

/// What the message says, and the request that it would be.
pub(crate) fn with_content<T>(
    message: &MessageView<'_>,
    then: impl FnOnce(&RequestView<'_>, Content<'_>) -> T,
) -> Result<T, InspectError> {
    let headers = HeaderMap::new();
    let view = RequestView {
        method: &Method::POST,
        authority: message.authority,
        path: message.path,
        query: None,
        headers: &headers,
        opens_websocket: false,
        body: BodyView::Whole(message.payload),
    };
    let content = read(message, &view)?;
    Ok(then(&view, content))
}

fn inspect_content(
    message: &MessageView<'_>,
    (view, content): (&RequestView<'_>, Content<'_>),
    service: Option<&Service>,
    finder: Finder<'_>,
) -> Result<Inspected, InspectError> {
    let subject = Subject {
        view,
        service,
        content,
        endpoint: Endpoint::of(message.path).filter(Endpoint::is_conversation),
    };
    let opaque = message.is_opaque(&subject.content);
    let mut inspected = conclude(subject, finder, |subject| describe(message, subject))?;
    inspected.call.opaque = opaque;
    if opaque {
        // Seen to its end; there is nothing in it to see.
        inspected.call.truncation = Truncation::Whole;
        inspected.reading.truncation = Truncation::Whole;
    }
    Ok(inspected)
}

fn describe(message: &MessageView<'_>, subject: Subject<'_>) -> Result<Described, InspectError> {
    if realtime::is_event(&subject)? {
        return realtime::describe(message.model, subject);
    }
    Ok(match recognise::protocol(&subject)? {
        Spoken::Http => said(generic::describe(&subject)),
        Spoken::Rest(service) => said(Described::new(CallKind::Tool, service.name.to_string(), "")),
        Spoken::Llm(family) => {
            let converses = subject.endpoint.is_some();
            let mut described = llm::describe(family, subject)?;
            if converses {
                described.dialect = crate::Dialect::Realtime { event: None };
                described.stream = true;
            }
            described
        }
        Spoken::Mcp => mcp::describe(&subject)?,
        Spoken::A2a => a2a::describe(&subject)?,
        Spoken::Grpc => grpc::describe(&subject)?,
    })
}

fn said(described: Described) -> Described {
    Described {
        action: Call::MESSAGE.to_owned(),
        ..described
    }
}

/// Text that begins as a JSON object or as a list of some is JSON or an error: what a lenient server
/// makes of it nobody knows.
fn read<'a>(
    message: &MessageView<'a>,
    view: &RequestView<'a>,
) -> Result<Content<'a>, InspectError> {
    let payload = message.payload;
    let is_text = message.kind == Kind::Text || std::str::from_utf8(payload).is_ok();
    if is_text && looks_like_json(payload) {
        let value = json::value(payload)?;
        return Ok(Content::Json { value });
    }
    match message.kind {
        Kind::Binary if !payload.is_empty() => Ok(Content::Hidden),
        _ => Content::read(view),
    }
}

fn looks_like_json(payload: &[u8]) -> bool {
    let payload = payload.strip_prefix(b"\xef\xbb\xbf").unwrap_or(payload);
    let mut bytes = payload.iter().filter(|byte| !byte.is_ascii_whitespace());
    match bytes.next() {
        Some(b'{') => true,
        Some(b'[') => matches!(bytes.next(), Some(b'{' | b'[')),
        _ => false,
    }
}

impl MessageView<'_> {
    fn is_opaque(&self, content: &Content<'_>) -> bool {
        self.kind == Kind::Binary && content.is_hidden()
    }
}

/// Whether the catalogue lets a host speak a conversation with a model.
pub(crate) fn may_converse(service: Option<&Service>) -> bool {
    service.is_none_or(|service| service.protocol == Protocol::OpenAi)
}

/// Neither the message nor the model, which the client chose.
impl fmt::Debug for MessageView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageView")
            .field("authority", &self.authority)
            .field("kind", &self.kind)
            .field("bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
