//! Which place of whose text each part of the compiled data comes from. It holds no data itself.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aegis_document::{Document, Problem};
use serde_json::{Map, Value as Json};

/// Where something was written. Line and column count from 1; columns count characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

/// A value in somebody's text, by its path.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    pub(crate) document: Arc<Document>,
    path: Vec<String>,
}

/// From paths of the compiled data to spots. What is not noted itself is below its nearest
/// ancestor, under the same names.
#[derive(Debug, Default)]
pub(crate) struct SourceMap(BTreeMap<Vec<String>, Spot>);

impl Spot {
    pub(crate) fn new(document: &Arc<Document>, path: &[&str]) -> Self {
        Self {
            document: Arc::clone(document),
            path: owned(path),
        }
    }

    pub(crate) fn below(&self, path: &[&str]) -> Self {
        let mut below = self.clone();
        below.path.extend(owned(path));
        below
    }

    pub(crate) fn problem(&self, message: impl Into<String>) -> Problem {
        self.document.problem(&borrowed(&self.path), message)
    }

    /// Whether what is said about it would only follow from a mistake of form that has been told.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.document.is_in_doubt(&borrowed(&self.path))
    }

    pub(crate) fn origin(&self) -> Origin {
        let Problem {
            file, line, column, ..
        } = self.problem("");
        Origin { file, line, column }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl SourceMap {
    pub(crate) fn note(&mut self, data: &[&str], spot: Spot) {
        self.0.insert(owned(data), spot);
    }

    pub(crate) fn noted(&self, data: &[&str]) -> Option<&Spot> {
        self.0.get(&owned(data))
    }

    /// The spot of the value at `data`, or of its nearest ancestor that somebody has written.
    pub(crate) fn find(&self, data: &[&str]) -> Option<Spot> {
        let mut above = owned(data);
        loop {
            if let Some(spot) = self.0.get(&above) {
                return Some(spot.below(data.get(above.len()..).unwrap_or_default()));
            }
            above.pop()?;
        }
    }

    /// A problem with the compiled data, as it is printed, told where its cause was written; `None`
    /// where that has been told already.
    pub(crate) fn tell(&self, data: &Map<String, Json>, problem: Problem) -> Option<Problem> {
        let path = path_at(data, problem.line);
        let Some(spot) = self.find(&borrowed(&path)) else {
            return Some(problem);
        };
        if spot.is_in_doubt() {
            return None;
        }
        let message = if spot.path.first().is_some_and(|key| key == "spec") {
            in_words_of_documents(&problem.message)
        } else {
            problem.message
        };
        Some(Problem {
            hint: problem.hint,
            ..spot.problem(message)
        })
    }
}

/// The data as a text of one value a line.
pub(crate) fn print(data: &Map<String, Json>) -> String {
    format!("{:#}\n", Json::Object(data.clone()))
}

/// The path of the value that begins (or, of a mapping or list, ends) on this line of the pretty
/// print, which gives each value a line.
fn path_at(data: &Map<String, Json>, line: usize) -> Vec<String> {
    let mut path = Vec::new();
    seek_entries(data, line, &mut 1, &mut path);
    path
}

/// `at` is the line on which `value` begins, and afterwards the one on which it ends.
fn seek(value: &Json, line: usize, at: &mut usize, path: &mut Vec<String>) -> bool {
    if *at == line {
        return true;
    }
    match value {
        Json::Object(entries) => seek_entries(entries, line, at, path),
        Json::Array(items) => {
            let items = items.iter().enumerate();
            let items = items.map(|(position, item)| (position.to_string(), item));
            seek_below(items, line, at, path)
        }
        _ => false,
    }
}

fn seek_entries(
    entries: &Map<String, Json>,
    line: usize,
    at: &mut usize,
    path: &mut Vec<String>,
) -> bool {
    let entries = entries.iter().map(|(name, child)| (name.clone(), child));
    seek_below(entries, line, at, path)
}

fn seek_below<'a>(
    children: impl ExactSizeIterator<Item = (String, &'a Json)>,
    line: usize,
    at: &mut usize,
    path: &mut Vec<String>,
) -> bool {
    if children.len() == 0 {
        return false;
    }
    for (name, child) in children {
        *at += 1;
        path.push(name);
        if seek(child, line, at, path) {
            return true;
        }
        path.pop();
    }
    // The closing bracket.
    *at += 1;
    *at == line
}

/// What the data calls otherwise than documents do.
fn in_words_of_documents(message: &str) -> String {
    message.replace("`approve_above`", "`approveAbove`")
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|&name| name.to_owned()).collect()
}

fn borrowed(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}
