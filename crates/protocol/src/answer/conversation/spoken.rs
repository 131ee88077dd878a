//! The texts of a conversation while they are searched, each answer's by itself: several may go on at once.

use std::ops::Range;

use super::super::AnswerError;
use super::super::voices::{Changes, Voices};
use super::events::Said;
use crate::json::Tree;
use crate::{Cleaner, Found, LlmApi};

#[derive(Debug)]
pub(super) struct Spoken {
    /// What was found in texts that are over.
    cleaner: Cleaner,
    open: Vec<(Source, Voices)>,
    /// Of open sources, and of the texts in each.
    limit: usize,
}

/// Whose texts they are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Answer(Option<String>),
    /// An item that belongs to no answer: what a person has said.
    Item(Option<String>),
}

impl Spoken {
    pub(super) fn new(cleaner: Cleaner, limit: usize) -> Self {
        Self {
            cleaner,
            open: Vec::new(),
            limit,
        }
    }

    /// Some events of an answer do not name it; then it is the latest that goes on.
    pub(super) fn event(
        &mut self,
        tree: &Tree<'_>,
        said: &Said,
        latest: Option<&str>,
        calls: &[Range<usize>],
    ) -> Result<Changes, AnswerError> {
        let source = match &said.response {
            None if !said.kind.starts_with("response.") => Source::Item(said.item.clone()),
            None => Source::Answer(latest.map(str::to_owned)),
            named => Source::Answer(named.clone()),
        };
        let known = self.open.iter().position(|(open, _)| *open == source);
        let at = known.unwrap_or(self.open.len());
        if known.is_none() {
            if at >= self.limit {
                return Err(AnswerError::TooManyTexts);
            }
            let voices = Voices::new(LlmApi::Responses, self.cleaner.alike(), self.limit);
            self.open.push((source.clone(), voices));
        }
        let Some((_, voices)) = self.open.get_mut(at) else {
            return Err(AnswerError::TooManyTexts);
        };
        let changes = voices.event("", tree, calls);
        let is_item = matches!(source, Source::Item(_));
        let over = said.ends || is_item && (voices.is_idle() || said.breaks_off());
        if over || changes.is_err() {
            self.close(at);
        }
        changes
    }

    /// Nothing more is told of this answer.
    pub(super) fn forget(&mut self, response: Option<String>) {
        let source = Source::Answer(response);
        if let Some(at) = self.open.iter().position(|(open, _)| *open == source) {
            self.close(at);
        }
    }

    fn close(&mut self, at: usize) {
        let (_, voices) = self.open.swap_remove(at);
        self.cleaner.join(voices.cleaner());
    }

    pub(super) fn cleaner(&self) -> &Cleaner {
        &self.cleaner
    }

    pub(super) fn found(&self) -> Vec<Found> {
        let mut all = self.cleaner.alike();
        all.join(&self.cleaner);
        for (_, voices) in &self.open {
            all.join(voices.cleaner());
        }
        all.found()
    }
}
