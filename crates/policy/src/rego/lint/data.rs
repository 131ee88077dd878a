//! What there is below `data` for users' modules: their own data and their own package. All of it is known at load. It knows no syntax.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use aegis_document::nearest;

use super::path;
use super::place::Mistake;
use super::syntax::head;
use crate::rego::extension::{SETS, Set};
use crate::rego::{Engine, Json};

/// The data of all files and the rules of all modules.
#[derive(Debug)]
pub(super) struct Data<'a> {
    users: &'a BTreeMap<String, Json>,
    rules: BTreeSet<String>,
    /// Sections that some `with` of a module gives, to rules that may stand anywhere.
    given: BTreeSet<String>,
}

/// A place below `data`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Branch<'a> {
    Root(&'a Data<'a>),
    /// `data.aegis`
    Aegis(&'a Data<'a>),
    /// `data.aegis.ext`
    Package(&'a Data<'a>),
    Value(&'a Json),
}

impl<'a> Data<'a> {
    /// `None` where a `with` may change anything. The engine has all modules and no others.
    pub(super) fn of(users: &'a BTreeMap<String, Json>, engine: &mut Engine) -> Option<Self> {
        let syntax = engine.get_ast_as_json().ok()?;
        let mut given = BTreeSet::new();
        replaced(&serde_json::from_str(&syntax).ok()?, &mut given);
        if given.contains(ANYTHING) || given.contains("aegis") {
            return None;
        }
        let rules = engine.get_modules().iter().flat_map(|found| &found.policy);
        let rules = rules.filter_map(|rule| head(rule).span().text().split(['.', '[']).next());
        let rules = rules.chain(SETS.map(Set::as_str)).map(str::to_owned);
        Some(Self {
            users,
            rules: rules.collect(),
            given,
        })
    }
}

impl Branch<'_> {
    /// What stands below the place of this path; `None` where that is not known.
    pub(super) fn below(self, path: &str, name: &str) -> Result<Option<Self>, Mistake> {
        match self {
            Self::Root(data) if data.given.contains(name) => Ok(None),
            Self::Root(data) if name == "aegis" => Ok(Some(Self::Aegis(data))),
            Self::Root(data) => match data.users.get(name) {
                Some(value) => Ok(Some(Self::Value(value))),
                None => Err(missing(path, name, data.users.keys())),
            },
            Self::Aegis(data) if name == "ext" => Ok(Some(Self::Package(data))),
            Self::Aegis(_) => {
                let hint = "what the files have under `aegis` is not there for modules, which have `data.aegis.ext` alone";
                Err(Mistake {
                    message: format!("there is no `{path}.{name}`"),
                    hint: Some(hint.to_owned()),
                })
            }
            Self::Package(data) if data.rules.contains(name) => Ok(None),
            Self::Package(data) => Err(missing(path, name, &data.rules)),
            Self::Value(Json::Object(entries)) => match entries.get(name) {
                Some(value) => Ok(Some(Self::Value(value))),
                None => Err(missing(path, name, entries.keys())),
            },
            Self::Value(Json::Array(_)) => Err(Mistake::of_a_list(path, name)),
            Self::Value(Json::String(_)) => Err(Mistake::nothing_in(path, "a text")),
            Self::Value(Json::Number(_)) => Err(Mistake::nothing_in(path, "a number")),
            Self::Value(Json::Bool(_)) => Err(Mistake::nothing_in(path, "true or false")),
            Self::Value(Json::Null) => Err(Mistake::nothing_in(path, "null")),
        }
    }
}

/// There can be thousands of names, so the nearest is told or none.
fn missing<'n>(path: &str, name: &str, known: impl IntoIterator<Item = &'n String>) -> Mistake {
    let near = nearest(name, known.into_iter().map(String::as_str));
    Mistake {
        message: format!("there is no `{path}.{name}`"),
        hint: near.map(|near| format!("did you mean `{path}.{near}`?")),
    }
}

/// The sections of `data` that a `with` replaces.
fn replaced(syntax: &Json, sections: &mut BTreeSet<String>) {
    match syntax {
        Json::Object(entries) => {
            let withs = entries.get("with_mods").and_then(Json::as_array);
            let targets = withs
                .into_iter()
                .flatten()
                .filter_map(|with| with.get("refr"));
            sections.extend(targets.filter_map(section));
            entries.values().for_each(|value| replaced(value, sections));
        }
        Json::Array(items) => items.iter().for_each(|item| replaced(item, sections)),
        _ => {}
    }
}

/// The name after `data`; nothing of what is not below it.
fn section(target: &Json) -> Option<String> {
    // Keys in brackets are not looked into.
    let Some((path, ..)) = path(target) else {
        return Some(ANYTHING.to_owned());
    };
    let mut names = path.split('.');
    let is_data = names.next() == Some("data");
    is_data.then(|| names.next().unwrap_or(ANYTHING).to_owned())
}

/// No name of a section that a `with` can have without brackets.
const ANYTHING: &str = "*";
