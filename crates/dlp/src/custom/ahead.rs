//! What is ahead in a text, as it is read from its end: where values begin, and which of them go on. It reports nothing.
//!
//! A value is tried where it begins, and there may be a try at every byte, each as long as a value. So the text is
//! read the other way first: behind each byte stands from which states of the automaton a match is still to come.
//! A walk is begun only where it comes to a match, and is followed no further than its last one.

use std::collections::HashMap;

use regex_automata::dfa::Automaton as _;

use super::starts::all_begin;
use super::walk::continues;
use crate::rules::{Dfa, DfaState};
use crate::window::Window;

/// An automaton that reads backwards: each of its states is a set of states of the other, from which a match is
/// to come.
pub(super) struct Ahead {
    /// Bytes that lead from all states to the same ones.
    classes: Box<[u8; 256]>,
    stride: usize,
    /// Behind a set and before a byte of a class: which set.
    next: Vec<Set>,
    /// A bit for each state, so many words for each set.
    sets: Vec<u64>,
    words: usize,
    /// Whether a value may begin before a set.
    begins: Vec<bool>,
    shift: usize,
    /// Before what has not come yet: all states. Before the end of a text: those that end there.
    open: Set,
    end: Set,
}

/// The number of a set. The first is empty.
type Set = u16;

impl Ahead {
    /// None where it would be too large.
    pub(super) fn of(dfa: &Dfa) -> Option<Self> {
        let states = States::of(dfa)?;
        let (classes, bytes) = classes(dfa);
        let mut ahead = Self {
            classes,
            stride: bytes.len(),
            next: Vec::new(),
            sets: Vec::new(),
            words: states.all.len().div_ceil(64),
            begins: Vec::new(),
            shift: dfa.stride2(),
            open: 0,
            end: 0,
        };
        let steps: Vec<_> = bytes.iter().map(|byte| states.step(dfa, *byte)).collect();
        let mut known = HashMap::new();
        ahead.add(states.set(|_| false), &mut known)?;
        ahead.open = ahead.add(states.set(|state| !dfa.is_dead_state(state)), &mut known)?;
        let ends = |state| dfa.is_match_state(dfa.next_eoi_state(state));
        ahead.end = ahead.add(states.set(ends), &mut known)?;
        let mut at = 0;
        while let Some(set) = ahead.sets.get(at * ahead.words..(at + 1) * ahead.words) {
            let set = set.to_vec();
            for step in &steps {
                let before = ahead.add(before(step, &set), &mut known)?;
                ahead.next.push(before);
            }
            at += 1;
        }
        let starts = all_begin(dfa);
        let begins = |set| starts.iter().any(|state| ahead.holds(set, *state));
        ahead.begins = (0..=Set::MAX).take(at).map(begins).collect();
        Some(ahead)
    }

    /// The number of a set; none where there are too many.
    fn add(&mut self, set: Vec<u64>, known: &mut HashMap<Vec<u64>, Set>) -> Option<Set> {
        if let Some(known) = known.get(&set) {
            return Some(*known);
        }
        let number = known.len();
        let bits = (number + 1) * self.words * 64;
        if bits > MOST_BITS || bits * self.stride > MOST_STEPS {
            return None;
        }
        let number = Set::try_from(number).ok()?;
        self.sets.extend_from_slice(&set);
        known.insert(set, number);
        Some(number)
    }

    #[inline]
    fn before(&self, set: Set, byte: u8) -> Set {
        let class = self.classes.get(usize::from(byte)).copied();
        let place = usize::from(set) * self.stride + usize::from(class.unwrap_or_default());
        self.next.get(place).copied().unwrap_or_default()
    }

    #[inline]
    fn holds(&self, set: Set, state: DfaState) -> bool {
        let state = state.as_usize() >> self.shift;
        let word = self.sets.get(usize::from(set) * self.words + state / 64);
        word.is_some_and(|word| word >> (state % 64) & 1 != 0)
    }
}

/// Those of an automaton, by their places in it.
struct States {
    all: Vec<Option<DfaState>>,
}

impl States {
    /// Those that a text leads to; none where they are too many.
    fn of(dfa: &Dfa) -> Option<Self> {
        let mut states = Self { all: Vec::new() };
        let mut next = Vec::from_iter(all_begin(dfa));
        let mut count = 0;
        while let Some(state) = next.pop() {
            let place = state.as_usize() >> dfa.stride2();
            if states.all.len() <= place {
                states.all.resize(place + 1, None);
            }
            if let Some(slot @ None) = states.all.get_mut(place) {
                *slot = Some(state);
                next.extend((0..=u8::MAX).map(|byte| dfa.next_state(state, byte)));
                next.sort_unstable();
                next.dedup();
                count += 1;
            }
            if count > MOST_STATES {
                return None;
            }
        }
        Some(states)
    }

    fn set(&self, holds: impl Fn(DfaState) -> bool) -> Vec<u64> {
        let mut set = vec![0; self.all.len().div_ceil(64)];
        for (place, state) in self.all.iter().enumerate() {
            if state.is_some_and(&holds)
                && let Some(word) = set.get_mut(place / 64)
            {
                *word |= 1 << (place % 64);
            }
        }
        set
    }

