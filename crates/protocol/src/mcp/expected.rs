//! What the answer to an MCP request may hold, and how it has to be followed. It reads no body.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use super::Filter;
use crate::answer::{AnswerError, Framing, Limits};
use crate::json::JsonError;
use crate::{ContentError, Denied, is_identity};

/// What the answer to one request, or to one batch, may hold.
#[derive(Clone, PartialEq)]
pub struct Expected {
    pub(super) server: Arc<str>,
    /// The ids of what was asked; `None` where that is not known, as on a stream that is resumed.
    pub(super) requests: Option<Vec<(Value, Asked)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Tools, resources, templates or prompts.
    List,
    /// What a tool comes to.
    Call,
    Other,
}

/// How an answer goes to the client.
#[derive(Debug)]
pub enum Following {
    /// As it comes: nothing in it is judged.
    Nothing,
    /// Through a filter: it may list what the caller must not see, or answer what was not asked.
    Filter(Box<Filter>),
}

/// Why an answer could not be followed. Every one of these refuses it, and none
/// carries text of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    #[error("the server sent a malformed answer: {0}")]
    Malformed(&'static str),
    #[error("the server sent an answer that is not JSON as RFC 8259 has it: {0}")]
    Json(#[from] JsonError),
    #[error("the server sent an answer that clients read differently: {0}")]
    Ambiguous(&'static str),
    #[error("the server sent an answer under a content type or coding that cannot be looked into")]
    Hidden,
    #[error("the server answered a request that was not made")]
    Unasked,
    #[error("the server sent an answer longer than the limit")]
    TooLong,
    #[error("{0}")]
    Data(Denied),
    #[error("{0}")]
    Unread(ContentError),
    #[error("there are not as many verdicts as entries that wait for one")]
    Verdicts,
}

impl Expected {
    /// Any list may come.
    pub(super) fn anything(server: String) -> Self {
        Self {
            server: server.into(),
            requests: None,
        }
    }

    /// `id` is null where nothing is answered.
    pub(super) fn answer(server: String, id: &Value, asked: Asked) -> Self {
        let requests = (!id.is_null()).then(|| (id.clone(), asked));
        Self {
            server: server.into(),
            requests: Some(requests.into_iter().collect()),
        }
    }

    /// Follows all that this server says on a WebSocket, message by message: any of them may be a
    /// list. Each one ends with [`super::Step::End`], and [`Filter::message`] begins the next.
    pub fn over_websocket(&self, limits: Limits) -> Filter {
        let server = Arc::clone(&self.server);
        let anything = Self {
            server,
            requests: None,
        };
        Filter::new(anything, Framing::Document, limits)
    }

    /// The answers to several requests to one server, in one body.
    pub(super) fn all<'a>(parts: impl Iterator<Item = &'a Self>) -> Option<Self> {
        parts.cloned().reduce(|mut all, part| {
            all.requests = all.requests.zip(part.requests).map(|(mut all, more)| {
                all.extend(more);
                all
            });
            all
        })
    }

    /// Whether a list may come.
    pub(super) fn lists(&self) -> bool {
        let requests = self.requests.as_ref();
        let list = |(_, asked): &(Value, Asked)| *asked == Asked::List;
        requests.is_none_or(|requests| requests.iter().any(list))
    }

    /// Status and headers of the answer, as they describe the bytes that will be fed: with the
    /// content coding that these still have.
    ///
    /// An answer that is neither JSON nor an event stream goes as it comes where it is no success, or
    /// where nothing was asked: no client reads it.
    pub fn follow(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        limits: Limits,
    ) -> Result<Following, FollowError> {
        let asks = self.requests.as_ref().is_none_or(|asked| !asked.is_empty());
        match framing(headers) {
            Ok(framing) => {
                let mut filter = Filter::new(self.clone(), framing, limits);
                if status.is_success() && self.requests.is_some() && self.lists() {
                    filter.must_list();
                }
                Ok(Following::Filter(Box::new(filter)))
            }
            Err(error) if asks && status.is_success() => Err(error),
            Err(_) => Ok(Following::Nothing),
        }
    }
}

impl Asked {
    pub(super) fn of(method: &str) -> Self {
        match method {
            "tools/call" => Self::Call,
            "tools/list" | "resources/list" | "resources/templates/list" | "prompts/list" => {
                Self::List
            }
            _ => Self::Other,
        }
    }
}

impl FollowError {
    /// The stable id under which the refusal, the record and the metrics count it.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::Json(_) => "protocol.list_malformed",
            Self::Ambiguous(_) => "protocol.list_ambiguous",
            Self::Hidden => "protocol.list_hidden",
            Self::Unasked => "protocol.list_unasked",
            Self::TooLong => "protocol.list_limit",
            Self::Data(_) => "data",
            Self::Unread(_) => "data.unread",
            Self::Verdicts => "protocol.list_verdicts",
        }
    }
}

/// What the reader of event streams finds wrong, in the words of lists.
impl From<AnswerError> for FollowError {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Json(error) => Self::Json(error),
            AnswerError::Malformed(what) => Self::Malformed(what),
            AnswerError::Ambiguous(what) => Self::Ambiguous(what),
            AnswerError::EventTooLong | AnswerError::HoldLimit => Self::TooLong,
            _ => Self::Malformed("the event stream is cut off"),
        }
    }
}

/// Without a content type, a body is taken for JSON.
fn framing(headers: &HeaderMap) -> Result<Framing, FollowError> {
    if !is_identity(headers) {
        return Err(FollowError::Hidden);
    }
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let Some(first) = types.next() else {
        return Ok(Framing::Document);
    };
    let text = first.to_str().map_err(|_| FollowError::Hidden)?;
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let foreign = |part: &str| {
        let charset = part.to_ascii_lowercase();
        let named = charset
            .strip_prefix("charset=")
            .map(|it| it.trim_matches('"'));
        named.is_some_and(|named| !matches!(named, "utf-8" | "utf8" | "us-ascii"))
    };
    match &*essence {
        _ if types.next().is_some() || parts.any(foreign) => Err(FollowError::Hidden),
        "application/json" => Ok(Framing::Document),
        "text/event-stream" => Ok(Framing::ServerSentEvents),
        _ => Err(FollowError::Hidden),
    }
}

/// Ids are the client's.
impl fmt::Debug for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = self.requests.as_ref();
        let asked: Option<Vec<_>> = asked.map(|all| all.iter().map(|(_, asked)| asked).collect());
        f.debug_struct("Expected")
            .field("server", &self.server)
            .field("asked", &asked)
            .finish_non_exhaustive()
    }
}
