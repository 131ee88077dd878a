//! Detectors that a policy brings along: what they may be, and how they are made ready to search with. It reads no text.

mod checksum;
mod names;
mod pattern;
mod search;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;

use regex_automata::dfa::Automaton as _;

use crate::found::{Found, Rank};
use crate::per_kind::KindId;
use crate::rules::{Dfa, DfaState, RuleId, begin};
use crate::{BuildError, Class};
pub use checksum::Checksum;
use names::interned;
pub use names::{is_type_name, type_name};
pub(crate) use search::Walks;

/// One way to recognise a type of data that the catalogue does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detector {
    /// `EMPLOYEE_NUMBER`
    pub kind: String,
    pub class: Class,
    pub looks: Looks,
    /// What the digits or the letters of the value must fulfil.
    pub checksum: Option<Checksum>,
    /// Where there are such words, one of them must stand before the value or in the name of its field.
    pub near: Vec<String>,
    /// In percent.
    pub confidence: u8,
}

/// What a value looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looks {
    /// A regular expression over bytes.
    Pattern(String),
    /// One of these words, whatever their case.
    Keywords(Vec<String>),
}

/// Why something is no detector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DetectorError {
    #[error("`{0}` is not a name for a type of data: capitals, digits and `_`, 3 to 45 of them")]
    Name(String),
    #[error("`{0}` is a type of the catalogue")]
    Taken(String),
    #[error("it is no regular expression: {0}")]
    Syntax(String),
    #[error("it also matches where there is nothing")]
    Empty,
    #[error("it matches nothing")]
    Never,
    #[error("it needs {0} bytes, and a value has at most 256")]
    Long(usize),
    #[error("it is too large to be searched for")]
    Large,
    #[error(
        "a value with a `checksum` has at most {LONGEST_SUMMED} bytes, as every end of it is summed up: \
         bound what repeats, `[0-9]{{10,16}}` say and not `[0-9]+`"
    )]
    Unbounded,
    #[error("a word must have 1 to 64 bytes")]
    Word,
    #[error("there is no word to look for")]
    NoWords,
    #[error("a word nearby must have 1 to 64 bytes")]
    Near,
    #[error("the words nearby are too many to be searched for")]
    ManyNear,
}

/// The detectors of one policy.
pub(crate) struct Customs {
    /// The first of their ids.
    base: RuleId,
    all: Vec<Ready>,
    /// By the first bytes of a value, and of a word that must be near: whom to ask.
    values: Starts,
    words: Starts,
    /// The same of either, by the first byte and by the second.
    begins: [Bits; 2],
}

struct Ready {
    kind: &'static str,
    rank: Rank,
    detector: Detector,
    value: Dfa,
    near: Option<Dfa>,
}

/// Which detectors may be right where two bytes stand: for each byte, a bit for each detector.
struct Starts {
    /// At the edge of a word, and within one.
    first: [Bits; 2],
    second: Bits,
}

type Bits = Box<[u128; 256]>;

impl Detector {
    /// Whether it is one.
    pub fn check(&self) -> Result<(), DetectorError> {
        self.automata().map(|_| ())
    }

    /// Of the value, and of the words that must be near.
    fn automata(&self) -> Result<(Dfa, Option<Dfa>), DetectorError> {
        if !is_type_name(&self.kind) {
            return Err(DetectorError::Name(self.kind.clone()));
        }
        if crate::types().iter().any(|(kind, _)| *kind == self.kind) {
            return Err(DetectorError::Taken(self.kind.clone()));
        }
        let near = pattern::words(&self.near).map_err(|error| match error {
            DetectorError::Word => DetectorError::Near,
            DetectorError::Large => DetectorError::ManyNear,
            other => other,
        })?;
        let most = self.checksum.map(|_| LONGEST_SUMMED);
        Ok((self.looks.automaton(most)?, near))
    }

    /// `number` is that of its type.
    fn ready(&self, number: KindId) -> Result<Ready, BuildError> {
        let bad = |error| BuildError::Detector(self.kind.clone(), error);
        let (value, near) = self.automata().map_err(bad)?;
        Ok(Ready {
            kind: interned(&self.kind).ok_or(BuildError::Names)?,
            rank: Rank {
                kind: number,
                class: self.class,
                weak: false,
                is_custom: true,
            },
            detector: self.clone(),
            value,
            near,
        })
    }
}

impl Looks {
    /// Of values of at most so many bytes, if they are bounded. Words are short.
    fn automaton(&self, most: Option<usize>) -> Result<Dfa, DetectorError> {
        match self {
            Self::Pattern(pattern) => pattern::value(pattern, most),
            Self::Keywords(words) => pattern::keywords(words),
        }
    }
}

