//! Where the longest value ends that begins at a place, of a detector of which it can be told what is ahead. It reports nothing.

use regex_automata::dfa::Automaton as _;

use super::Ready;
use super::ahead::{Ahead, Comes};
use super::lane::Lane;
use super::walk::{continues, leads_on};
use crate::rules::{Dfa, DfaState, begin};
use crate::window::Window;

/// Where the longest value ends that begins at a place.
pub(super) enum End {
    At(usize),
    None,
    /// What follows decides.
    Later,
}

/// Of a detector of which it can be told what is ahead.
pub(super) fn end(
    lane: &mut Lane,
    ready: &Ready,
    ahead: &Ahead,
    (start, before): (usize, Option<u8>),
    window: Window<'_>,
) -> End {
    let (dfa, seen) = (&ready.value, &mut lane.seen);
    let Some(mut state) = begin(dfa, before) else {
        return End::None;
    };
    if seen.is_early(window) {
        return End::Later;
    }
    // Most that begin lead nowhere within a few bytes.
    if !seen.covers(start) && !leads_on(dfa, state, window.after(start)) {
        return End::None;
    }
    let (mut at, mut end) = (start, None);
    if ready.detector.checksum.is_some()
        && seen.comes(ahead, window, (start, at), state) == Comes::Yes
    {
        return short_end(dfa, start, state, window);
    }
    loop {
        match (
            seen.comes(ahead, window, (start, at), state),
            window.byte(at),
        ) {
            (Comes::Later, _) => return End::Later,
            (Comes::No, _) => return end.map_or(End::None, End::At),
            // It ends with the text.
            (Comes::Yes, None) => return End::At(at),
            (Comes::Yes, Some(byte)) => {
                state = dfa.next_state(state, byte);
                if dfa.is_match_state(state) && !continues(byte) {
                    end = Some(at);
                }
                at += 1;
            }
        }
    }
}

/// The same of a value that is short: it is read beyond its last match, which is soon done.
fn short_end(dfa: &Dfa, start: usize, mut state: DfaState, window: Window<'_>) -> End {
    let mut end = None;
    for (byte, at) in window.after(start).iter().zip(start..) {
        state = dfa.next_state(state, *byte);
        if dfa.is_match_state(state) {
            if !continues(*byte) {
                end = Some(at);
            }
        } else if dfa.is_dead_state(state) || dfa.is_quit_state(state) {
            return end.map_or(End::None, End::At);
        }
    }
    if !window.last {
        return End::Later;
    }
    if dfa.is_match_state(dfa.next_eoi_state(state)) {
        end = Some(window.end());
    }
    end.map_or(End::None, End::At)
}
