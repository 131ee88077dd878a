//! Sources to packages and to words, through the control plane's own trait.

use std::collections::BTreeSet;

use aegis_bundle::Region;

use super::*;

const POLICY: &str = "aegis:
  tenants: {acme: {}, globex: {}}
  agents: {payer: {tenant: acme, profile: pay}, spy: {tenant: globex, profile: look}}
  profiles:
    pay: {data: {EMAIL_ADDRESS: allow}, tools: {pay: {charge: {amount: {max: 10}}}}}
    look: {hosts: [secret.globex.example]}
  catalogue:
    pay:
      hosts: [pay.example]
      protocol: rest
      operations: [{action: charge, method: POST, path: /charges}]
";

const TEST: &str = "tests:
  - name: a charge of ten is allowed
    call: {agent: payer, tool: pay, action: charge, parameters: {amount: 10}}
    expect: {outcome: allow}
";

fn file(path: &str, text: &str) -> File {
    File {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

fn files(max: u32) -> Vec<File> {
    let policy = POLICY.replace("max: 10", &format!("max: {max}"));
    vec![file("tests/pay.yaml", TEST), file("policy.yaml", &policy)]
}

fn scope(tenant: &str) -> Scope {
    Scope {
        tenants: BTreeSet::from([tenant.to_owned()]),
        region: Region::Any,
    }
}

fn compile(files: &[File], tenant: &str) -> Result<Package, Vec<String>> {
    SourceCompiler.compile(files)?.package(&scope(tenant))
}

fn mistakes(files: &[File], tenant: &str) -> Vec<String> {
    compile(files, tenant).expect_err("these sources should be refused")
}

#[test]
fn a_package_is_for_its_scope_alone() {
    let package = compile(&files(10), "acme").unwrap();
    let text = serde_json::to_string(&package).unwrap();
    assert!(text.contains("payer") && !text.contains("spy") && !text.contains("globex"));
    assert_eq!(package.tests.len(), 1);
    let again = compile(&files(10), "acme").unwrap();
    assert_eq!(again, package);
}

#[test]
fn every_mistake_is_a_line_with_its_place() {
    let typo = vec![file("policy.yaml", &POLICY.replace("max:", "mox:"))];
    let told = mistakes(&typo, "acme");
    assert!(told[0].starts_with("policy.yaml:5:"), "{told:?}");
    let told = mistakes(&files(9), "acme");
    assert!(told[0].starts_with("tests/pay.yaml:4:"), "{told:?}");
    let told = mistakes(&files(10), "initech");
    assert!(
        told[0].contains("no document declares the tenant `initech`"),
        "{told:?}"
    );
}

#[test]
fn what_opens_is_told_first_and_by_name() {
    let diff = SourceCompiler.diff(&files(10), &files(100));
    assert!(diff.loosened);
    assert!(
        diff.lines[0].starts_with("opened: payer may now call pay/charge"),
        "{diff:?}"
    );
    let back = SourceCompiler.diff(&files(100), &files(10));
    assert!(
        !back.loosened && back.lines[0].starts_with("tightened: "),
        "{back:?}"
    );
    let same = SourceCompiler.diff(&files(10), &files(10));
    assert!(
        !same.loosened && same.lines[0].starts_with("no decision changes"),
        "{same:?}"
    );
}

#[test]
fn what_cannot_be_compared_counts_as_opened() {
    assert!(SourceCompiler.diff(&[], &files(10)).loosened);
    let unknown = [file("policy.yaml", "aegis: {nonsense: 1}")];
    let diff = SourceCompiler.diff(&unknown, &files(10));
    assert!(diff.loosened && diff.lines.len() > 1, "{diff:?}");
}
