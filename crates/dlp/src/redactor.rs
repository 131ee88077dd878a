//! Redacts a text while it comes, in pieces of any size. What comes out does not depend on the pieces.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::decode::Layers;
use crate::found::{Event, Finding};
use crate::per_kind::{KindId, PerKind};
use crate::rules::{RuleId, Sets};
use crate::{Class, LONGEST, Substitute, Way, placeholder};

/// A text in which some types of data are replaced.
///
/// Held back is what may still turn out to be data: in clean text at most the last word with two
/// short ones before it, and never more than 64 bytes; a value that has begun, up to 256 bytes. A longer value is gone from its
/// beginning on, before its end is known. Of a value in base64 or hex it is as much longer as its
/// characters are. A value that not only its label takes the place of waits until nothing that begins
/// in it can still be found.
pub struct Redactor<'b> {
    sets: Arc<Sets>,
    layers: Layers,
    by: Box<dyn Substitute + Send + Sync + 'b>,
    kinds: PerKind<Known>,
    /// A finding of each type that was seen.
    seen: Vec<Finding>,
    /// What has come from `base` on, and is still needed.
    pub(crate) text: Vec<u8>,
    base: usize,
    /// Up to here it has been given out, or is gone.
    done: usize,
    /// How many values go on.
    growing: usize,
    /// A value that begins at `done`, and that another may still overlap.
    waiting: Option<Waiting>,
}

/// What is known of a type.
#[derive(Clone, Copy, Default)]
struct Known {
    /// Where the last value ends: one that overlaps it is the same, read in another way.
    reach: usize,
    count: u64,
    /// Of those that were counted; none is without any.
    confidence: u8,
    /// How it is replaced, once that was asked.
    way: Option<Way>,
}

struct Waiting {
    kind: &'static str,
    value: Range<usize>,
}

/// How often data of one type was found, of every type; the value itself is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub kind: &'static str,
    pub class: Class,
    pub count: u64,
    /// The greatest, in percent.
    pub confidence: u8,
}

impl<'b> Redactor<'b> {
    pub(crate) fn new(
        sets: &Arc<Sets>,
        name: Option<&str>,
        by: Box<dyn Substitute + Send + Sync + 'b>,
    ) -> Self {
        let layers = Layers::new(sets, name);
        let base = layers.named();
        Self {
            sets: Arc::clone(sets),
            layers,
            by,
            kinds: PerKind::default(),
            seen: Vec::new(),
            text: Vec::new(),
            base,
            done: base,
            growing: 0,
            waiting: None,
        }
    }

