//! The search for what a policy's own detectors describe, byte by byte, beside that of the catalogue. It knows no catalogue.
//!
//! A value may begin at any byte, so at each a walk through the automaton begins where its first byte
//! fits. Walks of a detector that have come to the same state go on as one, as they have the same
//! future; and none waits for more than [`LONGEST`] bytes. So there are at most so many steps of a
//! detector for a byte, and mostly none.

use std::collections::BTreeMap;

use regex_automata::dfa::Automaton as _;

use super::Customs;
use super::starts::Starts;
use super::walk::{Walk, continues};
use crate::found::Found;
use crate::rule::{LONGEST, NEAR};
use crate::stand_in;
use crate::window::Window;

/// What is being read as a value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walks {
    /// How many bytes have been read.
    at: usize,
    /// Those of each detector in the order of their beginnings.
    values: Vec<Walk>,
    words: Vec<Walk>,
    /// Of the detectors of which a word has been read, at most one each.
    near: Vec<Near>,
    /// Where what may be the name of a value has begun.
    name: Option<usize>,
}

/// Where the last word of a detector ended, and whether one was in the name of the text.
#[derive(Clone, Debug)]
struct Near {
    detector: usize,
    end: usize,
    is_named: bool,
}

impl Customs {
    /// How many bytes no value, no word and no name begins at.
    fn idle(&self, window: Window<'_>, from: usize) -> usize {
        let bytes = window.after(from);
        let mut idle = 0;
        while let Some(more) = self.pairs.first(bytes.get(idle..).unwrap_or_default()) {
            idle += more;
            if self.begin(window, from + idle) {
                return idle;
            }
            idle += 1;
        }
        // What the last byte begins, the next one says.
        bytes.len().saturating_sub(1)
    }

    /// Whether a value, a word or a name may begin here.
    fn begin(&self, window: Window<'_>, at: usize) -> bool {
        let text = window.after(at);
        let Some(first) = text.first() else {
            return false;
        };
        let values = self.values.at(text);
        let begins = |values| values & self.values.behind(behind(window, at), *first) != 0;
        *first == b'[' || values != 0 && begins(values) || self.words.at(text) != 0
    }
}

impl Walks {
    /// Reads what is new. Nothing is found before `named`.
    pub(crate) fn read(
        &mut self,
        customs: &Customs,
        window: Window<'_>,
        named: usize,
        found: &mut Found,
    ) {
        while let text @ [byte, ..] = window.after(self.at) {
            if self.is_idle() {
                let idle = customs.idle(window, self.at);
                self.at += idle;
                if idle > 0 {
                    continue;
                }
            }
            self.name = stand_in::goes_on(self.name, *byte, self.at);
            let words = customs.words.at(text);
            if words != 0 || !self.words.is_empty() {
                self.words_at(customs, (*byte, words), window, named);
            }
            let begins = customs.values.at(text);
            if begins != 0 || !self.values.is_empty() {
                self.values_at(customs, (*byte, begins), window, named);
                if !self.values.is_empty() {
                    self.decide(customs, window, self.at + 1, found);
                }
            }
            self.at += 1;
        }
        if window.last {
            self.close(customs, window, found);
        }
    }

    /// Whether nothing is being read, as a value or a word or a name.
    fn is_idle(&self) -> bool {
        self.values.is_empty() && self.words.is_empty() && self.name.is_none()
    }

    /// Everything that begins before this has been found.
    pub(crate) fn settled(&self) -> usize {
        let starts = self.values.iter().map(|walk| walk.start);
        starts.fold(self.at, usize::min)
    }

    /// How many steps the next byte may take.
    #[cfg(test)]
    pub(crate) fn open(&self) -> usize {
        self.values.len() + self.words.len()
    }

    /// The words of detectors that end before this byte, go on with it or begin with it.
    fn words_at(
        &mut self,
        customs: &Customs,
        (byte, starts): (u8, u128),
        window: Window<'_>,
        named: usize,
    ) {
        let at = self.at;
        for mut walk in std::mem::take(&mut self.words) {
            if let Some(dfa) = customs.word(walk.detector) {
                walk.step(dfa, byte, at);
            }
            if walk.matched == Some(at) && window.ends_word(at - walk.start, at, Some(byte)) {
                self.is_near(walk.detector, at, at < named);
            }
            if walk.is_open {
                self.words.push(walk);
            }
        }
        if starts != 0 && (window.is_free(at) || window.is_camel(at)) {
            for detector in Starts::places(starts) {
                let walk = customs.word(detector);
                let walk = walk.and_then(|dfa| Walk::begin(detector, dfa, at, (None, byte)));
                self.words.extend(walk);
            }
        }
    }

    fn is_near(&mut self, detector: usize, end: usize, is_named: bool) {
        match self.near.iter_mut().find(|near| near.detector == detector) {
            Some(near) => {
                near.end = end;
                near.is_named |= is_named;
            }
            None => self.near.push(Near {
                detector,
                end,
                is_named,
            }),
        }
    }

    /// The values that end before this byte, go on with it or begin with it.
    fn values_at(
        &mut self,
        customs: &Customs,
        (byte, starts): (u8, u128),
        window: Window<'_>,
        named: usize,
    ) {
        let at = self.at;
        for walk in self.values.iter_mut().filter(|walk| walk.is_open) {
            if let Some(dfa) = customs.value(walk.detector) {
                walk.step(dfa, byte, at);
            }
        }
        if starts != 0 && at >= named && !continues(byte) {
            let before = behind(window, at);
            for detector in Starts::places(starts & customs.values.behind(before, byte)) {
                if customs.word(detector).is_none() || self.has_near(detector) {
                    let walk = customs.value(detector).and_then(|dfa| {
                        let walk = Walk::begin(detector, dfa, at, (before, byte))?;
                        walk.leads_on(dfa, window.after(at + 1)).then_some(walk)
                    });
                    let name = self.name;
                    self.values.extend(walk.map(|walk| Walk { name, ..walk }));
                }
            }
        }
        self.thin_out(customs);
    }

