//! The schemas that editors use: in step with the types, and of one mind with the compiler about form.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aegis_authoring::{compile, schemas};
use aegis_document::Document;
use common::{data, files};
use serde_json::{Value as Json, json};

#[test]
fn the_published_schemas_are_in_step_with_the_types() {
    let folder = root().join("../../docs/schema");
    for (name, schema) in schemas() {
        let path = folder.join(name);
        let text = format!("{schema:#}\n");
        if std::env::var_os(UPDATE).is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let published = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            published == text,
            "docs/schema/{name} is not what the types say; \
             write it anew with `{UPDATE}=1 cargo nextest run -p aegis-authoring --test schemas`, \
             and look at what changes"
        );
    }
    let published = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(
        published,
        schemas().len(),
        "docs/schema holds a file that no type makes"
    );
}

#[test]
fn every_key_of_every_kind_is_described() {
    fn visit(path: &str, schema: &Json) {
        let Json::Object(map) = schema else { return };
        let properties = map.get("properties").and_then(Json::as_object);
        for (key, property) in properties.into_iter().flatten() {
            let describes = ["description", "const", "$ref"];
            let is_described = describes.iter().any(|key| property.get(key).is_some());
            // The one key of a choice is described with it, and a condition with its schema.
            let is_choice = properties.unwrap().len() == 1;
            assert!(is_described || is_choice, "{path}.{key}: {property}");
        }
        for (key, below) in map {
            visit(&format!("{path}.{key}"), below);
        }
        for below in map.values().filter_map(Json::as_array).flatten() {
            visit(path, below);
        }
    }
    for (name, schema) in schemas() {
        assert!(schema["description"].is_string(), "{name}");
        for (name, definition) in schema["$defs"].as_object().unwrap() {
            // Some names say everything.
            let says_all = ["Metadata", "Metadata2", "DataType", "Effect"].contains(&&**name);
            assert!(says_all || definition["description"].is_string(), "{name}");
        }
        if name != ANY {
            visit(name, &schema);
        }
    }
}

#[test]
fn schemas_accept_what_the_compiler_accepts() {
    let mut documents = Vec::new();
    for (file, text) in data() {
        let all = Document::parse_all(file, text).unwrap();
        let all = all.iter().map(|document| document.read::<Json>().unwrap());
        documents.extend(all.filter(|document| document.get("kind").is_some()));
    }
    assert!(documents.len() > 10);
    for (document, verdict) in documents.iter().zip(verdicts(&documents)) {
        assert_eq!(verdict, [true, true], "{document}");
    }
}

#[test]
fn schemas_refuse_what_the_compiler_refuses() {
    let of_spec = REFUSED.iter().map(|(kind, spec)| {
        format!("apiVersion: aegis.dev/v1\nkind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n")
    });
    let texts: Vec<String> = of_spec.chain(HEADS.map(str::to_owned)).collect();
    let documents: Vec<Json> = texts
        .iter()
        .map(|text| Document::parse("x.yaml", text).unwrap().read().unwrap())
        .collect();
    for (text, verdict) in texts.iter().zip(verdicts(&documents)) {
        assert!(
            compile(&files([("x.yaml", text.as_str())])).is_err(),
            "{text}"
        );
        assert_eq!(verdict, [false, false], "{text}");
    }
}

/// Of each document, whether the schema of any kind and that of its own kind accept it. One process
/// answers for all.
fn verdicts(documents: &[Json]) -> Vec<[bool; 2]> {
    let python = root().join("../../.tools/python/bin/python");
    assert!(
        python.exists(),
        "the Python tools are not installed: run `make tools`"
    );
    let mut run = Command::new(python)
        .arg(root().join("tests/validate.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let schemas: serde_json::Map<String, Json> = schemas()
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    let questions: Vec<Json> = documents
        .iter()
        .flat_map(|document| [json!([ANY, document]), json!([file_of(document), document])])
        .collect();
    let asked = json!({"schemas": schemas, "questions": questions}).to_string();
    let mut input = run.stdin.take().unwrap();
    input.write_all(asked.as_bytes()).unwrap();
    drop(input);
    let output = run.wait_with_output().unwrap();
    assert!(output.status.success(), "validate.py failed");
    let answers: Vec<bool> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), 2 * documents.len());
    answers.chunks(2).map(|pair| [pair[0], pair[1]]).collect()
}

