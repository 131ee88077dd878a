//! Reads a policy directory into texts. Judges nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aegis_authoring::Files;
use aegis_policy::Source;

/// Reads `*.rego`, `*.yaml`, `*.yml` and `*.json` of the directory, in the order of their names.
///
/// Hidden files, directories and Rego tests (`*_test.rego`) are left out. Where the directory is a
/// mounted Kubernetes volume (`..data` points at the files), all are read from one version of it.
/// A directory without any is an error: nobody means a policy of nothing.
pub fn read(directory: &Path) -> io::Result<Files> {
    let mut version = one_version(directory);
    loop {
        let files = read_version(directory, &version);
        let now = one_version(directory);
        // The old version may have been taken away while it was read.
        if now == version {
            return files;
        }
        version = now;
    }
}

fn read_version(directory: &Path, version: &Path) -> io::Result<Files> {
    let mut files = Files::default();
    let mut total = 0;
    for path in list(directory, version)? {
        let name = directory
            .join(path.file_name().unwrap_or_default())
            .display()
            .to_string();
        let text = fs::read_to_string(&path).map_err(|error| named(&name, &error))?;
        total += text.len();
        if total > MAX_BYTES {
            return Err(io::Error::other(
                "the policy directory holds more than 64 MiB",
            ));
        }
        let source = Source { file: name, text };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("rego") => files.modules.push(source),
            _ => files.data.push(source),
        }
    }
    if files.modules.is_empty() && files.data.is_empty() {
        let error = io::Error::new(
            io::ErrorKind::NotFound,
            "no *.rego, *.yaml, *.yml or *.json",
        );
        return Err(named(&directory.display().to_string(), &error));
    }
    Ok(files)
}

fn one_version(directory: &Path) -> PathBuf {
    fs::canonicalize(directory.join("..data")).unwrap_or_else(|_| directory.to_owned())
}

fn list(directory: &Path, version: &Path) -> io::Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(version).map_err(|error| named(&directory.display().to_string(), &error))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if is_source(&path) && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn is_source(path: &Path) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("rego" | "yaml" | "yml" | "json"))
        && !name.starts_with('.')
        && !name.ends_with("_test.rego")
}

fn named(what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

const MAX_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests;
