//! A text with what is hidden in it: as it stands, as its spellings read, and what runs of base64 and hex in either hold. Knows no rule.
//!
//! Each of these is searched by itself, as it comes, and what is found is reported at the bytes of
//! the text that hold it. The text as it stands is always searched: decoding adds, and hides nothing.

mod hidden;
mod look_alike;
mod map;
mod packed;
mod phase;
mod respelled;
mod spelling;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use crate::found::{Event, Finding, Group};
use crate::rules::{RuleId, Sets};
use crate::search::Search;
use crate::window::Window;
use packed::Packed;
use respelled::Respelled;

#[derive(Clone, Debug)]
pub(crate) struct Layers {
    search: Search,
    /// None in a text that was respelled already.
    respelled: Option<Respelled>,
    /// None at the last depth.
    packed: Option<Packed>,
    /// Not settled in all layers.
    events: Vec<Event>,
    /// Of the text as it stands, the values that go on, and where they began.
    begun: Vec<(Finding, usize)>,
    /// The same of what is packed in it.
    unpacked: Vec<(Finding, usize)>,
    /// In how many layers a value of a rule goes on.
    growing: Vec<(RuleId, usize)>,
}

impl Layers {
    /// Of a text that stands under this name.
    pub(crate) fn new(sets: &Arc<Sets>, name: Option<&str>) -> Self {
        Self::at_depth(sets, name, DEPTH)
    }

    fn at_depth(sets: &Arc<Sets>, name: Option<&str>, depth: usize) -> Self {
        let search = Search::new(sets, name);
        let at = search.at();
        Self {
            respelled: Some(Respelled::new(at)),
            packed: depth.checked_sub(1).map(|less| Packed::new(sets, at, less)),
            ..Self::plain(search)
        }
    }

    /// What it says is read in another way from here on, which is the place up to which all has been read.
    /// What is packed in that is unpacked only in the text itself, and not in what was packed: each way to
    /// hide a value lengthens what must wait for its end.
    fn respelled(&mut self) -> Self {
        let packed = self.packed.as_ref().filter(|packed| packed.is_outermost());
        let packed = packed.cloned();
        let unpacked = self.unpacked.iter().filter(|_| packed.is_some());
        let going_on = self.begun.iter().chain(unpacked);
        let going_on = going_on.map(|(finding, start)| Event::Begins(*finding, *start));
        self.events.extend(going_on);
        Self {
            packed,
            begun: self.begun.clone(),
            ..Self::plain(self.search.clone())
        }
    }

    /// A text in which nothing is looked for behind what it says.
    fn plain(search: Search) -> Self {
        Self {
            search,
            respelled: None,
            packed: None,
            events: Vec::new(),
            begun: Vec::new(),
            unpacked: Vec::new(),
            growing: Vec::new(),
        }
    }

    /// How many bytes have been read, the name included.
    pub(crate) fn at(&self) -> usize {
        self.search.at()
    }

    pub(crate) fn named(&self) -> usize {
        self.search.named()
    }

    /// Reads what is new in a part of the text that begins at `base`.
    pub(crate) fn read(&mut self, bytes: &[u8], base: usize, last: bool) {
        let window = Window { bytes, base, last };
        let mut until = window.end();
        if let Some(mut respelled) = self.respelled.take() {
            until = respelled.read(self, window);
            self.respelled = Some(respelled);
        }
        self.read_to(until, window);
    }

    /// The text as it stands and what is packed in it, up to here.
    fn read_to(&mut self, until: usize, window: Window<'_>) {
        let bytes = window.bytes.get(..until - window.base);
        let window = Window {
            bytes: bytes.unwrap_or_default(),
            last: window.last && until == window.end(),
            ..window
        };
        self.search.read(window.bytes, window.base, window.last);
        if let Some(packed) = &mut self.packed {
            let before = self.events.len();
            packed.read(window, &mut self.events);
            for event in self.events.iter().skip(before) {
                follow(&mut self.unpacked, event);
            }
        }
    }

    /// Everything that begins before this has been found, the whole of it or as much as has come.
    pub(crate) fn settled(&self) -> usize {
        let mut settled = self.search.settled();
        if let Some(respelled) = &self.respelled {
            settled = settled.min(respelled.settled());
        }
        if let Some(packed) = &self.packed {
            settled = settled.min(packed.settled());
        }
        settled
    }

    /// From here on the text is still needed.
    pub(crate) fn needed(&self) -> usize {
        let packed = self.packed.as_ref().map(Packed::needed);
        packed.unwrap_or(usize::MAX).min(self.search.needed())
    }

