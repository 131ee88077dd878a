//! Finds and redacts sensitive data in decoded text, whole or while it comes. Judges nothing, reads nothing, keeps no value.
//!
//! A [`Scanner`] has a catalogue of rules. One automaton looks through the text for all places where
//! a value may begin; only there is a rule asked, and it sees a bounded part of the text. So the work
//! is linear, and a text gives the same findings in one piece as in many.

mod asked;
mod beginnings;
mod candidate;
mod checks;
mod clean;
mod custom;
mod decode;
mod edge;
mod found;
mod hits;
mod joined;
mod literals;
mod nearby;
mod number;
mod per_kind;
mod pii;
mod places;
mod redactor;
mod rule;
mod rule_set;
mod rules;
mod search;
mod secrets;
mod stand_in;
mod substitute;
#[cfg(test)]
pub(crate) mod tests;
mod view;
mod walk;
mod window;
mod words;

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock, OnceLock};

use clean::Searcher;
use custom::Customs;
pub use custom::{
    Checksum, Detector, DetectorError, Looks, MOST_DETECTORS, is_type_name, type_name,
};
use decode::Layers;
use hits::Hits;
pub use redactor::{Redactor, Seen};
use rule::Rule;
pub use rules::BuildError;
use rules::{Rules, Sets};
pub use stand_in::is_stand_in;
use substitute::Labels;
pub use substitute::{LONGEST, Substitute, Way, mask, placeholder, replace};

/// A fixed set of rules. Without state of its own: one serves everybody.
#[derive(Debug)]
pub struct Scanner {
    sets: Arc<Sets>,
}

/// A decoded text and, where it has one, the name that it stands under: the key of a JSON member,
/// the name of a form field. Some values are recognised by their name only.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    pub name: Option<&'a str>,
    pub text: &'a str,
}

impl<'a> Field<'a> {
    /// A text that is part of something, and may have a name there: a member's value, a segment of a
    /// path. That nothing else is in it does not make it likelier that it is a value of some type.
    pub fn part(name: Option<&'a str>, text: &'a str) -> Self {
        let name = Some(name.unwrap_or_default());
        Self { name, text }
    }
}

/// The family that a type of data belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    Pii,
    Pci,
    Secret,
}

/// Where data of one type was found. The value itself is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The type's name in policies and records: `EMAIL_ADDRESS`, `SECRET_AWS`, …
    pub kind: &'static str,
    pub class: Class,
    /// How sure it is, in percent.
    pub confidence: u8,
    /// Bytes of the scanned text.
    pub range: Range<usize>,
    /// Not longer than is looked at: in a stream, too, it is known from its beginning to its end.
    pub is_whole: bool,
}

impl Scanner {
    /// Every type of data that there is a rule for.
    pub fn new() -> Result<Self, BuildError> {
        Self::with(pii::rules().chain(secrets::rules()))
    }

    /// The same, made once for the whole process.
    pub fn standard() -> Result<Arc<Self>, BuildError> {
        static STANDARD: OnceLock<Arc<Scanner>> = OnceLock::new();
        if let Some(standard) = STANDARD.get() {
            return Ok(Arc::clone(standard));
        }
        let standard = Arc::new(Self::new()?);
        Ok(Arc::clone(STANDARD.get_or_init(|| standard)))
    }

    /// With these detectors beside the rules of this one, which are shared.
    pub fn with_detectors(&self, detectors: &[Detector]) -> Result<Self, BuildError> {
        let rules = Arc::clone(&self.sets.rules);
        let customs = Customs::new(detectors, rules.len())?;
        let searcher = Searcher::new();
        let sets = Arc::new(Sets {
            rules,
            customs,
            searcher,
        });
        Ok(Self { sets })
    }

    fn with(rules: impl IntoIterator<Item = &'static Rule>) -> Result<Self, BuildError> {
        let sets = Arc::new(Sets {
            rules: Arc::new(Rules::new(rules)?),
            customs: Customs::default(),
            searcher: Searcher::new(),
        });
        Ok(Self { sets })
    }

