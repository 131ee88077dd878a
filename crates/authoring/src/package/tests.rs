//! What a bundle carries, and what it leaves to others.

use std::collections::BTreeSet;

use aegis_bundle::Layout;
use aegis_policy::Source;

use super::{Package, package};
use crate::Files;

const POLICY: &str = "
aegis:
  tenants: {acme: {regions: [eu]}, globex: {}}
  agents:
    payer: {tenant: acme, profile: pay}
    spy: {tenant: globex, profile: look}
  profiles:
    pay: {tools: {pay: {charge: {amount: {max: 10}}}}}
    look: {hosts: [secret.globex.example]}
  catalogue:
    pay:
      hosts: [pay.example]
      protocol: rest
      regions: [eu]
      operations: [{action: charge, method: POST, path: /charges}]
own: {limit: 3}
";

const TESTS: &str = "
tests:
  - name: a small charge is allowed
    call: {agent: payer, tool: pay, action: charge, parameters: {amount: 1}}
    expect: {outcome: allow}
  - name: globex may look
    call: {agent: spy, tool: http, action: get, destination: {host: secret.globex.example}, method: GET}
    expect: {outcome: deny}
";

const MODULE: &str = "package aegis.ext

deny contains {\"rule\": \"own.limit\", \"message\": \"too much\"} if {
	input.phase == \"request\"
	input.call.parameters.amount > data.own.limit
}
";

fn source(file: &str, text: &str) -> Source {
    Source {
        file: file.to_owned(),
        text: text.to_owned(),
    }
}

fn files() -> Files {
    Files::sort([
        source("policy.yaml", POLICY),
        source("own.rego", MODULE),
        source("tests/all.yaml", TESTS),
    ])
}

fn for_tenants(tenants: &[&str]) -> Package {
    package(&files(), &names(tenants)).unwrap_or_else(|problems| panic!("{problems}"))
}

fn names(tenants: &[&str]) -> BTreeSet<String> {
    tenants.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_tenant_gets_nothing_of_another() {
    let package = for_tenants(&["acme"]);
    let all = format!("{:?} {:?}", package.data, package.tests);
    assert!(all.contains("payer") && all.contains("pay.example"));
    assert!(!all.contains("globex") && !all.contains("spy"), "{all}");
    let both = for_tenants(&["acme", "globex"]);
    assert!(format!("{:?}", both.data).contains("secret.globex.example"));
    assert_eq!(both.tests[0].text, TESTS);
}

#[test]
fn the_library_users_modules_and_what_opa_reads_are_in_it() {
    let package = for_tenants(&["acme"]);
    let paths: Vec<_> = package.modules.iter().map(|file| &*file.path).collect();
    assert_eq!(
        paths,
        ["library/aegis.rego", "library/opa.rego", "modules/own.rego"]
    );
    assert!(package.data[Layout::COMPILED]["tenants"]["acme"]["agents"]["payer"].is_string());
    assert_eq!(package.roots, ["aegis", "own", "compiled"]);
}

#[test]
fn the_same_sources_make_the_same_package() {
    let mut turned = files();
    turned.data.reverse();
    assert_eq!(
        package(&turned, &names(&["acme"])).unwrap(),
        for_tenants(&["acme"])
    );
}

#[test]
fn a_policy_that_fails_its_own_tests_is_not_packed_for_anybody() {
    let wrong = TESTS.replace("outcome: allow", "outcome: deny");
    let mut files = files();
    files.tests = vec![source("tests/all.yaml", &wrong)];
    let problems = package(&files, &names(&["globex"]))
        .unwrap_err()
        .to_string();
    assert!(problems.contains("tests/all.yaml:5"), "{problems}");
}

#[test]
fn a_tenant_that_nobody_declares_is_no_scope() {
    let problems = package(&files(), &names(&["acme", "initech"])).unwrap_err();
    assert!(problems.to_string().contains("`initech`"), "{problems}");
    let problems = package(&files(), &names(&["acmee"])).unwrap_err();
    let told = problems.to_string();
    assert!(told.ends_with("did you mean `acme`?"), "{told}");
}
