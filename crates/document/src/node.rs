//! The tree of a document: every value with its place; knows nothing of YAML's notation.
//!
//! A policy has a hundred thousand nodes, so a node is small: texts are shared, lists have no spare room.

use std::sync::Arc;

/// Where something starts, counted from 1; columns in characters. A text is far smaller than 4 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    line: u32,
    column: u32,
}

#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
    /// Keys whose mistakes are reported already: their absence is no second mistake.
    pub(crate) settled: Box<[String]>,
}

#[derive(Clone)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(Arc<str>),
    List(Box<[Node]>),
    Map(Box<[Entry]>),
    /// Stands in for a missing value while the search for further mistakes goes on.
    Anything,
}

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: Arc<str>,
    pub(crate) place: Place,
    pub(crate) value: Node,
}

/// The way from a node to one of its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Item(usize),
    /// The value of an entry.
    Value(usize),
    /// The key of an entry.
    Key(usize),
}

impl Place {
    pub(crate) fn new(line: usize, column: usize) -> Self {
        let small = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            line: small(line),
            column: small(column),
        }
    }

    pub(crate) fn line(self) -> usize {
        self.line as usize
    }

    pub(crate) fn column(self) -> usize {
        self.column as usize
    }
}

impl Node {
    pub(crate) fn new(place: Place, kind: Kind) -> Self {
        Self {
            place,
            kind,
            settled: Box::default(),
        }
    }

    pub(crate) fn empty() -> Self {
        Self::new(Place::new(1, 1), Kind::Map(Box::default()))
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Follows the path as far as it exists: the last node on it, and what is left of the path.
    pub(crate) fn find<'n, 'p>(&'n self, path: &'p [&'p str]) -> (&'n Self, &'p [&'p str]) {
        let Some((name, rest)) = path.split_first() else {
            return (self, path);
        };
        match self.child(name) {
            Some(child) => child.find(rest),
            None => (self, path),
        }
    }

    /// Whether what stands at the path is not what the text says: something mistaken was taken away
    /// there, or a stand-in put there.
    pub(crate) fn is_in_doubt(&self, path: &[&str]) -> bool {
        if matches!(self.kind, Kind::Anything) {
            return true;
        }
        let Some((name, rest)) = path.split_first() else {
            return !self.settled.is_empty();
        };
        match self.child(name) {
            Some(child) => child.is_in_doubt(rest),
            None => self.settled.iter().any(|key| key == name),
        }
    }

    fn child(&self, name: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Map(entries) => entries
                .iter()
                .find(|entry| *entry.key == *name)
                .map(|entry| &entry.value),
            Kind::List(items) => items.get(name.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// The child behind one step; a key leads to the value beside it.
    pub(crate) fn step(&self, step: Step) -> Option<&Self> {
        match (&self.kind, step) {
            (Kind::List(items), Step::Item(position)) => items.get(position),
            (Kind::Map(entries), Step::Value(position) | Step::Key(position)) => {
                entries.get(position).map(|entry| &entry.value)
            }
            _ => None,
        }
    }

    pub(crate) fn step_mut(&mut self, step: Step) -> Option<&mut Self> {
        match (&mut self.kind, step) {
            (Kind::List(items), Step::Item(position)) => items.get_mut(position),
            (Kind::Map(entries), Step::Value(position) | Step::Key(position)) => {
                entries.get_mut(position).map(|entry| &mut entry.value)
            }
            _ => None,
        }
    }

    pub(crate) fn for_each(&mut self, visit: &mut dyn FnMut(&mut Self)) {
        visit(self);
        match &mut self.kind {
            Kind::List(items) => {
                for item in items {
                    item.for_each(visit);
                }
            }
            Kind::Map(entries) => {
                for entry in entries {
                    entry.value.for_each(visit);
                }
            }
            _ => {}
        }
    }

    /// How many nodes there are from here down.
    pub(crate) fn size(&self) -> usize {
        1 + self.children().map(Self::size).sum::<usize>()
    }

    /// How many levels there are from here down.
    pub(crate) fn height(&self) -> usize {
        1 + self.children().map(Self::height).max().unwrap_or(0)
    }

    fn children(&self) -> impl Iterator<Item = &Self> {
        let items: &[Self] = match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        };
        items
            .iter()
            .chain(self.entries().iter().map(|entry| &entry.value))
    }
}