    fn has_near(&self, detector: usize) -> bool {
        let near = self.near.iter().find(|near| near.detector == detector);
        near.is_some_and(|near| near.is_named || self.at - near.end <= NEAR)
    }

    /// Leaves out what overlaps the first value of a detector, and joins walks that have come to the same
    /// state. Where a checksum decides, or whether it is but a name, neither: the value may be none.
    fn thin_out(&mut self, customs: &Customs) {
        if self.values.len() < 2 {
            return;
        }
        let mut firsts = BTreeMap::new();
        let mut states = BTreeMap::new();
        let mut kept: Vec<Walk> = Vec::with_capacity(self.values.len());
        for mut walk in std::mem::take(&mut self.values) {
            let is_sure = !customs.is_checked(walk.detector) && walk.name.is_none();
            let matched = walk.matched.filter(|_| is_sure).unwrap_or_default();
            let (start, first) = (walk.start, firsts.entry(walk.detector));
            let (first, end) = *first.or_insert((start, matched));
            if first != start && !walk.leave(end) {
                continue;
            }
            if is_sure && walk.is_open && walk.matched.is_none() {
                let state = states.entry((walk.detector, walk.state));
                let place = *state.or_insert(kept.len());
                if let Some(same) = kept.get_mut(place) {
                    same.join(walk);
                    continue;
                }
            }
            kept.push(walk);
        }
        kept.sort_by_key(|walk| walk.start);
        self.values = kept;
    }

    /// What has become of the values, of which everything before `read` has been read.
    fn decide(&mut self, customs: &Customs, window: Window<'_>, read: usize, found: &mut Found) {
        while self.decide_some(customs, window, read, found) {
            // Where the first of a walk are gone, the others go on behind those that begin before them.
            self.values.sort_by_key(|walk| walk.start);
        }
    }

    /// Whether some may have to be looked at anew.
    fn decide_some(
        &mut self,
        customs: &Customs,
        window: Window<'_>,
        read: usize,
        found: &mut Found,
    ) -> bool {
        let mut waits = 0_u128;
        let mut is_disordered = false;
        let mut ends = BTreeMap::new();
        let mut kept: Vec<Walk> = Vec::with_capacity(self.values.len());
        for mut walk in std::mem::take(&mut self.values) {
            let (bit, start) = (1 << walk.detector, walk.start);
            if !walk.leave(ends.get(&walk.detector).copied().unwrap_or_default()) {
                continue;
            }
            if walk.start != start {
                is_disordered = true;
                waits |= bit;
                kept.push(walk);
                continue;
            }
            let is_long = read - walk.start > LONGEST;
            // The first must be decided first; whether it is a part of a name, its end says.
            let is_known = walk.name.is_none() || walk.name != self.name;
            if is_long || !walk.is_open && is_known && waits & bit == 0 {
                if let Some(end) = report(customs, &walk, window, found) {
                    ends.insert(walk.detector, end);
                    let same = kept.iter_mut().filter(|it| it.detector == walk.detector);
                    same.for_each(|waiting| waiting.begin_at(waiting.start.max(end)));
                }
                if !walk.is_open {
                    continue;
                }
                // It may go on: the rest of it is another one. Of what is none yet, the beginning is gone.
                let rest = walk.matched.take();
                walk.begin_at(rest.unwrap_or_else(|| boundary(window, read - LONGEST)));
            }
            waits |= bit;
            kept.push(walk);
        }
        self.values = kept;
        is_disordered
    }

    /// Nothing follows.
    fn close(&mut self, customs: &Customs, window: Window<'_>, found: &mut Found) {
        for walk in self.values.iter_mut().filter(|walk| walk.is_open) {
            let dfa = customs.value(walk.detector);
            if dfa.is_some_and(|dfa| dfa.is_match_state(dfa.next_eoi_state(walk.state))) {
                walk.matched = Some(self.at);
            }
            walk.is_open = false;
        }
        self.name = None;
        self.decide(customs, window, self.at, found);
    }
}

/// Where the value ends, if it is one.
fn report(customs: &Customs, walk: &Walk, window: Window<'_>, found: &mut Found) -> Option<usize> {
    let end = walk.matched.filter(|end| *end > walk.start)?;
    let range = walk.start..end;
    if walk.name.is_some() && stand_in::covers(&range, window, customs) {
        return None;
    }
    let value = window.after(walk.start).get(..end - walk.start)?;
    customs
        .report(walk.detector, range, value, found)
        .then_some(end)
}

/// The byte behind which a value begins. The letters of an escape are not part of a word.
fn behind(window: Window<'_>, at: usize) -> Option<u8> {
    let before = at.checked_sub(1).and_then(|at| window.byte(at));
    match before {
        Some(letter) if letter.is_ascii_alphanumeric() && window.is_free(at) => Some(b'\\'),
        Some(before) => Some(before),
        // Behind the name of the text.
        None => (at > 0).then_some(b'='),
    }
}

/// The beginning of a character, here or behind.
fn boundary(window: Window<'_>, mut at: usize) -> usize {
    while window.byte(at).is_some_and(continues) {
        at += 1;
    }
    at
}
