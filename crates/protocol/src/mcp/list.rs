//! Follows one MCP answer, which answers nothing but its request: what the server asks its client waits for a verdict, and out of
//! its lists goes what the caller may not use.
//!
//! Pure and incremental: bytes in, steps out. Whatever stays keeps its bytes. What it cannot read as
//! every client reads it is a [`FollowError`], and whoever gets one refuses the answer.

mod entries;
mod read;

use std::collections::VecDeque;
use std::fmt;

use aegis_policy::Call;
use bytes::{Bytes, BytesMut};
use serde_json::Value;

use super::answered;
use super::{Expected, FollowError, Question};
use crate::answer::frames::{Frames, Payload};
use crate::answer::{Framing, Limits};
use crate::{Cleaner, Dialect, RefusalDocument, render};

use entries::Found;
use read::{Read, is_text, read, without_data};

/// One entry of a list.
#[derive(Clone, PartialEq)]
pub struct Entry {
    pub kind: ListKind,
    /// What using it would be. The arguments of a tool or prompt are not known yet, so it has none;
    /// a resource has its `uri`, and a template the text of its own as one.
    pub call: Call,
    /// [`super::digest`] of the whole entry.
    pub digest: [u8; 32],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListKind {
    Tools,
    Resources,
    ResourceTemplates,
    Prompts,
}

/// What is to be done next.
#[derive(Clone, PartialEq)]
pub enum Step {
    /// These bytes go to the client, now.
    Forward(Bytes),
    /// Answer with [`Filter::allow`] or [`Filter::leave_out`], or refuse; until then this step repeats.
    Ask(Question),
    /// Answer with [`Filter::keep`]; until then this step repeats.
    Judge(Vec<Entry>),
    /// Nothing to do before more bytes are fed, or the end is told.
    Wait,
    /// Everything has been forwarded, or the answer was refused.
    End,
}

/// One answer, from its first byte.
///
/// ```text
/// loop { match filter.step() {
///     Ok(Forward(bytes))   send them
///     Ok(Ask(question))    filter.allow() | filter.leave_out() | send filter.refuse(refusal)
///     Ok(Judge(entries))   filter.keep(one verdict for each)
///     Ok(Wait)             filter.feed(next bytes of the body), or filter.finish() at its end
///     Ok(End)              done
///     Err(error)           send filter.refuse(refusal)
/// } }
/// ```
///
/// Its length may change. An error repeats until the answer is refused.
pub struct Filter {
    expected: Expected,
    framing: Framing,
    frames: Frames,
    /// What has not been forwarded.
    buffer: BytesMut,
    pending: Option<Pending>,
    finished: bool,
    tool_error: bool,
    unjudged: u64,
    /// Whether a document that is no JSON is no answer.
    must_list: bool,
    /// Where answers are searched.
    cleaner: Option<Cleaner>,
    /// What the message that cannot go on would have answered.
    unanswered: Vec<Value>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Failed(FollowError),
    Closed,
}

/// An event whose questions and entries wait for their verdicts.
struct Pending {
    raw: Bytes,
    json: String,
    questions: VecDeque<Question>,
    found: Found,
}

impl Filter {
    pub(super) fn new(expected: Expected, framing: Framing, limits: Limits) -> Self {
        Self {
            expected,
            framing,
            frames: Frames::new(framing, false, limits),
            buffer: BytesMut::new(),
            pending: None,
            finished: false,
            tool_error: false,
            unjudged: 0,
            must_list: false,
            cleaner: None,
            unanswered: Vec::new(),
            state: State::Open,
        }
    }

    /// A list is due: a client may find it in a document that is no JSON as well, such as an event
    /// stream by another name.
    pub(super) fn must_list(&mut self) {
        self.must_list = self.framing == Framing::Document;
    }

    /// What stays is searched as well.
    #[must_use]
    pub fn searching(mut self, cleaner: Option<Cleaner>) -> Self {
        self.cleaner = cleaner;
        self
    }

    /// What was found, where the answer is searched.
    pub fn cleaner(&self) -> Option<&Cleaner> {
        self.cleaner.as_ref()
    }

    /// Whether events are to go on one by one, and not the answer as a whole.
    pub fn is_stream(&self) -> bool {
        self.framing != Framing::Document
    }

    /// The next bytes of the body. Ask for steps until [`Step::Wait`] before feeding more.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.state == State::Open {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The body is complete. A body that broke off is not: refuse the answer instead.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// A message of a WebSocket, a document by itself. After an error there is no next one.
    pub fn message(&mut self, payload: &[u8]) {
        if self.state == State::Closed {
            self.state = State::Open;
        }
        self.feed(payload);
        self.finish();
    }

    pub fn step(&mut self) -> Result<Step, FollowError> {
        match self.state {
            State::Closed => return Ok(Step::End),
            State::Failed(error) => return Err(error),
            State::Open => {}
        }
        let next = self.next();
        if let Err(error) = next {
            self.state = State::Failed(error);
        }
        next
    }

    /// The client may see what the server asks it.
    pub fn allow(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.questions.pop_front();
        }
    }

    /// The client does not see the message that asks it something, nor what else the message says.
    pub fn leave_out(&mut self) {
        self.pending = None;
    }

    /// Whether a request is known that waits for this answer, so that it can be told of a refusal.
    pub fn is_awaited(&self) -> bool {
        let requests = self.expected.requests.as_ref();
        requests.is_some_and(|requests| !requests.is_empty())
    }

    /// Which of the entries that wait stay, in their order. Any other number of verdicts is an error
    /// and decides nothing.
    pub fn keep(&mut self, verdicts: &[bool]) -> Result<(), FollowError> {
        match &mut self.pending {
            Some(pending) => pending.found.decide(verdicts),
            None => Err(FollowError::Verdicts),
        }
    }

