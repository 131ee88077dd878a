//! Collects a call's parameters and their places; the same name in two places is an error.

use std::borrow::Cow;
use std::collections::HashMap;

use aegis_policy::Parameters;
use serde_json::{Map, Value};

use crate::InspectError;
use crate::inspected::Place;
use crate::urlencoded::{Pair, folded, is_folded};

#[derive(Default)]
pub(crate) struct Collector {
    pub(crate) parameters: Parameters,
    pub(crate) places: Vec<(String, Place)>,
    /// By folded name: some servers do not tell its spellings apart.
    seen: HashMap<String, Seen>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    source: &'static str,
    /// Given part by part, as in `tag[]=a`; more parts may follow from the same source.
    parts: bool,
}

impl Collector {
    /// What stands in the placeholders of a path.
    pub(crate) fn path(&mut self, matched: Vec<(&str, String)>) -> Result<(), InspectError> {
        for (name, value) in matched {
            self.whole("path", name, Value::String(value), Place::Fixed)?;
        }
        Ok(())
    }

    pub(crate) fn query<'a>(
        &mut self,
        pairs: impl IntoIterator<Item = &'a Pair>,
    ) -> Result<(), InspectError> {
        self.pairs("query", pairs, &Place::Query)
    }

    pub(crate) fn form<'a>(
        &mut self,
        pairs: impl IntoIterator<Item = &'a Pair>,
    ) -> Result<(), InspectError> {
        self.pairs("form", pairs, &Place::Form)
    }

    /// The members of the object that the body is. They come last.
    pub(crate) fn with_members(
        mut self,
        members: Map<String, Value>,
    ) -> Result<Self, InspectError> {
        if self.parameters.is_empty() && members.keys().all(|name| is_folded(name)) {
            // Each name is its own key, and an object has no key twice.
            self.places = members
                .keys()
                .map(|name| (name.clone(), Place::Member))
                .collect();
            self.parameters = members;
            return Ok(self);
        }
        for (name, value) in members {
            self.whole("body", &name, value, Place::Member)?;
        }
        Ok(self)
    }

    /// Values stay strings, as they were sent. A name with `[` gives one part of an array of parts:
    /// servers nest such names in different ways, so that none of them is guessed.
    fn pairs<'a>(
        &mut self,
        source: &'static str,
        pairs: impl IntoIterator<Item = &'a Pair>,
        place: &Place,
    ) -> Result<(), InspectError> {
        for pair in pairs {
            if !pair.clear {
                return Err(InspectError::Malformed(
                    "a query or form has broken escapes or a bare `;`",
                ));
            }
            if !pair.has_plain_name() {
                return Err(InspectError::Malformed(
                    "a query or form has a name that servers read differently",
                ));
            }
            let value = Value::String(pair.value.clone());
            if pair.is_part() {
                self.part(source, pair.parameter(), value, place)?;
            } else {
                self.whole(source, pair.parameter(), value, place.clone())?;
            }
        }
        Ok(())
    }

    fn whole(
        &mut self,
        source: &'static str,
        name: &str,
        value: Value,
        place: Place,
    ) -> Result<(), InspectError> {
        let seen = Seen {
            source,
            parts: false,
        };
        if let Some(first) = self.seen.insert(folded(name).into_owned(), seen) {
            return Err(InspectError::DuplicateParameter {
                first: first.source,
                second: source,
            });
        }
        self.parameters.insert(name.to_owned(), value);
        self.places.push((name.to_owned(), place));
        Ok(())
    }

    fn part(
        &mut self,
        source: &'static str,
        name: &str,
        value: Value,
        place: &Place,
    ) -> Result<(), InspectError> {
        let seen = Seen {
            source,
            parts: true,
        };
        let key = folded(name).into_owned();
        if self.seen.get(&key) == Some(&seen)
            && let Some(Value::Array(parts)) = self.parameters.get_mut(name)
        {
            parts.push(value);
            return Ok(());
        }
        self.whole(source, name, Value::Array(vec![value]), place.clone())?;
        self.seen.insert(key, seen);
        Ok(())
    }
}

/// One reference token of a JSON Pointer, RFC 6901.
pub(crate) fn escape(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) {
        name.replace('~', "~0").replace('/', "~1").into()
    } else {
        name.into()
    }
}
