//! What a typed reading can object to, kept as data until its place is known; holds no values.

use std::fmt::Display;

use serde::de::{self, Expected, Unexpected};

use crate::node::Step;

#[derive(Debug, thiserror::Error)]
#[error("{fault:?}")]
pub(crate) struct Mistake {
    pub(crate) fault: Fault,
    /// From the faulty node up to the root.
    pub(crate) path: Vec<Step>,
}

#[derive(Debug)]
pub(crate) enum Fault {
    UnknownKey {
        key: String,
        known: &'static [&'static str],
    },
    MissingKey(&'static str),
    UnknownWord {
        word: String,
        known: &'static [&'static str],
    },
    Expected {
        expected: String,
        found: Option<&'static str>,
    },
    /// Said by a type's own reader.
    Other(String),
}

impl Mistake {
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            fault,
            path: Vec::new(),
        }
    }

    /// The same mistake, seen from one level further up.
    pub(crate) fn under(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }
}

impl de::Error for Mistake {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(Fault::Other(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = Some(name_of(found));
        Self::new(Fault::Expected {
            expected: plain(&expected.to_string()),
            found,
        })
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Fault::Expected {
            expected: plain(&expected.to_string()),
            found: None,
        })
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::new(Fault::Expected {
            expected: plain(&expected.to_string()),
            found: None,
        })
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::new(Fault::UnknownWord {
            word: word.to_owned(),
            known,
        })
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::new(Fault::UnknownKey {
            key: key.to_owned(),
            known,
        })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(Fault::MissingKey(key))
    }

    fn duplicate_field(key: &'static str) -> Self {
        Self::new(Fault::Other(format!("`{key}` is given twice")))
    }
}

fn name_of(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "true or false",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
        Unexpected::Float(_) => "a number with a fraction",
        Unexpected::Str(_) | Unexpected::Char(_) | Unexpected::UnitVariant => "text",
        Unexpected::Unit | Unexpected::Option => "nothing",
        Unexpected::Seq => "a list",
        Unexpected::Map => "a mapping",
        _ => "something else",
    }
}

/// The reader's words for what it wants, as a person would say it.
fn plain(expected: &str) -> String {
    let (least, width) = match expected.strip_prefix("a nonzero ") {
        Some(width) => (1, width),
        None => (0, expected),
    };
    match width {
        "u8" => format!("a whole number from {least} to {}", u8::MAX),
        "u16" => format!("a whole number from {least} to {}", u16::MAX),
        "u32" => format!("a whole number from {least} to {}", u32::MAX),
        "u64" | "usize" => format!("a whole number, at least {least}"),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" => "text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping".to_owned(),
        // A word that names the shape of what is below it.
        "newtype variant" | "struct variant" | "tuple variant" => {
            "a mapping with this word as its key".to_owned()
        }
        "path string" => "a path".to_owned(),
        other if other.starts_with("struct ") => "a mapping".to_owned(),
        other => other.to_owned(),
    }
}
