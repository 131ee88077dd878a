//! Detectors that a policy brings along: what they may be, and how they are made ready to search with. It reads no text.

mod ahead;
mod checksum;
mod cost;
mod end;
mod lane;
mod names;
mod pattern;
mod search;
mod starts;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use crate::found::{Found, Rank};
use crate::per_kind::KindId;
use crate::rule::LONGEST;
use crate::rules::{Dfa, RuleId};
use crate::{BuildError, Class};
use ahead::Ahead;
pub use checksum::Checksum;
use names::interned;
pub use names::{is_type_name, type_name};
pub(crate) use search::Walks;
use starts::{Pairs, Starts};

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
    #[error(
        "too many values could be on their way at once: let it match at most {LONGEST} bytes and repeat without a count \
         or from none on (`.*` or `.{{0,99}}`, not `.{{99}}`), or begin with what is rare"
    )]
    Costly,
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
#[derive(Default)]
pub(crate) struct Customs {
    /// The first of their ids.
    base: RuleId,
    all: Vec<Ready>,
    /// By the first bytes of a value, and of a word that must be near: whom to ask.
    values: Starts,
    words: Starts,
    /// Of which it can be told what is ahead, a bit for each.
    foreseen: u128,
    /// Where either may begin.
    pairs: Pairs,
}

struct Ready {
    kind: &'static str,
    rank: Rank,
    detector: Detector,
    value: Dfa,
    /// None where a value may be longer than what is waited for, or the automaton would be too large.
    ahead: Option<Ahead>,
    near: Option<Dfa>,
}

/// Of a value, and of the words that must be near.
struct Automata {
    value: Dfa,
    ahead: Option<Ahead>,
    near: Option<Dfa>,
}

impl Detector {
    /// Whether it is one.
    pub fn check(&self) -> Result<(), DetectorError> {
        self.automata().map(|_| ())
    }

    fn automata(&self) -> Result<Automata, DetectorError> {
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
        let (value, longest) = self.looks.automaton(most)?;
        let is_short = longest.is_some_and(|longest| longest <= LONGEST);
        let ahead = is_short.then(|| Ahead::of(&value)).flatten();
        if ahead.is_none() && !cost::is_bounded(&value, MOST_WALKS) {
            return Err(DetectorError::Costly);
        }
        Ok(Automata { value, ahead, near })
    }

    /// `number` is that of its type.
    fn ready(&self, number: KindId) -> Result<Ready, BuildError> {
        let bad = |error| BuildError::Detector(self.kind.clone(), error);
        let Automata { value, ahead, near } = self.automata().map_err(bad)?;
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
            ahead,
            near,
        })
    }
}

impl Looks {
    /// Of values of at most so many bytes, if they are bounded, and of how many they are. Words are short.
    fn automaton(&self, most: Option<usize>) -> Result<(Dfa, Option<usize>), DetectorError> {
        match self {
            Self::Pattern(pattern) => pattern::value(pattern, most),
            Self::Keywords(words) => Ok((pattern::keywords(words)?, Some(LONGEST))),
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
        let foreseen = all.iter().enumerate();
        let foreseen = foreseen.filter(|(_, ready)| ready.ahead.is_some());
        Ok(Self {
            base,
            pairs: Pairs::of(&[&values, &words]),
            values,
            words,
            foreseen: foreseen.fold(0, |bits, (place, _)| bits | 1 << place),
            all,
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

impl fmt::Debug for Customs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customs")
            .field("detectors", &self.all.len())
            .finish_non_exhaustive()
    }
}

/// A value that is summed up, in bytes: it may begin at each byte of a text, and end at each behind that.
const LONGEST_SUMMED: usize = 64;
/// Of one detector, how many walks may be open at once where it cannot be told what is ahead.
const MOST_WALKS: usize = 16;
/// Of one policy; there is a bit for each.
pub const MOST_DETECTORS: usize = 100;
