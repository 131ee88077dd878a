//! One answer, from its first byte to its last: events pass, wait for a verdict, or end it. It reads no API's language.

use std::fmt;

use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value};

use super::call::Form;
use super::calls::Calls;
use super::claim;
use super::frames::{Frames, Payload};
use super::held::{Held, Queue};
use super::reader::{self, Reader};
use super::texts::End;
use super::voices::{Changes, Inserted, Voices};
use super::{AnswerError, Framing, Heard, Limits, Step, refused};
use crate::clean::Cleaner;
use crate::json::Tree;
use crate::{LlmApi, RefusalDocument};

/// Follows one answer.
///
/// ```text
/// loop { match guard.step() {
///     Ok(Forward(bytes))  send them
///     Ok(Judge(call))     guard.release() | guard.replace(arguments) | send guard.refuse(refusal)
///     Ok(Wait)            guard.feed(next bytes of the body), or guard.finish() at its end
///     Ok(End)             done
///     Err(error)          send guard.refuse(refusal)
/// } }
/// ```
///
/// Nothing of a call goes out before it was released or replaced. Events that came before it have
/// gone; those behind it follow it. An error repeats until the answer is refused.
pub struct Guard {
    api: LlmApi,
    framing: Framing,
    limits: Limits,
    frames: Frames,
    reader: Reader,
    calls: Calls,
    heard: Heard,
    events: Events,
    /// Where texts are searched.
    voices: Option<Voices>,
    /// What is not forwarded and not held: first bytes that may pass, then those of the next event.
    buffer: BytesMut,
    passable: usize,
    /// Passed before something was held.
    passed: Option<Bytes>,
    held: Queue,
    /// The body has ended.
    finished: bool,
    /// The stream has said that it ends.
    done: bool,
    /// Something was forwarded.
    begun: bool,
    state: State,
}

/// Whose events a stream has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Events {
    Apis,
    /// What no client would read as the API's is somebody else's.
    Anybodys,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// What may pass still does; then only a refusal follows.
    Failed(AnswerError),
    Closed,
}

impl Guard {
    pub fn new(api: LlmApi, framing: Framing, limits: Limits) -> Self {
        Self {
            api,
            framing,
            limits,
            frames: Frames::new(framing, api == LlmApi::InvokeModel, limits),
            reader: Reader::new(api),
            calls: Calls::new(reader::repeats(api, framing), limits.calls),
            heard: Heard::default(),
            events: Events::Apis,
            voices: None,
            buffer: BytesMut::new(),
            passable: 0,
            passed: None,
            held: Queue::default(),
            finished: false,
            done: false,
            begun: false,
            state: State::Open,
        }
    }

    /// Texts are searched as well, and go on as the rules on them ask.
    #[must_use]
    pub fn searching(mut self, cleaner: Cleaner) -> Self {
        let voices = Voices::new(self.api, cleaner, self.limits.calls);
        self.voices = Some(voices.resuming(self.calls.resumes()));
        self
    }

    /// Of a host that may be none of an LLM's: an event that no client would read as one of the API's is
    /// anybody's.
    #[must_use]
    pub fn doubting(mut self) -> Self {
        self.events = Events::Anybodys;
        self
    }

    /// The stream was asked for from some event on.
    #[must_use]
    pub fn resuming(mut self, resumes: bool) -> Self {
        self.calls.resume(resumes);
        self.voices = self.voices.map(|voices| voices.resuming(resumes));
        self
    }

