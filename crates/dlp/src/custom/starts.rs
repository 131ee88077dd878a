//! By the first bytes of a text, which detectors may be right there: most are wrong, and so need not be asked. It decides
//! nothing else.

use std::collections::BTreeSet;

use regex_automata::dfa::Automaton as _;

use crate::rules::{Dfa, DfaState, begin};

/// Which detectors may be right where some bytes stand: for each byte, a bit for each detector.
pub(super) struct Starts {
    /// At the edge of a word, and within one.
    first: [Bits; 2],
    next: [Bits; 3],
}

type Bits = Box<[u128; 256]>;

/// Which two bytes may begin something: for the first, a bit for each second.
pub(super) struct Pairs(Box<[[u64; 4]; 256]>);

impl Starts {
    pub(super) fn of<'d>(all: impl Iterator<Item = Option<&'d Dfa>>) -> Self {
        let mut starts = Self::default();
        let [edge, within] = &mut starts.first;
        for (place, dfa) in all.enumerate() {
            let Some(dfa) = dfa else { continue };
            let mut states = begins(dfa, &EDGES, edge, 1 << place);
            states.extend(begins(dfa, &[WITHIN], within, 1 << place));
            let mut any = false;
            for bits in &mut starts.next {
                // Behind an end, anything may follow.
                any |= states.len() > MOST_STATES
                    || states.iter().any(|state| dfa.is_match_state(*state));
                if any {
                    bits.iter_mut().for_each(|bits| *bits |= 1 << place);
                    continue;
                }
                let from = std::mem::take(&mut states);
                let next = |state| put(dfa, state, bits, 1 << place);
                states = from.into_iter().flat_map(next).collect();
            }
        }
        starts
    }

    /// Those that may begin like this text, whatever stands before it.
    pub(super) fn at(&self, text: &[u8]) -> u128 {
        let Some((first, rest)) = text.split_first() else {
            return 0;
        };
        let [edge, within] = self.first.each_ref().map(|table| of(table, *first));
        let mut next = self.next.iter().zip(rest);
        next.try_fold(edge | within, |bits, (table, byte)| {
            Some(bits & of(table, *byte)).filter(|bits| *bits != 0)
        })
        .unwrap_or_default()
    }

    /// Those that may begin with this byte behind another.
    pub(super) fn behind(&self, before: Option<u8>, byte: u8) -> u128 {
        let [edge, within] = &self.first;
        let is_within = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        of(if is_within { within } else { edge }, byte)
    }

    pub(super) fn places(mut bits: u128) -> impl Iterator<Item = usize> {
        std::iter::from_fn(move || {
            let place = (bits != 0).then(|| bits.trailing_zeros())?;
            bits &= bits - 1;
            usize::try_from(place).ok()
        })
    }
}

impl Default for Starts {
    fn default() -> Self {
        let none = || Box::new([0; 256]);
        Self {
            first: [none(), none()],
            next: [none(), none(), none()],
        }
    }
}

impl Pairs {
    /// Where a detector of some may be right, or a name may begin.
    pub(super) fn of(some: &[&Starts]) -> Self {
        let mut pairs = Self::default();
        for (row, first) in pairs.0.iter_mut().zip(0..=u8::MAX) {
            if first == b'[' {
                *row = [u64::MAX; 4];
            }
            // Most bytes begin nothing.
            for starts in some.iter().filter(|starts| starts.at(&[first]) != 0) {
                for next in (0..=u8::MAX).filter(|next| starts.at(&[first, *next]) != 0) {
                    let (word, bit) = place(next);
                    if let Some(word) = row.get_mut(word) {
                        *word |= bit;
                    }
                }
            }
        }
        pairs
    }

    /// The first place of such bytes in a text. A function by itself, as it reads most bytes of a text.
    #[inline(never)]
    pub(super) fn first(&self, text: &[u8]) -> Option<usize> {
        let begins = |pair: &[u8]| match pair {
            [first, next] => {
                let (word, bit) = place(*next);
                let row = self.0.get(usize::from(*first));
                row.and_then(|row| row.get(word))
                    .is_none_or(|word| word & bit != 0)
            }
            _ => false,
        };
        text.windows(2).position(begins)
    }
}

impl Default for Pairs {
    fn default() -> Self {
        Self(Box::new([[0; 4]; 256]))
    }
}

/// Where the bit of a byte is.
fn place(byte: u8) -> (usize, u64) {
    (usize::from(byte / 64), 1 << (byte % 64))
}

fn of(bits: &Bits, byte: u8) -> u128 {
    bits.get(usize::from(byte)).copied().unwrap_or_default()
}

/// All states in which an automaton may begin.
pub(super) fn all_begin(dfa: &Dfa) -> BTreeSet<DfaState> {
    let behind = EDGES.iter().chain([&WITHIN]);
    behind.filter_map(|before| begin(dfa, *before)).collect()
}

/// Puts a bit where a byte may be the first behind one of these, and gives the states behind it.
fn begins(dfa: &Dfa, behind: &[Option<u8>], first: &mut Bits, bit: u128) -> BTreeSet<DfaState> {
    let states = behind.iter().filter_map(|before| begin(dfa, *before));
    states
        .flat_map(|state| put(dfa, state, first, bit))
        .collect()
}

/// Puts a bit where a byte leads on from a state, and gives the states where they lead.
fn put(dfa: &Dfa, state: DfaState, bits: &mut Bits, bit: u128) -> Vec<DfaState> {
    let mut states = Vec::new();
    for (byte, bits) in (0..=u8::MAX).zip(bits.iter_mut()) {
        let next = dfa.next_state(state, byte);
        if !dfa.is_dead_state(next) {
            *bits |= bit;
            states.push(next);
        }
    }
    states
}

/// Where more states may follow the first bytes, those behind them tell little.
const MOST_STATES: usize = 64;
/// No other byte that is not of a word makes an automaton begin otherwise.
const EDGES: [Option<u8>; 4] = [None, Some(b' '), Some(b'\n'), Some(b'\r')];
/// Within a word.
const WITHIN: Option<u8> = Some(b'a');
