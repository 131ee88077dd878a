//! Events that wait for a verdict, in the order in which they go out. It decides nothing.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;

use super::call::Mark;

#[derive(Default)]
pub(super) struct Queue {
    events: VecDeque<Held>,
    bytes: usize,
}

/// An event that waits for a verdict, or behind one that does.
pub(super) struct Held {
    pub(super) raw: Bytes,
    /// Its JSON, where calls have places in it.
    pub(super) json: String,
    pub(super) marks: Vec<Mark>,
    /// What else in it is replaced.
    pub(super) edits: Vec<(Range<usize>, String)>,
}

impl Queue {
    pub(super) fn push(&mut self, held: Held) {
        self.insert(self.len(), held);
    }

    pub(super) fn insert(&mut self, at: usize, held: Held) {
        self.bytes += held.size();
        self.events.insert(at, held);
    }

    pub(super) fn front(&self) -> Option<&Held> {
        self.events.front()
    }

    pub(super) fn pop_front(&mut self) -> Option<Held> {
        let held = self.events.pop_front()?;
        self.bytes -= held.size();
        Some(held)
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether something else than arguments is replaced in one of them.
    pub(super) fn has_texts(&self) -> bool {
        self.events.iter().any(|held| !held.edits.is_empty())
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Held {
    /// An event that waits for nothing but those before it.
    pub(super) fn own(raw: Bytes) -> Self {
        Self {
            raw,
            json: String::new(),
            marks: Vec::new(),
            edits: Vec::new(),
        }
    }

    fn size(&self) -> usize {
        self.raw.len() + self.json.len()
    }
}
