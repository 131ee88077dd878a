//! A bundle as it is distributed, loaded by real OPA, decides as the machine does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use aegis_authoring::{Files, compile, package};
use aegis_bundle::{Algorithm, Contents, Format, Manifest, Metadata, Region, Scope, Signer, build};
use aegis_policy::{Mode, Snapshot, selftest};
use common::{ROOT, shipped};
use serde_json::{Value as Json, json};

#[test]
fn opa_loads_the_bundle_and_decides_the_same_with_and_without_prepared_findings() {
    let files = shipped("demo");
    let sources = compile(&files).unwrap().sources(Mode::Enforce);
    let snapshot = Snapshot::build(&sources, 1).unwrap();
    let mut comparison = snapshot.comparison().unwrap();
    let intents = selftest::intents(&sources, 0xb0b, 3_000).unwrap();
    let answers: Vec<_> = intents
        .iter()
        .map(|intent| comparison.answers(intent).unwrap())
        .collect();
    let prepared = answers.iter().map(|answers| answers.input.clone());
    let prepared: Vec<Json> = prepared.collect();
    let bare = prepared.iter().cloned().map(|mut input| {
        input.as_object_mut().unwrap().remove("ext");
        input
    });
    let bare: Vec<Json> = bare.collect();
    let decided = opa(
        &archive(&files),
        [("aegis.decision", prepared), ("aegis.opa.decision", bare)],
    );

    let mut outcomes = BTreeMap::<String, usize>::new();
    for (index, answers) in answers.iter().enumerate() {
        let machine = sorted(answers.machine.clone().unwrap());
        for decided in &decided {
            let opa = sorted(decided[index].clone());
            assert_eq!(machine, opa, "OPA differs on {}", answers.input);
        }
        let outcome = machine["outcome"].as_str().unwrap().to_owned();
        *outcomes.entry(outcome).or_default() += 1;
    }
    for outcome in ["allow", "sanitize", "approval_needed", "deny"] {
        let count = outcomes.get(outcome).copied().unwrap_or_default();
        assert!(count >= 100, "only {count} {outcome}: {outcomes:?}");
    }
}

fn archive(files: &Files) -> Vec<u8> {
    let compiled = compile(files).unwrap();
    let tenants = compiled.data()["aegis"]["tenants"].as_object().unwrap();
    let tenants: BTreeSet<String> = tenants.keys().cloned().collect();
    let package = package(files, &tenants).unwrap();
    let contents = Contents {
        manifest: Manifest {
            revision: "1".to_owned(),
            roots: package.roots,
            aegis: Metadata {
                format: Format::V1,
                number: 1,
                issued_at: "2026-11-21T00:00:00Z".parse().unwrap(),
                expires_at: None,
                scope: Scope {
                    tenants,
                    region: Region::Any,
                },
                rollback_from: None,
            },
        },
        data: package.data,
        modules: package.modules,
        tests: package.tests,
    };
    let key = fs::read_to_string(key("es256.pem")).unwrap();
    let signer = Signer::from_pem("k", Algorithm::Es256, &key).unwrap();
    build(&contents, Some(&signer)).unwrap()
}

/// What OPA decides of each input, for each of the paths.
fn opa<const N: usize>(archive: &[u8], asked: [(&str, Vec<Json>); N]) -> [Vec<Json>; N] {
    let python = Path::new(ROOT).join(".tools/python/bin/python");
    assert!(
        python.exists(),
        "the Python tools are not installed: run `make tools`"
    );
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("bundle.tar.gz"), archive).unwrap();
    let public = fs::read_to_string(key("es256.pub")).unwrap();
    let cases = asked.map(|(path, inputs)| {
        json!({
            "archive": "bundle.tar.gz", "key": public, "algorithm": "ES256",
            "path": path, "inputs": inputs,
        })
    });
    fs::write(
        place.path().join("cases.json"),
        json!(cases.as_slice()).to_string(),
    )
    .unwrap();
    let run = Command::new(python)
        .arg(Path::new(ROOT).join("crates/bundle/tests/bundle/opa.py"))
        .arg(place.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "opa.py failed: {said}");
    let answers = fs::read(place.path().join("answers.json")).unwrap();
    let answers: Vec<Json> = serde_json::from_slice(&answers).unwrap();
    let decisions = answers.into_iter().map(|answer| {
        assert_eq!(answer["verified"], true);
        answer["decisions"].as_array().unwrap().clone()
    });
    let decisions: Vec<_> = decisions.collect();
    decisions.try_into().unwrap()
}

fn key(name: &str) -> std::path::PathBuf {
    Path::new(ROOT)
        .join("crates/bundle/tests/bundle/keys")
        .join(name)
}

/// Lists as multisets: Rego promises no order of the elements of an object.
fn sorted(value: Json) -> Json {
    match value {
        Json::Array(items) => {
            let mut items: Vec<Json> = items.into_iter().map(sorted).collect();
            items.sort_by_key(ToString::to_string);
            Json::Array(items)
        }
        Json::Object(entries) => {
            let entries: BTreeMap<_, _> = entries.into_iter().collect();
            let entries = entries.into_iter().map(|(key, value)| (key, sorted(value)));
            entries.collect()
        }
        other => other,
    }
}
