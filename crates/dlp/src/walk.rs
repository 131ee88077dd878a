//! Ways through the automata of patterns, and what they have in common. They know no rule but by its number.

use regex_automata::dfa::Automaton as _;

use crate::rule::LONGEST;
use crate::rules::{Dfa, DfaState, RuleId};
use crate::window::Window;

/// From the byte on where a value, or what leads to it, may begin.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    state: DfaState,
    /// The next byte.
    pub(crate) at: usize,
    /// Where the longest match ends.
    pub(crate) matched: Option<usize>,
}

/// How far a walk came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walked {
    /// To the end of what there is.
    Open,
    /// To where it was to stop.
    Far,
    /// No longer match is possible.
    Done,
}

/// Where long walks lately came by. A row of beginnings of one value would have each read what those before
/// it have read: one that comes by where another was in the same state has the same future.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trails {
    all: Vec<Trail>,
    /// Marks that are none any more, kept for their room.
    spare: Vec<Mark>,
    /// The last step to the end of what there is: many may wait at one place, in one state.
    step: Option<Step>,
}

/// Of one rule.
#[derive(Clone, Debug)]
struct Trail {
    rule: RuleId,
    /// Places in their order, and the states there, which all lead to the end.
    marks: Vec<Mark>,
    end: Walk,
    ended: Walked,
}

/// Of one rule, from a place where more was waited for.
#[derive(Clone, Debug)]
struct Step {
    rule: RuleId,
    from: Mark,
    end: Walk,
}

type Mark = (usize, DfaState);

impl Trails {
    /// How far a value that begins at `start` is read before it is asked where others came by: most end there.
    pub(crate) fn alone(&self, start: usize) -> usize {
        if self.all.is_empty() {
            start + FAR
        } else {
            start
        }
    }

    /// Reads a value that began at `start`, at the most [`LONGEST`] bytes of it.
    pub(crate) fn walk(
        &mut self,
        rule: RuleId,
        (start, walk): (usize, &mut Walk),
        dfa: &Dfa,
        window: Window<'_>,
    ) -> Walked {
        let from = (walk.at, walk.state);
        let walked = self.go_on(rule, (start, walk), dfa, window);
        if walked == Walked::Open {
            let end = walk.clone();
            self.step = Some(Step { rule, from, end });
        }
        walked
    }

    /// Whether a walk that waits for more goes on as the last one did, to the end of what there is.
    pub(crate) fn follows(
        &self,
        rule: RuleId,
        (start, walk): (usize, &mut Walk),
        window: Window<'_>,
    ) -> bool {
        let Some(step) = &self.step else {
            return false;
        };
        let is_same = (step.rule, step.from) == (rule, (walk.at, walk.state));
        let is_open = step.end.at == window.end() && step.end.at < start + LONGEST && !window.last;
        if is_same && is_open {
            walk.join(&step.end);
        }
        is_same && is_open
    }

    fn go_on(
        &mut self,
        rule: RuleId,
        (start, walk): (usize, &mut Walk),
        dfa: &Dfa,
        window: Window<'_>,
    ) -> Walked {
        let stop = start + LONGEST;
        let mut marks = std::mem::take(&mut self.spare);
        marks.clear();
        // Where one has come far, others go on from where they waited for more.
        let mut is_mark = (start + 1..stop).contains(&walk.at) && self.of(rule).is_some();
        loop {
            if is_mark && let Some(known) = self.known(rule, walk, stop) {
                walk.join(&known.end);
                // Or both wait for the same.
                let waits = walk.at == window.end() && walk.at < stop && !window.last;
                let ended = known.ended;
                if ended == Walked::Done || ended == Walked::Open && waits {
                    self.spare = marks;
                    return ended;
                }
                std::mem::swap(&mut marks, &mut known.marks);
            } else if is_mark {
                marks.push((walk.at, walk.state));
            }
            let mark = (walk.at / MARK + 1) * MARK;
            let walked = walk.on(dfa, window, mark.min(stop));
            is_mark = matches!(walked, Walked::Far) && walk.at < stop;
            if !is_mark {
                self.spare = if walk.at >= start + FAR {
                    self.keep(rule, marks, walk, walked)
                } else {
                    marks
                };
                return walked;
            }
        }
    }

    fn of(&mut self, rule: RuleId) -> Option<&mut Trail> {
        self.all.iter_mut().find(|trail| trail.rule == rule)
    }

    /// One that was in the same state here, and came no further than this one may.
    fn known(&mut self, rule: RuleId, walk: &Walk, stop: usize) -> Option<&mut Trail> {
        let trail = self.of(rule)?;
        let is_near = match trail.ended {
            Walked::Open | Walked::Far => trail.end.at <= stop,
            // At the end of a text it may be one or the other.
            Walked::Done => trail.end.at < stop,
        };
        let is_same = is_near && trail.mark(walk.at).is_some_and(|state| state == walk.state);
        is_same.then_some(trail)
    }