fn file_of(document: &Json) -> &'static str {
    match document["kind"].as_str().unwrap() {
        "AgentPolicy" => "agent-policy.json",
        "Tool" => "tool.json",
        "Provider" => "provider.json",
        "DlpProfile" => "dlp-profile.json",
        // A tenant, or of no kind: then any must refuse it.
        _ => "tenant.json",
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

const ANY: &str = "aegis.dev-v1.json";

const UPDATE: &str = "UPDATE_SCHEMAS";

const REFUSED: [(&str, &str); 29] = [
    ("Tenant", "{regoins: [eu]}"),
    ("Tenant", "{regions: eu}"),
    ("Tenant", "{regions: }"),
    ("Tenant", "{mode: shadov}"),
    ("Tenant", "{agents: [a]}"),
    ("Tenant", "{agents: {a: }}"),
    ("Tenant", "{agents: {a: {labels: {team: 1}}}}"),
    ("AgentPolicy", "{}"),
    ("AgentPolicy", "{agents: {}}"),
    ("AgentPolicy", "{agents: {ids: []}}"),
    ("AgentPolicy", "{agents: {ids: [a], labels: {b: c}}}"),
    ("AgentPolicy", "{agents: {tenant: a}, budgets: {daily: 5}}"),
    ("AgentPolicy", "{agents: {tenant: a}, riskTier: high}"),
    (
        "AgentPolicy",
        "{agents: {tenant: a}, dlp: {EMAIL_ADDRESS: deny}}",
    ),
    (
        "AgentPolicy",
        "{agents: {tenant: a}, tools: [{tool: http, actions: []}]}",
    ),
    (
        "AgentPolicy",
        "{agents: {tenant: a}, tools: [{tool: http, actions: [get], parameters: {a: {min: '1'}}}]}",
    ),
    (
        "AgentPolicy",
        "{agents: {tenant: a}, tools: [{tool: http, actions: [get], parameters: {a: {approve_above: 1}}}]}",
    ),
    (
        "AgentPolicy",
        "{agents: {tenant: a}, tools: [{tool: http, actions: [get], parameters: {a: {pattern: {regex: a, glob: b}}}}]}",
    ),
    (
        "AgentPolicy",
        "{agents: {tenant: a}, tools: [{tool: http, actions: [get], parameters: {a: {pattern: {}}}}]}",
    ),
    ("Tool", "{hosts: [a.example]}"),
    ("Tool", "{hosts: [a.example], protocol: thrift}"),
    ("Tool", "{protocol: http}"),
    ("Tool", "{protocol: http, provider: p, regions: [eu]}"),
    (
        "Tool",
        "{hosts: [a.example], protocol: rest, operations: [{action: a}]}",
    ),
    ("Provider", "{endpoints: [{regions: [eu]}]}"),
    ("DlpProfile", "{types: {email: deny}}"),
    (
        "DlpProfile",
        "{types: {EMAIL_ADDRESS: deny}, detectors: []}",
    ),
    (
        "DlpProfile",
        "{types: {BADGE: deny}, detectors: {badge: {pattern: a}}}",
    ),
    (
        "DlpProfile",
        "{types: {BADGE: deny}, detectors: {BADGE: {pattern: a, checksum: crc}}}",
    ),
];

const HEADS: [&str; 6] = [
    "apiVersion: aegis.dev/v2\nkind: Tenant\nmetadata: {name: x}\nspec: {}\n",
    "apiVersion: aegis.dev/v1\nkind: Tennant\nmetadata: {name: x}\nspec: {}\n",
    "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {}\nspec: {}\n",
    "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: ''}\nspec: {}\n",
    "apiVersion: aegis.dev/v1\nkind: Tool\nmetadata: {name: x, labels: {a: b}}\nspec: {protocol: http, hosts: [a.example]}\n",
    "apiVersion: aegis.dev/v1\nkind: Tenant\nmetadata: {name: x}\nspec: {}\nmore: 1\n",
];
