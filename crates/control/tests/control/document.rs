//! `/openapi.json` and what is served are the same.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::plane::Plane;

#[tokio::test]
async fn the_committed_document_is_the_one_that_is_served() {
    let plane = Plane::start().await;
    let served = plane.nobody().get("/openapi.json").await.json();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let text = format!("{}\n", serde_json::to_string_pretty(&served).unwrap());
    if std::env::var_os("AEGIS_UPDATE_DOCS").is_some() {
        fs::write(&file, &text).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap();
    assert!(
        committed == text,
        "docs/openapi.json is old; run this test with AEGIS_UPDATE_DOCS=1"
    );
}

#[tokio::test]
async fn every_described_operation_is_served_to_those_whom_it_names_and_no_other_method_is() {
    let plane = Plane::start().await;
    let document = aegis_control::openapi();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = path
            .replace("{scope}", "acme@eu-central-1")
            .replace("{number}", "1");
        for method in ["get", "post"] {
            let answer = match method {
                "get" => plane.nobody().get(&path).await,
                _ => plane.nobody().post(&path, &json!({})).await,
            };
            let expected = match operations.get(method) {
                None => 405,
                Some(operation) if operation["security"] == json!([]) => 200,
                Some(_) => 401,
            };
            assert_eq!(answer.status, expected, "{method} {path}");
        }
    }
}

#[test]
fn every_path_that_callers_know_is_described() {
    use aegis_api::paths;
    let document = aegis_control::openapi();
    let described: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    let known = [
        paths::BUNDLE,
        paths::STATUS,
        paths::LOGS,
        paths::AUDIT,
        paths::REFUSED,
        paths::PUBLICATIONS,
        paths::PUBLICATION,
        paths::PROMOTE,
        paths::ROLLBACKS,
        paths::KEYS,
        paths::OPENAPI,
        paths::HEALTH,
        paths::READY,
    ];
    assert_eq!(described.len(), known.len());
    assert!(
        known
            .iter()
            .all(|path| described.iter().any(|one| one == path))
    );
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let document = aegis_control::openapi();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    assert_eq!(document["openapi"], "3.1.0");
}

#[test]
fn the_page_has_every_code_every_setting_and_every_operation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("../../docs/control-plane.md")).unwrap();
    let errors = fs::read_to_string(root.join("src/error.rs")).unwrap();
    let entries = errors.split("(StatusCode::").skip(1);
    let codes: Vec<&str> = entries
        .map(|entry| entry.split('"').nth(1).unwrap())
        .collect();
    assert!(codes.len() > 20);
    let settings = fs::read_to_string(root.join("../config/src/control_plane.rs")).unwrap();
    let limits = settings.split("pub struct Limits {").nth(1).unwrap();
    let limits = limits.split('}').next().unwrap().lines();
    let limits = limits.filter_map(|line| line.trim().strip_prefix("pub ")?.split(':').next());
    let document = aegis_control::openapi();
    let paths = document["paths"].as_object().unwrap();
    let prefixes = paths.keys().map(|path| path.split('{').next().unwrap());
    for word in codes.into_iter().chain(limits).chain(prefixes) {
        assert!(page.contains(word), "{word} is not in the page");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(reference) if name == "$ref" => references.push(reference.to_owned()),
                    _ => collect(member, references),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