    /// For each state, where this byte leads, and whether that is a match.
    fn step(&self, dfa: &Dfa, byte: u8) -> Vec<Step> {
        let step = |state: &Option<DfaState>| {
            let Some(state) = state else {
                return Step::default();
            };
            let next = dfa.next_state(*state, byte);
            Step {
                to: next.as_usize() >> dfa.stride2(),
                is_match: dfa.is_match_state(next) && !continues(byte),
            }
        };
        self.all.iter().map(step).collect()
    }
}

/// The states from which a step matches, or leads into the set.
fn before(steps: &[Step], set: &[u64]) -> Vec<u64> {
    let mut before = vec![0; set.len()];
    for (word, steps) in before.iter_mut().zip(steps.chunks(64)) {
        for (bit, step) in steps.iter().enumerate() {
            let to = set.get(step.to / 64).copied().unwrap_or_default();
            *word |= (u64::from(step.is_match) | to >> (step.to % 64) & 1) << bit;
        }
    }
    before
}

/// Of no state: into the dead one, which is in no set.
#[derive(Clone, Copy, Default)]
struct Step {
    to: usize,
    is_match: bool,
}

/// The class of each byte, and a byte of each class. What is within a character ends no value.
fn classes(dfa: &Dfa) -> (Box<[u8; 256]>, Vec<u8>) {
    let mut known = HashMap::new();
    let mut bytes = Vec::new();
    let mut classes = Box::new([0; 256]);
    for (byte, class) in (0..=u8::MAX).zip(classes.iter_mut()) {
        let alike = (dfa.byte_classes().get(byte), continues(byte));
        *class = *known.entry(alike).or_insert_with(|| {
            bytes.push(byte);
            // No more than there are bytes.
            u8::try_from(bytes.len() - 1).unwrap_or(u8::MAX)
        });
    }
    (classes, bytes)
}

/// What has been read backwards of a text, for one automaton.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// From which place on, and to which.
    from: usize,
    end: usize,
    /// Whether the text ended there.
    last: bool,
    /// Before each byte and behind the last: from where a match is to come in what was read, and from where one may
    /// come, as more follows.
    sure: Vec<Set>,
    may: Vec<Set>,
    /// Up to here no value begins.
    quiet: usize,
    /// Before the text has come so far, nothing else is known.
    until: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Comes {
    Yes,
    No,
    /// What follows decides.
    Later,
}

impl Seen {
    /// Whether it is of no use to ask, as little has been added to what did not decide.
    pub(super) fn is_early(&self, window: Window<'_>) -> bool {
        !window.last && window.end() < self.until
    }

    /// Whether the text from here on was read.
    pub(super) fn covers(&self, at: usize) -> bool {
        !self.sure.is_empty() && (self.from..self.end).contains(&at)
    }

    /// Whether a match is to come from this state before this byte, of a value that begins at `start`. Nobody asks
    /// about what is further back than what was asked about before.
    pub(super) fn comes(
        &mut self,
        ahead: &Ahead,
        window: Window<'_>,
        (start, at): (usize, usize),
        state: DfaState,
    ) -> Comes {
        let mut known = self.known(ahead, at, state);
        let is_all = self.end == window.end() && self.last == window.last;
        if known == Comes::Later && !(is_all && self.covers(start)) {
            self.read(ahead, window, start);
            known = self.known(ahead, at, state);
        }
        if known == Comes::Later {
            // It is read again when there is as much again, or a good piece more.
            let more = self.end.saturating_sub(at).clamp(1, PIECE);
            self.until = self.end + more;
        }
        known
    }

    /// Up to where it is known that no value begins from here on. Nobody asks about what is further back than what
    /// was asked about before.
    pub(super) fn quiet_until(&mut self, ahead: &Ahead, at: usize) -> usize {
        if at >= self.quiet {
            let place = at.checked_sub(self.from);
            let may = place.and_then(|place| self.may.get(place..));
            let begins = |set: &Set| ahead.begins.get(usize::from(*set)) == Some(&true);
            let quiet = may.unwrap_or_default().iter();
            self.quiet = at + quiet.take_while(|set| !begins(set)).count();
        }
        self.quiet
    }

    fn known(&self, ahead: &Ahead, at: usize, state: DfaState) -> Comes {
        let place = at.checked_sub(self.from);
        let sets = place.and_then(|place| Some((self.sure.get(place)?, self.may.get(place)?)));
        match sets {
            Some((sure, _)) if ahead.holds(*sure, state) => Comes::Yes,
            Some((_, may)) if !ahead.holds(*may, state) => Comes::No,
            _ => Comes::Later,
        }
    }

    /// From the end of what is there back to this place.
    fn read(&mut self, ahead: &Ahead, window: Window<'_>, from: usize) {
        let bytes = window.after(from);
        (self.from, self.end, self.last) = (from, window.end(), window.last);
        let backwards = |sets: &mut Vec<Set>, mut set| {
            sets.clear();
            sets.resize(bytes.len() + 1, set);
            for (place, byte) in sets.iter_mut().zip(bytes).rev() {
                set = ahead.before(set, *byte);
                *place = set;
            }
        };
        if window.last {
            backwards(&mut self.sure, ahead.end);
            self.may.clone_from(&self.sure);
        } else {
            backwards(&mut self.sure, 0);
            backwards(&mut self.may, ahead.open);
        }
    }
}

/// Of an automaton, how many states it may have, and how large its sets and the work to make them may be.
const MOST_STATES: usize = 8192;
const MOST_BITS: usize = 1 << 25;
const MOST_STEPS: usize = 1 << 28;
/// How much of a text is waited for, in bytes.
const PIECE: usize = 64;
