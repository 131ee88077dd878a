//! Follows one answer of an LLM API and holds back each call that it proposes until the caller has judged it.
//!
//! Pure and incremental: bytes in, steps out; no sockets, no clock, no policy. What it cannot read
//! as every client reads it is an [`AnswerError`], and whoever gets one refuses the answer.

mod array;
mod aws;
mod call;
mod calls;
mod chat;
mod claim;
mod conversation;
mod converse;
mod error;
pub(crate) mod event;
pub(crate) mod frames;
mod gemini;
mod guard;
mod heard;
mod held;
mod invoke;
mod messages;
mod places;
mod reader;
mod refused;
mod responses;
mod sse;
#[cfg(test)]
mod tests;
mod texts;
mod voices;

use std::fmt;

use bytes::Bytes;

use crate::{LlmApi, urlencoded};

pub use call::{Arguments, ProposedCall, RunBy};
pub use claim::Claim;
pub use conversation::{Conversation, Turn};
pub use error::AnswerError;
pub use guard::Guard;
pub use heard::{Heard, Usage};

/// How the body of an answer comes.
///
/// What the client was told to expect decides, which is the request; a body that comes otherwise is
/// an error. Content codings are the caller's: bytes come decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One JSON document.
    Document,
    /// `text/event-stream`.
    ServerSentEvents,
    /// One JSON array, sent element by element: Gemini where `alt` is not `sse`.
    JsonArray,
    /// `application/vnd.amazon.eventstream`.
    AwsEventStream,
}

impl Framing {
    /// How the answer to this request comes.
    pub fn of(api: LlmApi, streams: bool, query: Option<&str>) -> Self {
        if !streams {
            return Self::Document;
        }
        let asks_for_events = || {
            let pairs = urlencoded::pairs(query.unwrap_or_default());
            pairs
                .iter()
                .any(|pair| pair.name == "alt" && pair.value == "sse")
        };
        match api {
            LlmApi::Converse | LlmApi::InvokeModel => Self::AwsEventStream,
            LlmApi::GenerateContent if !asks_for_events() => Self::JsonArray,
            _ => Self::ServerSentEvents,
        }
    }
}

/// What one answer may take. Memory stays below two events and `hold_bytes`, and what is fed at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One event of a stream. Media within an event counts.
    pub event_bytes: usize,
    /// Events that are held back and the arguments that are put together from them; also one whole
    /// document, which is always held.
    pub hold_bytes: usize,
    /// Events that are held back.
    pub hold_events: usize,
    /// Proposed calls in one answer.
    pub calls: usize,
}

/// What is to be done next.
#[derive(Clone, PartialEq)]
pub enum Step {
    /// These bytes go to the client, now.
    Forward(Bytes),
    /// Answer with [`Guard::release`], [`Guard::replace`] or [`Guard::refuse`]; until then this step repeats.
    Judge(ProposedCall),
    /// Nothing to do before more bytes are fed, or the end is told.
    Wait,
    /// Everything has been forwarded, or the answer was refused.
    End,
}

/// Lengths instead of bytes.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forward(bytes) => write!(f, "Forward({} bytes)", bytes.len()),
            Self::Judge(call) => f.debug_tuple("Judge").field(call).finish(),
            Self::Wait => f.write_str("Wait"),
            Self::End => f.write_str("End"),
        }
    }
}
