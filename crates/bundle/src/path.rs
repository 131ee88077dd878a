//! Which paths a bundle may have and what lies there; knows no contents.

use crate::error::BundleError;

/// What a file is, told by its path alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Manifest,
    Data,
    Signatures,
    Module,
    Test,
}

impl Kind {
    /// Whether OPA hashes the JSON value of the file instead of its bytes.
    pub(crate) fn structured(self) -> bool {
        matches!(self, Self::Manifest | Self::Data)
    }
}

/// The kind of the file at `path`, or why no such file belongs in a bundle.
///
/// OPA would take a `data.yaml` below `tests` as data, and finds `.manifest` and signatures by the
/// end of their names; all three have one place here.
pub(crate) fn classify(path: &str) -> Result<Kind, BundleError> {
    if let Err(reason) = check(path) {
        let path = path.to_owned();
        return Err(BundleError::UnsafePath { path, reason });
    }
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let hidden = path.split('/').any(|part| part.starts_with('.'));
    let test = directory.split('/').next() == Some("tests");
    match path {
        MANIFEST => Ok(Kind::Manifest),
        DATA => Ok(Kind::Data),
        SIGNATURES => Ok(Kind::Signatures),
        _ if hidden => Err(unknown(path)),
        _ if has_stem_before(name, ".rego") => Ok(Kind::Module),
        _ if test && name != "data.yaml" && has_stem_before(name, ".yaml") => Ok(Kind::Test),
        _ => Err(unknown(path)),
    }
}

/// Few characters, so that no two paths look alike or become one on another file system.
fn check(path: &str) -> Result<(), &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if path.len() > MAX_LENGTH {
        return Err("it is longer than 100 bytes");
    }
    if path.starts_with('/') {
        return Err("it is absolute");
    }
    if !path.chars().all(plain) {
        return Err("only ASCII letters, digits and `._-/` may be in it");
    }
    if path.split('/').any(str::is_empty) {
        return Err("a part of it is empty");
    }
    if path.split('/').any(|part| matches!(part, "." | "..")) {
        return Err("`.` and `..` may not be parts of it");
    }
    if path.split('/').count() > MAX_DEPTH {
        return Err("it has more than 8 parts");
    }
    Ok(())
}

fn has_stem_before(name: &str, extension: &str) -> bool {
    name.strip_suffix(extension)
        .is_some_and(|stem| !stem.is_empty())
}

fn unknown(path: &str) -> BundleError {
    BundleError::UnknownFile {
        path: path.to_owned(),
    }
}

pub(crate) const MANIFEST: &str = ".manifest";
pub(crate) const DATA: &str = "data.json";
pub(crate) const SIGNATURES: &str = ".signatures.json";

/// What fits into the name field of a tar header, so that no extension header is ever needed.
const MAX_LENGTH: usize = 100;
const MAX_DEPTH: usize = 8;
