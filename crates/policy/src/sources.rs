//! Merges the data files into one model and remembers where each entry was written. It judges nothing.

use std::collections::{BTreeMap, btree_map::Entry};

use aegis_document::{Document, Problem, Problems};
use serde_json::Value as Json;

use crate::data::{AegisData, DataFile, Mode};

/// Everything a snapshot is made of, as texts.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The users' own Rego modules, package `aegis.ext`.
    pub modules: Vec<Source>,
    /// YAML or JSON data files.
    pub data: Vec<Source>,
    /// `shadow` suspends the findings of every policy, whatever the data says.
    pub mode: Mode,
}

/// One file, by the name that error messages give it.
#[derive(Clone, Debug)]
pub struct Source {
    pub file: String,
    pub text: String,
}

/// All data files as one, as far as they could be read.
pub(crate) struct Model {
    /// Whether that is all of them: else an entry may be missing that somebody has written.
    pub(crate) is_whole: bool,
    pub(crate) data: AegisData,
    pub(crate) users: BTreeMap<String, Json>,
    documents: Vec<Document>,
    /// (section, name) to the document that defines it.
    origins: BTreeMap<(&'static str, String), usize>,
}

impl Model {
    /// The model of files that are all in order.
    pub(crate) fn read(sources: &[Source]) -> Result<Self, Problems> {
        let (model, problems) = Self::read_all(sources);
        problems.into_result(model)
    }

    /// What can be read, and what is wrong with the rest.
    pub(crate) fn read_all(sources: &[Source]) -> (Self, Problems) {
        let mut problems = Problems::new();
        let mut model = Self {
            is_whole: true,
            data: AegisData::default(),
            users: BTreeMap::new(),
            documents: Vec::with_capacity(sources.len()),
            origins: BTreeMap::new(),
        };
        for source in sources {
            let read = Document::parse(&source.file, &source.text)
                .and_then(|document| document.read::<DataFile>().map(|file| (document, file)));
            match read {
                Ok((document, file)) => model.add(document, file, &mut problems),
                Err(found) => {
                    model.is_whole = false;
                    problems.extend(found);
                }
            }
        }
        (model, problems)
    }

    /// A problem with the entry `name` of `section`, at `path` below it.
    pub(crate) fn problem(
        &self,
        section: &'static str,
        name: &str,
        path: &[&str],
        message: impl Into<String>,
    ) -> Problem {
        let mut whole = vec!["aegis", section, name];
        whole.extend(path);
        let document = self
            .origins
            .get(&(section, name.to_owned()))
            .and_then(|&index| self.documents.get(index));
        match document {
            Some(document) => document.problem(&whole, message),
            None => Problem {
                file: "policy data".to_owned(),
                line: 1,
                column: 1,
                message: format!("{}: {}", whole.join("."), message.into()),
                hint: None,
            },
        }
    }

    fn add(&mut self, document: Document, file: DataFile, problems: &mut Problems) {
        let mut merge = Merge {
            document: &document,
            index: self.documents.len(),
            origins: &mut self.origins,
            problems,
        };
        let AegisData {
            tenants,
            agents,
            profiles,
            catalogue,
            facts,
        } = file.aegis;
        merge.section("tenants", tenants, &mut self.data.tenants);
        merge.section("agents", agents, &mut self.data.agents);
        merge.section("profiles", profiles, &mut self.data.profiles);
        merge.section("catalogue", catalogue, &mut self.data.catalogue);
        merge.section("facts", facts, &mut self.data.facts);
        for (key, value) in file.users {
            match self.users.entry(key) {
                Entry::Vacant(free) => {
                    free.insert(value);
                }
                Entry::Occupied(taken) => {
                    let key = taken.key();
                    let message = format!("`{key}` is already defined by another data file");
                    merge.problems.push(document.problem(&[key], message));
                }
            }
        }
        self.documents.push(document);
    }
}

struct Merge<'a> {
    document: &'a Document,
    index: usize,
    origins: &'a mut BTreeMap<(&'static str, String), usize>,
    problems: &'a mut Problems,
}

impl Merge<'_> {
    fn section<T>(
        &mut self,
        section: &'static str,
        from: BTreeMap<String, T>,
        into: &mut BTreeMap<String, T>,
    ) {
        for (name, value) in from {
            if into.contains_key(&name) {
                let message = format!("`{name}` is already defined by another data file");
                self.problems
                    .push(self.document.problem(&["aegis", section, &name], message));
                continue;
            }
            self.origins.insert((section, name.clone()), self.index);
            into.insert(name, value);
        }
    }
}
