//! Documents become exactly the data that a person would have written, and every part of it knows its author.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use aegis_authoring::{Compiled, Files, check, compile};
use aegis_policy::{Mode, Snapshot, Source};
use common::{COMPANY, company, files};
use serde_json::{Value as Json, json};

#[test]
fn documents_become_the_data_that_one_would_write_by_hand() {
    let by_hand = compile(&files([("company.yaml", include_str!("company.yaml"))])).unwrap();
    assert_eq!(text(&company()), text(&by_hand));
    assert_eq!(company().data(), by_hand.data());
}

#[test]
fn the_policy_page_says_the_same_in_documents_and_in_data() {
    let page = include_str!("../../../docs/policy.md");
    let blocks = page.split("```yaml\n").skip(1);
    let blocks: Vec<&str> = blocks
        .map(|block| block.split("\n```").next().unwrap())
        .collect();
    let of = |start: &str| {
        let block = blocks.iter().find(|block| block.starts_with(start));
        compile(&files([("policy.md.yaml", *block.unwrap())])).unwrap()
    };
    assert_eq!(text(&of("apiVersion:")), text(&of("aegis:")));
    for block in blocks {
        let example = files([("policy.md.yaml", block)]);
        let (_, snapshot) = check(&example, Mode::Enforce, 1).unwrap();
        assert!(!snapshot.catalogue().services().is_empty(), "{block}");
    }
}

#[test]
fn what_is_compiled_comes_into_force_with_the_modules_beside_it() {
    let (compiled, snapshot) = check(&files(COMPANY), Mode::Enforce, 1).unwrap();
    assert_eq!(snapshot.modes().len(), 3);
    let sources = compiled.sources(Mode::Shadow);
    assert_eq!(sources.mode, Mode::Shadow);
    assert_eq!(sources.modules.len(), 1);
    assert_eq!(sources.data.len(), 1);
    assert!(Snapshot::build(&sources, 2).is_ok());
}

#[test]
fn every_part_of_the_data_knows_its_author() {
    let compiled = company();
    // The text at the place that is told, after its file and line.
    let at = |path: &str| {
        let path: Vec<&str> = path.split(' ').collect();
        let origin = compiled.origin(&path).expect("somebody wrote it");
        let (file, text) = COMPANY
            .iter()
            .find(|(file, _)| *file == origin.file)
            .unwrap();
        let line = text.lines().nth(origin.line - 1).unwrap();
        format!("{file}:{}: {}", origin.line, &line[origin.column - 1..])
    };
    for (path, place) in ORIGINS {
        assert!(at(path).starts_with(place), "{path}: {}", at(path));
    }
    assert_eq!(compiled.origin(&["nobody"]), None);
}

#[test]
fn every_value_of_the_data_has_an_origin() {
    fn visit(compiled: &Compiled, value: &Json, path: &mut Vec<String>, count: &mut usize) {
        let borrowed: Vec<&str> = path.iter().map(String::as_str).collect();
        assert!(compiled.origin(&borrowed).is_some(), "{path:?}");
        *count += 1;
        let children: Vec<(String, &Json)> = match value {
            Json::Object(map) => map
                .iter()
                .map(|(key, value)| (key.clone(), value))
                .collect(),
            Json::Array(list) => {
                let list = list.iter().enumerate();
                list.map(|(at, value)| (at.to_string(), value)).collect()
            }
            _ => Vec::new(),
        };
        for (name, child) in children {
            path.push(name);
            visit(compiled, child, path, count);
            path.pop();
        }
    }
    let compiled = company();
    let mut count = 0;
    for (key, value) in compiled.data() {
        visit(&compiled, value, &mut vec![key.clone()], &mut count);
    }
    assert!(count > 100, "{count}");
}

