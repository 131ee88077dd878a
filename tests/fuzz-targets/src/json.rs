//! The strict reader of JSON: both of its forms agree with each other, and with serde wherever they accept.

use aegis_protocol::json::{JsonFault, Kind, Tree, value};
use serde_json::Value;

pub fn json(text: &[u8]) -> bool {
    let (tree, read) = (Tree::parse(text), value(text));
    match (&tree, &read) {
        (Ok(_), Ok(_)) => {}
        (Ok(_), Err(error)) => assert_eq!(error.fault, JsonFault::NumberRange),
        (Err(tree), Err(read)) => assert_eq!(tree, read),
        (Err(error), Ok(_)) => assert!(tree.is_ok(), "only the tree refuses it: {error}"),
    }
    let Ok(tree) = tree else {
        return false;
    };
    places_lead_back(&tree);
    let Ok(read) = read else {
        return false;
    };
    let lenient: Option<Value> = serde_json::from_slice(text).ok();
    assert!(lenient.is_some_and(|lenient| same(&lenient, &read)));
    leaves_are_the_values(&tree, &read);
    let written = read.to_string();
    assert_eq!(value(written.as_bytes()).ok().as_ref(), Some(&read));
    true
}

/// Minus zero may lose its sign: no rule tells the two apart.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || (one.as_f64() == Some(0.0) && other.as_f64() == Some(0.0))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let mut members = one.iter();
            one.len() == other.len()
                && members.all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

/// Asks every value of a large text would take the square of its length.
fn places_lead_back(tree: &Tree<'_>) {
    for node in tree.nodes().take(MOST) {
        let found = tree
            .at(&node.pointer())
            .map(aegis_protocol::json::Node::span);
        assert_eq!(found, Some(node.span()));
        assert!(node.children().all(|child| {
            child.span().start >= node.span().start && child.span().end <= node.span().end
        }));
    }
}

fn leaves_are_the_values(tree: &Tree<'_>, read: &Value) {
    for leaf in tree.leaves().take(MOST) {
        let value = read.pointer(&leaf.pointer());
        match leaf.kind() {
            Kind::Null => assert_eq!(value, Some(&Value::Null)),
            Kind::Bool(flag) => assert_eq!(value, Some(&Value::Bool(flag))),
            Kind::Number => assert!(value.is_some_and(Value::is_number)),
            Kind::String => assert_eq!(value.and_then(Value::as_str), leaf.text().as_deref()),
            Kind::Array | Kind::Object => {}
        }
    }
}

const MOST: usize = 64;
