//! The texts of a request for a detector elsewhere, and what it says is in them. It asks nobody and guesses nothing.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, LazyLock};

use aegis_dlp::{Field, Hit, Scanner};

use crate::body::Content;
use crate::message::MessageView;
use crate::{RequestView, findings, message};

/// Every text of one request in which data is looked for, once. Not among them are names of members
/// and fields, which stand beside their texts, and numbers.
#[derive(Default)]
pub struct Texts {
    all: Vec<Text>,
    known: HashSet<Text>,
    /// Of a question about them, in bytes, and how many there may be.
    bytes: usize,
    most: usize,
}

/// The name that it stands under, empty where it has none, and the text.
type Text = (Arc<str>, Arc<str>);

/// Where a detector found something, by text.
#[derive(Default)]
pub struct Heard(HashMap<Arc<str>, Vec<Hit>>);

/// Finds data by Aegis' own rules, and what was heard.
#[derive(Clone, Copy)]
pub struct Finder<'a> {
    pub scanner: &'a Scanner,
    pub heard: &'a Heard,
}

impl Texts {
    /// None where the request cannot be read: [`crate::inspect`] refuses it.
    /// Of more than `most` bytes, not all are kept.
    pub fn of(view: &RequestView<'_>, scanner: &Scanner, most: usize) -> Self {
        let content = Content::read(view);
        content.map_or_else(
            |_| Self::default(),
            |content| findings::texts(view, &content, scanner, Self::up_to(most)),
        )
    }

    /// Of a message on a WebSocket; as [`Texts::of`].
    pub fn of_message(message: &MessageView<'_>, scanner: &Scanner, most: usize) -> Self {
        message::with_content(message, |view, content| {
            findings::texts(view, &content, scanner, Self::up_to(most))
        })
        .unwrap_or_default()
    }

    fn up_to(most: usize) -> Self {
        Self {
            most,
            ..Self::default()
        }
    }

    /// Whether there are more than are kept.
    pub fn are_too_many(&self) -> bool {
        self.bytes > self.most
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Each with the name that it stands under, in the order of the request.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        let named = |name: &str| !name.is_empty();
        let all = self.all.iter();
        all.map(move |(name, text)| (Some(&**name).filter(|name| named(name)), &**text))
    }

    /// What was found in which of these texts, by its place in [`Texts::iter`]. `None`: there is no such
    /// text, or no such place in it.
    pub fn heard(self, found: Vec<(usize, Hit)>) -> Option<Heard> {
        let mut heard: HashMap<Arc<str>, Vec<Hit>> = HashMap::new();
        for (at, hit) in found {
            let (_, text) = self.all.get(at)?;
            let value = text.get(hit.range.clone())?;
            if value.is_empty() {
                return None;
            }
            heard.entry(Arc::clone(text)).or_default().push(hit);
        }
        for hits in heard.values_mut() {
            *hits = merged(std::mem::take(hits));
        }
        Some(Heard(heard))
    }

    pub(crate) fn add(&mut self, field: &Field<'_>) {
        if field.text.trim().is_empty() {
            return;
        }
        // Of a name, its end counts, as in a search.
        let name = field.name.unwrap_or_default();
        let end = name.ceil_char_boundary(name.len().saturating_sub(LONGEST_NAME));
        let name = name.get(end..).unwrap_or_default();
        let text: Text = (name.into(), field.text.into());
        if self.known.contains(&text) {
            return;
        }
        self.bytes += BESIDE + name.len() + field.text.len();
        if !self.are_too_many() {
            self.known.insert(text.clone());
            self.all.push(text);
        }
    }
}

impl Heard {
    /// For whatever no detector is asked about.
    pub fn nothing() -> &'static Self {
        static NOTHING: LazyLock<Heard> = LazyLock::new(Heard::default);
        &NOTHING
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something was found in this text.
    pub(crate) fn has(&self, text: &str) -> bool {
        self.0.contains_key(text)
    }
}

impl Finder<'_> {
    /// In order. Those of different kinds may overlap.
    pub fn hits(&self, field: &Field<'_>) -> Vec<Hit> {
        self.hits_as(field, field.text)
    }

    /// In a text that is another reading of `asked`, the one that a detector knows.
    pub(crate) fn hits_as(&self, field: &Field<'_>, asked: &str) -> Vec<Hit> {
        let mut hits = self.scanner.scan_field(field);
        let Some(heard) = self.heard.0.get(asked) else {
            return hits;
        };
        let same_places = |hit: &Hit| {
            let range = (asked.len() == field.text.len()).then(|| hit.range.clone());
            let range = range.filter(|range| field.text.get(range.clone()).is_some());
            // Somewhere in it.
            let range = range.unwrap_or(0..field.text.len());
            Hit {
                range,
                ..hit.clone()
            }
        };
        hits.extend(heard.iter().map(same_places));
        in_order(&mut hits);
        hits
    }
}

/// Of one kind, none overlaps another.
fn merged(mut hits: Vec<Hit>) -> Vec<Hit> {
    in_order(&mut hits);
    let mut merged: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        let mut before = merged.iter_mut().rev();
        match before.find(|before| before.kind == hit.kind) {
            Some(before) if hit.range.start < before.range.end => {
                before.range.end = before.range.end.max(hit.range.end);
                before.confidence = before.confidence.max(hit.confidence);
            }
            _ => merged.push(hit),
        }
    }
    merged
}

fn in_order(hits: &mut [Hit]) {
    hits.sort_by_key(|hit| (hit.range.start, Reverse(hit.range.end)));
}

/// Nothing was heard.
impl<'a> From<&'a Arc<Scanner>> for Finder<'a> {
    fn from(scanner: &'a Arc<Scanner>) -> Self {
        (&**scanner).into()
    }
}

impl<'a> From<&'a Scanner> for Finder<'a> {
    fn from(scanner: &'a Scanner) -> Self {
        Self {
            scanner,
            heard: Heard::nothing(),
        }
    }
}

/// How many there are, not what they say.
impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Texts")
            .field("count", &self.all.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heard")
            .field("texts", &self.0.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Finder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finder")
            .field("heard", &self.heard)
            .finish_non_exhaustive()
    }
}

/// Of a name, in bytes.
const LONGEST_NAME: usize = 64;
/// What stands beside a text in a question, at the least.
const BESIDE: usize = r#"{"id":0,"text":""},"#.len();

#[cfg(test)]
mod tests;
