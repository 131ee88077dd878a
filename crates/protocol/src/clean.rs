//! What of an answer is searched for sensitive data, and what takes its place. It judges no call, and knows no API.
//!
//! Pure: text in, text out. What it is told to deny is a [`Denied`]; nothing of that data is ever in
//! what it gives out.

mod content;
mod document;
mod medium;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use aegis_dlp::{Field, Redactor, Scanner, Seen};
use aegis_policy::{AnswerEffect, AnswerRules, Unread};

pub use content::{Content, ContentError, Step};
pub use medium::Medium;

/// The rules on one answer, and what has been found in it.
#[derive(Clone, Debug)]
pub struct Cleaner {
    scanner: &'static Scanner,
    rules: Arc<AnswerRules>,
    seen: Vec<Seen>,
}

/// Data of one type in an answer, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub seen: Seen,
    pub effect: AnswerEffect,
}

/// Data of this type, which must not be in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("policy lets no data of type {0} into an answer")]
pub struct Denied(pub &'static str);

impl Cleaner {
    pub fn new(scanner: &'static Scanner, rules: &AnswerRules) -> Self {
        Self {
            scanner,
            rules: Arc::new(rules.clone()),
            seen: Vec::new(),
        }
    }

    /// One by the same rules that has found nothing yet.
    pub(crate) fn alike(&self) -> Self {
        Self {
            scanner: self.scanner,
            rules: Arc::clone(&self.rules),
            seen: Vec::new(),
        }
    }

    /// What another one has found counts here too.
    pub(crate) fn join(&mut self, other: &Self) {
        for seen in &other.seen {
            seen.add_to(&mut self.seen);
        }
    }

    /// What was found so far, of every type, each once.
    pub fn found(&self) -> Vec<Found> {
        let found = self.seen.iter().map(|seen| Found {
            seen: *seen,
            effect: self.rules.on(seen.kind),
        });
        found.collect()
    }

    /// Whether text that cannot be read may pass.
    pub fn passes_unread(&self) -> bool {
        self.rules.unread == Unread::Allow
    }

    /// A whole text; `None` where it may go as it is.
    pub(crate) fn text(
        &mut self,
        name: Option<&str>,
        text: &str,
    ) -> Result<Option<String>, Denied> {
        let field = Field { name, text };
        let mut hits = self.scanner.scan_field(&field);
        self.see(hits.iter().map(|hit| Seen {
            kind: hit.kind,
            class: hit.class,
            count: 1,
            confidence: hit.confidence,
        }))?;
        hits.retain(|hit| self.rules.on(hit.kind) != AnswerEffect::Allow);
        Ok(aegis_dlp::replace(text, &hits))
    }

    /// For a text that comes in pieces.
    pub(crate) fn redactor(&self) -> Redactor<'static> {
        let rules = Arc::clone(&self.rules);
        self.scanner
            .redactor(None, move |kind| rules.on(kind) != AnswerEffect::Allow)
    }

    /// What is settled with this piece.
    pub(crate) fn push(
        &mut self,
        redactor: &mut Redactor<'static>,
        piece: &[u8],
    ) -> Result<Vec<u8>, Denied> {
        let settled = redactor.push(piece);
        self.see(redactor.take_seen().into_iter())?;
        Ok(settled)
    }

    /// The rest of a text that came in pieces.
    pub(crate) fn close(&mut self, redactor: Redactor<'static>) -> Result<Vec<u8>, Denied> {
        let (rest, seen) = redactor.close();
        self.see(seen.into_iter())?;
        Ok(rest)
    }

    fn see(&mut self, found: impl Iterator<Item = Seen>) -> Result<(), Denied> {
        let mut denied = None;
        for seen in found {
            if self.rules.on(seen.kind) == AnswerEffect::Deny {
                denied.get_or_insert(Denied(seen.kind));
            }
            seen.add_to(&mut self.seen);
        }
        denied.map_or(Ok(()), Err)
    }
}

impl Denied {
    /// The rule that it is recorded and counted under.
    pub fn rule(self) -> String {
        format!("data.{}", self.0)
    }
}
