//! The policies that come along are documents: they mean what they meant as plain data, and their tests pass on them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use aegis_authoring::{bench, compile};
use aegis_policy::Mode;
use aegis_policy::suite::Suite;
use common::{files, shipped};
use serde_json::{Map, Value as Json};

#[test]
fn the_documents_that_come_along_compile_to_the_data_that_was_written_by_hand() {
    for (name, by_hand) in BY_HAND {
        assert!(!by_hand.contains("apiVersion"));
        let by_hand = compile(&files([("policy.yaml", by_hand)])).unwrap();
        let by_hand = without_written_defaults(by_hand.data());
        let documents = compile(&shipped(name)).unwrap();
        assert_eq!(*documents.data(), by_hand, "{name}");
    }
}

#[test]
fn their_tables_and_rego_tests_pass_on_the_documents_and_reach_every_grant() {
    for ((name, _), least) in BY_HAND.into_iter().zip([40, 9]) {
        let files = shipped(name);
        let (_, bench) = bench(&files, Mode::Enforce).unwrap();
        bench.test(&files.tests, &files.module_tests).unwrap();
        let suite = Suite::read(&files.tests).unwrap();
        assert!(suite.len() >= least, "{name}: {}", suite.len());
        let coverage = suite.coverage(&bench);
        let missed = coverage.missed().map(|point| point.path.join("."));
        assert_eq!(missed.collect::<Vec<_>>(), Vec::<String>::new(), "{name}");
        assert_eq!(coverage.percent(), 100, "{name}");
    }
}

/// A default that a person wrote down is left out where a document says it.
fn without_written_defaults(data: &Map<String, Json>) -> Map<String, Json> {
    let mut data = data.clone();
    for tenant in data["aegis"]["tenants"]
        .as_object_mut()
        .unwrap()
        .values_mut()
    {
        let tenant = tenant.as_object_mut().unwrap();
        if tenant.get("mode").is_some_and(|mode| mode == "enforce") {
            tenant.remove("mode");
        }
    }
    data
}

/// By the directory under `policies/`.
const BY_HAND: [(&str, &str); 2] = [
    ("demo", include_str!("../../policy/tests/demo/policy.yaml")),
    (
        "sample",
        include_str!("../../policy/tests/sample/policy.yaml"),
    ),
];
