//! How much work a detector may be for one byte of the worst text there is. It reads no text.

use std::collections::{BTreeSet, HashSet};

use regex_automata::dfa::Automaton as _;

use super::starts::all_begin;
use super::walk::continues;
use crate::rules::{Dfa, DfaState};

/// Whether no more than so many walks are open at once, whatever the text is: each of them is a step for each byte.
pub(super) fn is_bounded(dfa: &Dfa, most: usize) -> bool {
    let bytes = bytes(dfa);
    let starts = all_begin(dfa);
    let mut known = HashSet::from([Vec::new()]);
    let mut open = vec![Vec::new()];
    while let Some(walks) = open.pop() {
        for byte in &bytes {
            let begun: BTreeSet<_> = starts
                .iter()
                .map(|state| dfa.next_state(*state, *byte))
                .collect();
            for begun in begun {
                let walks = step(dfa, &walks, begun, *byte);
                if walks.len() > most {
                    return false;
                }
                if known.insert(walks.clone()) {
                    open.push(walks);
                }
            }
        }
        if known.len() > MOST_KNOWN {
            return false;
        }
    }
    true
}

/// One walk: where it is, and whether it has matched.
type Place = (DfaState, bool);

/// The walks behind this byte, in the order of their beginnings, as [`super::lane`] has them: the match of the first
/// leaves out the others, and those that have come to one state without a match are one.
fn step(dfa: &Dfa, walks: &[Place], begun: DfaState, byte: u8) -> Vec<Place> {
    let mut next: Vec<Place> = Vec::with_capacity(walks.len() + 1);
    let new = (!continues(byte)).then_some(begun);
    let old = walks
        .iter()
        .map(|(state, matched)| (dfa.next_state(*state, byte), *matched));
    for (state, matched) in old.chain(new.map(|state| (state, false))) {
        let is_match = dfa.is_match_state(state) && !continues(byte);
        let place = (state, matched || is_match);
        let is_same = !place.1 && next.contains(&place);
        if !dfa.is_dead_state(state) && !is_same {
            next.push(place);
        }
        if is_match && next.len() == 1 {
            // What has begun since overlaps it. Nothing else begins at the byte behind which it ends, or all does.
            next.extend(
                new.filter(|new| !dfa.is_dead_state(*new))
                    .map(|new| (new, false)),
            );
            break;
        }
    }
    next
}

/// One of each kind.
fn bytes(dfa: &Dfa) -> Vec<u8> {
    let mut known = HashSet::new();
    let is_new = |byte: &u8| known.insert((dfa.byte_classes().get(*byte), continues(*byte)));
    (0..=u8::MAX).filter(is_new).collect()
}

/// Of ways in which walks may be open, how many are looked at. What has more counts as unbounded.
const MOST_KNOWN: usize = 20_000;
