//! JSON that is written as the text of a value: arguments of tools, payloads of hooks. It reads it and searches nothing.

use serde_json::Value;

use crate::json::{self, Tree};

/// What a text says, where it is an object or a list as JSON and not more than [`MOST`] others are
/// around it. `level` is how many are.
///
/// It is read as strictly as a body: what is not, is text and searched as such.
pub(crate) fn within(text: &str, level: usize) -> Option<Value> {
    may_be(text, level).then(|| json::value(text.as_bytes()).ok())?
}

/// The same with the places of its values.
pub(crate) fn tree(text: &str, level: usize) -> Option<Tree<'_>> {
    may_be(text, level).then(|| Tree::parse(text.as_bytes()).ok())?
}

fn may_be(text: &str, level: usize) -> bool {
    level < MOST && text.trim_start().starts_with(['{', '['])
}

/// JSON in JSON in JSON happens; more is an attempt to be expensive.
const MOST: usize = 4;