    /// The answer ends here. The bytes are the last that the client gets: an error for each request
    /// that waits for an answer, in the same framing. Where these are not known, they are those that
    /// the server was about to answer.
    pub fn refuse(&mut self, refusal: &RefusalDocument<'_>) -> Bytes {
        self.state = State::Closed;
        self.buffer = BytesMut::new();
        if let Some(pending) = self.pending.take() {
            self.unanswered = answered::ids(pending.json.as_bytes());
        }
        let ids: Vec<&Value> = if let Some(requests) = &self.expected.requests {
            requests.iter().map(|(id, _)| id).collect()
        } else {
            let ids = self.unanswered.iter();
            ids.filter(|id| self.may_say(id)).collect()
        };
        let mut errors: Vec<String> = ids.into_iter().map(|id| error(id, refusal)).collect();
        if errors.is_empty() {
            errors.push(error(&Value::Null, refusal));
        }
        let one = errors.len() == 1;
        Bytes::from(match self.framing {
            Framing::ServerSentEvents => {
                let events = errors.join("\n\nevent: message\ndata: ");
                format!("event: message\ndata: {events}\n\n")
            }
            _ if one => errors.concat(),
            _ => format!("[{}]", errors.join(",")),
        })
    }

    /// Whether the result of a tool in this answer said `isError`.
    pub fn tool_error(&self) -> bool {
        self.tool_error
    }

    /// Entries that nobody was asked about: no call of them could be judged, so they never stay.
    pub fn unjudged(&self) -> u64 {
        self.unjudged
    }

    fn next(&mut self) -> Result<Step, FollowError> {
        if let Some(pending) = self.pending.take_if(|pending| pending.is_decided()) {
            let shorter = pending.found.without(&pending.json);
            let shown = shorter.as_deref().unwrap_or(&pending.json);
            let cleaned = without_data(&mut self.cleaner, shown.as_bytes());
            let cleaned = cleaned
                .inspect_err(|_| self.unanswered = answered::ids(pending.json.as_bytes()))?;
            return self.forward(pending.raw, cleaned.or(shorter));
        }
        if let Some(pending) = &self.pending {
            return Ok(match pending.questions.front() {
                Some(question) => Step::Ask(question.clone()),
                None => Step::Judge(pending.found.entries()),
            });
        }
        let Some(frame) = self.frames.next(&self.buffer, self.finished)? else {
            if self.finished {
                self.state = State::Closed;
                return Ok(Step::End);
            }
            return Ok(Step::Wait);
        };
        let (length, mut held, mut cleaned) = (frame.length, None, None);
        match frame.payload {
            Payload::Json(json) if !is_text(&json) => {
                let read = read(&json, &self.expected).and_then(|read| {
                    if !read.waits() {
                        cleaned = without_data(&mut self.cleaner, &json)?;
                    }
                    Ok(read)
                });
                let read = read.inspect_err(|_| self.unanswered = answered::ids(&json))?;
                self.tool_error |= read.said.tool_error;
                self.unjudged += read.found.unjudged();
                if read.waits() {
                    let json = String::from_utf8(json.into_owned());
                    let json = json.map_err(|_| FollowError::Malformed("it is not utf-8"))?;
                    held = Some((json, read));
                }
            }
            Payload::Json(_) if self.must_list => {
                return Err(FollowError::Malformed("text where a list is due"));
            }
            Payload::Json(text) => cleaned = without_data(&mut self.cleaner, &text)?,
            Payload::None | Payload::Exception => {}
        }
        let mut raw = self.buffer.split_to(length).freeze();
        if let Some(cleaner) = &mut self.cleaner {
            let cleaned = self.frames.clean(&raw, cleaner);
            raw = cleaned.map_err(FollowError::Data)?.unwrap_or(raw);
        }
        let Some((json, Read { found, said })) = held else {
            return self.forward(raw, cleaned);
        };
        self.pending = Some(Pending {
            raw,
            json,
            questions: said.questions.into(),
            found,
        });
        self.next()
    }

    /// Whether an id may be repeated to the client: it is what the server says that it was.
    fn may_say(&self, id: &Value) -> bool {
        let mut cleaner = self.cleaner.as_ref().map(Cleaner::alike);
        matches!(
            without_data(&mut cleaner, id.to_string().as_bytes()),
            Ok(None)
        )
    }

    /// An event as it came, or with this in place of what it says.
    fn forward(&self, raw: Bytes, instead: Option<String>) -> Result<Step, FollowError> {
        Ok(Step::Forward(match instead {
            Some(json) => self.frames.rewrite(&raw, &json)?,
            None => raw,
        }))
    }
}

impl Pending {
    fn is_decided(&self) -> bool {
        self.questions.is_empty() && self.found.is_decided()
    }
}

fn error(id: &Value, refusal: &RefusalDocument<'_>) -> String {
    let rendered = render(&Dialect::JsonRpc { id: id.clone() }, refusal);
    String::from_utf8_lossy(&rendered.body).into_owned()
}

/// Without parameters: they are the server's own text.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("kind", &self.kind)
            .field("tool", &self.call.tool)
            .finish_non_exhaustive()
    }
}

/// Lengths instead of bytes.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forward(bytes) => write!(f, "Forward({} bytes)", bytes.len()),
            Self::Ask(question) => f.debug_tuple("Ask").field(question).finish(),
            Self::Judge(entries) => f.debug_tuple("Judge").field(entries).finish(),
            Self::Wait => f.write_str("Wait"),
            Self::End => f.write_str("End"),
        }
    }
}

/// Nothing of the answer.
impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter")
            .field("expected", &self.expected)
            .field("framing", &self.framing)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
