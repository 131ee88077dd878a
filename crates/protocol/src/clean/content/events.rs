//! Events of a stream that belongs to no LLM: each by itself, but for the texts that an agent carries on.

use bytes::BytesMut;

use super::{Content, ContentError, Step};
use crate::answer::AnswerError;
use crate::answer::frames::Payload;
use crate::clean::artifacts::Told;

impl Content {
    pub(super) fn event(&mut self) -> Result<Step, ContentError> {
        let next = self.frames.next(&self.buffer, self.finished);
        let frame = next.map_err(|error| match error {
            AnswerError::EventTooLong => ContentError::TooLong,
            _ => ContentError::Events,
        })?;
        let Some(frame) = frame else {
            return if self.finished {
                self.end_artifacts()
            } else {
                Ok(Step::Wait)
            };
        };
        let length = frame.length;
        let told = match &frame.payload {
            Payload::Json(data) => match self.artifacts.event(&mut self.cleaner, data)? {
                Some(told) => told,
                None => Told {
                    before: Vec::new(),
                    instead: self.cleaner.data(data)?,
                },
            },
            Payload::None | Payload::Exception => Told::default(),
        };
        let raw = self.buffer.split_to(length).freeze();
        let mut raw = self.frames.clean(&raw, &mut self.cleaner)?.unwrap_or(raw);
        if let Some(data) = told.instead {
            let rewritten = self.frames.rewrite(&raw, &data);
            raw = rewritten.map_err(|_| ContentError::Events)?;
        }
        if told.before.is_empty() {
            return Ok(Step::Forward(raw));
        }
        let mut events = self.events(&told.before);
        events.extend_from_slice(&raw);
        Ok(Step::Forward(events.freeze()))
    }

    /// The stream is over, and so are the texts in it.
    fn end_artifacts(&mut self) -> Result<Step, ContentError> {
        let rest = self.artifacts.end(&mut self.cleaner)?;
        if rest.is_empty() {
            return Ok(self.last());
        }
        // The last event may have been cut off.
        let mut events = BytesMut::from(&b"\n\n"[..]);
        events.extend_from_slice(&self.events(&rest));
        Ok(Step::Forward(events.freeze()))
    }

    fn events(&self, data: &[String]) -> BytesMut {
        let events = data.iter().map(|data| self.frames.event("", data));
        events.fold(BytesMut::new(), |mut all, event| {
            all.extend_from_slice(&event);
            all
        })
    }
}
