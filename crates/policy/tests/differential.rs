//! The machine, the interpreter and real OPA decide the same on thousands of calls of every outcome.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use aegis_policy::{Answers, Snapshot, Sources, selftest};
use common::{build, directory, with_module};
use serde_json::{Value as Json, json};

#[test]
fn machine_interpreter_and_opa_agree_on_every_outcome() {
    let mut outcomes = BTreeMap::new();
    compare(&with_module(DATA, MODULE), 0x5eed, 6_000, &mut outcomes);
    compare(&directory("demo"), 0xde30, 1_000, &mut outcomes);
    for outcome in ["allow", "sanitize", "approval_needed", "deny"] {
        let count = outcomes.get(outcome).copied().unwrap_or_default();
        assert!(
            count >= 300,
            "only {count} of the calls ended in {outcome}: {outcomes:?}"
        );
    }
}

fn compare(sources: &Sources, seed: u64, count: usize, outcomes: &mut BTreeMap<String, usize>) {
    let snapshot = build(sources);
    let mut comparison = snapshot.comparison().unwrap();
    let intents = selftest::intents(sources, seed, count).unwrap();
    let answers: Vec<Answers> = intents
        .iter()
        .map(|intent| comparison.answers(intent).unwrap())
        .collect();
    let opa = opa(&comparison.data().unwrap(), &answers);
    assert_eq!(opa.len(), answers.len());
    for (answers, opa) in answers.iter().zip(opa) {
        let machine = sorted(answers.machine.clone().unwrap());
        assert_eq!(
            machine,
            sorted(answers.interpreter.clone().unwrap()),
            "the interpreter differs on {}",
            answers.input
        );
        assert_eq!(machine, sorted(opa), "OPA differs on {}", answers.input);
        let outcome = machine["outcome"].as_str().unwrap().to_owned();
        *outcomes.entry(outcome).or_default() += 1;
    }
}

/// One process answers all inputs: starting the engine costs more than asking it.
fn opa(data: &Json, answers: &[Answers]) -> Vec<Json> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("../../.tools/python/bin/python");
    assert!(
        python.exists(),
        "the Python tools are not installed: run `make tools`"
    );
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(place.path().join(name), text).unwrap();
    write("library.rego", Snapshot::library().to_owned());
    write("data.json", data.to_string());
    let inputs: Vec<String> = answers
        .iter()
        .map(|answers| answers.input.to_string())
        .collect();
    write(
        "inputs.jsonl",
        inputs.join(
            "
",
        ),
    );
    let run = Command::new(python)
        .arg(root.join("tests/opa.py"))
        .arg(place.path())
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "opa.py failed: {}",
        String::from_utf8_lossy(&run.stderr)
    );
    let text = std::fs::read_to_string(place.path().join("answers.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
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
            let entries: BTreeMap<String, Json> = entries
                .into_iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect();
            json!(entries)
        }
        other => other,
    }
}

/// Every kind of rule, in force and in shadow.
const DATA: &str = r#"
aegis:
  tenants:
    bound: {regions: [eu-central-1, eu-west-1]}
    free: {}
    lenient: {regions: [eu-central-1], residency: shadow}
    trial: {mode: shadow, regions: [eu-central-1]}
    both: {mode: shadow, regions: [us-east-1], residency: shadow}
  agents:
    a: {tenant: bound, profile: strict}
    b: {tenant: free, profile: strict}
    c: {tenant: lenient, profile: strict}
    d: {tenant: trial, profile: strict}
    e: {tenant: bound, profile: wide}
    f: {tenant: free, profile: wide}
    g: {tenant: both, profile: wide}
    h: {tenant: free, profile: rehearsal}
  profiles:
    strict:
      mcp: {changed_tools: deny, refuse_as: tool_result}
      hosts: [api.example.com, .example.org, "odd.example:8443"]
      passthrough: [pinned.example.com]
      upgrades: [ws.example.com]
      data: {EMAIL_ADDRESS: {sanitize: token}, CREDIT_CARD: deny, SECRET_AWS: approval_needed}
      answers: {pii: {sanitize: hash}, secret: deny, SECRET_AWS: allow}
      numbers: text
      answers_unread: allow
      tools:
        pay:
          charge:
            amount: {min: 1, max: 100000, approve_above: 5000, required: true}
            rate: {min: -0.5, max: 2.5}
            floor: {min: 10}
            currency: {enum: [eur, usd], required: true}
            level: {enum: [1, 2, 3.5, true]}
            note: {redact: {mask: {keep_last: 4}}}
            iban: {pattern: {regex: "^DE"}}
            network: {pattern: {cidr: 10.0.0.0/8}}
            card: {forbidden: true}
          refund:
            amount: {approve_above: 100}
          "*": {}
        http:
          get: {}
          post: {}
        chat.example.com:
          chat: {model: {enum: [small, large]}, tools: {pattern: {glob: "a*"}}}
    wide:
      truncated: allow
      data: {EMAIL_ADDRESS: allow, CREDIT_CARD: {sanitize: {mask: {keep_last: 4}}}, SECRET_AWS: approval_needed, SECRET_PRIVATE_KEY: deny}
      hosts: [.example.com]
      tools:
        http: {"*": {}}
        pay: {charge: {amount: {approve_above: 10}, note: {redact: remove, required: true}}}
    rehearsal:
      mode: shadow
      data: {EMAIL_ADDRESS: sanitize}
      tools:
        pay: {charge: {amount: {max: 100, approve_above: 50}, note: {redact: true}}}
  catalogue:
    pay: {hosts: [pay.example.net], protocol: rest, regions: [eu-central-1], operations: [
      {action: charge, method: POST, path: /charges}, {action: refund, method: POST, path: /refunds}]}
  facts:
    european: {glob: "eu-*", of: call.parameters.place}
"#;

/// A finding of each kind, each on a part of the calls.
const MODULE: &str = r#"
package aegis.ext

deny contains {"rule": "own.deny", "message": "no level 3.5"} if input.call.parameters.level == 3.5

approval_needed contains {"rule": "own.approval", "message": "a low floor is looked at"} if input.call.parameters.floor == 11

sanitize contains {"rule": "own.parameter", "message": "the iban is redacted", "parameter": "iban"} if input.call.parameters.iban

sanitize contains {"rule": "own.data", "message": "cards are redacted", "data": "CREDIT_CARD"} if "CREDIT_CARD" in input.dlp.types

allow contains {"rule": "own.allow", "message": "tried out"} if input.call.tool == "unheard-of"
"#;
