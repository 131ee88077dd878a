//! Which rules may be right about a text, by its first bytes alone: most are wrong, and so need not be asked. It decides nothing
//! else.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::OnceLock;

use regex_automata::nfa::thompson::{Config, NFA, State, WhichCaptures};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;

use crate::places::MOST_LETTERS;
use crate::rule::{Rule, Shape};
use crate::rule_set::RULES;

/// For the rules of each block of [`RULES`]: which of them may have a byte at a place, and which may fit
/// a word. Made when one of the block is first asked, as most processes never meet most types of data.
pub(crate) struct Beginnings {
    rules: Vec<&'static Rule>,
    blocks: Vec<OnceLock<Block>>,
}

/// One bit for each rule.
struct Block {
    /// At each of the first places, of each byte.
    places: Box<[[u128; BYTES]]>,
    /// By how many letters a word begins with, and how many digits follow them.
    words: Box<[[u128; MOST_DIGITS + 1]]>,
    /// By the group of digits that it begins with, and how many digits follow the sign behind them.
    groups: Box<[[u128; MOST_DIGITS + 1]]>,
}

/// So many letters, then so many digits, and no more of these.
pub(crate) type Word = (usize, usize);

/// A few digits and the sign behind them, by number.
#[derive(Clone, Copy)]
pub(crate) struct Group(usize);

impl Group {
    /// None where there are too many digits, or no sign that a number goes on behind.
    #[inline]
    pub(crate) fn of(digits: usize, sign: u8) -> Option<Self> {
        let sign = SIGNS.iter().position(|known| *known == sign)?;
        let digits = digits
            .checked_sub(1)
            .filter(|digits| *digits < MOST_GROUPED)?;
        Some(Self(digits * SIGNS.len() + sign))
    }

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..GROUPS).map(Self)
    }

    pub(crate) fn number(self) -> usize {
        self.0
    }
}

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
        let Some(block) = self.block(block) else {
            return some;
        };
        for (place, byte) in block.places.iter().zip(text) {
            some &= at(place, *byte);
            if some == 0 {
                break;
            }
        }
        some
    }

    /// Those of a block that may begin like a word, as far as its first byte tells and the one behind it.
    #[inline]
    pub(crate) fn of_word(&self, block: usize, word: Word, text: &[u8]) -> u128 {
        self.block(block).map_or(u128::MAX, |block| {
            let next = text.get(word.0 + word.1).copied();
            block.outline(word, next) & block.may(0, text.first().copied())
        })
    }

    /// Those of a block that may begin with this byte.
    pub(crate) fn of_first(&self, block: usize, first: u8) -> u128 {
        let block = self.block(block);
        block.map_or(u128::MAX, |block| block.may(0, Some(first)))
    }

    /// Those of a block that may begin like a word, with this byte behind it, if there is one.
    pub(crate) fn of_outline(&self, block: usize, word: Word, next: Option<u8>) -> u128 {
        let block = self.block(block);
        block.map_or(u128::MAX, |block| block.outline(word, next))
    }

    /// Those of a block that may begin with a group, then so many digits and no more.
    pub(crate) fn of_groups(&self, block: usize, Group(group): Group, next: usize) -> u128 {
        let block = self.block(block);
        let groups = block.and_then(|block| block.groups.get(group)?.get(next.min(MOST_DIGITS)));
        groups.copied().unwrap_or(u128::MAX)
    }

    #[inline]
    fn block(&self, block: usize) -> Option<&Block> {
        let made = self.blocks.get(block)?;
        Some(made.get_or_init(|| self.make(block)))
    }

    fn make(&self, block: usize) -> Block {
        let rules = self.rules.iter().skip(block * RULES).take(RULES);
        let mut patterns = BTreeMap::<_, u128>::new();
        for (bit, rule) in rules.enumerate() {
            *patterns.entry(beginning(rule)).or_default() |= 1 << bit;
        }
        let mut places = vec![[0; BYTES]; PLACES];
        let mut words = vec![[0; MOST_DIGITS + 1]; MOST_LETTERS + 1];
        let mut groups = vec![[0; MOST_DIGITS + 1]; GROUPS];
        for (pattern, rules) in patterns {
            let nfa = nfa(pattern);
            let of_places = nfa.as_ref().map(places_of);
            let of_words = nfa.as_ref().map(words_of);
            let of_groups = nfa.as_ref().map(groups_of);
            put(&mut places, of_places, rules);
            put(&mut words, of_words, rules);
            put(&mut groups, of_groups, rules);
        }
        Block {
            places: places.into(),
            words: words.into(),
            groups: groups.into(),
        }
    }
}

