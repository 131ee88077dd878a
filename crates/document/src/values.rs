//! The values of a text, joined with the places of its tree. The one file that names `serde_yaml`.
//!
//! What a plain scalar means (text, number, true or false, nothing) is decided here and nowhere
//! else. Where this reader and the event parser see different documents, the text is refused. The
//! reader's values go straight into the tree: a second tree beside it would take more memory than it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::node::{Kind, Node, Place};
use crate::problem::{Problem, Problems};

pub(crate) fn fill(file: &str, text: &str, root: &mut Node) -> Result<(), Problems> {
    let mut notes = Notes::new(file);
    if is_json(file) {
        read_json(text, root, &mut notes)?;
    } else {
        read_yaml(text, root, &mut notes)?;
    }
    notes.into_result()
}

/// The values of several YAML documents, each in its own tree.
pub(crate) fn fill_all(file: &str, text: &str, roots: &mut [Node]) -> Result<(), Problems> {
    match roots {
        // Where there is nothing to read, the second reader may still see an empty document.
        [] => return Ok(()),
        [root] => return fill(file, text, root),
        _ => {}
    }
    let mut notes = Notes::new(file);
    let mut documents = serde_yaml::Deserializer::from_str(text);
    for root in roots {
        match documents.next() {
            Some(document) => read_document(document, root, &mut notes)?,
            None => notes.refuse(root.place),
        }
    }
    if documents.next().is_some() {
        notes.refuse(Place::new(1, 1));
    }
    notes.into_result()
}

/// The reader's own message is dropped: it repeats values.
fn read_yaml(text: &str, root: &mut Node, notes: &mut Notes<'_>) -> Result<(), Problems> {
    read_document(serde_yaml::Deserializer::from_str(text), root, notes)
}

fn read_document(
    reader: serde_yaml::Deserializer<'_>,
    root: &mut Node,
    notes: &mut Notes<'_>,
) -> Result<(), Problems> {
    let (file, start) = (notes.file, root.place);
    Join { node: root, notes }
        .deserialize(reader)
        .map_err(|error| {
            let place = error.location().map_or(start, |location| {
                Place::new(location.line(), location.column())
            });
            refused(file, place).into()
        })
}

fn read_json(text: &str, root: &mut Node, notes: &mut Notes<'_>) -> Result<(), Problems> {
    let file = notes.file;
    let mut reader = serde_json::Deserializer::from_str(text);
    Join { node: root, notes }
        .deserialize(&mut reader)
        .and_then(|()| reader.end())
        .map_err(|error| {
            let place = Place::new(error.line(), error.column().max(1));
            Problem::new(file, place, "this is not JSON").into()
        })
}

/// What the two readers do not agree on. It is noted and the reading goes on, since an error in
/// between would be one of the reader.
struct Notes<'n> {
    file: &'n str,
    mistakes: Vec<Problem>,
}

impl<'n> Notes<'n> {
    fn new(file: &'n str) -> Self {
        Self {
            file,
            mistakes: Vec::new(),
        }
    }

    fn into_result(self) -> Result<(), Problems> {
        let mut problems = Problems::default();
        problems.extend(self.mistakes);
        problems.into_result(())
    }

    fn refuse(&mut self, place: Place) {
        self.mistakes.push(refused(self.file, place));
    }
}

/// Takes into one node what the other reader sees there.
struct Join<'n, 'f> {
    node: &'n mut Node,
    notes: &'n mut Notes<'f>,
}

impl Join<'_, '_> {
    fn scalar(self, kind: Kind) {
        if matches!(self.node.kind, Kind::Text(_)) {
            self.node.kind = kind;
        } else {
            self.notes.refuse(self.node.place);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Join<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Join<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.scalar(Kind::Null);
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        self.scalar(Kind::Null);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.scalar(Kind::Bool(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.scalar(Kind::Number(value.into()));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.scalar(Kind::Number(value.into()));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        match (serde_json::Number::from_f64(value), &self.node.kind) {
            (Some(number), _) => self.scalar(Kind::Number(number)),
            (None, Kind::Text(_)) => {
                let message = "infinity and not-a-number are not accepted";
                let problem = Problem::new(self.notes.file, self.node.place, message);
                self.notes.mistakes.push(problem);
            }
            (None, _) => self.notes.refuse(self.node.place),
        }
        Ok(())
    }

    /// The text as this reader sees it; where it is the same, what is there is shared with others.
    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        if !matches!(&self.node.kind, Kind::Text(known) if **known == *value) {
            self.scalar(Kind::Text(value.into()));
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self { node, notes } = self;
        let before = notes.mistakes.len();
        let items = match &mut node.kind {
            Kind::List(items) => Some(items.iter_mut()),
            _ => None,
        };
        let mut same = items.is_some();
        for node in items.into_iter().flatten() {
            let notes = &mut *notes;
            same &= seq.next_element_seed(Join { node, notes })?.is_some();
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            same = false;
        }
        if !same {
            // What was noted below a list of another length means nothing.
            notes.mistakes.truncate(before);
            notes.refuse(node.place);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { node, notes } = self;
        let before = notes.mistakes.len();
        let entries = match &mut node.kind {
            Kind::Map(entries) => Some(entries.iter_mut()),
            _ => None,
        };
        let mut same = entries.is_some();
        for entry in entries.into_iter().flatten() {
            let Some(key) = map.next_key_seed(Key(&entry.key))? else {
                same = false;
                break;
            };
            if key == Seen::Same {
                let (node, notes) = (&mut entry.value, &mut *notes);
                map.next_value_seed(Join { node, notes })?;
                continue;
            }
            map.next_value::<IgnoredAny>()?;
            match key {
                Seen::NoText => notes.mistakes.push(
                    Problem::new(notes.file, entry.place, "a key must be text")
                        .with_hint("write it in quotes"),
                ),
                _ => notes.refuse(entry.place),
            }
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            same = false;
        }
        if !same {
            notes.mistakes.truncate(before);
            notes.refuse(node.place);
        }
        Ok(())
    }
}

/// Compares a key with what the event parser saw.
struct Key<'n>(&'n str);

#[derive(PartialEq, Eq)]
enum Seen {
    Same,
    Other,
    NoText,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Seen;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Seen, D::Error> {
        reader.deserialize_any(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Seen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Seen, E> {
        Ok(if key == self.0 {
            Seen::Same
        } else {
            Seen::Other
        })
    }

    fn visit_unit<E>(self) -> Result<Seen, E> {
        Ok(Seen::NoText)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Seen, E> {
        Ok(Seen::NoText)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Seen, E> {
        Ok(Seen::NoText)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Seen, E> {
        Ok(Seen::NoText)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Seen, E> {
        Ok(Seen::NoText)
    }
}

fn refused(file: &str, place: Place) -> Problem {
    Problem::new(
        file,
        place,
        "two YAML readers do not agree on what this means",
    )
    .with_hint("write it more plainly, with text in quotes")
}

pub(crate) fn is_json(file: &str) -> bool {
    std::path::Path::new(file)
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("json"))
}
