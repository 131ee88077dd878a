//! An answer that belongs to no API: a JSON document as a whole, JSON lines and events one by one, other text as it comes.
//!
//! Bytes in, steps out. What it cannot read is a [`ContentError`], unless the rules let that pass.

mod events;

use std::fmt;

use bytes::{Bytes, BytesMut};

use super::artifacts::Artifacts;
use super::medium::Rest;
use super::{Cleaner, Denied, Flow, Medium};
use crate::answer::frames::Frames;
use crate::answer::{Framing, Limits};
use crate::json::JsonError;
use crate::websocket::{Kind, Message};
use crate::{Dialect, RefusalDocument, render};

/// Why an answer does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("the server sent an answer that is not JSON as RFC 8259 has it: {0}")]
    Json(#[from] JsonError),
    #[error("the server sent a malformed event stream")]
    Events,
    #[error("the server sent an answer that is not utf-8")]
    Utf8,
    #[error("the server sent an answer longer than can be searched")]
    TooLong,
    #[error("the server sent an answer in a coding that cannot be searched")]
    Encoded,
}

/// What is to be done next.
#[derive(Clone, PartialEq)]
pub enum Step {
    /// These bytes go to the client, now.
    Forward(Bytes),
    /// Nothing to do before more bytes are fed, or the end is told.
    Wait,
    /// Everything has been forwarded.
    End,
}

/// One answer, from its first byte.
pub struct Content {
    medium: Medium,
    stage: Stage,
    cleaner: Cleaner,
    limits: Limits,
    frames: Frames,
    flow: Option<Flow>,
    /// Of an agent's stream.
    artifacts: Artifacts,
    buffer: BytesMut,
    finished: bool,
}

/// How what is in the buffer goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nobody has named it, and it has not begun.
    Begin,
    /// JSON as a whole; `guessed` by its first sign alone.
    Document {
        guessed: bool,
    },
    /// Up to this offset, the buffer has no end of a line.
    Lines(usize),
    Events,
    Text,
    /// As it comes: it cannot be read, and may pass.
    Pass,
    Closed,
}

impl Content {
    pub fn new(medium: Medium, cleaner: Cleaner, limits: Limits) -> Self {
        Self {
            medium,
            stage: match medium {
                Medium::Json => Stage::Document { guessed: false },
                Medium::Lines => Stage::Lines(0),
                Medium::Events => Stage::Events,
                Medium::Text => Stage::Text,
                Medium::Unknown => Stage::Begin,
            },
            cleaner,
            limits,
            frames: Frames::new(Framing::ServerSentEvents, false, limits),
            flow: None,
            artifacts: Artifacts::default(),
            buffer: BytesMut::new(),
            finished: false,
        }
    }

    /// What was found so far.
    pub fn cleaner(&self) -> &Cleaner {
        &self.cleaner
    }

