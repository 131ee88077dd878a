//! The data while it is put together: entries that may each be given once, and where each comes from.

use std::collections::BTreeMap;
use std::sync::Arc;

use aegis_document::{Document, Problem, Problems, nearest};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::places::{SourceMap, Spot};

#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) data: Map<String, Json>,
    pub(crate) map: SourceMap,
    pub(crate) problems: Problems,
    /// Whether entries had to be left out because of a problem.
    pub(crate) is_partial: bool,
}

impl Draft {
    /// Takes over what is written in the words of the data.
    pub(crate) fn plain(&mut self, document: &Arc<Document>) {
        let form = aegis_policy::check_form(document);
        let entries = form.and_then(|()| document.read::<Map<String, Json>>());
        let Some(entries) = self.problems.take_from(entries) else {
            self.is_partial = true;
            return;
        };
        for (key, value) in entries.into_iter().filter(|(key, _)| key != OURS) {
            self.put(&[&key], value, Spot::new(document, &[&key]));
        }
        if document.keys().contains(&OURS) {
            self.plain_sections(document);
        }
    }

    fn plain_sections(&mut self, document: &Arc<Document>) {
        let sections = document.read_at::<BTreeMap<String, Map<String, Json>>>(&[OURS]);
        let Some(sections) = self.problems.take_from(sections) else {
            self.is_partial = true;
            return;
        };
        self.open(&[OURS], || Spot::new(document, &[OURS]));
        for (section, entries) in sections {
            self.open(&[OURS, &section], || Spot::new(document, &[OURS, &section]));
            for (name, value) in entries {
                let path = [OURS, &section, &name];
                self.put(&path, value, Spot::new(document, &path));
            }
        }
    }

    /// An entry of `aegis`; its keys are where `spec` has them, unless they are noted otherwise.
    pub(crate) fn entry(&mut self, section: &str, name: &str, value: Json, from: Entry) {
        let path = [OURS, section, name];
        let keys: Vec<String> = value
            .as_object()
            .map(|entry| entry.keys().cloned().collect())
            .unwrap_or_default();
        self.open(&[OURS], || from.name.clone());
        self.open(&[OURS, section], || from.name.clone());
        if !self.put(&path, value, from.name) {
            return;
        }
        for key in keys {
            let spot = from.spec.below(&[&key]);
            self.map.note(&[OURS, section, name, &key], spot);
        }
    }

    /// A part of an entry that is not where its name says.
    pub(crate) fn note(&mut self, section: &str, path: &[&str], spot: Spot) {
        self.map.note(&[&[OURS, section], path].concat(), spot);
    }

    pub(crate) fn find(&self, section: &str, path: &[&str]) -> Option<Spot> {
        self.map.find(&[&[OURS, section], path].concat())
    }

    /// Says nothing about a place that a mistake of form has put in doubt.
    pub(crate) fn report(&mut self, spot: &Spot, message: impl Into<String>) {
        self.report_with(spot, message, None);
    }

    pub(crate) fn report_with(
        &mut self,
        spot: &Spot,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        if !spot.is_in_doubt() {
            let problem = spot.problem(message);
            self.problems.push(Problem { hint, ..problem });
        }
    }

    /// Something that is referred to and not there, with the nearest name that is.
    pub(crate) fn missing<'a>(
        &mut self,
        spot: &Spot,
        message: String,
        word: &str,
        known: impl IntoIterator<Item = &'a String>,
    ) -> Option<&'a str> {
        let near = nearest(word, known.into_iter().map(String::as_str));
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        self.report_with(spot, message, hint);
        near
    }

    /// A mapping that several documents fill: the first of them is where it comes from.
    fn open(&mut self, path: &[&str], spot: impl FnOnce() -> Spot) {
        if self.map.noted(path).is_none() {
            self.map.note(path, spot());
            self.insert(path, Json::Object(Map::new()));
        }
    }

    /// False where the entry is there already.
    fn put(&mut self, path: &[&str], value: Json, spot: Spot) -> bool {
        if let Some(first) = self.map.noted(path) {
            let name = path.last().unwrap_or(&OURS);
            let message = format!("`{name}` is already defined at {}", first.origin());
            self.report(&spot, message);
            return false;
        }
        self.map.note(path, spot);
        self.insert(path, value);
        true
    }

    fn insert(&mut self, path: &[&str], value: Json) {
        let Some((name, above)) = path.split_last() else {
            return;
        };
        let owner = above.iter().try_fold(&mut self.data, |owner, &key| {
            owner.get_mut(key).and_then(Json::as_object_mut)
        });
        if let Some(owner) = owner {
            owner.insert((*name).to_owned(), value);
        }
    }
}

/// Where an entry comes from: what names it, and what describes it.
pub(crate) struct Entry {
    pub(crate) name: Spot,
    pub(crate) spec: Spot,
}

/// A value in the words of the data. What could not be written would be nothing, which the data's
/// reader refuses.
pub(crate) fn json(value: &impl Serialize) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}

pub(crate) fn set(entry: &mut Json, key: &str, value: Json) {
    if let Some(entry) = entry.as_object_mut() {
        entry.insert(key.to_owned(), value);
    }
}

const OURS: &str = "aegis";
