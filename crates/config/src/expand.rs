//! `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}` inside values; what they stand for is
//! never expanded again, and never repeated in an error.

use std::io;
use std::path::Path;

/// Where the values behind references come from.
pub trait Lookup {
    fn env(&self, name: &str) -> Option<String>;
    fn file(&self, path: &Path) -> io::Result<String>;
}

/// This process's environment and files.
#[derive(Clone, Copy, Debug)]
pub struct System;

impl Lookup for System {
    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }
}

/// `None` where the value has no reference. `$${` stands for a plain `${`.
pub(crate) fn expand(
    value: &str,
    base: &Path,
    lookup: &dyn Lookup,
) -> Result<Option<String>, String> {
    if !value.contains("${") {
        return Ok(None);
    }
    let mut expanded = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            expanded.push_str(before);
            expanded.push_str("${");
            rest = after;
            continue;
        }
        let (reference, after) = after
            .split_once('}')
            .ok_or("a reference `${` has no end `}`")?;
        expanded.push_str(before);
        expanded.push_str(&resolve(reference, base, lookup)?);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(Some(expanded))
}

fn resolve(reference: &str, base: &Path, lookup: &dyn Lookup) -> Result<String, String> {
    match reference.split_once(':') {
        Some(("env", variable)) => variable_value(variable, lookup),
        Some(("file", path)) if !path.is_empty() => file_content(&base.join(path), lookup),
        _ => Err("expected ${env:NAME}, ${env:NAME:-default} or ${file:PATH}".to_owned()),
    }
}

/// As in a shell, `:-` also replaces an empty value.
fn variable_value(variable: &str, lookup: &dyn Lookup) -> Result<String, String> {
    let (name, default) = match variable.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (variable, None),
    };
    if name.is_empty()
        || !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return Err("a variable's name has letters, digits and underscores only".to_owned());
    }
    match (lookup.env(name), default) {
        (Some(value), None) => Ok(value),
        (Some(value), Some(_)) if !value.is_empty() => Ok(value),
        (_, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(format!("the environment variable `{name}` is not set")),
    }
}

/// Without the line end that editors and secret stores add.
fn file_content(path: &Path, lookup: &dyn Lookup) -> Result<String, String> {
    let mut content = lookup
        .file(path)
        .map_err(|error| format!("cannot read `{}`: {}", path.display(), error.kind()))?;
    content.truncate(content.trim_end_matches(['\r', '\n']).len());
    Ok(content)
}