    /// The next bytes of the body. Ask for steps until [`Step::Wait`] before feeding more.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.stage != Stage::Closed {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The body is complete. A body that broke off is not: what waits of it is dropped.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    pub fn step(&mut self) -> Result<Step, ContentError> {
        match self.next() {
            Err(ContentError::Denied(denied)) => {
                self.close();
                Err(denied.into())
            }
            Err(_) if self.cleaner.passes_unread() => {
                self.stage = Stage::Pass;
                Ok(self.pass())
            }
            Err(error) => {
                self.close();
                Err(error)
            }
            next => next,
        }
    }

    /// The answer ends here: what an event stream says last. Other text can only be cut off.
    pub fn refuse(&mut self, dialect: &Dialect, refusal: &RefusalDocument<'_>) -> Option<Bytes> {
        self.close();
        if self.medium != Medium::Events {
            return None;
        }
        let body = render(dialect, refusal).body;
        let body = String::from_utf8_lossy(&body).replace(['\r', '\n'], " ");
        Some(Bytes::from(match dialect {
            Dialect::Problem => format!("event: error\ndata: {body}\n\n"),
            _ => format!("data: {body}\n\n"),
        }))
    }

    fn next(&mut self) -> Result<Step, ContentError> {
        match self.stage {
            Stage::Begin => self.begin(),
            Stage::Document { guessed } => self.document(guessed),
            Stage::Lines(scanned) => self.line(scanned),
            Stage::Events => self.event(),
            Stage::Text => self.text(),
            Stage::Pass => Ok(self.pass()),
            Stage::Closed => Ok(Step::End),
        }
    }

    /// What nobody has named, by its first sign. Blanks before it are nobody's data.
    fn begin(&mut self) -> Result<Step, ContentError> {
        let blank = |byte: &u8| byte.is_ascii_whitespace();
        let length = self.buffer.iter().take_while(|byte| blank(byte)).count();
        if length > 0 {
            return Ok(Step::Forward(self.buffer.split_to(length).freeze()));
        }
        match self.buffer.first() {
            None if self.finished => Ok(self.last()),
            None => Ok(Step::Wait),
            Some(b'{' | b'[') => {
                self.stage = Stage::Document { guessed: true };
                self.next()
            }
            Some(_) => {
                self.stage = Stage::Text;
                self.next()
            }
        }
    }

    fn document(&mut self, guessed: bool) -> Result<Step, ContentError> {
        let cleaned = if self.buffer.len() > self.limits.hold_bytes {
            Err(ContentError::TooLong)
        } else if !self.finished {
            return Ok(Step::Wait);
        } else if self.buffer.trim_ascii().is_empty() {
            return Ok(self.last());
        } else {
            self.cleaner.json(&self.buffer)
        };
        match cleaned {
            Ok(cleaned) => {
                if let Some(cleaned) = cleaned {
                    self.buffer = BytesMut::from(cleaned.as_bytes());
                }
                Ok(self.last())
            }
            Err(ContentError::Json(_) | ContentError::TooLong) if guessed => {
                self.stage = Stage::Text;
                self.next()
            }
            Err(error) => Err(error),
        }
    }

    fn line(&mut self, scanned: usize) -> Result<Step, ContentError> {
        let unseen = self.buffer.get(scanned..).unwrap_or_default();
        let end = unseen.iter().position(|byte| *byte == b'\n');
        let length = match end.map(|end| scanned + end) {
            Some(end) => end + 1,
            None if self.finished && !self.buffer.is_empty() => self.buffer.len(),
            None if self.finished => return Ok(self.last()),
            None if self.buffer.len() > self.limits.event_bytes => {
                return Err(ContentError::TooLong);
            }
            None => {
                self.stage = Stage::Lines(self.buffer.len());
                return Ok(Step::Wait);
            }
        };
        self.stage = Stage::Lines(0);
        let line = self.buffer.get(..length).unwrap_or_default();
        let content = line.trim_ascii();
        let cleaned = match content {
            [] => None,
            content => self.cleaner.json(content)?,
        };
        let raw = self.buffer.split_to(length).freeze();
        Ok(Step::Forward(match cleaned {
            Some(line) if end.is_some() => Bytes::from(format!("{line}\n")),
            Some(line) => Bytes::from(line),
            None => raw,
        }))
    }

    /// Searched as it comes, as far as it is text.
    fn text(&mut self) -> Result<Step, ContentError> {
        let (length, rest) = self.medium.text_in(&self.buffer);
        let ends = match rest {
            Rest::Binary => true,
            Rest::Nothing | Rest::Character => self.finished,
        };
        if length == 0 && !ends {
            return Ok(Step::Wait);
        }
        if ends
            && rest != Rest::Nothing
            && self.medium == Medium::Text
            && !self.cleaner.passes_unread()
        {
            return Err(ContentError::Utf8);
        }
        let mut flow = self.flow.take().unwrap_or_else(|| self.cleaner.flow(None));
        let piece = self.buffer.split_to(length);
        let mut settled = self.cleaner.push(&mut flow, &piece)?;
        if ends {
            settled.extend(self.cleaner.close(flow)?);
            self.stage = Stage::Pass;
        } else {
            self.flow = Some(flow);
        }
        Ok(match settled {
            settled if !settled.is_empty() => Step::Forward(settled.into()),
            _ if ends => self.pass(),
            _ => Step::Wait,
        })
    }

    fn pass(&mut self) -> Step {
        match self.buffer.split().freeze() {
            bytes if !bytes.is_empty() => Step::Forward(bytes),
            _ if self.finished => self.last(),
            _ => Step::Wait,
        }
    }

    /// What is left, and then nothing.
    fn last(&mut self) -> Step {
        let rest = self.buffer.split().freeze();
        self.close();
        if rest.is_empty() {
            Step::End
        } else {
            Step::Forward(rest)
        }
    }

    fn close(&mut self) {
        self.stage = Stage::Closed;
        self.buffer = BytesMut::new();
        self.flow = None;
        self.artifacts = Artifacts::default();
    }
}

impl Cleaner {
    /// The data of an event of any server: JSON where it is, else text, which may begin like it.
    pub(crate) fn data(&mut self, data: &[u8]) -> Result<Option<String>, ContentError> {
        if matches!(data.trim_ascii_start().first(), Some(b'{' | b'[' | b'"')) {
            match self.json(data) {
                Err(ContentError::Json(_)) => {}
                cleaned => return cleaned,
            }
        }
        let text = std::str::from_utf8(data).map_err(|_| ContentError::Utf8)?;
        Ok(self.text(None, text)?)
    }

    /// A message of a WebSocket's server: what is no text passes.
    pub fn message(&mut self, message: &Message) -> Result<Option<String>, ContentError> {
        let is_json = || {
            matches!(
                message.payload.trim_ascii_start().first(),
                Some(b'{' | b'[')
            )
        };
        if message.kind == Kind::Binary && !is_json() {
            return Ok(None);
        }
        match self.data(&message.payload) {
            Err(ContentError::Denied(denied)) => Err(denied.into()),
            Err(_) if message.kind == Kind::Binary || self.passes_unread() => Ok(None),
            cleaned => cleaned,
        }
    }
}

impl Cleaner {
    /// Whether a control frame of a WebSocket's server may say this.
    pub fn admits(&mut self, payload: &[u8]) -> Result<bool, ContentError> {
        let said = String::from_utf8_lossy(payload);
        Ok(self.cleaned(None, &said)?.is_none())
    }
}

impl ContentError {
    /// The stable id under which the refusal, the record and the metrics count it.
    pub fn rule(self) -> String {
        match self {
            Self::Denied(denied) => denied.rule(),
            _ => "data.unread".to_owned(),
        }
    }
}

/// Lengths instead of bytes.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forward(bytes) => write!(f, "Forward({} bytes)", bytes.len()),
            Self::Wait => f.write_str("Wait"),
            Self::End => f.write_str("End"),
        }
    }
}

/// Nothing of the answer.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("medium", &self.medium)
            .field("held", &self.buffer.len())
            .finish_non_exhaustive()
    }
}
