//! A JSON-RPC batch: each message described as the request that it would be by itself. It judges none of them.
//!
//! Only MCP up to 2025-03-26 has batches. A client that names a later revision is refused as its
//! server would refuse it.

use std::fmt;
use std::ops::Range;

use aegis_policy::{CallKind, Redaction, Service};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;

use super::{Expected, headers};
use crate::heard::Finder;
use crate::json::{Kind, Node, Tree};
use crate::pseudonyms::Means;
use crate::redact::edits::Edits;
use crate::{
    BodyView, Dialect, InspectError, Inspected, RedactError, RefusalDocument, Rendered,
    RequestView, Rewritten, inspect, render,
};

/// The messages of one batch. It may go only where every one of them may.
pub struct Batch {
    messages: Vec<Inspected>,
    /// Where each stands in the body.
    spans: Vec<Range<usize>>,
}

impl Batch {
    /// Describes what [`crate::inspect`] has refused with [`InspectError::Batch`].
    ///
    /// Places of findings are relative to the message in which they are.
    pub fn inspect<'a>(
        view: &RequestView<'_>,
        service: Option<&Service>,
        finder: impl Into<Finder<'a>>,
    ) -> Result<Self, InspectError> {
        let finder = finder.into();
        let BodyView::Whole(body) = view.body else {
            return Err(InspectError::Batch);
        };
        if headers::forbid_batches(view.headers) {
            return Err(InspectError::Batch);
        }
        let spans = spans(body)?;
        let mut messages = Vec::with_capacity(spans.len());
        for span in &spans {
            let message = part(body, span);
            let view = RequestView {
                body: BodyView::Whole(&message),
                ..*view
            };
            messages.push(inspect(&view, service, finder)?);
        }
        only_mcp(&messages)?;
        distinct(&messages)?;
        Ok(Self { messages, spans })
    }

    /// In the order of the body; at least one.
    pub fn messages(&self) -> &[Inspected] {
        &self.messages
    }

    /// What the answer to all of them has to be followed for.
    pub fn expected(&self) -> Option<Expected> {
        let parts = self.messages.iter();
        Expected::all(parts.filter_map(|message| message.reading.expected()))
    }

    /// Rewrites the query, and in the body each message by its own list of redactions.
    ///
    /// Any other number of lists than there are messages is refused.
    pub fn redact(
        &self,
        view: &RequestView<'_>,
        redactions: &[Vec<Redaction>],
        means: &Means<'_>,
    ) -> Result<Rewritten, RedactError> {
        let BodyView::Whole(body) = view.body else {
            return Err(RedactError::Unread);
        };
        if redactions.len() != self.messages.len() {
            return Err(RedactError::Missing);
        }
        let mut edits = Edits::default();
        let mut query: Option<String> = None;
        for ((inspected, span), redactions) in self.messages.iter().zip(&self.spans).zip(redactions)
        {
            let message = part(body, span);
            let view = RequestView {
                body: BodyView::Whole(&message),
                query: query.as_deref().or(view.query),
                ..*view
            };
            let rewritten = inspected.reading.redact(&view, redactions, means)?;
            if let Some(message) = rewritten.body {
                let text = std::str::from_utf8(&message).map_err(|_| RedactError::Utf8)?;
                edits.replace(span.clone(), text.to_owned());
            }
            query = rewritten.query.or(query);
        }
        let text = std::str::from_utf8(body).map_err(|_| RedactError::Utf8)?;
        let body = edits.apply(text).map(Bytes::from);
        Ok(Rewritten { query, body })
    }
}

/// One error for each message that waits for an answer, in an array; `None` where none does, and
/// the status speaks.
pub fn render_batch<'a>(
    refusals: impl IntoIterator<Item = (&'a Dialect, RefusalDocument<'a>)>,
) -> Option<Rendered> {
    let answered = refusals.into_iter();
    let answered = answered.filter(|(dialect, _)| dialect.answers_in_band());
    let errors = answered.map(|(dialect, refusal)| {
        let rendered = render(dialect, &refusal);
        String::from_utf8_lossy(&rendered.body).into_owned()
    });
    let errors: Vec<String> = errors.collect();
    if errors.is_empty() {
        return None;
    }
    let json = HeaderValue::from_static("application/json");
    Some(Rendered {
        headers: HeaderMap::from_iter([(header::CONTENT_TYPE, json)]),
        body: Bytes::from(format!("[{}]", errors.join(","))),
    })
}

fn spans(body: &Bytes) -> Result<Vec<Range<usize>>, InspectError> {
    let tree = Tree::parse(body)?;
    let root = tree.root().filter(|root| root.kind() == Kind::Array);
    let root = root.ok_or(InspectError::Batch)?;
    let spans: Vec<_> = root.children().map(Node::span).collect();
    if spans.is_empty() || spans.len() > MOST_MESSAGES {
        return Err(InspectError::Batch);
    }
    Ok(spans)
}

fn part(body: &Bytes, span: &Range<usize>) -> Bytes {
    let within = span.start <= span.end && span.end <= body.len();
    if within {
        body.slice(span.clone())
    } else {
        Bytes::new()
    }
}

/// Of the other protocols, none has batches; and nothing may pass between messages unjudged.
fn only_mcp(messages: &[Inspected]) -> Result<(), InspectError> {
    let mcp = |message: &Inspected| message.call.kind == CallKind::Mcp;
    if messages.iter().all(mcp) {
        Ok(())
    } else {
        Err(InspectError::Batch)
    }
}

/// Two calls of one id could not be told apart in the answer.
fn distinct(messages: &[Inspected]) -> Result<(), InspectError> {
    let ids = messages
        .iter()
        .filter_map(|message| match &message.reading.dialect {
            Dialect::JsonRpc { id } if !id.is_null() => Some(id),
            _ => None,
        });
    let mut seen: Vec<&Value> = Vec::new();
    for id in ids {
        if seen.contains(&id) {
            return Err(InspectError::Malformed(
                "two messages of a batch have one id",
            ));
        }
        seen.push(id);
    }
    Ok(())
}

/// How many there are, not what they say.
impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("messages", &self.messages.len())
            .finish_non_exhaustive()
    }
}

/// In one batch.
const MOST_MESSAGES: usize = 50;

#[cfg(test)]
mod tests;
