//! Which module of a bundle is whose: the shipped library, the users' own, their tests. Knows no contents.

/// What a Rego file of a policy bundle is, told by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The decision's logic and the glue for OPA, as whoever built the bundle had them.
    Library,
    Module,
    /// `*_test.rego` beside the modules.
    ModuleTest,
    Unknown,
}

impl Layout {
    /// The directory of [`Layout::Library`].
    pub const LIBRARY: &str = "library";
    /// The directory of the users' own modules and their tests.
    pub const MODULES: &str = "modules";
    /// The directory of policy tests.
    pub const TESTS: &str = "tests";
    /// The key of `data.json` that the library reads; made from the others.
    pub const COMPILED: &str = "compiled";

    pub fn of(path: &str) -> Self {
        match path.split_once('/') {
            Some((Self::LIBRARY, _)) => Self::Library,
            Some((Self::MODULES, _)) if path.ends_with("_test.rego") => Self::ModuleTest,
            Some((Self::MODULES, _)) => Self::Module,
            _ => Self::Unknown,
        }
    }
}