impl Block {
    #[inline]
    fn outline(&self, (letters, digits): Word, next: Option<u8>) -> u128 {
        let words = self.words.get(letters);
        let word = words.and_then(|words| words.get(digits.min(MOST_DIGITS)));
        word.copied().unwrap_or(u128::MAX) & self.may(letters + digits, next)
    }

    /// The rules that may have a byte at a place, if there is one.
    #[inline]
    fn may(&self, place: usize, byte: Option<u8>) -> u128 {
        let place = self.places.get(place).zip(byte);
        place.map_or(u128::MAX, |(place, byte)| at(place, byte))
    }
}

#[inline]
fn at(place: &[u128; BYTES], byte: u8) -> u128 {
    place.get(usize::from(byte)).copied().unwrap_or_default()
}

/// These rules, wherever they fit; everywhere, where that is not known.
fn put<const N: usize, const M: usize>(
    table: &mut [[u128; N]],
    fits: Option<[[bool; N]; M]>,
    rules: u128,
) {
    let fits = fits.unwrap_or([[true; N]; M]);
    for (all, fits) in table.iter_mut().flatten().zip(fits.iter().flatten()) {
        if *fits {
            *all |= rules;
        }
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

/// None where it is no pattern.
fn nfa(pattern: &str) -> Option<NFA> {
    let config = Config::new()
        .utf8(false)
        .which_captures(WhichCaptures::None);
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    let mut compiler = NFA::compiler();
    compiler.configure(config).syntax(syntax);
    compiler.build(pattern).ok()
}

/// The bytes that a text which fits a pattern may have at its first places.
fn places_of(nfa: &NFA) -> [[bool; BYTES]; PLACES] {
    let mut places = [[true; BYTES]; PLACES];
    let mut states = States::from([nfa.start_anchored()]);
    let mut behind_word = false;
    for place in &mut places {
        // Where it may have ended, anything may follow.
        let Some(after) = follow(nfa, states, &[0..=u8::MAX]) else {
            break;
        };
        if after.ends_word && !behind_word {
            break;
        }
        *place = after.bytes;
        if after.ends_word {
            for (may, byte) in place.iter_mut().zip(0..=u8::MAX) {
                *may |= !is_of_word(byte);
            }
            break;
        }
        let mut bytes = (0..=u8::MAX).zip(after.bytes).filter(|(_, may)| *may);
        behind_word = bytes.all(|(byte, _)| is_of_word(byte));
        states = after.states;
    }
    places
}

/// Whether a text that fits a pattern may begin with so many letters, then so many digits, and then none.
fn words_of(nfa: &NFA) -> [[bool; MOST_DIGITS + 1]; MOST_LETTERS + 1] {
    let mut words = [[true; MOST_DIGITS + 1]; MOST_LETTERS + 1];
    let mut states = States::from([nfa.start_anchored()]);
    for word in &mut words {
        *word = digits_of(nfa, states.clone());
        let Some(after) = follow(nfa, states, &[b'A'..=b'Z', b'a'..=b'z']) else {
            break;
        };
        states = after.states;
    }
    words
}

/// Whether a text that fits a pattern may begin with each [`Group`], then so many digits, and then none.
fn groups_of(nfa: &NFA) -> [[bool; MOST_DIGITS + 1]; GROUPS] {
    let mut groups = [[true; MOST_DIGITS + 1]; GROUPS];
    let mut states = States::from([nfa.start_anchored()]);
    for groups in groups.chunks_mut(SIGNS.len()) {
        let Some(after) = follow(nfa, states, &[b'0'..=b'9']) else {
            break;
        };
        states = after.states;
        for (group, sign) in groups.iter_mut().zip(SIGNS) {
            let after = follow(nfa, states.clone(), &[sign..=sign]);
            if let Some(after) = after.filter(|after| !after.ends_word) {
                *group = digits_of(nfa, after.states);
            }
        }
    }
    groups
}

/// Whether so many digits may follow one of these states, and then none. The last is for all that are more.
fn digits_of(nfa: &NFA, mut states: States) -> [bool; MOST_DIGITS + 1] {
    if states.is_empty() {
        return [false; MOST_DIGITS + 1];
    }
    let mut counts = [true; MOST_DIGITS + 1];
    for (may, count) in counts.iter_mut().zip(0..) {
        let more = count == MOST_DIGITS && !states.is_empty();
        let Some(after) = follow(nfa, states, &[b'0'..=b'9']) else {
            break;
        };
        let mut others = (0..=u8::MAX).zip(after.bytes);
        let others = others.any(|(byte, may)| may && !byte.is_ascii_digit());
        *may = more || after.ends_word || others;
        states = after.states;
    }
    counts
}

/// What follows some states.
struct After {
    /// The bytes that lead on from one of them.
    bytes: [bool; BYTES],
    /// Where some of those lead.
    states: States,
    /// One of them is an end, if that is the edge of a word.
    ends_word: bool,
}

/// The states where some bytes lead from these. None where one of these is an end whatever follows.
fn follow(nfa: &NFA, from: States, some: &[RangeInclusive<u8>]) -> Option<After> {
    let mut after = After {
        bytes: [false; BYTES],
        states: States::new(),
        ends_word: false,
    };
    let mut leads = |from: u8, to: u8, state: StateID| {
        if some
            .iter()
            .any(|some| from <= *some.end() && *some.start() <= to)
        {
            after.states.insert(state);
        }
        let bytes = usize::from(from)..=usize::from(to);
        after.bytes.get_mut(bytes).unwrap_or_default().fill(true);
    };
    let mut seen = BTreeSet::new();
    let mut states: Vec<_> = from.into_iter().map(|state| (state, false)).collect();
    while let Some((id, is_edge)) = states.pop() {
        if !seen.insert((id, is_edge)) {
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
            // What else must stand there is not seen here.
            State::Look { look, next } => states.push((*next, is_edge || *look == Look::WordAscii)),
            State::Capture { next, .. } => states.push((*next, is_edge)),
            State::Union { alternates } => {
                states.extend(alternates.iter().map(|next| (*next, is_edge)));
            }
            State::BinaryUnion { alt1, alt2 } => {
                states.extend([(*alt1, is_edge), (*alt2, is_edge)]);
            }
            State::Fail => {}
            State::Match { .. } if is_edge => after.ends_word = true,
            State::Match { .. } => return None,
        }
    }
    Some(after)
}

/// As the edges of words are seen in a pattern.
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

type States = BTreeSet<StateID>;

/// How many of the first bytes are looked at.
const PLACES: usize = 12;

const BYTES: usize = 256;

/// Of a [`Group`]: how many digits it has at most, and what may stand behind them.
const MOST_GROUPED: usize = 4;
const SIGNS: [u8; 4] = [b' ', b'-', b'.', b'/'];
const GROUPS: usize = MOST_GROUPED * SIGNS.len();

/// Of a word, how many digits are told from each other.
pub(crate) const MOST_DIGITS: usize = 15;
