//! `/openapi.json` (3.1), made from the table of operations and the types of `aegis-api`. Has no operation of its own.

use aegis_api::{BUNDLE_TYPE, PROBLEM_TYPE, Problem};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::operations::{Access, Answer, Method, OPERATIONS, Operation};
use crate::parameters::{Kind, Parameter, Place};
use crate::principals::RoleName;

pub(crate) fn document() -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<Problem>();
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let method = match operation.method {
            Method::Get => "get",
            Method::Post => "post",
        };
        let entry = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(methods) = entry.as_object_mut() {
            methods.insert(method.to_owned(), describe(operation, &mut generator));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Aegis control plane",
            "version": aegis_api::VERSION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "responses": {"Problem": {
                "description": "what went wrong, with a stable `code`",
                "content": {PROBLEM_TYPE: {"schema": problem}},
            }},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "certificate": {"type": "mutualTLS"},
            },
        },
    })
}

fn describe(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "responses": responses(&operation.answer, generator),
    });
    let mut add = |name: &str, value: Value| {
        if let Some(members) = described.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    match operation.access {
        Access::Open => add("security", json!([])),
        Access::Only(roles) => {
            add("security", json!([{"token": []}, {"certificate": []}]));
            let names: Vec<&str> = roles.iter().map(|role| RoleName::as_str(*role)).collect();
            add(
                "description",
                json!(format!("For the role {}.", names.join(" or "))),
            );
        }
    }
    if !operation.parameters.is_empty() {
        let parameters = operation.parameters.iter().map(parameter);
        add("parameters", parameters.collect());
    }
    if let Some(schema) = operation.body {
        let schema = schema(generator);
        let content = json!({"application/json": {"schema": schema}});
        add("requestBody", json!({"required": true, "content": content}));
    }
    described
}

fn responses(answer: &Answer, generator: &mut SchemaGenerator) -> Value {
    let (status, good) = match answer {
        Answer::Json(status, schema) => {
            let content = json!({"application/json": {"schema": schema(generator)}});
            (*status, json!({"description": "done", "content": content}))
        }
        Answer::Nothing(status) => (*status, json!({"description": "done"})),
        Answer::Bundle => {
            let etag = json!({"ETag": {"schema": {"type": "string"}}});
            let content = json!({BUNDLE_TYPE: {}});
            let good = json!({"description": "a bundle", "headers": etag, "content": content});
            (http::StatusCode::OK, good)
        }
        Answer::Text => {
            let content = json!({"text/plain": {"schema": {"type": "string"}}});
            let good = json!({"description": "yes", "content": content});
            (http::StatusCode::OK, good)
        }
        Answer::OpenApi => {
            let content = json!({"application/json": {"schema": {"type": "object"}}});
            let good = json!({"description": "OpenAPI 3.1", "content": content});
            (http::StatusCode::OK, good)
        }
    };
    let mut responses = Map::new();
    responses.insert(status.as_u16().to_string(), good);
    if matches!(answer, Answer::Bundle) {
        let unchanged =
            json!({"description": "there is no other one than that of `if-none-match`"});
        responses.insert("304".to_owned(), unchanged);
    }
    let problem = json!({"$ref": "#/components/responses/Problem"});
    responses.insert("default".to_owned(), problem);
    Value::Object(responses)
}

fn parameter(parameter: &Parameter) -> Value {
    let place = match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    let schema = match parameter.kind {
        Kind::Text => json!({"type": "string"}),
        Kind::Number => json!({"type": "integer", "minimum": 0}),
        Kind::Time => json!({"type": "string", "format": "date-time"}),
    };
    json!({
        "name": parameter.name,
        "in": place,
        "required": parameter.is_required,
        "description": parameter.meaning,
        "schema": schema,
    })
}
