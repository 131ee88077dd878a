//! A digest of what a server says about a tool, by which a later change is told. It keeps nothing.

use ring::digest::{SHA256, digest as sha};
use serde_json::Value;

/// SHA-256 of the whole entry in a canonical form: members in the order of their names, nothing
/// between them. How it was spaced, ordered or escaped does not matter; every text, number and
/// order of a list does.
///
/// Nothing is left out: a change of `_meta` or of an icon can lead an agent astray as well.
pub fn digest(entry: &Value) -> [u8; 32] {
    let mut canonical = String::new();
    write(entry, &mut canonical);
    let mut digest = [0; 32];
    for (to, from) in digest
        .iter_mut()
        .zip(sha(&SHA256, canonical.as_bytes()).as_ref())
    {
        *to = *from;
    }
    digest
}

fn write(value: &Value, canonical: &mut String) {
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                canonical.push(if at == 0 { '[' } else { ',' });
                write(item, canonical);
            }
            canonical.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            for (at, (name, member)) in sorted.into_iter().enumerate() {
                canonical.push(if at == 0 { '{' } else { ',' });
                canonical.push_str(&Value::from(name.as_str()).to_string());
                canonical.push(':');
                write(member, canonical);
            }
            canonical.push_str(if members.is_empty() { "{}" } else { "}" });
        }
        leaf => canonical.push_str(&leaf.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::digest;

    fn tool() -> Value {
        json!({
            "name": "search", "title": "Search", "description": "Finds documents.",
            "inputSchema": {"type": "object", "properties": {"query": {"type": "string"}},
                            "required": ["query", "limit"]},
            "outputSchema": {"type": "object"},
            "annotations": {"readOnlyHint": true},
        })
    }

    #[test]
    fn order_spacing_and_escapes_do_not_matter() {
        let other = r#" {"annotations" : {"readOnlyHint":true}, "outputSchema":{"type":"object"},
            "inputSchema":{"required":["query","limit"],"properties":{"query":{"type":"string"}},
            "type":"object"}, "description":"Finds documents.", "title":"Search",
            "name":"search"}"#;
        let other: Value = serde_json::from_str(other).unwrap();
        assert_eq!(digest(&other), digest(&tool()));
    }

    #[test]
    fn every_change_matters() {
        let edits = [
            ("/name", json!("searc")),
            ("/title", json!("search")),
            ("/description", json!("Finds documents. ")),
            ("/inputSchema/properties/query/type", json!("number")),
            ("/inputSchema/required", json!(["limit", "query"])),
            ("/inputSchema/required/1", json!(["limit"])),
            ("/outputSchema", json!({})),
            ("/outputSchema", json!([])),
            ("/outputSchema", Value::Null),
            ("/annotations/readOnlyHint", json!(false)),
            ("/annotations/readOnlyHint", json!("true")),
        ];
        let mut seen = vec![digest(&tool())];
        for (place, value) in edits {
            let mut edited = tool();
            *edited.pointer_mut(place).unwrap() = value;
            assert!(!seen.contains(&digest(&edited)), "{place}");
            seen.push(digest(&edited));
        }
        let mut more = tool();
        more["_meta"] = json!({});
        assert!(!seen.contains(&digest(&more)));
    }

    /// So that what is persisted stays comparable.
    #[test]
    fn the_canonical_form_is_fixed() {
        let known = digest(&json!({"b": [1, "\u{e9}\n"], "a": {}}));
        let text = "{\"a\":{},\"b\":[1,\"\u{e9}\\n\"]}";
        let expected = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        assert_eq!(known, expected.as_ref());
    }

    proptest! {
        #[test]
        fn another_text_is_another_digest(one in ".{0,12}", other in ".{0,12}") {
            let of = |text: &str| digest(&json!({"name": "a", "description": text}));
            prop_assert_eq!(of(&one) == of(&other), one == other);
        }
    }
}