#[test]
fn files_are_sorted_by_what_they_are() {
    let names = [
        "z.yaml",
        "a/b.yml",
        "data.json",
        "tests/charges.yaml",
        "tests/more/refunds.yml",
        "own.rego",
        "own_test.rego",
        "tests/own_test.rego",
        "README.md",
        "tests/input.json",
        ".git/config.yaml",
        "..data/z.yaml",
        "a/tests/c.yaml",
        "Makefile",
    ];
    let sorted = files(names.map(|name| (name, "")));
    let names = |list: &[Source]| list.iter().map(|it| it.file.clone()).collect::<Vec<_>>();
    let Files {
        data,
        modules,
        module_tests,
        tests,
    } = &sorted;
    assert_eq!(
        names(data),
        ["a/b.yml", "a/tests/c.yaml", "data.json", "z.yaml"]
    );
    assert_eq!(names(modules), ["own.rego"]);
    assert_eq!(
        names(module_tests),
        ["own_test.rego", "tests/own_test.rego"]
    );
    assert_eq!(
        names(tests),
        ["tests/charges.yaml", "tests/more/refunds.yml"]
    );
}

#[test]
fn a_directory_without_anything_is_a_policy_that_denies_everyone() {
    let (compiled, _) = check(&Files::default(), Mode::Enforce, 1).unwrap();
    assert_eq!(json!(compiled.data()), json!({}));
}

fn text(compiled: &Compiled) -> String {
    compiled.sources(Mode::Enforce).data[0].text.clone()
}

/// A path of the data, and what stands where it was written.
const ORIGINS: [(&str, &str); 26] = [
    (
        "aegis profiles finance tools stripe-payments charge amount max",
        "team/policies.yaml:11: 100000, ",
    ),
    (
        "aegis profiles finance tools stripe-payments charge amount approve_above",
        "team/policies.yaml:11: 5000, ",
    ),
    (
        "aegis profiles finance tools stripe-payments charge currency enum 1",
        "team/policies.yaml:12: usd]",
    ),
    (
        "aegis profiles finance tools stripe-payments charge",
        "team/policies.yaml:9: charge]",
    ),
    (
        "aegis profiles finance tools stripe-payments",
        "team/policies.yaml:8: stripe-payments",
    ),
    ("aegis profiles finance", "team/policies.yaml:3: finance}"),
    (
        "aegis profiles finance data EMAIL_ADDRESS",
        "team/policies.yaml:66: sanitize, ",
    ),
    (
        "aegis profiles research answers SECRET_AWS",
        "team/policies.yaml:73: deny}",
    ),
    (
        "aegis profiles research answers_unread",
        "team/policies.yaml:74: allow",
    ),
    (
        "aegis profiles support truncated",
        "team/policies.yaml:27: allow",
    ),
    (
        "aegis profiles support grpc_bodies",
        "team/policies.yaml:28: deny",
    ),
    (
        "aegis profiles support upgrades 0",
        "team/policies.yaml:33: chat.example.com]",
    ),
    (
        "aegis profiles support mcp refuse_as",
        "team/policies.yaml:34: tool_result}",
    ),
    (
        "aegis agents billing-bot profile",
        "team/policies.yaml:5: {tenant: acme, ",
    ),
    (
        "aegis agents research-bot profile",
        "team/policies.yaml:48: research-bot, ",
    ),
    ("aegis agents billing-bot tenant", "tenants.yaml:4: acme"),
    (
        "aegis agents billing-bot labels stage",
        "tenants.yaml:10: beta}",
    ),
    ("aegis tenants acme regions 1", "tenants.yaml:7: eu-west-1]"),
    (
        "aegis tenants acme labels plan",
        "tenants.yaml:5: business}",
    ),
    (
        "aegis catalogue stripe-payments regions 0",
        "catalogue.yaml:6: eu-central-1]",
    ),
    (
        "aegis catalogue stripe-payments operations 1 path",
        "catalogue.yaml:16: \"/v1/charges/{charge}",
    ),
    (
        "aegis catalogue us-payments hosts 0",
        "catalogue.yaml:24: us-payments.example.com]",
    ),
    (
        "aegis catalogue openai endpoints 1 regions 0",
        "catalogue.yaml:37: us-east-1]",
    ),
    (
        "aegis catalogue openai provider",
        "catalogue.yaml:31: openai}",
    ),
    ("aegis facts internal glob", "own.yaml:4: \"*.example.com\""),
    ("holidays 0", "own.yaml:5: 2026-12-24, "),
];
