//! Which file of a bundle is what to a data plane. Compiles nothing.

use aegis_bundle::{Contents, File, Layout};
use aegis_policy::{Mode, Source, Sources};

use crate::activation::Rejection;

/// A policy, and the tests that it must pass.
pub(super) struct Policy {
    pub(super) sources: Sources,
    pub(super) module_tests: Vec<Source>,
    pub(super) tables: Vec<Source>,
}

/// What a bundle's policy is made of here: the data as people wrote it and the users' modules. The
/// library and the compiled data that the archive carries for OPA are not used: this version has its own.
pub(super) fn policy(contents: &Contents, mode: Mode) -> Result<Policy, Rejection> {
    let mut data = contents.data.clone();
    data.remove(Layout::COMPILED);
    let text = serde_json::to_string_pretty(&data).map_err(|error| Rejection::of(&error))?;
    let mut modules = Vec::new();
    let mut module_tests = Vec::new();
    for File { path, text } in &contents.modules {
        match Layout::of(path) {
            Layout::Module => modules.push(source(path, text)),
            Layout::ModuleTest => module_tests.push(source(path, text)),
            Layout::Library => {}
            Layout::Unknown => {
                return Err(Rejection {
                    code: Some("bundle.unknown_file"),
                    message: format!("{path:?} is neither below `library` nor below `modules`"),
                });
            }
        }
    }
    let tables = contents.tests.iter();
    Ok(Policy {
        sources: Sources {
            modules,
            data: vec![source("data.json", &text)],
            mode,
        },
        module_tests,
        tables: tables.map(|file| source(&file.path, &file.text)).collect(),
    })
}

fn source(path: &str, text: &str) -> Source {
    Source {
        file: path.to_owned(),
        text: text.to_owned(),
    }
}
