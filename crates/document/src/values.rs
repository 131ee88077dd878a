//! The values of a text, joined with the places of its tree. The one file that names `serde_yaml`.
//!
//! What a plain scalar means (text, number, true or false, nothing) is decided here and nowhere
//! else. Where this reader and the event parser see different documents, the text is refused.

use serde::Deserialize;
use serde_yaml::Value;

use crate::node::{Kind, Node, Place};
use crate::problem::{Problem, Problems};

pub(crate) fn fill(file: &str, text: &str, root: &mut Node) -> Result<(), Problems> {
    let value = if is_json(file) {
        read_json(file, text)?
    } else {
        read_yaml(file, text, root)?
    };
    let mut problems = Problems::default();
    join(file, root, value, &mut problems);
    problems.into_result(())
}

/// The values of several YAML documents, each in its own tree.
pub(crate) fn fill_all(file: &str, text: &str, roots: &mut [Node]) -> Result<(), Problems> {
    match roots {
        // Where there is nothing to read, the second reader may still see an empty document.
        [] => return Ok(()),
        [root] => return fill(file, text, root),
        _ => {}
    }
    let mut problems = Problems::default();
    let mut documents = serde_yaml::Deserializer::from_str(text);
    for root in roots {
        let value = documents.next().map(Value::deserialize);
        match value.unwrap_or_else(|| Ok(Value::Null)) {
            Ok(value) => join(file, root, value, &mut problems),
            Err(error) => {
                problems.push(refused(file, place_of(&error, root)));
                return Err(problems);
            }
        }
    }
    if documents.next().is_some() {
        problems.push(refused(file, Place { line: 1, column: 1 }));
    }
    problems.into_result(())
}

/// The reader's own message is dropped: it repeats values.
fn read_yaml(file: &str, text: &str, root: &Node) -> Result<Value, Problems> {
    serde_yaml::from_str(text).map_err(|error| refused(file, place_of(&error, root)).into())
}

fn place_of(error: &serde_yaml::Error, root: &Node) -> Place {
    error.location().map_or(root.place, |location| Place {
        line: location.line(),
        column: location.column(),
    })
}

fn read_json(file: &str, text: &str) -> Result<Value, Problems> {
    serde_json::from_str(text).map_err(|error| {
        let place = Place {
            line: error.line(),
            column: error.column().max(1),
        };
        Problem::new(file, place, "this is not JSON").into()
    })
}

fn join(file: &str, node: &mut Node, value: Value, problems: &mut Problems) {
    match (&mut node.kind, value) {
        (Kind::Text(_), Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_)) => {
            problems.push(refused(file, node.place));
        }
        (Kind::Text(_), scalar) => match kind_of(scalar) {
            Ok(kind) => node.kind = kind,
            Err(message) => problems.push(Problem::new(file, node.place, message)),
        },
        (Kind::List(items), Value::Sequence(values)) if items.len() == values.len() => {
            for (item, value) in items.iter_mut().zip(values) {
                join(file, item, value, problems);
            }
        }
        (Kind::Map(entries), Value::Mapping(values)) if entries.len() == values.len() => {
            for (entry, (key, value)) in entries.iter_mut().zip(values) {
                match key {
                    Value::String(name) if name == entry.key => {
                        join(file, &mut entry.value, value, problems);
                    }
                    Value::String(_) => problems.push(refused(file, entry.place)),
                    _ => problems.push(
                        Problem::new(file, entry.place, "a key must be text")
                            .with_hint("write it in quotes"),
                    ),
                }
            }
        }
        _ => problems.push(refused(file, node.place)),
    }
}

fn kind_of(scalar: Value) -> Result<Kind, &'static str> {
    match scalar {
        Value::Bool(value) => Ok(Kind::Bool(value)),
        Value::String(text) => Ok(Kind::Text(text)),
        Value::Number(number) => number_of(&number).map(Kind::Number),
        _ => Ok(Kind::Null),
    }
}

fn number_of(number: &serde_yaml::Number) -> Result<serde_json::Number, &'static str> {
    let whole = number
        .as_u64()
        .map(Into::into)
        .or_else(|| number.as_i64().map(Into::into));
    whole
        .or_else(|| number.as_f64().and_then(serde_json::Number::from_f64))
        .ok_or("infinity and not-a-number are not accepted")
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