impl Customs {
    /// With ids from `base` on.
    pub(crate) fn new(detectors: &[Detector], base: usize) -> Result<Self, BuildError> {
        if detectors.len() > MOST_DETECTORS {
            return Err(BuildError::Many);
        }
        let base = RuleId::try_from(base).map_err(|_| BuildError::Many)?;
        // No type is one of the catalogue's, which has no more types than rules.
        let mut kinds = HashMap::new();
        let all: Vec<_> = (base..)
            .zip(detectors)
            .map(|(id, detector)| detector.ready(*kinds.entry(&detector.kind).or_insert(id)))
            .collect::<Result<_, _>>()?;
        let values = Starts::of(all.iter().map(|ready| Some(&ready.value)));
        let words = Starts::of(all.iter().map(|ready| ready.near.as_ref()));
        let mut begins = Starts::default().first;
        for starts in [&values, &words] {
            let [first, second] = &mut begins;
            starts.first.iter().for_each(|more| unite(first, more));
            unite(second, &starts.second);
        }
        Ok(Self {
            base,
            all,
            values,
            words,
            begins,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn types(&self) -> impl Iterator<Item = (&'static str, Class)> + '_ {
        let all = self.all.iter();
        all.map(|ready| (ready.kind, ready.rank.class))
    }

    /// Types for which the other has no detector, or another one.
    pub(crate) fn beyond(&self, other: &Self) -> impl Iterator<Item = &'static str> {
        let is_there = |ready: &Ready| {
            other
                .all
                .iter()
                .any(|other| other.detector == ready.detector)
        };
        let beyond = self.all.iter().filter(move |ready| !is_there(ready));
        beyond.map(|ready| ready.kind)
    }

    /// How many bytes no value, no word and no name begins at.
    fn idle(&self, bytes: &[u8]) -> usize {
        let [first, second] = &self.begins;
        let begins = |pair: &[u8]| match pair {
            [byte, next] => *byte == b'[' || of(first, *byte) & of(second, *next) != 0,
            _ => true,
        };
        // What the last byte begins, the next one says.
        let idle = bytes.windows(2).position(begins);
        idle.unwrap_or(bytes.len().saturating_sub(1))
    }

    fn value(&self, detector: usize) -> Option<&Dfa> {
        self.all.get(detector).map(|ready| &ready.value)
    }

    fn word(&self, detector: usize) -> Option<&Dfa> {
        self.all.get(detector)?.near.as_ref()
    }

    fn is_checked(&self, detector: usize) -> bool {
        let ready = self.all.get(detector);
        ready.is_some_and(|ready| ready.detector.checksum.is_some())
    }

    /// Adds a value to what was found, if it withstands the checksum.
    fn report(
        &self,
        detector: usize,
        range: Range<usize>,
        value: &[u8],
        found: &mut Found,
    ) -> bool {
        let Some(ready) = self.all.get(detector) else {
            return false;
        };
        if ready
            .detector
            .checksum
            .is_some_and(|checksum| !checksum.holds(value))
        {
            return false;
        }
        if let Ok(place) = RuleId::try_from(detector) {
            let (start, end) = (range.start, Some(range.end));
            let confidence = ready.detector.confidence;
            found.add(self.base + place, ready.rank, confidence, start, end);
        }
        true
    }

    pub(crate) fn type_of(&self, rule: RuleId) -> Option<(&'static str, Class)> {
        self.get(rule).map(|ready| (ready.kind, ready.rank.class))
    }

    pub(crate) fn kind_of(&self, rule: RuleId) -> Option<KindId> {
        self.get(rule).map(|ready| ready.rank.kind)
    }

    fn get(&self, rule: RuleId) -> Option<&Ready> {
        let at = rule.checked_sub(self.base)?;
        self.all.get(usize::from(at))
    }
}

impl Starts {
    fn of<'d>(all: impl Iterator<Item = Option<&'d Dfa>>) -> Self {
        let mut starts = Self::default();
        let [edge, within] = &mut starts.first;
        for (place, dfa) in all.enumerate() {
            let Some(dfa) = dfa else { continue };
            let second = [
                begins(dfa, &EDGES, edge, 1 << place),
                begins(dfa, &[Some(b'a')], within, 1 << place),
            ];
            for state in second.iter().flatten() {
                put(dfa, *state, &mut starts.second, 1 << place);
            }
        }
        starts
    }

    /// Those that may begin with these bytes, whatever stands before them.
    fn at(&self, byte: u8, next: Option<u8>) -> u128 {
        let [edge, within] = self.first.each_ref().map(|first| of(first, byte));
        (edge | within) & next.map_or(u128::MAX, |next| of(&self.second, next))
    }

    /// Those that may begin with this byte behind another.
    fn behind(&self, before: Option<u8>, byte: u8) -> u128 {
        let [edge, within] = &self.first;
        let is_within = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        of(if is_within { within } else { edge }, byte)
    }

    fn places(mut bits: u128) -> impl Iterator<Item = usize> {
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
            second: none(),
        }
    }
}

fn unite(bits: &mut Bits, more: &Bits) {
    for (bits, more) in bits.iter_mut().zip(more.iter()) {
        *bits |= more;
    }
}

fn of(bits: &Bits, byte: u8) -> u128 {
    bits.get(usize::from(byte)).copied().unwrap_or_default()
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

/// No other byte that is not of a word makes an automaton begin otherwise.
const EDGES: [Option<u8>; 4] = [None, Some(b' '), Some(b'\n'), Some(b'\r')];

impl Default for Customs {
    fn default() -> Self {
        Self {
            base: 0,
            all: Vec::new(),
            values: Starts::default(),
            words: Starts::default(),
            begins: Starts::default().first,
        }
    }
}

impl fmt::Debug for Customs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customs")
            .field("detectors", &self.all.len())
            .finish_non_exhaustive()
    }
}

/// A value that is summed up, in bytes: it may begin at each byte of a text, and end at each behind that.
const LONGEST_SUMMED: usize = 64;
/// Of one policy; there is a bit for each.
pub const MOST_DETECTORS: usize = 100;
