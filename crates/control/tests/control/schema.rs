//! A strict reader of the part of JSON Schema that `/openapi.json` uses: what is not described is wrong.

use serde_json::Value;

/// Where and how `value` is not what `schema` says; `document` resolves references.
pub(crate) fn mismatch(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    let Some(described) = schema.as_object() else {
        return (schema == &Value::Bool(false)).then(|| format!("{value} is not allowed"));
    };
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.strip_prefix('#').unwrap());
        let target = target.unwrap_or_else(|| panic!("{reference} leads nowhere"));
        return mismatch(document, target, value);
    }
    for name in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[name].as_array() {
            let fits = |choice: &Value| mismatch(document, choice, value).is_none();
            return (!choices.iter().any(fits)).then(|| format!("{value} is none of {name}"));
        }
    }
    if let Some(choices) = schema["enum"].as_array()
        && !choices.contains(value)
    {
        return Some(format!("{value} is not among {choices:?}"));
    }
    if let Some(only) = described.get("const")
        && only != value
    {
        return Some(format!("{value} is not {only}"));
    }
    if let Some(kind) = described.get("type")
        && !of_kind(kind, value)
    {
        return Some(format!("{value} is no {kind}"));
    }
    match value {
        Value::Object(_)
            if described.contains_key("properties")
                || described.contains_key("additionalProperties") =>
        {
            members(document, schema, value)
        }
        Value::Array(items) => items
            .iter()
            .find_map(|item| mismatch(document, &schema["items"], item)),
        _ => None,
    }
}

fn members(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    let required = schema["required"].as_array().into_iter().flatten();
    for name in required {
        if value.get(name.as_str().unwrap()).is_none() {
            return Some(format!("{name} is missing in {value}"));
        }
    }
    for (name, member) in value.as_object().unwrap() {
        let known = schema["properties"]
            .get(name)
            .or(schema.get("additionalProperties"));
        let Some(known) = known else {
            return Some(format!("{name} is not described"));
        };
        if let Some(wrong) = mismatch(document, known, member) {
            return Some(format!("{name}: {wrong}"));
        }
    }
    None
}

fn of_kind(kind: &Value, value: &Value) -> bool {
    let is = |kind: &Value| match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other} is no kind"),
    };
    kind.as_array()
        .map_or_else(|| is(kind), |kinds| kinds.iter().any(is))
}

#[test]
fn the_reader_finds_what_is_wrong() {
    let schema = serde_json::json!({"type": "object", "required": ["a"],
        "properties": {"a": {"type": "integer"}, "b": {"$ref": "#/b"}}});
    let document = serde_json::json!({"b": {"enum": ["x"]}});
    let wrong = |value| mismatch(&document, &schema, &value).is_some();
    assert!(!wrong(serde_json::json!({"a": 1, "b": "x"})));
    for value in [
        serde_json::json!({"b": "x"}),
        serde_json::json!({"a": "1"}),
        serde_json::json!({"a": 1, "b": "y"}),
        serde_json::json!({"a": 1, "c": 2}),
    ] {
        assert!(wrong(value.clone()), "{value}");
    }
}
