//! How documents write what is done about data, as editors show it. The types themselves are the policy's; nothing is read here.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value as Json, json};

/// `aegis_policy::Effect`.
pub(crate) struct SentData;

/// `aegis_policy::AnswerEffect`.
pub(crate) struct AnsweredData;

/// What a parameter may say: `true`, or an action.
pub(crate) struct Redact;

struct Action;

impl JsonSchema for SentData {
    fn schema_name() -> Cow<'static, str> {
        "Effect".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        effect(
            generator,
            &[
                ("allow", "It may be sent."),
                ("sanitize", "It is redacted, then the call is forwarded."),
                ("approval_needed", "The call waits for a human."),
                ("deny", "The call is refused."),
            ],
        )
    }
}

impl JsonSchema for AnsweredData {
    fn schema_name() -> Cow<'static, str> {
        "AnswerEffect".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        effect(
            generator,
            &[
                ("allow", "It may pass."),
                ("sanitize", "It is redacted, in a stream while it goes on."),
                (
                    "deny",
                    "The answer ends before it, with the protocol's own error.",
                ),
            ],
        )
    }
}

impl JsonSchema for Redact {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Redact".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let action = generator.subschema_for::<Action>();
        json_schema!({"anyOf": [{"type": "boolean"}, action]})
    }
}

impl JsonSchema for Action {
    fn schema_name() -> Cow<'static, str> {
        "Action".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut ways = words(&[
            (
                "label",
                "The name of its type takes the place of the value.",
            ),
            (
                "token",
                "A random name of the value, which in answers to the agent becomes the value again.",
            ),
            ("hash", "A keyed hash, the same for the same value."),
            ("remove", "Nothing."),
        ]);
        ways.push(json!({
            "description": "Letters and digits become `*`, except the last characters.",
            "type": "object",
            "properties": {"mask": {
                "description": "What stays.",
                "type": "object",
                "properties": {"keepLast": {
                    "description": "How many stay. A value of fewer than twice as many is masked whole.",
                    "type": "integer", "minimum": 0, "maximum": 255,
                }},
                "required": ["keepLast"],
                "additionalProperties": false,
            }},
            "required": ["mask"],
            "additionalProperties": false,
        }));
        json_schema!({"description": "What takes the place of a value.", "oneOf": ways})
    }
}

fn effect(generator: &mut SchemaGenerator, known: &[(&str, &str)]) -> Schema {
    let action = generator.subschema_for::<Action>();
    let mut ways = words(known);
    ways.push(json!({
        "description": "It is redacted so.",
        "type": "object",
        "properties": {"sanitize": action},
        "required": ["sanitize"],
        "additionalProperties": false,
    }));
    json_schema!({"description": "What is done about data of a type.", "oneOf": ways})
}

fn words(known: &[(&str, &str)]) -> Vec<Json> {
    let each = known.iter();
    let each = each
        .map(|(word, meaning)| json!({"description": meaning, "type": "string", "const": word}));
    each.collect()
}
