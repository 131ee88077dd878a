//! A compiler for tests: every file is data, `mistake` in a text is one, `loose` allows more.

use aegis_api::Diff;
use aegis_bundle::{File, Scope};
use aegis_control::{Compiled, Compiler, Package};
use serde_json::{Map, Value, json};

pub(crate) struct Words;

impl Compiler for Words {
    fn compile(&self, files: &[File]) -> Result<Box<dyn Compiled>, Vec<String>> {
        let is_wrong = |file: &&File| file.text.contains("mistake");
        let mistakes: Vec<String> = files
            .iter()
            .filter(is_wrong)
            .map(|file| format!("{}:1:1: a mistake", file.path))
            .collect();
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(Box::new(Texts(files.to_vec())))
    }

    fn diff(&self, old: &[File], new: &[File]) -> Diff {
        let changed = new.iter().filter(|file| !old.contains(file));
        Diff {
            lines: changed
                .map(|file| format!("{} changes", file.path))
                .collect(),
            loosened: new.iter().any(|file| file.text.contains("loose")),
        }
    }
}

/// Texts without a mistake.
struct Texts(Vec<File>);

impl Compiled for Texts {
    fn package(&self, scope: &Scope) -> Result<Package, Vec<String>> {
        let files = &self.0;
        if files.iter().any(|file| file.text.contains("only acme"))
            && scope.to_string().contains("beta")
        {
            return Err(vec!["acme.yaml:2:3: there is no tenant beta".to_owned()]);
        }
        let texts: Map<String, Value> = files
            .iter()
            .map(|file| (file.path.clone(), json!(file.text)))
            .collect();
        let mut data = Map::new();
        data.insert(
            "aegis".to_owned(),
            json!({"files": texts, "scope": scope.to_string()}),
        );
        Ok(Package {
            roots: vec!["aegis".to_owned()],
            data,
            modules: Vec::new(),
            tests: Vec::new(),
        })
    }
}
