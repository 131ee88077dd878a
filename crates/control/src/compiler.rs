//! What the control plane asks of whoever compiles policy sources. It knows neither YAML nor Rego itself.

use std::fmt;

use aegis_api::{Diff, SourceFile};
use aegis_bundle::{File, Scope};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Compiles the sources of a publication. It is called on threads that may block.
pub trait Compiler: Send + Sync + 'static {
    /// Compiles, checks and tests the sources, or says all that is wrong with them: a line for each
    /// mistake, `file:line:column: …` where it has a place.
    fn compile(&self, files: &[File]) -> Result<Box<dyn Compiled>, Vec<String>>;

    /// What changes between two sets of sources. It may be asked before both are known to compile.
    fn diff(&self, old: &[File], new: &[File]) -> Diff;
}

/// Sources that are in order, compiled once for all scopes.
pub trait Compiled {
    /// What one scope gets of them, or what it is in them that keeps it from that. The same sources
    /// and scope make the same package.
    fn package(&self, scope: &Scope) -> Result<Package, Vec<String>>;
}

/// What sources compile to for one scope: a bundle without its manifest and signature.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Package {
    /// As in the manifest of the bundle.
    pub roots: Vec<String>,
    /// `data.json`.
    pub data: Map<String, Value>,
    /// `*.rego`.
    pub modules: Vec<SourceFile>,
    /// `tests/**/*.yaml`.
    pub tests: Vec<SourceFile>,
}

/// Sizes only: policy is its owner's business.
impl fmt::Debug for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Package")
            .field("roots", &self.roots)
            .field("modules", &self.modules.len())
            .field("tests", &self.tests.len())
            .finish_non_exhaustive()
    }
}

pub(crate) fn files(sources: &[SourceFile]) -> Vec<File> {
    let file = |source: &SourceFile| File {
        path: source.path.clone(),
        text: source.text.clone(),
    };
    sources.iter().map(file).collect()
}