    /// Takes the next piece, and gives what is settled of the text so far.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        self.text.extend_from_slice(piece);
        self.layers.read(&self.text, self.base, false);
        let settled = self.boundary(self.layers.settled());
        let out = self.give(settled, false);
        let needed = self.layers.needed().min(self.done);
        if let Some(old) = needed.checked_sub(self.base) {
            self.text.drain(..old.min(self.text.len()));
            self.base = needed;
        }
        out
    }

    /// The rest: nothing follows.
    pub fn finish(self) -> Vec<u8> {
        self.close().0
    }

    /// The rest, and what was found since it was last asked for: nothing follows.
    pub fn close(mut self) -> (Vec<u8>, Vec<Seen>) {
        self.layers.read(&self.text, self.base, true);
        let end = self.base + self.text.len();
        let rest = self.give(end, true);
        (rest, self.take_seen())
    }

    /// What was found since it was last asked for, of the types that are not redacted, too.
    pub fn take_seen(&mut self) -> Vec<Seen> {
        let seen = std::mem::take(&mut self.seen);
        let seen = seen.into_iter().filter_map(|finding| {
            let (kind, class) = self.sets.type_of(finding.id)?;
            let known = self.kinds.get(finding.kind);
            let none = Known {
                count: 0,
                confidence: 0,
                ..known
            };
            self.kinds.set(finding.kind, none);
            Some(Seen {
                kind,
                class,
                count: known.count,
                confidence: known.confidence,
            })
        });
        seen.collect()
    }

    /// How many bytes wait.
    pub fn held(&self) -> usize {
        (self.base + self.text.len()).saturating_sub(self.done)
    }

    fn give(&mut self, settled: usize, last: bool) -> Vec<u8> {
        let mut out = Vec::new();
        for event in self.layers.events(last) {
            match event {
                Event::Found(finding, range) => self.one(finding, range, &mut out),
                Event::Group(group) => {
                    let sets = Arc::clone(&self.sets);
                    for (finding, _) in sets.findings(&group) {
                        self.one(finding, group.range.clone(), &mut out);
                    }
                }
                Event::Begins(finding, start) => {
                    self.see(finding, start..usize::MAX);
                    if let Some((kind, _)) = self.replaces(finding.id, finding.kind) {
                        self.begin(start, kind, &mut out);
                        self.growing += 1;
                    }
                }
                Event::Ends(id, end) => {
                    let Some(kind) = self.sets.kind_of(id) else {
                        continue;
                    };
                    self.ends(kind, end);
                    if self.replaces(id, kind).is_some() {
                        self.growing = self.growing.saturating_sub(1);
                        self.done = self.done.max(end);
                    }
                }
            }
        }
        if self.growing > 0 {
            self.done = self.done.max(settled);
            return out;
        }
        let overlappable = |waiting: &Waiting| !last && waiting.value.end > settled;
        if !self.waiting.as_ref().is_some_and(overlappable) {
            self.end_waiting(&mut out);
            self.copy_to(settled, &mut out);
        }
        out
    }

    fn one(&mut self, finding: Finding, range: Range<usize>, out: &mut Vec<u8>) {
        self.see(finding, range.clone());
        if let Some((kind, way)) = self.replaces(finding.id, finding.kind) {
            self.found(kind, way, range, out);
        }
    }

    /// A value that is wholly known.
    fn found(&mut self, kind: &'static str, way: Way, range: Range<usize>, out: &mut Vec<u8>) {
        let is_same = |waiting: &Waiting| waiting.value == range;
        if way == Way::Value && self.waiting.as_ref().is_some_and(is_same) {
            return;
        }
        let is_free = self.begins_free(range.start, out);
        let is_short = range.end - range.start <= LONGEST;
        if is_free && is_short && way == Way::Value {
            self.copy_to(range.start, out);
            self.waiting = Some(Waiting { kind, value: range });
            return;
        }
        if is_free {
            self.label(range.start, kind, out);
        }
        self.done = self.done.max(range.end);
    }

    /// A value that goes on.
    fn begin(&mut self, start: usize, kind: &str, out: &mut Vec<u8>) {
        if self.begins_free(start, out) {
            self.label(start, kind, out);
        }
    }

    /// Whether nothing that is gone reaches over this place. Values that overlap in part become one
    /// label, named for the first.
    fn begins_free(&mut self, start: usize, out: &mut Vec<u8>) -> bool {
        match self.waiting.take_if(|waiting| start < waiting.value.end) {
            Some(Waiting { kind, value }) => {
                self.label(value.start, kind, out);
                self.done = self.done.max(value.end);
            }
            None => self.end_waiting(out),
        }
        self.growing == 0 && start >= self.done
    }

    /// Nothing overlaps the value that waits.
    fn end_waiting(&mut self, out: &mut Vec<u8>) {
        let Some(Waiting { kind, value }) = self.waiting.take() else {
            return;
        };
        let bytes = value.start.checked_sub(self.base);
        let bytes = bytes.zip(value.end.checked_sub(self.base));
        let text = bytes.and_then(|(start, end)| self.text.get(start..end));
        match text.and_then(|text| std::str::from_utf8(text).ok()) {
            Some(text) => out.extend_from_slice(self.by.instead(kind, text).as_bytes()),
            None => out.extend_from_slice(placeholder(kind).as_bytes()),
        }
        self.done = self.done.max(value.end);
    }

    fn label(&mut self, start: usize, kind: &str, out: &mut Vec<u8>) {
        self.copy_to(start, out);
        out.extend_from_slice(placeholder(kind).as_bytes());
    }

    fn see(&mut self, finding: Finding, range: Range<usize>) {
        let Some(known) = self.kinds.of(finding.kind) else {
            return;
        };
        if known.confidence == 0 {
            self.seen.push(finding);
        }
        let is_new = range.start >= known.reach;
        known.reach = known.reach.max(range.end);
        known.count = known.count.saturating_add(u64::from(is_new));
        known.confidence = known.confidence.max(finding.confidence);
    }

    fn ends(&mut self, kind: KindId, at: usize) {
        let known = self.kinds.get(kind);
        self.kinds.set(kind, Known { reach: at, ..known });
    }

    /// How values of this type are replaced, and the type of its rule, unless they stay.
    fn replaces(&mut self, rule: RuleId, number: KindId) -> Option<(&'static str, Way)> {
        let known = self.kinds.get(number);
        if known.way == Some(Way::Keep) {
            return None;
        }
        let (kind, _) = self.sets.type_of(rule)?;
        let way = known.way.unwrap_or_else(|| self.by.way(kind));
        if known.way.is_none() {
            let way = Some(way);
            self.kinds.set(number, Known { way, ..known });
        }
        (way != Way::Keep).then_some((kind, way))
    }

    fn copy_to(&mut self, end: usize, out: &mut Vec<u8>) {
        if end > self.done {
            let range = self.done - self.base..end - self.base;
            out.extend_from_slice(self.text.get(range).unwrap_or_default());
            self.done = end;
        }
    }

    /// The beginning of the character that goes on here.
    fn boundary(&self, mut at: usize) -> usize {
        let continues = |at: usize| {
            let byte = at.checked_sub(self.base).and_then(|at| self.text.get(at));
            byte.is_some_and(|byte| (0x80..0xc0).contains(byte))
        };
        let earliest = at.saturating_sub(3).max(self.done);
        while at > earliest && continues(at) {
            at -= 1;
        }
        at
    }
}

impl Seen {
    /// Counts it with those of its type.
    pub fn add_to(self, all: &mut Vec<Self>) {
        match all.iter_mut().find(|known| known.kind == self.kind) {
            Some(known) => {
                known.count = known.count.saturating_add(self.count);
                known.confidence = known.confidence.max(self.confidence);
            }
            None => all.push(self),
        }
    }
}

/// Shows nothing of the text.
impl fmt::Debug for Redactor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor")
            .field("held", &self.held())
            .finish_non_exhaustive()
    }
}
