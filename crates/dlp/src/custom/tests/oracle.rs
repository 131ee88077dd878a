//! A search as simple as can be, which the real one must agree with.

use regex_automata::dfa::Automaton as _;

use super::*;
use crate::rules::begin;

/// The first and longest matches that withstand the checksum, by a try at every byte of the whole text.
pub(super) fn expected(detector: &Detector, text: &str) -> Vec<Range<usize>> {
    let Ok((dfa, _)) = detector.looks.automaton(None) else {
        return Vec::new();
    };
    let mut matches: Vec<Range<usize>> = Vec::new();
    for (start, _) in text.char_indices() {
        if matches.last().is_some_and(|last| start < last.end) {
            continue;
        }
        let bytes = text.as_bytes();
        let before = start.checked_sub(1).map(|at| *bytes.get(at).unwrap());
        let mut state = begin(&dfa, before).unwrap();
        let mut longest = None;
        for end in start..=bytes.len() {
            state = match bytes.get(end) {
                Some(byte) => dfa.next_state(state, *byte),
                None => dfa.next_eoi_state(state),
            };
            if dfa.is_match_state(state) && text.is_char_boundary(end) && end > start {
                longest = Some(end);
            }
        }
        let holds = |end: &usize| {
            let value = bytes.get(start..*end).unwrap();
            detector.checksum.is_none_or(|sum| sum.holds(value))
        };
        matches.extend(longest.filter(holds).map(|end| start..end));
    }
    matches
}
