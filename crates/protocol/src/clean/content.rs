//! An answer that belongs to no API: a JSON document as a whole, JSON lines and events one by one, other text as it comes.
//!
//! Bytes in, steps out. What it cannot read is a [`ContentError`], unless the rules let that pass.

use std::fmt;

use bytes::{Bytes, BytesMut};

use super::{Cleaner, Denied, Flow, Medium};
use crate::answer::frames::{Frames, Payload};
use crate::answer::{AnswerError, Framing, Limits};
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
    cleaner: Cleaner,
    limits: Limits,
    frames: Frames,
    flow: Option<Flow>,
    buffer: BytesMut,
    finished: bool,
    /// What is left goes as it comes: it cannot be read, and may pass.
    passes: bool,
    closed: bool,
}

impl Content {
    pub fn new(medium: Medium, cleaner: Cleaner, limits: Limits) -> Self {
        Self {
            medium,
            cleaner,
            limits,
            frames: Frames::new(Framing::ServerSentEvents, false, limits),
            flow: None,
            buffer: BytesMut::new(),
            finished: false,
            passes: false,
            closed: false,
        }
    }

    /// What was found so far.
    pub fn cleaner(&self) -> &Cleaner {
        &self.cleaner
    }

    /// The next bytes of the body. Ask for steps until [`Step::Wait`] before feeding more.
    pub fn feed(&mut self, bytes: &[u8]) {
        if !self.closed {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The body is complete. A body that broke off is not: what waits of it is dropped.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    pub fn step(&mut self) -> Result<Step, ContentError> {
        if self.closed {
            return Ok(Step::End);
        }
        if self.passes {
            return Ok(self.pass());
        }
        match self.next() {
            Err(ContentError::Denied(denied)) => {
                self.close();
                Err(denied.into())
            }
            Err(_) if self.cleaner.passes_unread() => {
                self.passes = true;
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
        match self.medium {
            Medium::Json => self.document(),
            Medium::Lines => self.line(),
            Medium::Events => self.event(),
            Medium::Text => self.text(),
            Medium::Unknown => {
                let first = self.buffer.iter().find(|byte| !byte.is_ascii_whitespace());
                self.medium = match first {
                    None if !self.finished && self.buffer.len() < self.limits.hold_bytes => {
                        return Ok(Step::Wait);
                    }
                    Some(b'{' | b'[') => Medium::Json,
                    _ => Medium::Text,
                };
                self.next()
            }
        }
    }

    fn document(&mut self) -> Result<Step, ContentError> {
        if self.buffer.len() > self.limits.hold_bytes {
            return Err(ContentError::TooLong);
        }
        if !self.finished {
            return Ok(Step::Wait);
        }
        if self.buffer.trim_ascii().is_empty() {
            return Ok(self.last());
        }
        let cleaned = self.cleaner.json(&self.buffer)?;
        if let Some(cleaned) = cleaned {
            self.buffer = BytesMut::from(cleaned.as_bytes());
        }
        Ok(self.last())
    }

    fn line(&mut self) -> Result<Step, ContentError> {
        let end = self.buffer.iter().position(|byte| *byte == b'\n');
        let length = match end {
            Some(end) => end + 1,
            None if self.finished && !self.buffer.is_empty() => self.buffer.len(),
            None if self.finished => return Ok(self.last()),
            None if self.buffer.len() > self.limits.event_bytes => {
                return Err(ContentError::TooLong);
            }
            None => return Ok(Step::Wait),
        };
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

    fn event(&mut self) -> Result<Step, ContentError> {
        let next = self.frames.next(&self.buffer, self.finished);
        let frame = next.map_err(|error| match error {
            AnswerError::EventTooLong => ContentError::TooLong,
            _ => ContentError::Events,
        })?;
        let Some(frame) = frame else {
            return Ok(if self.finished {
                self.last()
            } else {
                Step::Wait
            });
        };
        let length = frame.length;
        let cleaned = match &frame.payload {
            Payload::Json(data) => self.cleaner.data(data)?,
            Payload::None | Payload::Exception => None,
        };
        let raw = self.buffer.split_to(length).freeze();
        let Some(data) = cleaned else {
            return Ok(Step::Forward(raw));
        };
        let rewritten = self.frames.rewrite(&raw, &data);
        rewritten
            .map(Step::Forward)
            .map_err(|_| ContentError::Events)
    }

    fn text(&mut self) -> Result<Step, ContentError> {
        if self.buffer.is_empty() && !self.finished {
            return Ok(Step::Wait);
        }
        let mut flow = self.flow.take().unwrap_or_else(|| self.cleaner.redactor());
        let piece = self.buffer.split();
        let mut settled = self.cleaner.push(&mut flow, &piece)?;
        if self.finished {
            settled.extend(self.cleaner.close(flow)?);
            self.buffer = BytesMut::from(&*settled);
            return Ok(self.last());
        }
        self.flow = Some(flow);
        Ok(if settled.is_empty() {
            Step::Wait
        } else {
            Step::Forward(settled.into())
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
        self.closed = true;
        self.buffer = BytesMut::new();
        self.flow = None;
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