    /// Every type that this scanner can report, once.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.types().map(|(kind, _)| kind)
    }

    /// The same, with their classes.
    pub fn types(&self) -> impl Iterator<Item = (&'static str, Class)> + '_ {
        own_types().iter().copied().chain(self.sets.customs.types())
    }

    /// Types that this scanner finds and the other does not, or not in the same way.
    pub fn beyond(&self, other: &Self) -> impl Iterator<Item = &'static str> {
        self.sets.customs.beyond(&other.sets.customs)
    }

    /// Finds data in a text that stands under no name; see [`Scanner::scan_field`].
    pub fn scan(&self, text: &str) -> Vec<Hit> {
        self.scan_field(&Field { name: None, text })
    }

    /// All hits, by start; of those that start at one place, in the order in which a stream tells them.
    ///
    /// Hits of one kind never overlap. Hits of different kinds may: a card number inside an e-mail
    /// address is both, so that a rule about cards holds wherever the card hides.
    pub fn scan_field(&self, field: &Field<'_>) -> Vec<Hit> {
        self.sets.searcher.hits(field, || self.search(field))
    }

    fn search(&self, field: &Field<'_>) -> Vec<Hit> {
        let mut layers = self.layers(field.name);
        let mut hits = Hits::new(&self.sets, layers.named());
        let (text, base) = (field.text.as_bytes(), layers.at());
        for end in (BLOCK..text.len()).step_by(BLOCK).chain([text.len()]) {
            let last = end == text.len();
            layers.read(text.get(..end).unwrap_or(text), base, last);
            for event in layers.events(last) {
                hits.add(&event);
            }
            hits.expect(end, text.len() - end);
        }
        hits.of(field.text)
    }

    /// Redacts a text that stands under no name; see [`Scanner::redact_field`].
    pub fn redact(&self, text: &str, kinds: &[&str]) -> Option<String> {
        self.redact_field(&Field { name: None, text }, kinds)
    }

    /// The text with a placeholder for each hit of these kinds; `None` where there is none.
    ///
    /// Overlapping hits become one placeholder over all of them, named for the first.
    pub fn redact_field(&self, field: &Field<'_>, kinds: &[&str]) -> Option<String> {
        let by = Labels(|kind: &str| kinds.contains(&kind));
        replace(field.text, &self.scan_field(field), &by)
    }

    /// Redacts a text of UTF-8 that comes in pieces, and stands under this name: labels for data of
    /// the types for which `redacts` is true.
    pub fn redactor<'b>(
        &self,
        name: Option<&str>,
        redacts: impl Fn(&str) -> bool + Send + Sync + 'b,
    ) -> Redactor<'b> {
        self.replacer(name, Labels(redacts))
    }

    /// The same with anything in the place of data.
    pub fn replacer<'b>(
        &self,
        name: Option<&str>,
        by: impl Substitute + Send + Sync + 'b,
    ) -> Redactor<'b> {
        Redactor::new(&self.sets, name, Box::new(by))
    }

    fn layers(&self, name: Option<&str>) -> Layers {
        Layers::new(&self.sets, name)
    }
}

/// Every type of data that has a name here, with its class, in the order of their names.
pub fn types() -> &'static [(&'static str, Class)] {
    static TYPES: LazyLock<Vec<(&str, Class)>> =
        LazyLock::new(|| in_order(own_types().iter().copied().chain(OUTSIDE)));
    &TYPES
}

/// Those that there is a rule for.
pub fn own_types() -> &'static [(&'static str, Class)] {
    static TYPES: LazyLock<Vec<(&str, Class)>> = LazyLock::new(|| {
        let rules = pii::rules().chain(secrets::rules());
        in_order(rules.map(|rule| (rule.kind, rule.class)))
    });
    &TYPES
}

/// Those that no rule finds, because they have no form that could be checked: only a detector outside
/// of this crate tells them (docs/detector-api.md). The names are Presidio's.
pub const OUTSIDE: [(&str, Class); 5] = [
    ("DATE_TIME", Class::Pii),
    ("LOCATION", Class::Pii),
    ("NRP", Class::Pii),
    ("ORGANIZATION", Class::Pii),
    ("PERSON", Class::Pii),
];

fn in_order<'a>(types: impl Iterator<Item = (&'a str, Class)>) -> Vec<(&'a str, Class)> {
    let mut types: Vec<_> = types.collect();
    types.sort_by_key(|(kind, _)| *kind);
    types.dedup_by_key(|(kind, _)| *kind);
    types
}

/// A rule in words: what it finds, how sure that is, and who says that such values look so.
#[derive(Clone, Copy, Debug)]
pub struct Description {
    pub kind: &'static str,
    pub class: Class,
    pub source: &'static str,
    /// In percent, without a word nearby and with one; 0 where it is not found so.
    pub alone: u8,
    pub near: u8,
}

/// Every rule; several may be for one type.
pub fn descriptions() -> impl Iterator<Item = Description> {
    let rules = pii::rules().chain(secrets::rules());
    rules.map(|rule| Description {
        kind: rule.kind,
        class: rule.class,
        source: rule.source,
        alone: rule.confidence.alone,
        near: rule.confidence.near,
    })
}

impl Class {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pii => "pii",
            Self::Pci => "pci",
            Self::Secret => "secret",
        }
    }
}

/// Shows neither name nor text: either may be the secret.
impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// Of a whole text, how much is searched before what was found in it is put in order.
const BLOCK: usize = 4096;
