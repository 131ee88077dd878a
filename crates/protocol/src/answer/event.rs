//! Reading one event's JSON so that no client could read it in another way. It knows no API.

use std::borrow::Cow;

use crate::json::{Kind, Node};

use super::AnswerError;

/// One event of an answer, or the whole answer.
#[derive(Clone, Copy)]
pub(super) struct Event<'t> {
    /// The name that the framing gives it: `event:` of SSE, `:event-type` of AWS. Empty without one.
    pub(super) name: &'t str,
    pub(super) root: Node<'t>,
}

/// A member that calls depend on; `null` is none.
///
/// Some clients read names without regard to case or underscores, so another spelling is an error.
pub(crate) fn member<'t>(node: Node<'t>, name: &str) -> Result<Option<Node<'t>>, AnswerError> {
    if node.kind() != Kind::Object {
        return Err(AnswerError::Malformed("an object is due"));
    }
    let mut found = None;
    for child in node.children() {
        match child.key() {
            Some(key) if key == name => found = Some(child),
            Some(key) if spells(&key, name) => {
                return Err(AnswerError::Ambiguous("a member in another spelling"));
            }
            _ => {}
        }
    }
    Ok(found.filter(|child| child.kind() != Kind::Null))
}

/// Like [`member`], and of this kind.
pub(crate) fn typed<'t>(
    node: Node<'t>,
    name: &str,
    kind: Kind,
) -> Result<Option<Node<'t>>, AnswerError> {
    match member(node, name)? {
        Some(child) if child.kind() != kind => {
            Err(AnswerError::Malformed("a member is of another type"))
        }
        child => Ok(child),
    }
}

pub(super) fn object<'t>(node: Node<'t>, name: &str) -> Result<Option<Node<'t>>, AnswerError> {
    typed(node, name, Kind::Object)
}

pub(crate) fn string<'t>(node: Node<'t>, name: &str) -> Result<Option<Node<'t>>, AnswerError> {
    typed(node, name, Kind::String)
}

/// A string's text; empty without one.
pub(super) fn text<'t>(node: Node<'t>, name: &str) -> Result<Cow<'t, str>, AnswerError> {
    let found = string(node, name)?.and_then(Node::text);
    Ok(found.unwrap_or_default())
}

/// The objects in a list; none without one.
pub(super) fn objects<'t>(node: Node<'t>, name: &str) -> Result<Vec<Node<'t>>, AnswerError> {
    let Some(list) = typed(node, name, Kind::Array)? else {
        return Ok(Vec::new());
    };
    let items: Vec<_> = list
        .children()
        .filter(|item| item.kind() != Kind::Null)
        .collect();
    if items.iter().any(|item| item.kind() != Kind::Object) {
        return Err(AnswerError::Malformed("a list of objects is due"));
    }
    Ok(items)
}

/// The place that a part of a call belongs to, which it must name.
///
/// Far below the numbers that some clients can no longer tell apart.
pub(super) fn index(node: Node<'_>, name: &str) -> Result<u64, AnswerError> {
    member(node, name)?
        .and_then(whole)
        .filter(|index| u16::try_from(*index).is_ok())
        .ok_or(AnswerError::Malformed("a part of a call without its index"))
}

/// A whole number as it stands, for what is only told and never decides.
pub(super) fn count(node: Node<'_>, pointer: &[&str]) -> Option<u64> {
    at(node, pointer).and_then(whole)
}

/// What stands under these keys, for what is only told and never decides.
pub(super) fn at<'t>(node: Node<'t>, path: &[&str]) -> Option<Node<'t>> {
    path.iter().try_fold(node, |node, key| node.get(key))
}

fn whole(node: Node<'_>) -> Option<u64> {
    (node.kind() == Kind::Number)
        .then(|| node.raw().parse().ok())
        .flatten()
}

/// Whether some clients take one name for the other.
pub(crate) fn spells(key: &str, name: &str) -> bool {
    fn folded(text: &str) -> impl Iterator<Item = char> {
        text.chars().filter(|letter| *letter != '_').map(fold)
    }
    folded(key).eq(folded(name))
}

/// Simple case folding as far as it leads into ASCII: the long s and the Kelvin sign fold to letters.
fn fold(letter: char) -> char {
    match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        _ => letter.to_ascii_lowercase(),
    }
}
