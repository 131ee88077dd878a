//! Reads a directory of policy sources, with all below it, into texts. Judges nothing.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aegis_authoring::Files;
use aegis_policy::Source;

use crate::exit::{Exit, Failure};

/// The policy in this directory and all below it.
pub(crate) fn read(directory: &Path) -> Result<Files, Failure> {
    let files = Files::sort(texts(directory)?);
    if files.data.is_empty() && files.modules.is_empty() {
        return Err(unreadable(directory, &NOTHING));
    }
    Ok(files)
}

/// Every `*.rego`, `*.yaml`, `*.yml` and `*.json`, by its path from the directory on. What is
/// hidden is left out; a link to a directory is not followed, for it may lead back.
pub(crate) fn texts(directory: &Path) -> Result<Vec<Source>, Failure> {
    let mut texts = sources(directory).map_err(|error| unreadable(directory, &error))?;
    if texts.is_empty() {
        return Err(unreadable(directory, &NOTHING));
    }
    texts.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(texts)
}

fn unreadable(directory: &Path, why: &dyn fmt::Display) -> Failure {
    let name = directory.display();
    let message = format!("cannot read the policy directory {name}: {why}");
    Failure::new(Exit::Configuration, message)
}

fn sources(directory: &Path) -> io::Result<Vec<Source>> {
    let mut paths = Vec::new();
    walk(directory, &mut paths)?;
    let mut sources = Vec::with_capacity(paths.len());
    let mut total = 0;
    for path in paths {
        let file = path.strip_prefix(directory).unwrap_or(&path);
        let file = file.display().to_string();
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{file}: {error}"));
        total += fs::metadata(&path).map_err(named)?.len();
        if total > MAX_BYTES {
            return Err(io::Error::other("it holds more than 64 MiB"));
        }
        let text = fs::read_to_string(&path).map_err(named)?;
        sources.push(Source { file, text });
    }
    Ok(sources)
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(&path, found)?;
        } else if is_source(&path) && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

fn is_source(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("rego" | "yaml" | "yml" | "json"))
}

const NOTHING: &str = "it has no *.yaml, *.yml, *.json or *.rego";

/// As much as a proxy reads of one.
const MAX_BYTES: u64 = 64 << 20;
