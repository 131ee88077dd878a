//! An event that the provider has not sent: like one of its own, and nothing in it but a piece of one text.

use serde_json::Value;

use super::super::places::{is_name_of_api, is_opaque};
use super::super::texts::Texts;
use crate::json::{Kind, Node};

/// An event that says nothing but a piece of one text.
#[derive(Debug)]
pub(super) struct Delta {
    name: String,
    before: String,
    after: String,
}

/// An event that the provider has not sent.
pub(in crate::answer) struct Inserted {
    pub(in crate::answer) name: String,
    pub(in crate::answer) json: String,
}

impl Delta {
    /// The event without what else it says: on the way to the piece, what is no text stays, where it is
    /// clean.
    pub(super) fn like(
        name: &str,
        root: Node<'_>,
        piece: Node<'_>,
        texts: &Texts<'_>,
        is_clean: impl Fn(&str) -> bool,
    ) -> Self {
        if let Some(delta) = Self::of_block(name, root, piece) {
            return delta;
        }
        let mut path: Vec<_> = std::iter::successors(Some(piece), |node| node.parent()).collect();
        path.reverse();
        let (mut before, mut after) = (String::new(), String::new());
        for (outer, inner) in path.iter().zip(path.iter().skip(1)) {
            if outer.kind() == Kind::Array {
                before.push('[');
                after.insert(0, ']');
                continue;
            }
            before.push('{');
            after.insert(0, '}');
            for child in outer.children() {
                if keeps(child, texts) && is_free_of_data(child, &is_clean) {
                    let key = child.key().unwrap_or_default();
                    before.extend([&*Value::from(&*key).to_string(), ":", child.raw(), ","]);
                }
            }
            let key = inner.key().unwrap_or_default();
            before.extend([&*Value::from(&*key).to_string(), ":"]);
        }
        Self {
            name: name.to_owned(),
            before,
            after,
        }
    }

    /// A content block of Anthropic's may begin with text; what follows comes in events of another type.
    fn of_block(name: &str, root: Node<'_>, piece: Node<'_>) -> Option<Self> {
        let started = root.get("type").and_then(Node::text)? == "content_block_start";
        let key = started.then(|| piece.key()).flatten()?;
        let index = root.get("index").map_or("0", Node::raw);
        let name = match name {
            "content_block_start" => "content_block_delta",
            name => name,
        };
        Some(Self {
            name: name.to_owned(),
            before: format!(
                r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":"{key}_delta","{key}":"#
            ),
            after: "}}".to_owned(),
        })
    }

    pub(super) fn saying(self, text: &str, sequence: Option<u64>) -> Inserted {
        let Self {
            name,
            before,
            after,
        } = self;
        let text = Value::from(text);
        let json = match (sequence, before.strip_prefix('{')) {
            (Some(number), Some(before)) => {
                format!(r#"{{"sequence_number":{number},{before}{text}{after}"#)
            }
            _ => format!("{before}{text}{after}"),
        };
        Inserted { name, json }
    }
}

/// What an event that only says a piece of a text has of another's members.
fn keeps(child: Node<'_>, texts: &Texts<'_>) -> bool {
    let container = matches!(child.kind(), Kind::Array | Kind::Object);
    let at = child.span().start;
    let spoken = texts
        .pieces
        .iter()
        .any(|(_, piece)| piece.span().start == at);
    let key = child.key().unwrap_or_default();
    !container && !spoken && !ONCE.contains(&&*key)
}

/// Only the event itself is rid of the data that was found in it.
fn is_free_of_data(child: Node<'_>, is_clean: impl Fn(&str) -> bool) -> bool {
    let key = child.key().unwrap_or_default();
    let text = child.text().filter(|_| !is_opaque(child));
    (is_name_of_api(&key) || is_clean(&key)) && text.is_none_or(|text| is_clean(&text))
}

/// Members that clients put together from every event, or that belong to the one event.
const ONCE: [&str; 6] = [
    "role",
    "sequence_number",
    "obfuscation",
    "p",
    "signature",
    "thoughtSignature",
];
