//! The values of one detector that are being read, in the order of their beginnings. It knows no other detector.
//!
//! Walks that have come to the same state go on as one, as they have the same future; and none waits for more than
//! [`LONGEST`] bytes. How many there may be, [`super::cost`] has said.

use regex_automata::dfa::Automaton as _;

use super::ahead::Seen;
use super::walk::{Walk, continues};
use crate::rule::LONGEST;
use crate::rules::Dfa;
use crate::window::Window;

#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    pub(super) walks: Vec<Walk>,
    /// What is ahead, and where the last value ended that was found so.
    pub(super) seen: Seen,
    pub(super) done: usize,
}

impl Lane {
    /// One byte further.
    pub(super) fn step(&mut self, dfa: &Dfa, byte: u8, at: usize) {
        for walk in self.walks.iter_mut().filter(|walk| walk.is_open) {
            walk.step(dfa, byte, at);
        }
    }

    /// Leaves out what overlaps the first value, and joins walks that have come to the same state. Where a checksum
    /// decides, or whether it is but a name, neither: the value may be none.
    pub(super) fn thin_out(&mut self, is_checked: bool) {
        if self.walks.len() < 2 {
            return;
        }
        let mut first = None;
        let mut kept: Vec<Walk> = Vec::with_capacity(self.walks.len());
        for mut walk in std::mem::take(&mut self.walks) {
            let is_sure = !is_checked && walk.name.is_none();
            let matched = walk.matched.filter(|_| is_sure).unwrap_or_default();
            let (first, end) = *first.get_or_insert((walk.start, matched));
            if first != walk.start && !walk.leave(end) {
                continue;
            }
            let joins = |walk: &Walk| walk.is_open && walk.matched.is_none() && walk.name.is_none();
            if is_sure && joins(&walk) {
                let same = |other: &&mut Walk| joins(other) && other.state == walk.state;
                if let Some(same) = kept.iter_mut().find(same) {
                    same.join(walk);
                    continue;
                }
            }
            kept.push(walk);
        }
        kept.sort_by_key(|walk| walk.start);
        self.walks = kept;
    }

    /// What has become of the values, of which everything before `read` has been read; `name` is what is being read
    /// as one. `report` says where a value ends that is one.
    pub(super) fn decide(
        &mut self,
        window: Window<'_>,
        (read, name): (usize, Option<usize>),
        mut report: impl FnMut(&Walk) -> Option<usize>,
    ) {
        let is_long = |walk: &Walk| read - walk.start > LONGEST;
        while self.walks.iter().any(|walk| !walk.is_open || is_long(walk)) {
            if !self.decide_some(window, (read, name), &mut report) {
                return;
            }
            // Where the first of a walk are gone, the others go on behind those that begin before them.
            self.walks.sort_by_key(|walk| walk.start);
        }
    }

    /// Whether some may have to be looked at anew.
    fn decide_some(
        &mut self,
        window: Window<'_>,
        (read, name): (usize, Option<usize>),
        report: &mut impl FnMut(&Walk) -> Option<usize>,
    ) -> bool {
        let (mut waits, mut is_disordered) = (false, false);
        let mut done = 0;
        let mut kept: Vec<Walk> = Vec::with_capacity(self.walks.len());
        for mut walk in std::mem::take(&mut self.walks) {
            let start = walk.start;
            if !walk.leave(done) {
                continue;
            }
            if walk.start != start {
                is_disordered = true;
                waits = true;
                kept.push(walk);
                continue;
            }
            let is_long = read - walk.start > LONGEST;
            // The first must be decided first; whether it is a part of a name, its end says.
            let is_known = walk.name.is_none() || walk.name != name;
            if is_long || !walk.is_open && is_known && !waits {
                if let Some(end) = report(&walk) {
                    done = end;
                    let waiting = kept.iter_mut();
                    waiting.for_each(|waiting| waiting.begin_at(waiting.start.max(end)));
                }
                if !walk.is_open {
                    continue;
                }
                // It may go on: the rest of it is another one. Of what is none yet, the beginning is gone.
                let rest = walk.matched.take();
                walk.begin_at(rest.unwrap_or_else(|| boundary(window, read - LONGEST)));
            }
            waits = true;
            kept.push(walk);
        }
        self.walks = kept;
        is_disordered
    }

    /// Nothing follows.
    pub(super) fn close(&mut self, dfa: &Dfa, end: usize) {
        for walk in self.walks.iter_mut().filter(|walk| walk.is_open) {
            if dfa.is_match_state(dfa.next_eoi_state(walk.state)) {
                walk.matched = Some(end);
            }
            walk.is_open = false;
        }
    }
}

/// The beginning of a character, here or behind.
fn boundary(window: Window<'_>, mut at: usize) -> usize {
    while window.byte(at).is_some_and(continues) {
        at += 1;
    }
    at
}
