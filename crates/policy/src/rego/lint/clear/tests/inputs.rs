//! Inputs of every shape that the contract allows, now and then without a field, and data of users.

use std::collections::BTreeMap;

use super::generator::Generator;
use crate::rego::Value;
use crate::rego::contract::{INPUT, Phases, Shape};

impl Generator {
    pub(super) fn input(&mut self) -> Value {
        self.of_shape(&INPUT)
    }

    fn of_shape(&mut self, shape: &'static Shape) -> Value {
        match shape {
            Shape::Text | Shape::DataType => Value::from(self.pick(&["a", "b", "Ab", ""])),
            Shape::Number => self.number(),
            Shape::Truth => Value::Bool(self.one_in(2)),
            Shape::Any => self.any(2),
            Shape::OneOf(words) => Value::from(self.pick(words)),
            Shape::Nullable(_) if self.one_in(2) => Value::Null,
            Shape::Nullable(shape) => self.of_shape(shape),
            Shape::List(shape) => {
                let items = (0..self.below(4)).map(|_| self.of_shape(shape));
                Value::from(items.collect::<Vec<_>>())
            }
            Shape::Object(fields) => {
                let mut object = BTreeMap::new();
                for field in fields
                    .iter()
                    .filter(|field| field.phases != Phases::Library)
                {
                    if !self.one_in(8) {
                        object.insert(field.name.into(), self.of_shape(&field.shape));
                    }
                }
                Value::from(object)
            }
            Shape::Map(shape) => self.map(|generator| generator.of_shape(shape)),
            Shape::Facts => self.map(|generator| Value::Bool(generator.one_in(2))),
        }
    }

    fn map(&mut self, mut of: impl FnMut(&mut Self) -> Value) -> Value {
        let mut map = BTreeMap::new();
        for name in ["a", "b", "team"] {
            if !self.one_in(3) {
                map.insert(name.into(), of(self));
            }
        }
        Value::from(map)
    }

    fn number(&mut self) -> Value {
        match self.below(5) {
            0 => Value::from(0_u64),
            1 => Value::from(1_u64),
            2 => Value::from(100_u64),
            3 => Value::from(-1_i64),
            _ => Value::from(1.5_f64),
        }
    }

    fn any(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 5 } else { 8 }) {
            0 => Value::Null,
            1 => Value::Bool(self.one_in(2)),
            2 | 3 => self.number(),
            4 => Value::from(self.pick(&["a", "b", "", "100"])),
            5 => {
                let items = (0..self.below(3)).map(|_| self.any(depth - 1));
                Value::from(items.collect::<Vec<_>>())
            }
            _ => {
                let mut object = BTreeMap::new();
                for name in ["a", "c", "type"] {
                    if self.one_in(2) {
                        object.insert(name.into(), self.any(depth - 1));
                    }
                }
                Value::from(object)
            }
        }
    }
}

/// What the users' own data is.
pub(super) fn data() -> Value {
    Value::from_json_str(
        r#"{"limits": {"a": 1, "b": "b", "n": 100, "1": 5, "none": null, "list": ["a", 2]}}"#,
    )
    .unwrap()
}
