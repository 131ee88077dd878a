//! Reads a policy directory, with all below it, into texts. Judges nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aegis_authoring::Files;
use aegis_policy::Source;

/// The policy in a directory, its files by their paths. Tests are left out.
pub fn read(directory: &Path) -> io::Result<Files> {
    let Files { data, modules, .. } = Files::sort(texts(directory)?);
    if data.is_empty() && modules.is_empty() {
        return Err(nothing(directory));
    }
    let named = |sources: Vec<Source>| {
        let named = sources.into_iter().map(|source| Source {
            file: directory.join(&source.file).display().to_string(),
            ..source
        });
        named.collect()
    };
    Ok(Files {
        data: named(data),
        modules: named(modules),
        ..Files::default()
    })
}

/// Every `*.rego`, `*.yaml`, `*.yml` and `*.json` of the directory and of those below it, by its path from there
/// on and in the order of these paths.
///
/// What is hidden is left out. Where the directory is a mounted Kubernetes volume (`..data` points at
/// the files), all are read from one version of it. What would be part of the policy and cannot be read is an
/// error, and so is a directory without any: nobody means a policy of nothing.
pub fn texts(directory: &Path) -> io::Result<Vec<Source>> {
    let mut version = one_version(directory);
    loop {
        let texts = read_version(directory, &version);
        let now = one_version(directory);
        // The old version may have been taken away while it was read.
        if now == version {
            return texts;
        }
        version = now;
    }
}

fn read_version(directory: &Path, version: &Path) -> io::Result<Vec<Source>> {
    let mut paths = Vec::new();
    walk(version, &mut paths)?;
    let mut texts = Vec::with_capacity(paths.len());
    let mut total = 0;
    for path in paths {
        let file = path.strip_prefix(version).unwrap_or(&path);
        let text =
            fs::read_to_string(&path).map_err(|error| named(&directory.join(file), &error))?;
        total += text.len();
        if total > MAX_BYTES {
            let error = io::Error::other("it holds more than 64 MiB");
            return Err(named(directory, &error));
        }
        let file = file.display().to_string();
        texts.push(Source { file, text });
    }
    texts.sort_by(|a, b| a.file.cmp(&b.file));
    if texts.is_empty() {
        return Err(nothing(directory));
    }
    Ok(texts)
}

fn one_version(directory: &Path) -> PathBuf {
    fs::canonicalize(directory.join("..data")).unwrap_or_else(|_| directory.to_owned())
}

/// A link to a directory may lead back: it is not followed.
fn walk(directory: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory).map_err(|error| named(directory, &error))? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if is_hidden(&name.to_string_lossy()) {
            continue;
        }
        let is_link = entry.file_type()?.is_symlink();
        if is_link && path.is_dir() {
            let error = io::Error::other("a link to a directory is not followed");
            return Err(named(&path, &error));
        }
        if path.is_dir() {
            walk(&path, found)?;
        } else if is_source(&path) {
            let kind = fs::metadata(&path).map_err(|error| named(&path, &error))?;
            if !kind.is_file() {
                return Err(named(&path, &io::Error::other("it is no file")));
            }
            found.push(path);
        }
    }
    Ok(())
}

/// The second is in the root of every volume, and nobody may read it.
fn is_hidden(name: &str) -> bool {
    name.starts_with('.') || name == "lost+found"
}

fn is_source(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("rego" | "yaml" | "yml" | "json"))
}

fn nothing(directory: &Path) -> io::Error {
    let what = "no *.yaml, *.yml, *.json or *.rego";
    named(directory, &io::Error::new(io::ErrorKind::NotFound, what))
}

fn named(what: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", what.display()))
}

const MAX_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests;
