//! JSON Schemas of all kinds of documents, made from their types, for editors. It reads no document.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value as Json, json};

use crate::kinds::{
    AgentPolicy, DlpProfile, Kind, Labels, Manifest, NotEnforced, Provider, Tenant, Tool,
};

/// File name and JSON Schema 2020-12: one of each kind, and one that goes by `kind`.
pub fn schemas() -> Vec<(&'static str, Json)> {
    let mut of_all = generator();
    let branches: Vec<Json> = KINDS
        .iter()
        .map(|(kind, _, make)| {
            let is_kind = json!({"properties": {"kind": {"const": kind}}, "required": ["kind"]});
            json!({"if": is_kind, "then": make(&mut of_all)})
        })
        .collect();
    let kinds: Vec<&str> = KINDS.iter().map(|(kind, ..)| kind.as_str()).collect();
    let of_any = json!({
        "title": "aegis.dev/v1",
        "description": "A document of a policy: `kind` decides what `spec` may say.",
        "type": "object",
        "properties": {"apiVersion": {"const": "aegis.dev/v1"}, "kind": {"enum": kinds}},
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "allOf": branches,
    });
    let each = KINDS.iter().map(|(_, file, make)| {
        let mut generator = generator();
        let schema = make(&mut generator);
        (*file, finish(&schema, generator))
    });
    let mut schemas: Vec<_> = each.collect();
    schemas.push(("aegis.dev-v1.json", finish(&of_any, of_all)));
    schemas
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

/// The schema of one kind; what it refers to stays with the generator.
fn of<L: JsonSchema + Default, S: JsonSchema>(kind: Kind, generator: &mut SchemaGenerator) -> Json {
    let described = S::json_schema(generator);
    let mut schema = Manifest::<L, S>::json_schema(generator);
    schema.insert("title".to_owned(), kind.as_str().into());
    if let Some(description) = described.get("description") {
        schema.insert("description".to_owned(), description.clone());
    }
    if let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) {
        properties.insert("apiVersion".to_owned(), json!({"const": "aegis.dev/v1"}));
        properties.insert("kind".to_owned(), json!({"const": kind}));
    }
    schema.to_value()
}

/// A file of its own.
fn finish(schema: &Json, mut generator: SchemaGenerator) -> Json {
    let dialect = "https://json-schema.org/draft/2020-12/schema";
    let mut whole = Map::from_iter([("$schema".to_owned(), dialect.into())]);
    for first in ["title", "description"] {
        let value = schema.get(first).cloned().unwrap_or_default();
        whole.insert(first.to_owned(), value);
    }
    whole.extend(schema.as_object().cloned().unwrap_or_default());
    let definitions = generator.take_definitions(true);
    whole.insert("$defs".to_owned(), definitions.into());
    let mut whole = Schema::from(whole);
    AsRead.transform(&mut whole);
    whole.to_value()
}

/// What a schema says of a type, as our reader means it: a key without a value is refused, so it is
/// not offered; and comments are one line, however they are wrapped here.
#[derive(Clone, Debug)]
struct AsRead;

impl Transform for AsRead {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(Json::Array(types)) = schema.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(Json::Array(choices)) = schema.get_mut("anyOf") {
            choices.retain(|choice| choice != &json!({"type": "null"}));
            if let [Json::Object(only)] = choices.as_slice() {
                let only = only.clone();
                schema.remove("anyOf");
                for (key, value) in only {
                    schema.insert(key, value);
                }
            }
        }
        if let Some(Json::String(text)) = schema.get_mut("description") {
            *text = text.replace('\n', " ");
        }
        schema.remove("default");
        transform_subschemas(self, schema);
    }
}

type Make = fn(&mut SchemaGenerator) -> Json;

const KINDS: [(Kind, &str, Make); 5] = [
    (Kind::Tenant, "tenant.json", |generator| {
        of::<Labels, Tenant>(Kind::Tenant, generator)
    }),
    (Kind::AgentPolicy, "agent-policy.json", |generator| {
        of::<NotEnforced, AgentPolicy>(Kind::AgentPolicy, generator)
    }),
    (Kind::Tool, "tool.json", |generator| {
        of::<NotEnforced, Tool>(Kind::Tool, generator)
    }),
    (Kind::Provider, "provider.json", |generator| {
        of::<NotEnforced, Provider>(Kind::Provider, generator)
    }),
    (Kind::DlpProfile, "dlp-profile.json", |generator| {
        of::<NotEnforced, DlpProfile>(Kind::DlpProfile, generator)
    }),
];