    /// Unless another came further. Gives the marks that are not kept.
    fn keep(
        &mut self,
        rule: RuleId,
        mut marks: Vec<Mark>,
        walk: &Walk,
        walked: Walked,
    ) -> Vec<Mark> {
        if marks.is_empty() || self.of(rule).is_some_and(|trail| trail.end.at > walk.at) {
            return marks;
        }
        let old = marks.len().saturating_sub(MOST);
        marks.drain(..old);
        let trail = Trail {
            rule,
            marks,
            end: walk.clone(),
            ended: walked,
        };
        if let Some(known) = self.of(rule) {
            return std::mem::replace(known, trail).marks;
        }
        self.all.retain(|known| known.end.at + LONGEST > walk.at);
        self.all.push(trail);
        Vec::new()
    }
}

impl Trail {
    /// The state at a place, if it is a mark.
    fn mark(&self, at: usize) -> Option<DfaState> {
        let first = self.marks.first()?.0;
        // Most are at the same distance from each other.
        let guess = at.checked_sub(first)?.div_ceil(MARK);
        let mark = self.marks.get(guess).filter(|mark| mark.0 == at);
        let search = || {
            let place = self.marks.binary_search_by_key(&at, |mark| mark.0);
            self.marks.get(place.ok()?)
        };
        mark.or_else(search).map(|mark| mark.1)
    }
}

impl Walk {
    pub(crate) fn new(state: DfaState, at: usize) -> Self {
        Self {
            state,
            at,
            matched: None,
        }
    }

    /// Goes where another has come to that was in the same state here.
    fn join(&mut self, end: &Self) {
        let later = end.matched.filter(|matched| *matched >= self.at);
        *self = Self {
            matched: later.or(self.matched),
            ..end.clone()
        };
    }

    /// To the end of the window or to `stop`, whichever comes first, unless it ends before.
    pub(crate) fn on(&mut self, dfa: &Dfa, window: Window<'_>, stop: usize) -> Walked {
        let bytes = window.after(self.at);
        let bytes = bytes.get(..stop.saturating_sub(self.at)).unwrap_or(bytes);
        let (mut state, from) = (self.state, self.at);
        for (byte, at) in bytes.iter().zip(from..) {
            state = dfa.next_state(state, *byte);
            if dfa.is_special_state(state) {
                if dfa.is_match_state(state) {
                    self.matched = Some(at);
                } else if dfa.is_dead_state(state) || dfa.is_quit_state(state) {
                    (self.state, self.at) = (state, at);
                    return Walked::Done;
                }
            }
        }
        (self.state, self.at) = (state, from + bytes.len());
        if self.at == stop {
            return Walked::Far;
        }
        if !window.last {
            return Walked::Open;
        }
        if dfa.is_match_state(dfa.next_eoi_state(self.state)) {
            self.matched = Some(self.at);
        }
        Walked::Done
    }
}

/// Of a trail, how many marks are kept at the most: one behind another, as far as a walk goes.
const MOST: usize = LONGEST / MARK + 1;
/// Most walks end sooner, and leave no trail, in bytes.
pub(crate) const FAR: usize = 48;
/// How far the marks of a trail are from each other, in bytes.
const MARK: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Rule;
    use crate::rules::{Rules, begin};

    static RULES: [Rule; 2] = [
        Rule::literal("A", "", &["x"], r"x-?[a-c]{12,}"),
        Rule::literal("B", "", &["x"], r"x(?:[a-cx]{3}-?){9,}\b"),
    ];

    /// How the walks of a rule from each `x` on end, the text in two pieces: with a trail and without.
    fn ends(rule: RuleId, text: &[u8], cut: usize) -> [Vec<(Walked, usize, Option<usize>)>; 2] {
        let rules = Rules::new(&RULES).unwrap();
        let dfa = &rules.get(rule).unwrap().program().unwrap().value;
        let starts = |bytes: &'_ [u8]| {
            let starts = (0..bytes.len()).filter(|at| bytes[*at] == b'x');
            starts.collect::<Vec<_>>()
        };
        [true, false].map(|shared| {
            let mut trails = Trails::default();
            let mut walks: Vec<(usize, Walk, Walked)> = Vec::new();
            for (end, last) in [(cut, false), (text.len(), true)] {
                let bytes = &text[..end];
                let window = Window {
                    bytes,
                    base: 0,
                    last,
                };
                for start in starts(bytes).into_iter().skip(walks.len()) {
                    let before = start.checked_sub(1).map(|at| text[at]);
                    let walk = Walk::new(begin(dfa, before).unwrap(), start);
                    walks.push((start, walk, Walked::Open));
                }
                for (start, walk, walked) in &mut walks {
                    if *walked == Walked::Open {
                        *walked = if shared {
                            trails.walk(rule, (*start, walk), dfa, window)
                        } else {
                            walk.on(dfa, window, *start + LONGEST)
                        };
                    }
                }
            }
            let ends = walks
                .iter()
                .map(|(_, walk, walked)| (*walked, walk.at, walk.matched));
            ends.collect()
        })
    }

    proptest::proptest! {
        #[test]
        fn walks_that_go_on_where_others_were_end_as_those_that_go_alone(
            parts in proptest::collection::vec("x-?[a-c]{0,3}|[a-cx]{20,90}|[ -]", 1..200),
            cut in proptest::prelude::any::<proptest::sample::Index>(),
            rule in 0_u16..2,
        ) {
            let text = parts.concat().into_bytes();
            let [shared, alone] = ends(rule, &text, cut.index(text.len()));
            proptest::prop_assert_eq!(shared, alone);
        }
    }
}
