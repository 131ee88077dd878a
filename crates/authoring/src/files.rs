//! Which file of a directory is what, by its path alone. It opens none.

use aegis_policy::Source;

/// Everything a directory of policy sources holds, as texts, by path relative to that directory.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Documents and plain data.
    pub data: Vec<Source>,
    /// Users' own Rego modules.
    pub modules: Vec<Source>,
    /// Tests of those, in Rego.
    pub module_tests: Vec<Source>,
    /// Table tests of the whole policy.
    pub tests: Vec<Source>,
}

impl Files {
    /// Each file to its kind, in the order of their paths; what is neither is left out, and so is
    /// everything that is hidden: a mounted volume keeps a second copy of its files there.
    pub fn sort(files: impl IntoIterator<Item = Source>) -> Self {
        let mut sorted = Self::default();
        for source in files {
            if let Some(list) = sorted.list_for(&source.file) {
                list.push(source);
            }
        }
        for list in [
            &mut sorted.data,
            &mut sorted.modules,
            &mut sorted.module_tests,
            &mut sorted.tests,
        ] {
            list.sort_by(|a, b| a.file.cmp(&b.file));
        }
        sorted
    }

    fn list_for(&mut self, path: &str) -> Option<&mut Vec<Source>> {
        let path = path.strip_prefix("./").unwrap_or(path);
        if path.split('/').any(|part| part.starts_with('.')) {
            return None;
        }
        let (stem, extension) = path.rsplit_once('.')?;
        match (extension, path.starts_with("tests/")) {
            ("rego", _) if stem.ends_with("_test") => Some(&mut self.module_tests),
            ("rego", _) => Some(&mut self.modules),
            ("yaml" | "yml", true) => Some(&mut self.tests),
            ("yaml" | "yml" | "json", false) => Some(&mut self.data),
            _ => None,
        }
    }
}
