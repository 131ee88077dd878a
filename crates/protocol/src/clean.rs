//! What of an answer is searched for sensitive data, and what takes its place. It judges no call, and knows no API.
//!
//! Pure: text in, text out. What it is told to deny is a [`Denied`]; nothing of that data is ever in
//! what it gives out.

mod content;
mod document;
mod medium;
#[cfg(test)]
mod tests;

use aegis_dlp::{Field, Redactor, Scanner, Seen};
use aegis_policy::{AnswerRules, Unread};

pub use content::{Content, ContentError, Step};
pub use medium::Medium;

/// The rules on one answer, and what has been found in it.
#[derive(Debug)]
pub struct Cleaner {
    scanner: &'static Scanner,
    /// Nothing of these goes out: of those that are denied, neither.
    kept: Vec<&'static str>,
    denied: Vec<&'static str>,
    unread: Unread,
    seen: Vec<Seen>,
}

/// Data of one type in an answer, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub seen: Seen,
    pub effect: Effect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Passed,
    Redacted,
    /// It ended the answer.
    Denied,
}

/// Data of this type, which must not be in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("policy lets no data of type {0} into an answer")]
pub struct Denied(pub &'static str);

impl Cleaner {
    pub fn new(scanner: &'static Scanner, rules: &AnswerRules) -> Self {
        let known = |ruled: &[std::sync::Arc<str>]| -> Vec<&'static str> {
            let kinds = scanner.kinds();
            kinds
                .filter(|kind| ruled.iter().any(|ruled| **ruled == **kind))
                .collect()
        };
        let denied = known(&rules.deny);
        let mut kept = known(&rules.redact);
        kept.extend(&denied);
        Self {
            scanner,
            kept,
            denied,
            unread: rules.unread,
            seen: Vec::new(),
        }
    }

    /// What was found so far, of every type, each once.
    pub fn found(&self) -> Vec<Found> {
        let found = self.seen.iter().map(|seen| Found {
            seen: *seen,
            effect: if self.denied.contains(&seen.kind) {
                Effect::Denied
            } else if self.kept.contains(&seen.kind) {
                Effect::Redacted
            } else {
                Effect::Passed
            },
        });
        found.collect()
    }

    /// Whether text that cannot be read may pass.
    pub fn passes_unread(&self) -> bool {
        self.unread == Unread::Allow
    }

    /// A whole text; `None` where it may go as it is.
    pub(crate) fn text(
        &mut self,
        name: Option<&str>,
        text: &str,
    ) -> Result<Option<String>, Denied> {
        let field = Field { name, text };
        let hits = self.scanner.scan_field(&field);
        if hits.is_empty() {
            return Ok(None);
        }
        self.see(hits.iter().map(|hit| Seen {
            kind: hit.kind,
            class: hit.class,
            count: 1,
            confidence: hit.confidence,
        }))?;
        Ok(self.scanner.redact_field(&field, &self.kept))
    }

    /// For a text that comes in pieces.
    pub(crate) fn redactor(&self) -> Redactor<'static> {
        self.scanner.redactor(None, &self.kept)
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
            if self.denied.contains(&seen.kind) {
                denied.get_or_insert(Denied(seen.kind));
            }
            seen.add_to(&mut self.seen);
        }
        denied.map_or(Ok(()), Err)
    }
}

impl Effect {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Redacted => "redacted",
            Self::Denied => "denied",
        }
    }
}

impl Denied {
    /// The rule that it is recorded and counted under.
    pub fn rule(self) -> String {
        format!("data.{}", self.0)
    }
}
