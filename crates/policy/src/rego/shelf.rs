//! Values of the policy's data, equal ones made once: many profiles grant the same operations under
//! the same constraints, and what is shared fits into the processor's caches. It judges nothing.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Json, Object, Value, input};

/// Every value so far. What it has given out stays when it is dropped.
#[derive(Default)]
pub(crate) struct Shelf(HashMap<Shape, Shelved>);

/// A value on the shelf. Two with the same number are the same value.
#[derive(Clone)]
pub(crate) struct Shelved {
    value: Value,
    number: usize,
}

/// What makes a value what it is; whatever is inside it is on the shelf already and stands here by its number.
#[derive(PartialEq, Eq, Hash)]
enum Shape {
    Null,
    Truth(bool),
    /// As written: `1` and `1.0` are equal in Rego and still not the same.
    Number(serde_json::Number),
    Text(Arc<str>),
    List(Box<[usize]>),
    Object(Box<[(usize, usize)]>),
}

impl Shelf {
    pub(crate) fn json(&mut self, from: &Json) -> Shelved {
        match from {
            Json::Null => self.keep(Shape::Null, || Value::Null),
            Json::Bool(truth) => self.keep(Shape::Truth(*truth), || Value::Bool(*truth)),
            Json::Number(number) => {
                self.keep(Shape::Number(number.clone()), || input::from_json(from))
            }
            Json::String(text) => self.text(text),
            Json::Array(items) => {
                let items: Vec<Shelved> = items.iter().map(|item| self.json(item)).collect();
                let shape = items.iter().map(|item| item.number).collect();
                self.keep(Shape::List(shape), || {
                    let items = items.into_iter().map(|item| item.value);
                    items.collect::<Vec<_>>().into()
                })
            }
            Json::Object(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| (key.as_str(), self.json(value)));
                let entries: Vec<_> = entries.collect();
                self.object(entries)
            }
        }
    }

    /// Of values that are on the shelf; of two entries with one key the later stays.
    pub(crate) fn object<'k>(
        &mut self,
        entries: impl IntoIterator<Item = (&'k str, Shelved)>,
    ) -> Shelved {
        let mut entries: Vec<(Shelved, Shelved)> = entries
            .into_iter()
            .map(|(key, value)| (self.text(key), value))
            .collect();
        entries.sort_by_key(|(key, _)| key.number);
        let shape = entries
            .iter()
            .map(|(key, value)| (key.number, value.number));
        self.keep(Shape::Object(shape.collect()), || {
            let mut object = Object::new();
            for (key, value) in entries {
                object.insert(key.value, value.value);
            }
            object.into_value()
        })
    }

    fn text(&mut self, text: &str) -> Shelved {
        let text: Arc<str> = text.into();
        self.keep(Shape::Text(Arc::clone(&text)), || Value::String(text))
    }

    fn keep(&mut self, shape: Shape, make: impl FnOnce() -> Value) -> Shelved {
        let number = self.0.len();
        let known = self.0.entry(shape).or_insert_with(|| Shelved {
            value: make(),
            number,
        });
        known.clone()
    }
}

impl Shelved {
    pub(super) fn into_value(self) -> Value {
        self.value
    }
}
