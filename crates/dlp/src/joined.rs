//! The patterns of several rules as one automaton: a word may speak for many rules that want almost the same, and what
//! stands behind it is read once for all of them. It knows no rule but by its bit.

use std::sync::OnceLock;

use regex_automata::dfa::Automaton as _;

use crate::rule::{Anchor, Rule, Shape};
use crate::rules::{Dfa, DfaState, begin, dfa};
use crate::walk::FAR;
use crate::window::Window;

/// Rules of one block that are asked at words, have the same words nearby, and are as sure then.
#[derive(Default)]
pub(crate) struct Family {
    /// One bit for each.
    pub(crate) rules: u128,
    /// Each of their patterns once, and the rules that have it.
    patterns: Vec<&'static str>,
    of: Vec<u128>,
    /// Made when several patterns are first asked at one place.
    joined: OnceLock<Option<Dfa>>,
}

/// What makes rules of one block a family.
pub(crate) type Name = (&'static [&'static str], u8);

/// What reading for a family came to.
pub(crate) enum Fitted {
    All,
    /// More of the text must come.
    More,
    /// A value may be longer than is read here.
    Long,
}

/// Where patterns end that fit at one place, and the rules of a block that have them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ends(pub(crate) Vec<(usize, u128)>);

impl Family {
    /// That of a rule, if it may be of one.
    pub(crate) fn name(rule: &Rule) -> Option<Name> {
        let is_of_words = matches!(rule.anchor, Anchor::Word { .. })
            && matches!(rule.shape, Shape::Pattern { lead: "", .. });
        let is_one = is_of_words && !rule.words.is_empty() && rule.more.is_empty();
        is_one.then_some((rule.words, rule.confidence.near))
    }

    pub(crate) fn add(&mut self, rule: &Rule, bit: u128) {
        let Shape::Pattern { value, .. } = rule.shape else {
            return;
        };
        self.rules |= bit;
        let known = self.patterns.iter().position(|known| *known == value);
        if let Some(rules) = known.and_then(|known| self.of.get_mut(known)) {
            *rules |= bit;
        } else {
            self.patterns.push(value);
            self.of.push(bit);
        }
    }

    /// Adds where the patterns of some of its rules end that fit from `start` on. A function by itself, as most rules that
    /// are asked are of no family.
    #[inline(never)]
    pub(crate) fn fit(
        &self,
        some: u128,
        (start, before): (usize, Option<u8>),
        ends: &mut Ends,
        window: Window<'_>,
    ) -> Fitted {
        let joined = self.joined.get_or_init(|| dfa(&self.patterns).ok());
        let begun = joined
            .as_ref()
            .and_then(|it| Some((it, begin(it, before)?)));
        let Some((joined, mut state)) = begun else {
            return Fitted::Long;
        };
        let bytes = window.after(start);
        for (byte, at) in bytes.iter().take(FAR).zip(start..) {
            state = joined.next_state(state, *byte);
            if joined.is_special_state(state) {
                if joined.is_match_state(state) {
                    ends.add(at, some & self.matched(joined, state));
                } else if joined.is_dead_state(state) || joined.is_quit_state(state) {
                    return Fitted::All;
                }
            }
        }
        if bytes.len() < FAR && window.last {
            let state = joined.next_eoi_state(state);
            if joined.is_match_state(state) {
                ends.add(window.end(), some & self.matched(joined, state));
            }
            return Fitted::All;
        }
        ends.forget(self.rules);
        if bytes.len() < FAR {
            Fitted::More
        } else {
            Fitted::Long
        }
    }

    /// The rules that a state is a match of.
    fn matched(&self, joined: &Dfa, state: DfaState) -> u128 {
        let patterns = (0..joined.match_len(state)).map(|at| joined.match_pattern(state, at));
        let rules = patterns.filter_map(|pattern| self.of.get(pattern.as_usize()));
        rules.fold(0, |all, rules| all | rules)
    }
}

impl Ends {
    /// The end of these rules, and of no other place where they seemed to end.
    pub(crate) fn add(&mut self, end: usize, rules: u128) {
        self.forget(rules);
        match self.0.iter_mut().find(|(known, _)| *known == end) {
            Some((_, known)) => *known |= rules,
            None => self.0.push((end, rules)),
        }
    }

    fn forget(&mut self, rules: u128) {
        for (_, known) in &mut self.0 {
            *known &= !rules;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::candidate::Fit;
    use crate::rule_set;
    use crate::tests::SCANNER;
    use crate::walk::Trails;

    proptest! {
        #[test]
        fn a_family_reads_what_each_of_its_rules_reads_alone(
            text in "[A-KM-Z]{0,3}[ -]?[0-9]{1,9}[ -]?[A-Z0-9]{0,4}[ -]?[0-9a-z]{0,60}",
            last in any::<bool>(),
        ) {
            let rules = &SCANNER.sets.rules;
            let window = Window { bytes: text.as_bytes(), base: 0, last };
            for id in 0..u16::try_from(rules.len()).unwrap() {
                let ready = rules.get(id).unwrap();
                let Some(family) = &ready.family else { continue };
                let (_, bit) = rule_set::place(id);
                let mut ends = Ends::default();
                let fitted = family.fit(bit, (0, None), &mut ends, window);
                let mut ends = ends.0.into_iter().filter(|(_, rules)| *rules != 0);
                let joined = ends.next().map(|(end, _)| end);
                match Fit::of((id, ready), 0, None, &mut Trails::default(), window) {
                    Fit::Yes(end) => prop_assert!(
                        joined == Some(end) || !matches!(fitted, Fitted::All),
                        "{} {joined:?}", ready.rule.kind
                    ),
                    Fit::No => prop_assert_eq!(joined, None, "{}", ready.rule.kind),
                    Fit::Open(_) | Fit::Long(_) => prop_assert!(!matches!(fitted, Fitted::All)),
                }
            }
        }
    }
}
