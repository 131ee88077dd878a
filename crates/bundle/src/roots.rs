//! The roots of a bundle: what part of `data` it owns. Rules of OPA; looks at paths, not at Rego.

use serde_json::{Map, Value};

use crate::error::BundleError;

/// Not empty, written in one way, and none within another.
pub(crate) fn check(roots: &[String]) -> Result<(), &'static str> {
    if roots.is_empty() {
        return Err("`roots` is empty");
    }
    for (index, root) in roots.iter().enumerate() {
        if !root.is_empty() && root.split('/').any(str::is_empty) {
            return Err("a root must not begin or end with `/`, nor have empty parts");
        }
        let overlaps = |other: &String| within(other, root) || within(root, other);
        if roots.iter().skip(index + 1).any(overlaps) {
            return Err("a root lies within another");
        }
    }
    Ok(())
}

/// Only what packages of modules lie outside is left to whoever reads Rego.
pub(crate) fn check_data(data: &Map<String, Value>, roots: &[String]) -> Result<(), BundleError> {
    if roots.iter().any(String::is_empty) {
        return Ok(());
    }
    check_below("", data, roots)
}

fn check_below(
    parent: &str,
    data: &Map<String, Value>,
    roots: &[String],
) -> Result<(), BundleError> {
    for (key, value) in data {
        let path = match parent {
            "" => key.clone(),
            parent => format!("{parent}/{key}"),
        };
        if roots.iter().any(|root| within(&path, root)) {
            continue;
        }
        match value {
            Value::Object(data) if roots.iter().any(|root| within(root, &path)) => {
                check_below(&path, data, roots)?;
            }
            _ => return Err(BundleError::OutsideRoots { path }),
        }
    }
    Ok(())
}

fn within(path: &str, root: &str) -> bool {
    root.is_empty()
        || path
            .strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
