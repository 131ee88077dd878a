//! What is wrong with a policy, what its tests say, and what it decides of one call.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{aegis, code, command, err, home, out, path, write};

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let home = home();
    write(
        &home,
        "team/a.yaml",
        &POLICY
            .replace("currency:", "curency:")
            .replace("max:", "maxx:"),
    );
    write(
        &home,
        "own.rego",
        "package aegis.ext\n\nx if input.call.tol == \"a\"\n",
    );
    write(&home, "tests/a.yaml", "tests:\n  - {nam: a}\n");
    let said = aegis(&["policy", "check", &path(home.path())]);
    assert_eq!(code(&said), 78);
    for wanted in [
        "team/a.yaml:18:",
        "did you mean `max`?",
        "own.rego:3:",
        "did you mean `input.call.tool`?",
        "tests/a.yaml:2:",
        "mistakes\n",
    ] {
        assert!(err(&said).contains(wanted), "{wanted}: {}", err(&said));
    }
    let said = aegis(&["policy", "check", &path(home.path()), "-o", "json"]);
    assert_eq!(code(&said), 78);
    let report: Value = serde_json::from_str(&out(&said)).expect("JSON");
    assert_eq!(report["schema_version"], 1);
    assert_eq!(report["valid"], false);
    assert!(report["problems"].as_array().expect("a list").len() >= 3);
}

