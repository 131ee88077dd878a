//! Which parts of the policy data come from one text, so that an edit of it changes them all. Edits nothing.

use aegis_authoring::Compiled;
use serde_json::Value as Json;

/// Every path of the data that changes when the author edits what is at `path`, `path` first.
pub(super) fn together(compiled: &Compiled, path: &[String]) -> Vec<Vec<String>> {
    // What is not there yet is written below what is.
    let (there, new) = split(compiled, path);
    let origin = compiled.origin(&borrowed(there));
    let mut paths = vec![path.to_vec()];
    let Some((_, name)) = there.split_first() else {
        return paths;
    };
    let Some((section, last)) = name.first().zip(there.last()) else {
        return paths;
    };
    let mut alike = Vec::new();
    if let Some(entries) = compiled
        .data()
        .get("aegis")
        .and_then(|data| data.get(section))
    {
        let mut at = vec!["aegis".to_owned(), section.clone()];
        collect(entries, there.len(), last, &mut at, &mut alike);
    }
    for found in alike {
        if found != there && origin.is_some() && compiled.origin(&borrowed(&found)) == origin {
            paths.push([&found[..], new].concat());
        }
    }
    paths
}

/// The part of the path that the data has, and the rest.
fn split<'a>(compiled: &Compiled, path: &'a [String]) -> (&'a [String], &'a [String]) {
    let mut value = path.first().and_then(|key| compiled.data().get(key));
    let mut depth = 0;
    while value.is_some() {
        depth += 1;
        value = value
            .zip(path.get(depth))
            .and_then(|(value, key)| value.get(key));
    }
    path.split_at(depth)
}

/// Paths of this length that end with this name.
fn collect(
    value: &Json,
    length: usize,
    last: &str,
    at: &mut Vec<String>,
    found: &mut Vec<Vec<String>>,
) {
    if at.len() == length {
        if at.last().is_some_and(|name| name == last) {
            found.push(at.clone());
        }
        return;
    }
    for (name, below) in value.as_object().into_iter().flatten() {
        at.push(name.clone());
        collect(below, length, last, at, found);
        at.pop();
    }
}

fn borrowed(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}
