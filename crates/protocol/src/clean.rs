//! What of an answer is searched for sensitive data, and what takes its place. It judges no call, and knows no API.
//!
//! Pure: text in, text out. What it is told to deny is a [`Denied`]; nothing of that data is ever in
//! what it gives out.

mod artifacts;
mod content;
mod document;
mod flow;
mod medium;
pub(crate) mod restore;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use aegis_dlp::{Field, Hit, Scanner, Seen};
use aegis_policy::{AnswerEffect, AnswerRules, Numbers, Unread};

use crate::pseudonyms::{Naming, Pseudonyms, Unnamed};
pub(crate) use flow::Flow;
use restore::restore;

pub use content::{Content, ContentError, Step};
pub use medium::Medium;

/// The rules on one answer, and what has been found in it.
#[derive(Clone, Debug)]
pub struct Cleaner {
    scanner: Arc<Scanner>,
    rules: Arc<AnswerRules>,
    /// For values that it takes out.
    names: Arc<dyn Pseudonyms>,
    /// Whose tokens become their values again.
    restored: Option<Arc<dyn Pseudonyms>>,
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
pub enum Denied {
    #[error("policy lets no data of type {0} into an answer")]
    Data(&'static str),
    #[error(
        "data of type {0} is a JSON number in the answer, and policy does not let it become text"
    )]
    Number(&'static str),
    #[error(
        "data of type {0} is the id or the name of an event or message, where it cannot be taken out"
    )]
    Event(&'static str),
}

impl Cleaner {
    pub fn new(scanner: &Arc<Scanner>, rules: &AnswerRules) -> Self {
        Self {
            scanner: Arc::clone(scanner),
            rules: Arc::new(rules.clone()),
            names: Arc::new(Unnamed),
            restored: None,
            seen: Vec::new(),
        }
    }

    /// Values that are taken out are named so.
    #[must_use]
    pub fn naming(mut self, names: Arc<dyn Pseudonyms>) -> Self {
        self.names = names;
        self
    }

    /// These tokens become their values again, after data was looked for.
    #[must_use]
    pub fn restoring(mut self, names: Arc<dyn Pseudonyms>) -> Self {
        self.restored = Some(names);
        self
    }

    /// One by the same rules that has found nothing yet.
    pub(crate) fn alike(&self) -> Self {
        Self {
            scanner: Arc::clone(&self.scanner),
            rules: Arc::clone(&self.rules),
            names: Arc::clone(&self.names),
            restored: self.restored.clone(),
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

    /// Whether data is looked for at all.
    pub(crate) fn searches(&self) -> bool {
        !self.rules.data.is_empty()
    }

    /// A whole text; `None` where it may go as it is.
    pub(crate) fn text(
        &mut self,
        name: Option<&str>,
        text: &str,
    ) -> Result<Option<String>, Denied> {
        let cleaned = self.cleaned(name, text)?;
        let restored = self.restore(cleaned.as_deref().unwrap_or(text));
        Ok(restored.or(cleaned))
    }

    /// The same without its tokens' values: a name of a member.
    pub(crate) fn cleaned(
        &mut self,
        name: Option<&str>,
        text: &str,
    ) -> Result<Option<String>, Denied> {
        let hits = self.hits(name, text)?;
        let naming = Naming {
            scanner: &self.scanner,
            names: &*self.names,
            on: |kind: &str| self.rules.instead(kind),
        };
        Ok(naming.replace(text, &hits))
    }

    /// A text in the place of which nothing else can stand: the id of an event or of a message, its name.
    pub(crate) fn fixed(&mut self, text: &str) -> Result<(), Denied> {
        let hits = self.hits(None, text)?;
        match hits.iter().find(|hit| self.goes(hit)) {
            Some(hit) => Err(Denied::Event(hit.kind)),
            None => Ok(()),
        }
    }

    /// A number, as it is written or as its digits; what takes its place is text.
    pub(crate) fn number(
        &mut self,
        name: Option<&str>,
        text: &str,
    ) -> Result<Option<String>, Denied> {
        if self.rules.numbers == Numbers::Text {
            return self.cleaned(name, text);
        }
        let hits = self.hits(name, text)?;
        match hits.iter().find(|hit| self.goes(hit)) {
            Some(hit) => Err(Denied::Number(hit.kind)),
            None => Ok(None),
        }
    }

    fn hits(&mut self, name: Option<&str>, text: &str) -> Result<Vec<Hit>, Denied> {
        if !self.searches() {
            return Ok(Vec::new());
        }
        let hits = self.scanner.scan_field(&Field { name, text });
        self.see(hits.iter().map(|hit| Seen {
            kind: hit.kind,
            class: hit.class,
            count: 1,
            confidence: hit.confidence,
        }))?;
        Ok(hits)
    }

    /// Whether nothing is found in this text that would have to go. It counts nothing.
    pub(crate) fn is_clean(&self, text: &str) -> bool {
        let field = Field { name: None, text };
        let hits = self.scanner.scan_field(&field);
        !self.searches() || !hits.iter().any(|hit| self.goes(hit))
    }

    fn goes(&self, hit: &Hit) -> bool {
        self.rules.on(hit.kind) != AnswerEffect::Allow
    }

    /// The text with the values of its tokens; `None` where it has none.
    pub(crate) fn restore(&self, text: &str) -> Option<String> {
        restore(self.restored.as_ref()?, text)
    }

    /// For a text under this name that comes in pieces.
    pub(crate) fn flow(&self, name: Option<&str>) -> Flow {
        Flow::new(self, name)
    }

    /// What is settled with this piece.
    pub(crate) fn push(&mut self, flow: &mut Flow, piece: &[u8]) -> Result<Vec<u8>, Denied> {
        let settled = flow.push(piece);
        self.see(flow.take_seen().into_iter())?;
        Ok(settled)
    }

    /// The rest of a text that came in pieces.
    pub(crate) fn close(&mut self, flow: Flow) -> Result<Vec<u8>, Denied> {
        let (rest, seen) = flow.close();
        self.see(seen.into_iter())?;
        Ok(rest)
    }

    fn see(&mut self, found: impl Iterator<Item = Seen>) -> Result<(), Denied> {
        let mut denied = None;
        for seen in found {
            if self.rules.on(seen.kind) == AnswerEffect::Deny {
                denied.get_or_insert(Denied::Data(seen.kind));
            }
            seen.add_to(&mut self.seen);
        }
        denied.map_or(Ok(()), Err)
    }
}

impl Denied {
    /// The rule that it is recorded and counted under.
    pub fn rule(self) -> String {
        match self {
            Self::Data(kind) => format!("data.{kind}"),
            Self::Number(_) => "data.number".to_owned(),
            Self::Event(_) => "data.event".to_owned(),
        }
    }
}
