//! Reads YAML and JSON into typed values and names the place of every mistake; opens no files.
//!
//! Two readers look at every text: one gives the values, an event parser gives the places, and
//! where the two see different documents the text is refused. Mistakes of form come out all at
//! once, and [`Document::read_sound`] gives what they leave to whoever looks for mistakes of meaning
//! and asks [`Document::problem`] for their places. No message
//! repeats a value, since a value may be a secret.

mod deserializer;
mod explain;
mod mistake;
mod node;
mod problem;
mod tree;
mod values;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::de::DeserializeOwned;

use crate::node::{Kind, Node};
pub use crate::problem::{Problem, Problems, nearest};

/// One YAML 1.2 or JSON document with the place of everything in it.
pub struct Document {
    file: String,
    root: Node,
}

impl Document {
    /// Reads the text. A name that ends in `.json` asks for strict JSON. An empty text is an
    /// empty mapping.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        let text = without_mark(text);
        let root = match tree::build(file, text)? {
            Some(mut root) => {
                values::fill(file, text, &mut root)?;
                root
            }
            None => Node::empty(),
        };
        Ok(Self {
            file: file.to_owned(),
            root,
        })
    }

    /// Reads every document of the text, those that hold nothing left out: `---` divides them.
    /// A name that ends in `.json` asks for strict JSON, which is one document.
    pub fn parse_all(file: &str, text: &str) -> Result<Vec<Self>, Problems> {
        if values::is_json(file) {
            return Ok(vec![Self::parse(file, text)?]);
        }
        let text = without_mark(text);
        let mut roots = tree::build_all(file, text)?;
        values::fill_all(file, text, &mut roots)?;
        let written = roots
            .into_iter()
            .filter(|root| !matches!(root.kind, Kind::Null));
        Ok(written
            .map(|root| Self {
                file: file.to_owned(),
                root,
            })
            .collect())
    }

    /// The whole document as a `T`, or all of its mistakes.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Problems> {
        explain::read(&self.file, &self.root)
    }

    /// Reads on past mistakes of form: the value, as far as the text is sound, and the mistakes. From
    /// then on this document is what was read, and [`Self::is_in_doubt`] tells where it is not what
    /// the text says. No value where too little is sound.
    pub fn read_sound<T: DeserializeOwned>(&mut self) -> (Option<T>, Problems) {
        let survey = explain::survey(&self.file, &self.root);
        if let Some(rest) = survey.rest {
            self.root = rest;
        }
        (survey.value, survey.problems)
    }

    /// Whether a mistake is the reason for what stands at `path`, or for nothing standing there. What
    /// is said about such a place would follow from that mistake.
    pub fn is_in_doubt(&self, path: &[&str]) -> bool {
        self.root.is_in_doubt(path)
    }

    /// The part under `path` (keys, or list positions as decimal numbers) as a `T`.
    pub fn read_at<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, Problems> {
        match self.root.find(path) {
            (node, []) => explain::read(&self.file, node),
            (_, [missing, ..]) => Err(self
                .problem(path, format!("the key `{missing}` is missing"))
                .into()),
        }
    }

    /// The keys at the top, in the order of the text.
    pub fn keys(&self) -> Vec<&str> {
        self.root
            .entries()
            .iter()
            .map(|entry| &*entry.key)
            .collect()
    }

    /// A mistake of meaning at `path`, or at its nearest ancestor that is in the text.
    pub fn problem(&self, path: &[&str], message: impl Into<String>) -> Problem {
        let (node, _) = self.root.find(path);
        Problem::new(&self.file, node.place, message)
    }

    /// Replaces text values (keys never) by what `replace` makes of them; `None` keeps the value.
    /// What `replace` refuses becomes a problem at the value's place, with its message, and is in
    /// doubt from then on.
    pub fn expand(
        &mut self,
        replace: &dyn Fn(&str) -> Result<Option<String>, String>,
    ) -> Result<(), Problems> {
        let mut problems = Problems::default();
        self.root.for_each(&mut |node| {
            let Kind::Text(text) = &mut node.kind else {
                return;
            };
            match replace(text) {
                Ok(None) => {}
                Ok(Some(new)) => *text = new.into(),
                Err(message) => {
                    problems.push(Problem::new(&self.file, node.place, message));
                    node.kind = Kind::Anything;
                }
            }
        });
        problems.into_result(())
    }
}

/// What some editors put before a text is no part of it; YAML readers do not agree on it.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Only the name: values may be secrets.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}
