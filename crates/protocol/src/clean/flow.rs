//! A text that comes in pieces, through what is done about it: data is taken out, then tokens become their values.

use std::sync::Arc;

use aegis_dlp::{Redactor, Scanner, Seen, Substitute, Way};
use aegis_policy::{Action, AnswerRules};

use super::Cleaner;
use super::restore::Restorer;
use crate::pseudonyms::{Naming, Pseudonyms};

#[derive(Debug)]
pub(crate) struct Flow {
    redactor: Option<Redactor<'static>>,
    restorer: Option<Restorer>,
}

/// A [`Naming`] that lives as long as its text.
struct Owned {
    scanner: Arc<Scanner>,
    rules: Arc<AnswerRules>,
    names: Arc<dyn Pseudonyms>,
}

impl Flow {
    pub(super) fn new(cleaner: &Cleaner, name: Option<&str>) -> Self {
        let by = || Owned {
            scanner: Arc::clone(&cleaner.scanner),
            rules: Arc::clone(&cleaner.rules),
            names: Arc::clone(&cleaner.names),
        };
        let searches = cleaner.searches();
        Self {
            redactor: searches.then(|| cleaner.scanner.replacer(name, by())),
            restorer: cleaner.restored.clone().map(Restorer::new),
        }
    }

    /// What is settled with this piece.
    pub(super) fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        let settled = match &mut self.redactor {
            Some(redactor) => redactor.push(piece),
            None => piece.to_vec(),
        };
        match &mut self.restorer {
            Some(restorer) => restorer.push(&settled),
            None => settled,
        }
    }

    /// What was found since it was last asked for.
    pub(super) fn take_seen(&mut self) -> Vec<Seen> {
        let redactor = self.redactor.as_mut();
        redactor.map(Redactor::take_seen).unwrap_or_default()
    }

    /// The rest, and what was found since it was last asked for.
    pub(super) fn close(self) -> (Vec<u8>, Vec<Seen>) {
        let (rest, seen) = self.redactor.map(Redactor::close).unwrap_or_default();
        let Some(mut restorer) = self.restorer else {
            return (rest, seen);
        };
        let mut all = restorer.push(&rest);
        all.extend(restorer.finish());
        (all, seen)
    }
}

impl Owned {
    fn naming(&self) -> Naming<'_, impl Fn(&str) -> Option<Action>> {
        Naming {
            scanner: &self.scanner,
            names: &*self.names,
            on: |kind: &str| self.rules.instead(kind),
        }
    }
}

impl Substitute for Owned {
    fn way(&self, kind: &str) -> Way {
        self.naming().way(kind)
    }

    fn instead(&self, kind: &'static str, value: &str) -> String {
        self.naming().instead(kind, value)
    }
}
