//! How an answer's body is cut into events, and how one event gets another payload. It knows no API.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::json::{Node, Tree};
use crate::{Cleaner, Denied};

use super::array::{self, Elements};
use super::aws::{self, Message};
use super::event::string;
use super::sse::{self, Events};
use super::{AnswerError, Framing, Limits};

/// One event as it was sent: the first `length` bytes of what is unread.
pub(crate) struct Frame<'b> {
    pub(crate) length: usize,
    pub(crate) name: &'b str,
    /// No event comes behind it.
    pub(crate) ends: bool,
    pub(crate) payload: Payload<'b>,
}

pub(crate) enum Payload<'b> {
    /// Nothing that any client would read.
    None,
    Json(Cow<'b, [u8]>),
    /// An AWS exception; the frame's name is its type.
    Exception,
}

#[derive(Debug)]
pub(crate) struct Frames {
    cutter: Cutter,
    /// `InvokeModel`: the model's own event stands base64-encoded within each message.
    chunks: bool,
    limits: Limits,
}

#[derive(Debug)]
enum Cutter {
    Document,
    Sse(Events),
    Array(Elements),
    Aws,
}

impl Frames {
    pub(crate) fn new(framing: Framing, chunks: bool, limits: Limits) -> Self {
        let cutter = match framing {
            Framing::Document => Cutter::Document,
            Framing::ServerSentEvents => Cutter::Sse(Events::default()),
            Framing::JsonArray => Cutter::Array(Elements::default()),
            Framing::AwsEventStream => Cutter::Aws,
        };
        Self {
            cutter,
            chunks,
            limits,
        }
    }

    /// The next event of `bytes`, which must start where the last one ended. `ended`: no more will come.
    pub(crate) fn next<'b>(
        &mut self,
        bytes: &'b [u8],
        ended: bool,
    ) -> Result<Option<Frame<'b>>, AnswerError> {
        let limit = self.limit();
        let found = match &mut self.cutter {
            Cutter::Document => document(bytes, ended),
            Cutter::Sse(events) => match events.next(bytes)? {
                None if ended => events.last(bytes)?,
                found => found,
            },
            Cutter::Array(elements) => match elements.next(bytes)? {
                None if ended => elements.last(bytes)?,
                found => found,
            },
            Cutter::Aws => match Message::first(bytes, limit)? {
                None if ended && !bytes.is_empty() => {
                    return Err(AnswerError::Malformed("a message is cut off"));
                }
                None => None,
                Some(message) => Some(self.opened(message.frame(bytes)?)?),
            },
        };
        let length = found.as_ref().map_or(bytes.len(), |frame| frame.length);
        if length > limit {
            return Err(AnswerError::EventTooLong);
        }
        Ok(found)
    }

    /// The event with another payload.
    pub(crate) fn rewrite(&self, event: &[u8], payload: &str) -> Result<Bytes, AnswerError> {
        Ok(Bytes::from(match self.cutter {
            Cutter::Document => payload.as_bytes().to_vec(),
            Cutter::Sse(_) => sse::rewrite(event, payload),
            Cutter::Array(_) => array::rewrite(event, payload),
            Cutter::Aws => {
                let message = Message::first(event, event.len())?.ok_or(CHUNK)?;
                let frame = message.frame(event)?;
                if self.is_chunk(&frame) {
                    let Payload::Json(outer) = &frame.payload else {
                        return Err(CHUNK);
                    };
                    message.rewrite(event, wrapped(outer, payload)?.as_bytes())
                } else {
                    message.rewrite(event, payload.as_bytes())
                }
            }
        }))
    }

    /// The event without data in what it says beside its payload, where it is an event stream's; `None`
    /// where it may go as it came.
    pub(crate) fn clean(
        &self,
        event: &[u8],
        cleaner: &mut Cleaner,
    ) -> Result<Option<Bytes>, Denied> {
        match self.cutter {
            Cutter::Sse(_) if cleaner.searches() => {
                Ok(sse::clean(event, cleaner)?.map(Bytes::from))
            }
            _ => Ok(None),
        }
    }

    /// An event of our own, behind another one.
    pub(crate) fn event(&self, name: &str, json: &str) -> Bytes {
        Bytes::from(match &self.cutter {
            Cutter::Document => json.as_bytes().to_vec(),
            Cutter::Sse(_) if name.is_empty() => format!("data: {json}\n\n").into_bytes(),
            Cutter::Sse(_) => format!("event: {name}\ndata: {json}\n\n").into_bytes(),
            Cutter::Array(_) => format!(",\n{json}").into_bytes(),
            Cutter::Aws => {
                let headers = [
                    (":event-type", name),
                    (":content-type", "application/json"),
                    (":message-type", "event"),
                ];
                if self.chunks {
                    let chunk = format!(r#"{{"bytes":"{}"}}"#, STANDARD.encode(json));
                    aws::message(&headers, chunk.as_bytes())
                } else {
                    aws::message(&headers, json.as_bytes())
                }
            }
        })
    }

    /// A whole document is bounded by what may be held back.
    fn limit(&self) -> usize {
        match self.cutter {
            Cutter::Document => self.limits.hold_bytes,
            _ => self.limits.event_bytes,
        }
    }

    fn is_chunk(&self, frame: &Frame<'_>) -> bool {
        self.chunks && frame.name == "chunk"
    }

    /// A chunk's own event in place of the chunk.
    fn opened<'b>(&self, frame: Frame<'b>) -> Result<Frame<'b>, AnswerError> {
        match &frame.payload {
            Payload::Json(outer) if self.is_chunk(&frame) => {
                let tree = Tree::parse(outer)?;
                let bytes = tree.root().map(|root| string(root, "bytes")).transpose()?;
                let encoded = bytes.flatten().and_then(Node::text).ok_or(CHUNK)?;
                let inner = STANDARD.decode(encoded.as_bytes()).map_err(|_| CHUNK)?;
                Ok(Frame {
                    payload: Payload::Json(Cow::Owned(inner)),
                    ..frame
                })
            }
            _ => Ok(frame),
        }
    }
}

fn document(bytes: &[u8], ended: bool) -> Option<Frame<'_>> {
    (ended && !bytes.is_empty()).then_some(Frame {
        length: bytes.len(),
        name: "",
        ends: true,
        payload: Payload::Json(Cow::Borrowed(bytes)),
    })
}

/// The chunk with another event of the model's within it.
fn wrapped(outer: &[u8], payload: &str) -> Result<String, AnswerError> {
    let tree = Tree::parse(outer)?;
    let bytes = tree.root().and_then(|root| root.get("bytes"));
    let span = bytes.ok_or(CHUNK)?.span();
    let outer = std::str::from_utf8(outer).map_err(|_| CHUNK)?;
    let (before, behind) = (outer.get(..span.start), outer.get(span.end..));
    let (before, behind) = before.zip(behind).ok_or(CHUNK)?;
    Ok(format!("{before}\"{}\"{behind}", STANDARD.encode(payload)))
}

const CHUNK: AnswerError = AnswerError::Malformed("a chunk does not carry base64 bytes");
