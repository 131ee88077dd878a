//! A checked and tested policy as the contents of a bundle, for the tenants that it is made for. Signs nothing.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use aegis_bundle::{File, Layout};
use aegis_document::{Document, Problem, Problems, nearest};
use aegis_policy::{Fault, Mode, Snapshot, Source, Sources, Untried, Workbench};
use serde_json::{Map, Value as Json};

use crate::compiled::{Compiled, bench};
use crate::files::Files;

/// What a bundle carries beside its manifest and signature.
#[derive(Clone, Debug, PartialEq)]
pub struct Package {
    /// Of `data`, as a manifest lists them.
    pub roots: Vec<String>,
    /// The policy as it was written (`aegis`), users' own data, and `compiled`, which the library
    /// reads when OPA decides.
    pub data: Map<String, Json>,
    /// The library, the glue for OPA, users' modules and their tests.
    pub modules: Vec<File>,
    pub tests: Vec<File>,
}

/// A policy that can come into force and passes its own tests.
#[derive(Debug)]
pub struct Approved {
    files: Files,
    compiled: Compiled,
    whole: Workbench,
}

/// The package of a policy that is packed once.
pub fn package(files: &Files, tenants: &BTreeSet<String>) -> Result<Package, Problems> {
    Approved::check(files.clone())?.package(tenants)
}

impl Approved {
    /// Checks and tests the whole policy, once for all packages that are made of it.
    pub fn check(files: Files) -> Result<Self, Problems> {
        let (compiled, whole) = bench(&files, Mode::Enforce)?;
        whole.test(&files.tests, &files.module_tests)?;
        Ok(Self {
            files,
            compiled,
            whole,
        })
    }

    /// What concerns these tenants: them, their agents, what those may do, and their tests. The
    /// catalogue, users' modules and users' own data concern everybody.
    pub fn package(&self, tenants: &BTreeSet<String>) -> Result<Package, Problems> {
        self.declares(tenants)?;
        let mut data = self.compiled.data().clone();
        let agents_of_others = keep(&mut data, tenants);
        let compiled = if data == *self.compiled.data() {
            compiled_data(self.whole.snapshot())?
        } else {
            // A part of what has been tried; whoever activates it tries it again.
            let part = part(&data, &self.files.modules)?;
            compiled_data(part.bench().snapshot())?
        };
        data.insert(Layout::COMPILED.to_owned(), compiled);
        let tests = self.files.tests.iter();
        let tests = tests.map(|test| for_scope(test, tenants, &agents_of_others));
        Ok(Package {
            roots: roots(&data),
            modules: modules(&self.files),
            tests: tests
                .collect::<Result<Vec<_>, _>>()?
                .into_iter()
                .flatten()
                .collect(),
            data,
        })
    }

    fn declares(&self, tenants: &BTreeSet<String>) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let declared = self.whole.snapshot().modes();
        for tenant in tenants {
            if !declared.contains_key(tenant) {
                let message = format!("no document declares the tenant `{tenant}`");
                let problem = without_place(message);
                let names = declared.keys().map(|name| &**name);
                problems.push(match nearest(tenant, names) {
                    Some(near) => problem.with_hint(format!("did you mean `{near}`?")),
                    None => problem,
                });
            }
        }
        problems.into_result(())
    }
}

/// Leaves only what concerns these tenants; the names of the agents that are gone.
fn keep(data: &mut Map<String, Json>, tenants: &BTreeSet<String>) -> BTreeSet<String> {
    let Some(policy) = data.get_mut("aegis").and_then(Json::as_object_mut) else {
        return BTreeSet::new();
    };
    let mut others = BTreeSet::new();
    let mut profiles = BTreeSet::new();
    if let Some(agents) = policy.get_mut("agents").and_then(Json::as_object_mut) {
        agents.retain(|name, agent| {
            let text = |key: &str| agent.get(key).and_then(Json::as_str);
            let stays = text("tenant").is_some_and(|tenant| tenants.contains(tenant));
            if stays {
                profiles.extend(text("profile").map(str::to_owned));
            } else {
                others.insert(name.clone());
            }
            stays
        });
    }
    let mut retain = |section: &str, names: &BTreeSet<String>| {
        if let Some(entries) = policy.get_mut(section).and_then(Json::as_object_mut) {
            entries.retain(|name, _| names.contains(name));
        }
    };
    retain("tenants", tenants);
    retain("profiles", &profiles);
    others
}

fn part(data: &Map<String, Json>, modules: &[Source]) -> Result<Untried, Problems> {
    let text = serde_json::to_string(data).map_err(|error| without_place(error.to_string()))?;
    let sources = Sources {
        modules: modules.to_vec(),
        data: vec![Source {
            file: "data.json".to_owned(),
            text,
        }],
        mode: Mode::Enforce,
    };
    Untried::build(&sources)
}

fn compiled_data(snapshot: &Snapshot) -> Result<Json, Problems> {
    let told = |fault: Fault| Problems::from(without_place(fault.to_string()));
    let comparison = snapshot.comparison().map_err(told)?;
    let mut data = comparison.data().map_err(told)?;
    let mut compiled = data
        .get_mut(Layout::COMPILED)
        .map(Json::take)
        .unwrap_or_default();
    compiled.sort_all_objects();
    Ok(compiled)
}

fn roots(data: &Map<String, Json>) -> Vec<String> {
    data.keys().cloned().collect()
}

fn modules(files: &Files) -> Vec<File> {
    let shipped = [
        ("aegis.rego", Snapshot::library()),
        ("opa.rego", Snapshot::glue_for_opa()),
    ];
    let shipped = shipped.map(|(name, text)| File {
        path: format!("{}/{name}", Layout::LIBRARY),
        text: text.to_owned(),
    });
    let own = files.modules.iter().chain(&files.module_tests);
    let own = own.map(|source| File {
        path: format!("{}/{}", Layout::MODULES, source.file),
        text: source.text.clone(),
    });
    shipped.into_iter().chain(own).collect()
}

/// The file as it is where all its tests stay; else a file of those that do, if there are any.
fn for_scope(
    source: &Source,
    tenants: &BTreeSet<String>,
    agents_of_others: &BTreeSet<String>,
) -> Result<Option<File>, Problems> {
    let mut written: Json = Document::parse(&source.file, &source.text)?.read()?;
    let Some(tests) = written.get_mut("tests").and_then(Json::as_array_mut) else {
        return Ok(None);
    };
    let before = tests.len();
    tests.retain(|test| {
        let text = |key: &str| test.pointer(&format!("/call/{key}")).and_then(Json::as_str);
        let is_others = text("tenant").is_some_and(|tenant| !tenants.contains(tenant))
            || text("agent").is_some_and(|agent| agents_of_others.contains(agent));
        !is_others
    });
    let left = tests.len();
    let text = match left {
        0 => return Ok(None),
        left if left == before => source.text.clone(),
        // JSON is YAML.
        _ => written.to_string(),
    };
    Ok(Some(File {
        path: source.file.clone(),
        text,
    }))
}

fn without_place(message: String) -> Problem {
    Problem {
        file: "policy".to_owned(),
        line: 1,
        column: 1,
        message,
        hint: None,
    }
}