    /// What has been found for good, in order.
    pub(crate) fn events(&mut self, last: bool) -> Vec<Event> {
        self.take_plain(last);
        if self.events.is_empty() {
            return Vec::new();
        }
        let settled = if last { usize::MAX } else { self.settled() };
        if !self.events.is_sorted_by_key(order) {
            self.events.sort_by_key(order);
        }
        let later = self
            .events
            .partition_point(|event| order(event).0 < settled);
        let later = self.events.split_off(later);
        let mut ready = std::mem::replace(&mut self.events, later);
        ready.retain(|event| self.is_new(event));
        self.untangled(ready)
    }

    /// A group tells for all of its rules at once, unless others that have found the same value come between.
    fn untangled(&self, mut events: Vec<Event>) -> Vec<Event> {
        events.dedup_by(|event, before| match (before, event) {
            (Event::Group(before), Event::Group(group)) => before.join(group),
            _ => false,
        });
        if !events.windows(2).any(are_tangled) {
            return events;
        }
        let mut apart = Vec::new();
        for alike in events.chunk_by(|one, next| range(one) == range(next)) {
            let from = apart.len();
            if !alike.windows(2).any(are_tangled) {
                apart.extend_from_slice(alike);
                continue;
            }
            for event in alike {
                match event {
                    Event::Group(group) => {
                        let findings = self.search.sets().findings(group);
                        apart.extend(
                            findings.map(|(one, _)| Event::Found(one, group.range.clone())),
                        );
                    }
                    event => apart.push(event.clone()),
                }
            }
            if let Some(apart) = apart.get_mut(from..) {
                apart.sort_by_key(order);
            }
        }
        apart
    }

    /// Whether no value goes on, and nothing is packed here.
    fn is_at_rest(&self) -> bool {
        let packed = self.packed.as_ref();
        self.begun.is_empty() && !packed.is_some_and(Packed::is_open)
    }

    #[cfg(test)]
    fn is_doubled(&self) -> bool {
        self.respelled.as_ref().is_some_and(Respelled::is_doubled)
    }

    fn take_plain(&mut self, last: bool) {
        let before = self.events.len();
        self.search.events(last, &mut self.events);
        for event in self.events.iter().skip(before) {
            follow(&mut self.begun, event);
        }
    }

    /// Whether it is not the same in another layer: a value that goes on ends where it ends in all of them.
    fn is_new(&mut self, event: &Event) -> bool {
        let (id, begins) = match event {
            Event::Found(..) | Event::Group(_) => return true,
            Event::Begins(finding, _) => (finding.id, true),
            Event::Ends(id, _) => (*id, false),
        };
        let at = self.growing.iter().position(|(growing, _)| *growing == id);
        let count = at.and_then(|at| self.growing.get_mut(at));
        match (count, begins) {
            (Some((_, count)), true) => {
                *count += 1;
                false
            }
            (Some((_, count)), false) if *count > 1 => {
                *count -= 1;
                false
            }
            (None, true) => {
                self.growing.push((id, 1));
                true
            }
            (_, false) => {
                self.growing.retain(|(growing, _)| *growing != id);
                true
            }
        }
    }
}

/// Keeps the values that go on.
fn follow(begun: &mut Vec<(Finding, usize)>, event: &Event) {
    match event {
        Event::Found(..) | Event::Group(_) => {}
        Event::Begins(finding, start) => begun.push((*finding, *start)),
        Event::Ends(id, _) => {
            let ended = begun.iter().position(|(begun, _)| begun.id == *id);
            ended.map(|at| begun.remove(at));
        }
    }
}

/// At one place an end comes first, then the longest, then the first rule.
fn order(event: &Event) -> (usize, bool, Reverse<usize>, RuleId) {
    let found = |range: &Range<usize>, id| (range.start, true, Reverse(range.end), id);
    match event {
        Event::Ends(id, at) => (*at, false, Reverse(0), *id),
        Event::Begins(finding, at) => (*at, true, Reverse(usize::MAX), finding.id),
        Event::Found(finding, range) => found(range, finding.id),
        Event::Group(group) => found(&group.range, group.first()),
    }
}

/// Where a value is that is wholly known.
fn range(event: &Event) -> Option<&Range<usize>> {
    match event {
        Event::Found(_, range) | Event::Group(Group { range, .. }) => Some(range),
        Event::Begins(..) | Event::Ends(..) => None,
    }
}

/// Whether a finding of one comes between those of a group.
fn are_tangled(pair: &[Event]) -> bool {
    matches!(pair, [Event::Group(group), next]
        if range(next) == Some(&group.range) && order(next).3 < group.last())
}

/// How many times over a text may be in base64 or hex.
const DEPTH: usize = 2;
