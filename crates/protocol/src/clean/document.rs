//! A JSON document without what it must not bring: strings, numbers and the names of members, also of JSON in strings. Every other byte stays.

use std::ops::Range;

use serde_json::Value;

use super::{Cleaner, ContentError, Denied};
use crate::findings::digits;
use crate::json::{Kind, Node, Tree};
use crate::json_rpc;
use crate::nested;
use crate::redact::edits::Edits;

impl Cleaner {
    /// `None` where it may go as it is.
    pub(crate) fn json(&mut self, body: &[u8]) -> Result<Option<String>, ContentError> {
        let tree = Tree::parse(body)?;
        let text = std::str::from_utf8(body).map_err(|_| ContentError::Utf8)?;
        Ok(self.tree(&tree, text, 0)?)
    }

    /// With these texts, which are clean, in these places.
    pub(super) fn json_saying(
        &mut self,
        tree: &Tree<'_>,
        text: &str,
        said: &[(Range<usize>, String)],
    ) -> Result<Option<String>, Denied> {
        self.tree_saying(tree, text, 0, said)
    }

    /// The name of a member without the data in it, and where it stands. `names` counts them.
    pub(crate) fn renamed(
        &mut self,
        node: Node<'_>,
        names: &mut u32,
    ) -> Result<Option<(Range<usize>, String)>, Denied> {
        let Some((name, span)) = node.key().zip(node.key_span()) else {
            return Ok(None);
        };
        Ok(self.cleaned(None, &name)?.map(|redacted| {
            *names += 1;
            // Two members must not become one.
            (span, quoted(&format!("{redacted} {names}")))
        }))
    }

    /// `level` is how many strings are around this JSON.
    fn tree(
        &mut self,
        tree: &Tree<'_>,
        text: &str,
        level: usize,
    ) -> Result<Option<String>, Denied> {
        self.tree_saying(tree, text, level, &[])
    }

    fn tree_saying(
        &mut self,
        tree: &Tree<'_>,
        text: &str,
        level: usize,
        said: &[(Range<usize>, String)],
    ) -> Result<Option<String>, Denied> {
        let mut edits = Edits::default();
        let mut names = 0_u32;
        for node in tree.nodes() {
            if let Some((span, name)) = self.renamed(node, &mut names)? {
                edits.replace(span, name);
            }
            if level == 0 && json_rpc::correlates(node) {
                self.fixed(&node.text().unwrap_or_default())?;
                continue;
            }
            let span = node.span();
            if let Some((_, said)) = said.iter().find(|(place, _)| *place == span) {
                if node.text().is_none_or(|text| text != *said) {
                    edits.replace(span, quoted(said));
                }
            } else if let Some(text) = self.leaf(node, level)? {
                edits.replace(node.span(), quoted(&text));
            }
        }
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

    /// A string, which is JSON where it says so and stays it, or a number, which is searched as it is
    /// written and as its digits; what replaces it is text. `level` is how many strings are around it.
    pub(crate) fn leaf(&mut self, node: Node<'_>, level: usize) -> Result<Option<String>, Denied> {
        let name = node.name();
        match node.kind() {
            Kind::String => self.string(name.as_deref(), &node.text().unwrap_or_default(), level),
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

    fn string(
        &mut self,
        name: Option<&str>,
        text: &str,
        level: usize,
    ) -> Result<Option<String>, Denied> {
        match nested::tree(text, level) {
            Some(inner) => self.tree(&inner, text, level + 1),
            None => self.text(name, text),
        }
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
