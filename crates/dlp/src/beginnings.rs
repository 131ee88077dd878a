//! Which rules may be right about a text, by its first bytes alone: most are wrong, and so need not be asked. It decides nothing
//! else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use regex_automata::nfa::thompson::{Config, NFA, State, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;

use crate::rule::{Rule, Shape};
use crate::rule_set::RULES;

/// For the rules of each block of [`RULES`]: which of them may have a byte at a place. Made when one
/// of the block is first asked, as most processes never meet most types of data.
pub(crate) struct Beginnings {
    rules: Vec<&'static Rule>,
    blocks: Vec<OnceLock<Block>>,
}

/// At each of the first places, of each byte: one bit for each rule.
type Block = Box<[[u128; BYTES]]>;

impl Beginnings {
    pub(crate) fn new(rules: Vec<&'static Rule>) -> Self {
        let blocks = rules.len().div_ceil(RULES);
        Self {
            rules,
            blocks: (0..blocks).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Those of some rules of a block that may begin like this text, or like what follows its end.
    pub(crate) fn fitting(&self, block: usize, mut some: u128, text: &[u8]) -> u128 {
        let Some(made) = self.blocks.get(block) else {
            return some;
        };
        let places = made.get_or_init(|| self.block(block));
        for (place, byte) in places.iter().zip(text) {
            let byte = usize::from(*byte).min(BYTES - 1);
            some &= place.get(byte).copied().unwrap_or_default();
            if some == 0 {
                break;
            }
        }
        some
    }

    fn block(&self, block: usize) -> Block {
        let rules = self.rules.iter().skip(block * RULES).take(RULES);
        let mut patterns = BTreeMap::<_, u128>::new();
        for (bit, rule) in rules.enumerate() {
            *patterns.entry(beginning(rule)).or_default() |= 1 << bit;
        }
        let mut places: Block = vec![[0; BYTES]; PLACES].into();
        for (pattern, bits) in patterns {
            let fits = places_of(pattern).unwrap_or([[true; BYTES]; PLACES]);
            for (place, fits) in places.iter_mut().zip(&fits) {
                for (rules, _) in place.iter_mut().zip(fits).filter(|(_, fits)| **fits) {
                    *rules |= bits;
                }
            }
        }
        places
    }
}

fn beginning(rule: &Rule) -> &'static str {
    match rule.shape {
        Shape::Pattern { lead: "", value } => value,
        Shape::Pattern { lead, .. } => lead,
        Shape::Custom(_) => rule.begins,
        Shape::Number(_) => "",
    }
}

/// The bytes that a text which fits a pattern may have at its first places. None where it is no pattern.
fn places_of(pattern: &str) -> Option<[[bool; BYTES]; PLACES]> {
    let nfa = NFA::compiler()
        .configure(
            Config::new()
                .utf8(false)
                .which_captures(WhichCaptures::None),
        )
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(pattern)
        .ok()?;
    let mut places = [[true; BYTES]; PLACES];
    let mut states = vec![nfa.start_anchored()];
    for place in &mut places {
        let bytes = follow(&nfa, &mut states);
        // Where it may have ended, anything may follow.
        let Some(bytes) = bytes else { break };
        *place = bytes;
    }
    Some(places)
}

/// The bytes that lead on from one of these states, which become those where they lead. None where
/// one of them is an end.
fn follow(nfa: &NFA, states: &mut Vec<StateID>) -> Option<[bool; BYTES]> {
    let mut bytes = [false; BYTES];
    let mut seen = BTreeSet::new();
    let mut next = BTreeSet::new();
    let mut leads = |from: u8, to: u8, state: StateID| {
        next.insert(state);
        let last = BYTES - 1;
        let (from, to) = (usize::from(from).min(last), usize::from(to).min(last));
        for may in bytes.iter_mut().take(to + 1).skip(from) {
            *may = true;
        }
    };
    while let Some(id) = states.pop() {
        if !seen.insert(id) {
            continue;
        }
        match nfa.state(id) {
            State::ByteRange { trans } => leads(trans.start, trans.end, trans.next),
            State::Sparse(sparse) => {
                for trans in &sparse.transitions {
                    leads(trans.start, trans.end, trans.next);
                }
            }
            State::Dense(dense) => {
                let leading = (0..=u8::MAX).zip(&dense.transitions);
                for (byte, next) in leading.filter(|(_, next)| **next != StateID::ZERO) {
                    leads(byte, byte, *next);
                }
            }
            // What stands before is not seen here.
            State::Look { next, .. } | State::Capture { next, .. } => states.push(*next),
            State::Union { alternates } => states.extend(alternates),
            State::BinaryUnion { alt1, alt2 } => states.extend([alt1, alt2]),
            State::Fail => {}
            State::Match { .. } => return None,
        }
    }
    states.extend(next);
    Some(bytes)
}

/// How many of the first bytes are looked at.
const PLACES: usize = 12;

/// Those of ASCII, and all others as one.
const BYTES: usize = 129;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_fits_where_each_of_its_first_bytes_does() {
        static ALL: [Rule; 3] = [
            Rule::literal("A", "", &[], r"[A-C]{2}[0-9]{9}\b"),
            Rule::led("B", "", &[], r"(?i:b)[ =]*", "anything"),
            Rule::literal("C", "", &[], r"\bc"),
        ];
        let beginnings = Beginnings::new(ALL.iter().collect());
        let fitting = |text: &[u8]| beginnings.fitting(0, 0b111, text);
        assert_eq!(fitting(b"AB12345678"), 0b001);
        assert_eq!(fitting(b"AB"), 0b001, "more may follow");
        assert_eq!(fitting(b"AB1234 678"), 0);
        assert_eq!(fitting(b"b1"), 0b010, "behind the end of a lead");
        assert_eq!(fitting("c\u{e9}".as_bytes()), 0b100);
        assert_eq!(beginnings.fitting(0, 0b110, b"AB1"), 0);
    }
}