    /// The next bytes of the body. Ask for steps until [`Step::Wait`] before feeding more.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.state != State::Closed {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The body is complete. A body that broke off is not: refuse the answer instead.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    pub fn step(&mut self) -> Result<Step, AnswerError> {
        loop {
            if self.state == State::Closed {
                return Ok(Step::End);
            }
            if let Some(bytes) = self.outgoing()? {
                self.begun = true;
                return Ok(Step::Forward(bytes));
            }
            if let State::Failed(error) = self.state {
                return Err(error);
            }
            if let Some(call) = self.calls.proposed() {
                return Ok(Step::Judge(call));
            }
            match self.read_event() {
                Ok(true) => {}
                Ok(false) if self.passable > 0 => self.pass(),
                Ok(false) if !self.finished => return Ok(Step::Wait),
                Ok(false) if self.calls.any_open() => self.fail(AnswerError::Incomplete),
                Ok(false) => match self.end_texts() {
                    Ok(true) => {}
                    Ok(false) => self.state = State::Closed,
                    Err(error) => self.fail(error),
                },
                Err(error) => self.fail(error),
            }
        }
    }

    /// The proposed call may go to the agent as it is.
    pub fn release(&mut self) -> Result<(), AnswerError> {
        let cleaner = self.voices.as_ref().map(Voices::cleaner);
        self.calls
            .release(|form, text| form.restored(cleaner, text))
    }

    /// The proposed call goes to the agent with these arguments. Where that is not possible nothing
    /// is decided: refuse it then.
    pub fn replace(&mut self, arguments: &Map<String, Value>) -> Result<(), AnswerError> {
        let cleaner = self.voices.as_ref().map(Voices::cleaner);
        let restore = |form: Form, text: &str| form.restored(cleaner, text);
        self.calls.replace(arguments, restore)
    }

    /// The answer ends here. The bytes are the last that the client gets: an error that its SDK raises.
    ///
    /// For a document they are the whole body, fit for a response with the refusal's own status.
    /// Everything that was held is dropped, and nothing more of the body is needed.
    pub fn refuse(&mut self, refusal: &RefusalDocument<'_>) -> Bytes {
        let mut last = self.last_words();
        self.state = State::Closed;
        self.buffer = BytesMut::new();
        self.held.clear();
        let inserted = self.voices.as_ref().map_or(0, Voices::inserted);
        let sequence = self.reader.next_sequence() + inserted;
        let ending = refused::ending(self.api, self.framing, refusal, self.begun, sequence);
        if last.is_empty() {
            return ending;
        }
        last.extend_from_slice(&ending);
        last.freeze()
    }

    /// What the answer has said about itself so far, held events included.
    pub fn heard(&self) -> &Heard {
        &self.heard
    }

    /// What was found in texts so far, where they are searched.
    pub fn cleaner(&self) -> Option<&Cleaner> {
        self.voices.as_ref().map(Voices::cleaner)
    }

    /// The rest of the texts before a call that is refused. After an error, nothing that waits goes out.
    fn last_words(&mut self) -> BytesMut {
        let mut words = BytesMut::new();
        let is_stream = self.framing != Framing::Document;
        if self.state != State::Open || !is_stream || self.held.has_texts() {
            return words;
        }
        for Inserted { name, json } in over(&mut self.voices).unwrap_or_default() {
            words.extend_from_slice(&self.frames.event(&name, &json));
        }
        words
    }

    /// What may go out, in its order.
    fn outgoing(&mut self) -> Result<Option<Bytes>, AnswerError> {
        if self.passed.is_some() {
            return Ok(self.passed.take());
        }
        let decided = |held: &Held| self.calls.decided(&held.marks);
        if !self.held.front().is_some_and(decided) {
            return Ok(None);
        }
        let Some(held) = self.held.pop_front() else {
            return Ok(None);
        };
        let edits = held.edits;
        let rewritten = self.calls.rewritten(&held.json, &held.marks, edits);
        let sent = match rewritten {
            Ok(None) => Ok(held.raw),
            Ok(Some(json)) => self.frames.rewrite(&held.raw, &json),
            Err(error) => Err(error),
        };
        sent.map(Some).inspect_err(|error| self.fail(*error))
    }

    /// Reads one event; `false` where none is complete.
    fn read_event(&mut self) -> Result<bool, AnswerError> {
        let unread = self.buffer.get(self.passable..).unwrap_or_default();
        let Some(frame) = self.frames.next(unread, self.finished)? else {
            return Ok(false);
        };
        let length = frame.length;
        let (mut text, mut changes) = (String::new(), Changes::default());
        match frame.payload {
            // The end of an array is one.
            Payload::None if frame.ends => changes.before = over(&mut self.voices)?,
            Payload::None => {}
            Payload::Exception => {
                self.heard.exception(frame.name);
                changes.before = over(&mut self.voices)?;
            }
            Payload::Json(json) => {
                if std::mem::replace(&mut self.done, json.trim_ascii() == DONE) {
                    return Err(AnswerError::Ambiguous("an event behind the last"));
                }
                if self.done {
                    changes.before = over(&mut self.voices)?;
                } else if !self.events.include(self.api, frame.name, &json) {
                    changes = foreign(&mut self.voices, &json)?;
                } else {
                    let tree = Tree::parse(&json)?;
                    let (calls, heard) = (&mut self.calls, &mut self.heard);
                    let is_document = self.framing == Framing::Document;
                    if is_document {
                        self.reader.document(&tree, calls, heard)?;
                    } else {
                        self.reader.event(frame.name, &tree, calls, heard)?;
                    }
                    changes = match &mut self.voices {
                        None => changes,
                        Some(voices) if is_document => voices.document(&tree, &calls.places())?,
                        Some(voices) => voices.event(frame.name, &tree, &calls.places())?,
                    };
                }
                if self.calls.has_marks() || !changes.edits.is_empty() {
                    text = String::from_utf8(json.into_owned())
                        .map_err(|_| AnswerError::Malformed("an event is not utf-8"))?;
                }
            }
        }
        let cleaned = self.cleaned(length)?;
        let marks = self.calls.take_marks();
        self.insert(changes.before)?;
        if marks.is_empty() && changes.edits.is_empty() && cleaned.is_none() && self.held.is_empty()
        {
            self.passable += length;
            return Ok(true);
        }
        self.pass();
        let raw = self.buffer.split_to(length).freeze();
        self.held.push(Held {
            raw: cleaned.unwrap_or(raw),
            json: text,
            marks,
            edits: changes.edits,
        });
        self.within_limits().map(|()| true)
    }

    /// The next event without data in what stands beside its payload; `None` where there is none.
    fn cleaned(&mut self, length: usize) -> Result<Option<Bytes>, AnswerError> {
        let Some(voices) = &mut self.voices else {
            return Ok(None);
        };
        let unread = self.buffer.get(self.passable..).unwrap_or_default();
        let event = unread.get(..length).unwrap_or_default();
        Ok(self.frames.clean(event, voices.cleaner_mut())?)
    }

    /// The body is over, and so are its texts; `false` where nothing of them remains.
    fn end_texts(&mut self) -> Result<bool, AnswerError> {
        let rest = over(&mut self.voices)?;
        let remains = !rest.is_empty();
        if remains && self.framing == Framing::ServerSentEvents {
            // The last event may have been cut off.
            self.held.push(Held::own(Bytes::from_static(b"\n\n")));
        }
        self.insert(rest)?;
        Ok(remains)
    }

    /// Events of our own, before the one that was just read.
    ///
    /// Chat Completions tell the text of a choice and its calls side by side, and end both at once:
    /// there the rest of a text need not wait for the verdict on a call.
    fn insert(&mut self, events: Vec<Inserted>) -> Result<(), AnswerError> {
        let overtakes = self.api == LlmApi::ChatCompletions && !self.held.has_texts();
        for (at, Inserted { name, json }) in events.into_iter().enumerate() {
            self.pass();
            let held = Held::own(self.frames.event(&name, &json));
            let at = if overtakes { at } else { self.held.len() };
            self.held.insert(at, held);
        }
        self.within_limits()
    }

    fn within_limits(&self) -> Result<(), AnswerError> {
        let bytes = self.held.bytes().saturating_add(self.calls.kept_bytes());
        let is_stream = self.framing != Framing::Document;
        if is_stream
            && (bytes > self.limits.hold_bytes || self.held.len() > self.limits.hold_events)
        {
            return Err(AnswerError::HoldLimit);
        }
        Ok(())
    }

    fn pass(&mut self) {
        let bytes = self.buffer.split_to(std::mem::take(&mut self.passable));
        if !bytes.is_empty() {
            self.passed = Some(bytes.freeze());
        }
    }

    fn fail(&mut self, error: AnswerError) {
        self.pass();
        self.held.clear();
        self.state = State::Failed(error);
    }
}

/// What remains of texts when all of them are over.
fn over(voices: &mut Option<Voices>) -> Result<Vec<Inserted>, AnswerError> {
    let voices = voices.as_mut();
    voices.map_or(Ok(Vec::new()), |voices| voices.end(&[End::All]))
}

fn foreign(voices: &mut Option<Voices>, data: &[u8]) -> Result<Changes, AnswerError> {
    let voices = voices.as_mut();
    voices.map_or_else(|| Ok(Changes::default()), |voices| voices.foreign(data))
}

impl Events {
    fn include(self, api: LlmApi, name: &str, data: &[u8]) -> bool {
        self == Self::Apis || claim::is_event(api, name, data)
    }
}

/// Nothing of the answer.
impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("api", &self.api)
            .field("framing", &self.framing)
            .field("held", &self.held.len())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Data by which a stream says that it ends.
const DONE: &[u8] = b"[DONE]";