#[test]
fn a_good_policy_is_counted_and_what_its_modules_run_on_is_said() {
    let home = policy();
    write(&home, "own.rego", MODULE);
    let said = aegis(&["policy", "check", &path(home.path()), "-o", "json"]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    let report: Value = serde_json::from_str(&out(&said)).expect("JSON");
    assert_eq!(report["modules"][0]["file"], "own.rego");
    assert_eq!(report["modules"][0]["evaluator"], "machine");
    assert_eq!(report["modules"][0]["why"], Value::Null);
    for (noun, number) in [("tenants", 1), ("agents", 1), ("tools", 1), ("tests", 1)] {
        assert_eq!(report[noun], number, "{noun}");
    }
}

#[test]
fn what_keeps_modules_on_the_interpreter_is_said_with_its_place() {
    let home = policy();
    let module = MODULE.replace(
        "input.phase == \"request\"",
        "every type in input.dlp.types { type == \"EMAIL_ADDRESS\" }",
    );
    write(&home, "own.rego", &module);
    let why = "`every` at own.rego:4:2";
    let said = aegis(&["policy", "check", &path(home.path())]);
    let line = format!("own.rego runs on the interpreter: {why}");
    assert!(out(&said).contains(&line), "{}", out(&said));
    let said = aegis(&["policy", "check", &path(home.path()), "-o", "json"]);
    let report: Value = serde_json::from_str(&out(&said)).expect("JSON");
    assert_eq!(report["modules"][0]["evaluator"], "interpreter");
    assert_eq!(report["modules"][0]["why"], why);
}

#[test]
fn a_policy_without_tests_is_warned_of() {
    let home = home();
    write(&home, "policy.yaml", POLICY);
    let said = aegis(&["policy", "check", &path(home.path())]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    assert!(err(&said).contains("no table tests"), "{}", err(&said));
    assert_eq!(code(&aegis(&["policy", "test", &path(home.path())])), 1);
}

#[test]
fn what_is_no_policy_directory_ends_with_78() {
    let empty = home();
    for directory in ["/nonexistent", &path(empty.path())] {
        assert_eq!(code(&aegis(&["policy", "check", directory])), 78);
    }
}

#[test]
fn a_failing_test_ends_with_1_and_is_told_with_its_place() {
    let home = policy();
    write(
        &home,
        "tests/a.yaml",
        &TESTS.replace("outcome: allow", "outcome: deny"),
    );
    let said = aegis(&["policy", "test", &path(home.path())]);
    assert_eq!(code(&said), 1);
    for wanted in [
        "failed tests/a.yaml:2:11: a small charge",
        "tests/a.yaml:4:",
        "1 failed",
    ] {
        assert!(out(&said).contains(wanted), "{wanted}: {}", out(&said));
    }
    let said = aegis(&["policy", "test", &path(home.path()), "-o", "json"]);
    let report: Value = serde_json::from_str(&out(&said)).expect("JSON");
    assert_eq!(report["passed"], false);
    assert_eq!(report["tests"][0]["decided"], "allow");
}

#[test]
fn a_failing_rego_test_ends_with_1() {
    let home = policy();
    write(&home, "own.rego", MODULE);
    let test = "package aegis.ext_test\n\ntest_nothing if 1 == 2\n";
    write(&home, "own_test.rego", test);
    let said = aegis(&["policy", "test", &path(home.path())]);
    assert_eq!(code(&said), 1);
    assert!(
        out(&said).contains("failed own_test.rego:3:1: "),
        "{}",
        out(&said)
    );
}

#[test]
fn what_no_test_reaches_is_told_where_its_author_wrote_it() {
    let home = policy();
    let directory = path(home.path());
    let said = aegis(&["policy", "test", &directory, "--coverage"]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    let wanted = "policy.yaml:18:17: no test reaches the constraint aegis.profiles.billing.tools.pay.charge.amount.max";
    assert!(out(&said).contains(wanted), "{}", out(&said));
    let said = aegis(&["policy", "test", &directory, "--min-coverage", "100"]);
    assert_eq!(code(&said), 1);
    let said = aegis(&["policy", "test", &directory, "--min-coverage", "101"]);
    assert_eq!(code(&said), 2);
}

#[test]
fn eval_ends_with_0_where_the_call_goes_through_and_with_3_where_it_does_not() {
    let home = policy();
    for (amount, outcome, exit) in [
        ("1", "allow", 0),
        ("60", "approval_needed", 3),
        ("900", "deny", 3),
    ] {
        let said = eval(&home, amount, &["-o", "json"]);
        assert_eq!(code(&said), exit, "{}", err(&said));
        let told: Value = serde_json::from_str(&out(&said)).expect("JSON");
        assert_eq!(told["outcome"], outcome);
        assert_eq!(told["schema_version"], 1);
    }
    let call = write(&home, "tests/call.txt", "{agent: bot, tol: pay}");
    let said = aegis(&["policy", "eval", &path(home.path()), &call]);
    assert_eq!(code(&said), 78);
    assert!(
        err(&said).contains("did you mean `tool`?"),
        "{}",
        err(&said)
    );
}

#[test]
fn eval_of_a_whole_test_says_which_part_of_it_is_a_call() {
    let home = policy();
    let text = "name: x\ncall: {agent: bot, tool: pay, action: charge}\nexpect: {outcome: allow}";
    let call = write(&home, "tests/call.txt", text);
    let said = aegis(&["policy", "eval", &path(home.path()), &call]);
    assert_eq!(code(&said), 78);
    let told = err(&said);
    assert!(
        told.contains(":2:7: a call alone is expected, not a test; write what is below `call`"),
        "{told}"
    );
}

#[test]
fn eval_names_rule_place_and_limit_and_hides_the_value_unless_it_is_asked_for() {
    let home = policy();
    let said = eval(&home, "90071", &[]);
    for wanted in ["parameter.max: ", "policy.yaml:18:17 (", "limit       100"] {
        assert!(out(&said).contains(wanted), "{wanted}: {}", out(&said));
    }
    assert!(!out(&said).contains("90071"), "{}", out(&said));
    let said = eval(&home, "90071", &["--show-values"]);
    assert!(out(&said).contains("value       90071"), "{}", out(&said));
}

#[test]
fn eval_says_what_held() {
    let home = policy();
    let said = eval(&home, "1", &[]);
    assert!(out(&said).contains("held: tool"), "{}", out(&said));
}

#[test]
fn eval_reads_standard_input() {
    let home = policy();
    let mut child = command(&["policy", "eval", &path(home.path()), "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(CALL.replace("AMOUNT", "1").as_bytes())
        .expect("written");
    drop(pipe);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

fn eval(home: &TempDir, amount: &str, more: &[&str]) -> std::process::Output {
    let call = write(home, "call.txt", &CALL.replace("AMOUNT", amount));
    let directory = path(home.path());
    aegis(&[&["policy", "eval", &directory, &call], more].concat())
}

/// One tenant, one agent, one tool; `max` is at 18:17.
pub(crate) fn policy() -> TempDir {
    let home = home();
    write(&home, "policy.yaml", POLICY);
    write(&home, "tests/a.yaml", TESTS);
    home
}

const CALL: &str =
    "{agent: bot, tool: pay, action: charge, parameters: {amount: AMOUNT, currency: eur}}";

pub(crate) const POLICY: &str = "apiVersion: aegis.dev/v1
kind: Tenant
metadata: {name: acme}
spec:
  regions: [eu-central-1]
  agents: {bot: {}}
---
apiVersion: aegis.dev/v1
kind: AgentPolicy
metadata: {name: billing}
spec:
  agents: {tenant: acme}
  tools:
    - tool: pay
      actions: [charge, refund]
      parameters:
        amount:
          {max: 100, approveAbove: 50}
        currency: {enum: [eur]}
---
apiVersion: aegis.dev/v1
kind: Tool
metadata: {name: pay}
spec:
  protocol: rest
  hosts: [pay.example.com]
  regions: [eu-central-1]
  operations:
    - {action: charge, method: POST, path: /charges, recordable: [amount, currency]}
    - {action: refund, method: POST, path: /refunds, recordable: [amount, currency]}
    - {action: void, method: POST, path: /voids}
";

pub(crate) const TESTS: &str = "tests:
  - name: a small charge
    call: {agent: bot, tool: pay, action: charge, parameters: {amount: 1, currency: eur}}
    expect: {outcome: allow}
";

const MODULE: &str = "package aegis.ext

deny contains {\"rule\": \"own.void\", \"message\": \"nothing is voided\"} if {
	input.phase == \"request\"
	input.call.action == \"void\"
}
";
