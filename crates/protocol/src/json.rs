//! JSON read strictly, each value with the bytes it stands in. It interprets nothing and rewrites nothing.
//!
//! Where RFC 8259 leaves room, readers differ, and a call could be judged as one thing and carried
//! out as another. So duplicate keys, lone surrogates, a byte order mark, invalid UTF-8, deep nesting
//! and numbers that do not survive reading are errors. Linear in the length of the text.

mod cursor;
mod lenient;
mod number;
mod reader;
mod string;
#[cfg(test)]
mod tests;
mod values;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

pub(crate) use lenient::begins_as_object;
pub use values::value;

/// A whole JSON text; its values in the order in which they begin.
pub struct Tree<'a> {
    text: &'a str,
    records: Vec<Record>,
}

/// One value of a [`Tree`].
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree<'t>,
    record: &'t Record,
    at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Null,
    Bool(bool),
    Number,
    String,
    Array,
    Object,
}

/// What is wrong and where; never what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault} at byte {at}")]
pub struct JsonError {
    pub fault: JsonFault,
    /// Offset from the start of the text.
    pub at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    #[error("a byte order mark")]
    ByteOrderMark,
    #[error("invalid utf-8")]
    Utf8,
    #[error("the text ends too early")]
    End,
    #[error("an unexpected character")]
    Unexpected,
    #[error("something after the end of the value")]
    Trailing,
    #[error("nesting deeper than {MAX_DEPTH}")]
    Depth,
    #[error("more than {MAX_VALUES} values")]
    Values,
    #[error("a duplicate key")]
    DuplicateKey,
    #[error("a control character in a string")]
    Control,
    #[error("an unknown escape")]
    Escape,
    #[error("a lone surrogate")]
    Surrogate,
    #[error("a malformed number")]
    Number,
    #[error("number out of range")]
    NumberRange,
}

/// Arrays and objects within each other, the outermost counted.
pub const MAX_DEPTH: usize = 64;
/// In one tree, which takes many times the memory of a text of short values: 64 MiB for as many.
pub const MAX_VALUES: usize = 1 << 20;

impl<'a> Tree<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, JsonError> {
        reader::read(bytes)
    }

    /// `None` never happens in a tree that was read; it spares the callers a panic.
    pub fn root(&self) -> Option<Node<'_>> {
        self.node(0)
    }

    /// Every value, containers before what they hold.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..self.records.len()).filter_map(|at| self.node(at))
    }

    /// Every value that is neither array nor object.
    pub fn leaves(&self) -> impl Iterator<Item = Node<'_>> {
        self.nodes()
            .filter(|node| !matches!(node.kind(), Kind::Array | Kind::Object))
    }

    /// The value at a JSON Pointer (RFC 6901); the empty pointer is the root.
    pub fn at(&self, pointer: &str) -> Option<Node<'_>> {
        let root = self.root()?;
        if pointer.is_empty() {
            return Some(root);
        }
        pointer
            .strip_prefix('/')?
            .split('/')
            .try_fold(root, Node::step)
    }

    fn node(&self, at: usize) -> Option<Node<'_>> {
        self.records.get(at).map(|record| Node {
            tree: self,
            record,
            at,
        })
    }
}

impl<'t> Node<'t> {
    pub fn kind(self) -> Kind {
        self.record.kind
    }

    /// Bytes of the value in the text, quotes and brackets included.
    pub fn span(self) -> Range<usize> {
        self.record.start..self.record.end
    }

    /// The value as it was written.
    pub fn raw(self) -> &'t str {
        self.tree.text.get(self.span()).unwrap_or_default()
    }

    /// A string's text, decoded. `None` for everything else.
    pub fn text(self) -> Option<Cow<'t, str>> {
        (self.record.kind == Kind::String).then(|| string::decode(self.raw()))
    }

    /// The key that the value stands under, decoded. `None` in arrays and for the root.
    pub fn key(self) -> Option<Cow<'t, str>> {
        self.tree.text.get(self.key_span()?).map(string::decode)
    }

    /// Bytes of the key in the text, quotes included.
    pub fn key_span(self) -> Option<Range<usize>> {
        match self.record.key {
            Range { start: 0, end: 0 } => None,
            Range { start, end } => Some(start..end),
        }
    }

    /// The nearest key: the value's own or, within arrays, that of the array.
    pub fn name(self) -> Option<Cow<'t, str>> {
        let mut node = self;
        while node.record.key.is_empty() {
            node = node.parent()?;
        }
        node.key()
    }

    pub fn parent(self) -> Option<Node<'t>> {
        (self.at > 0)
            .then_some(self.record.parent)
            .and_then(|at| self.tree.node(at))
    }

    /// The values directly within an array or object.
    pub fn children(self) -> impl Iterator<Item = Node<'t>> {
        let end = self.record.next;
        let first = (self.at + 1 < end)
            .then(|| self.tree.node(self.at + 1))
            .flatten();
        std::iter::successors(first, move |child| {
            (child.record.next < end)
                .then(|| child.tree.node(child.record.next))
                .flatten()
        })
    }

    /// A member of an object.
    pub fn get(self, key: &str) -> Option<Node<'t>> {
        self.children()
            .find(|child| child.key().is_some_and(|name| name == key))
    }

    /// The JSON Pointer (RFC 6901) of the value.
    pub fn pointer(self) -> String {
        let path: Vec<_> = std::iter::successors(Some(self), |node| node.parent()).collect();
        let mut pointer = String::new();
        for node in path.iter().rev().skip(1) {
            pointer.push('/');
            match node.key() {
                Some(key) => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
                None => pointer.push_str(&node.record.index.to_string()),
            }
        }
        pointer
    }

    /// One token of a pointer down.
    fn step(self, token: &str) -> Option<Node<'t>> {
        match self.record.kind {
            Kind::Object => self.get(&token.replace("~1", "/").replace("~0", "~")),
            Kind::Array if token == "0" || !token.starts_with(['0', '+']) => {
                self.children().nth(token.parse().ok()?)
            }
            _ => None,
        }
    }
}

/// Neither text nor keys.
impl fmt::Debug for Tree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree")
            .field("nodes", &self.records.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("kind", &self.kind())
            .field("span", &self.span())
            .finish_non_exhaustive()
    }
}

/// One value: where it stands, and its neighbours in the order of the text.
struct Record {
    kind: Kind,
    start: usize,
    end: usize,
    /// Empty where the value has no key.
    key: Range<usize>,
    parent: usize,
    /// Its place among its parent's values.
    index: usize,
    /// The first record after the last one within this.
    next: usize,
}
