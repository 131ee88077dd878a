//! Finds and redacts sensitive data in decoded text. Judges nothing, reads nothing, keeps no value.
//!
//! A [`Scanner`] asks its [`Detector`]s in a fixed order. A quick look over the text collects
//! [`Clues`] first: a text without any costs that look and nothing more. Every detector is linear.

mod aws;
mod card;
mod clues;
mod edge;
mod email;
mod pem;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::fmt;
use std::ops::Range;

pub use clues::Clues;

/// A fixed set of detectors. Cheap to share, without state of its own.
#[derive(Debug)]
pub struct Scanner {
    detectors: Vec<Box<dyn Detector>>,
}

/// Recognises one type of data.
pub trait Detector: fmt::Debug + Send + Sync {
    /// The type's name in policies and records: `email`, `payment_card`, …
    fn kind(&self) -> &'static str;

    fn class(&self) -> Class;

    /// Whether a text with these clues can hold a hit. `false` spares the search. More clues never
    /// make less possible.
    fn possible(&self, clues: &Clues) -> bool;

    /// Adds the byte range of every hit, in linear time. Ranges end at character boundaries.
    fn find(&self, field: &Field<'_>, found: &mut Vec<Range<usize>>);
}

/// A decoded text and, where it has one, the name that it stands under: the key of a JSON member,
/// the name of a form field. Some values are recognised by their name only.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    pub name: Option<&'a str>,
    pub text: &'a str,
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
    pub kind: &'static str,
    pub class: Class,
    /// Bytes of the scanned text.
    pub range: Range<usize>,
}

impl Scanner {
    pub fn new(detectors: Vec<Box<dyn Detector>>) -> Self {
        Self { detectors }
    }

    /// E-mail addresses, payment cards, AWS keys and PEM private keys.
    pub fn standard() -> Self {
        Self::new(vec![
            Box::new(pem::PemKey),
            Box::new(aws::AwsKey),
            Box::new(card::PaymentCard),
            Box::new(email::Email),
        ])
    }

    /// Every kind that this scanner can report.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.detectors.iter().map(|detector| detector.kind())
    }

    /// Whether the text, or any part of it, can hold data. Where it cannot, none of its parts has to
    /// be searched: they have no clue that the whole does not have.
    pub fn suspects(&self, text: &str) -> bool {
        let clues = Clues::of(text);
        self.detectors
            .iter()
            .any(|detector| detector.possible(&clues))
    }

    /// Finds data in a text that stands under no name; see [`Scanner::scan_field`].
    pub fn scan(&self, text: &str) -> Vec<Hit> {
        self.scan_field(&Field { name: None, text })
    }

    /// All hits, by start, then the longer first, then in the order of the detectors.
    ///
    /// Hits of one kind never overlap. Hits of different kinds may: a card number inside an e-mail
    /// address is both, so that a rule about cards holds wherever the card hides.
    pub fn scan_field(&self, field: &Field<'_>) -> Vec<Hit> {
        let clues = Clues::of(field.text);
        let mut hits = Vec::new();
        let mut found = Vec::new();
        for detector in self
            .detectors
            .iter()
            .filter(|detector| detector.possible(&clues))
        {
            detector.find(field, &mut found);
            let (kind, class) = (detector.kind(), detector.class());
            hits.extend(merged(&mut found).map(|range| Hit { kind, class, range }));
        }
        hits.sort_by_key(|hit| (hit.range.start, Reverse(hit.range.end)));
        hits
    }

    /// Redacts a text that stands under no name; see [`Scanner::redact_field`].
    pub fn redact(&self, text: &str, kinds: &[&str]) -> Option<String> {
        self.redact_field(&Field { name: None, text }, kinds)
    }

    /// The text with a placeholder for each hit of these kinds; `None` where there is none.
    ///
    /// Overlapping hits become one placeholder over all of them, named for the first.
    pub fn redact_field(&self, field: &Field<'_>, kinds: &[&str]) -> Option<String> {
        let mut hits = self.scan_field(field);
        hits.retain(|hit| kinds.contains(&hit.kind));
        hits.first()?;
        let mut redacted = String::with_capacity(field.text.len());
        let mut done = 0;
        for hit in hits {
            if hit.range.start >= done {
                redacted.push_str(field.text.get(done..hit.range.start)?);
                redacted.push_str(&placeholder(hit.kind));
            }
            done = done.max(hit.range.end);
        }
        redacted.push_str(field.text.get(done..)?);
        Some(redacted)
    }
}

/// What stands in the place of redacted data: `[REDACTED:email]`.
pub fn placeholder(kind: &str) -> String {
    format!("[REDACTED:{kind}]")
}

impl Class {
    pub fn as_str(self) -> &'static str {
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

/// Empties `found`: its ranges in order, those that overlap made one.
fn merged(found: &mut Vec<Range<usize>>) -> impl Iterator<Item = Range<usize>> {
    found.sort_by_key(|range| (range.start, range.end));
    found.dedup_by(|next, kept| {
        let overlap = next.start < kept.end;
        if overlap {
            kept.end = kept.end.max(next.end);
        }
        overlap
    });
    found.drain(..)
}
