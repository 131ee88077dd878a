//! What docs/policy-tests.md shows is true: its examples pass on the policy of docs/policy.md, and its tables have every key.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use std::collections::BTreeSet;

use aegis_policy::Source;
use aegis_policy::suite::Suite;
use common::{bench, with_module};

#[test]
fn the_tables_of_the_page_pass() {
    let bench = bench(&sources());
    let report = suite(&block(PAGE, "yaml")).unwrap().run(&bench);
    assert!(report.passed(), "{}", report.failures());
    assert_eq!(report.results.len(), 4);
    assert!(report.results.iter().all(|result| result.doubts.is_empty()));
}

#[test]
fn the_rego_tests_of_the_page_pass() {
    let test = Source {
        file: "page_test.rego".to_owned(),
        text: block(PAGE, "rego"),
    };
    let report = bench(&sources()).rego_tests(&[test]).unwrap();
    assert!(report.passed(), "{report:?}");
    assert_eq!(report.results.len(), 2);
    assert_eq!(report.coverage[0].percent(), 100);
}

/// An unknown key is answered with those that are known.
#[test]
fn the_page_has_every_key_and_no_other() {
    for (heading, test) in [
        (
            "| key | meaning",
            "{name: a, expect: {outcome: deny}, call: {zzzzzzzzzz: 1}}",
        ),
        (
            "| key of `destination`",
            "{name: a, expect: {outcome: deny}, call: {destination: {zzzzzzzzzz: 1}}}",
        ),
        (
            "| key of a `data` entry",
            "{name: a, expect: {outcome: deny}, call: {data: [{type: EMAIL_ADDRESS, zzzzzzzzzz: 1}]}}",
        ),
        (
            "| key | holds when",
            "{name: a, call: {tool: x}, expect: {outcome: deny, zzzzzzzzzz: 1}}",
        ),
    ] {
        let problem = suite(&format!("tests: [{test}]")).unwrap_err();
        let (_, known) = problem.split_once("known keys are ").unwrap();
        assert_eq!(documented(heading), quoted(known), "{heading}");
    }
}

/// The first cells of the table under this heading.
fn documented(heading: &str) -> BTreeSet<String> {
    let table = PAGE.split(&format!("\n{heading}")).nth(1).unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| quoted(row.split('|').nth(1).unwrap()))
        .collect()
}

fn quoted(text: &str) -> BTreeSet<String> {
    let words = text.split('`').skip(1).step_by(2);
    words.map(str::to_owned).collect()
}

/// The policy as plain data, which is all that this crate reads.
fn sources() -> aegis_policy::Sources {
    let page = include_str!("../../../docs/policy.md");
    let data = page.split("```yaml\naegis:").nth(1).unwrap();
    let data = format!("aegis:{}", data.split("\n```").next().unwrap());
    with_module(&data, &block(page, "rego"))
}

fn suite(text: &str) -> Result<Suite, String> {
    let source = Source {
        file: "page.yaml".to_owned(),
        text: text.to_owned(),
    };
    Suite::read(&[source]).map_err(|problems| problems.to_string())
}

/// The first block of the page in this language.
fn block(page: &str, language: &str) -> String {
    let rest = page.split(&format!("```{language}\n")).nth(1).unwrap();
    rest.split("\n```").next().unwrap().to_owned()
}

const PAGE: &str = include_str!("../../../docs/policy-tests.md");
