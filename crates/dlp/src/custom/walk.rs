//! One way through the automaton of a detector, from the byte where a value may begin. It knows no text.

use std::collections::VecDeque;

use regex_automata::dfa::Automaton as _;

use crate::rules::{Dfa, DfaState, begin};

#[derive(Clone, Debug)]
pub(super) struct Walk {
    pub(super) detector: usize,
    pub(super) start: usize,
    /// Where others began, later, that share its future: all are of no match yet, or of the same.
    pub(super) more: VecDeque<usize>,
    pub(super) state: DfaState,
    /// Where the longest match ends.
    pub(super) matched: Option<usize>,
    /// A longer match is possible.
    pub(super) is_open: bool,
    /// Where the name of a value begins that this may be a part of.
    pub(super) name: Option<usize>,
}

impl Walk {
    /// From this byte on, behind another; none where it leads nowhere.
    pub(super) fn begin(
        detector: usize,
        dfa: &Dfa,
        start: usize,
        (before, byte): (Option<u8>, u8),
    ) -> Option<Self> {
        let mut walk = Self {
            detector,
            start,
            more: VecDeque::new(),
            state: begin(dfa, before)?,
            matched: None,
            is_open: true,
            name: None,
        };
        walk.step(dfa, byte, start);
        walk.is_open.then_some(walk)
    }

    /// Goes on as one with another that has come to the same.
    pub(super) fn join(&mut self, other: Self) {
        let (first, second) = (self.start.min(other.start), self.start.max(other.start));
        self.start = first;
        let is_last = self.more.back().is_none_or(|last| *last <= second);
        self.more.push_back(second);
        if !is_last || !other.more.is_empty() {
            self.more.extend(other.more);
            self.more.make_contiguous().sort_unstable();
        }
    }

    /// Leaves out the beginnings before this; whether there is another.
    pub(super) fn leave(&mut self, end: usize) -> bool {
        while self.start < end {
            let Some(next) = self.more.pop_front() else {
                return false;
            };
            self.start = next;
        }
        true
    }

    /// Begins here, whatever is before.
    pub(super) fn begin_at(&mut self, start: usize) {
        while self.more.front().is_some_and(|other| *other <= start) {
            self.more.pop_front();
        }
        self.start = start;
    }

    /// The automaton tells a match with the byte behind it. A value ends where a character does.
    pub(super) fn step(&mut self, dfa: &Dfa, byte: u8, at: usize) {
        self.state = dfa.next_state(self.state, byte);
        if dfa.is_match_state(self.state) && !continues(byte) {
            self.matched = Some(at);
        }
        self.is_open = !dfa.is_dead_state(self.state) && !dfa.is_quit_state(self.state);
    }
}

/// Whether a state may come to a match, as far as the next few bytes tell: most that begin do not.
pub(super) fn leads_on(dfa: &Dfa, mut state: DfaState, next: &[u8]) -> bool {
    for byte in next.iter().take(FEW) {
        if dfa.is_match_state(state) {
            return true;
        }
        state = dfa.next_state(state, *byte);
        if dfa.is_dead_state(state) || dfa.is_quit_state(state) {
            return false;
        }
    }
    true
}

const FEW: usize = 8;

/// Within a character.
pub(super) fn continues(byte: u8) -> bool {
    (0x80..0xc0).contains(&byte)
}
