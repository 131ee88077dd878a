//! A JSON document without what it must not bring: strings, numbers and the names of members. Every other byte stays.

use serde_json::Value;

use super::{Cleaner, ContentError, Denied};
use crate::findings::digits;
use crate::json::{Kind, Node, Tree};
use crate::redact::edits::Edits;

impl Cleaner {
    /// `None` where it may go as it is.
    pub(crate) fn json(&mut self, body: &[u8]) -> Result<Option<String>, ContentError> {
        let tree = Tree::parse(body)?;
        let mut edits = Edits::default();
        let mut names = 0_u32;
        for node in tree.nodes() {
            if let (Some(name), Some(span)) = (node.key(), node.key_span())
                && let Some(redacted) = self.cleaned(None, &name)?
            {
                names += 1;
                // Two members must not become one.
                edits.replace(span, quoted(&format!("{redacted} {names}")));
            }
            if is_of_rpc(node) {
                continue;
            }
            if let Some(text) = self.leaf(node)? {
                edits.replace(node.span(), quoted(&text));
            }
        }
        let text = std::str::from_utf8(body).map_err(|_| ContentError::Utf8)?;
        Ok(edits.apply(text))
    }

    /// A JSON document with the values of its tokens, in strings alone; `None` where it has none, or
    /// is not JSON.
    pub(crate) fn restore_json(&self, text: &str) -> Option<String> {
        if !text.contains('[') {
            return None;
        }
        let tree = Tree::parse(text.as_bytes()).ok()?;
        let mut edits = Edits::default();
        for node in tree.leaves() {
            if let Some(restored) = node.text().and_then(|text| self.restore(&text)) {
                edits.replace(node.span(), quoted(&restored));
            }
        }
        edits.apply(text)
    }

    /// A number is searched as it is written and as its digits; what replaces it is text.
    fn leaf(&mut self, node: Node<'_>) -> Result<Option<String>, Denied> {
        let name = node.name();
        match node.kind() {
            Kind::String => self.text(name.as_deref(), &node.text().unwrap_or_default()),
            Kind::Number => {
                let found = self.number(name.as_deref(), node.raw())?;
                match (found, digits(node)) {
                    (None, Some(digits)) => self.number(name.as_deref(), &digits),
                    (found, _) => Ok(found),
                }
            }
            _ => Ok(None),
        }
    }
}

/// What clients go by to tell which request is answered, wherever it comes from.
fn is_of_rpc(node: Node<'_>) -> bool {
    let Some(key) = node.key() else { return false };
    let message = node.parent().filter(|outer| outer.get("jsonrpc").is_some());
    match &*key {
        "id" | "jsonrpc" | "method" => message.is_some(),
        "progressToken" => true,
        _ => false,
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
