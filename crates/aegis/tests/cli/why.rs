//! Why a recorded decision was made, and what would have let the call through.

use std::fs;
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{aegis, code, demo, err, home, out, path, write};
use crate::policy::{POLICY, policy};
use crate::policy_diff::line;

#[test]
fn a_denied_charge_is_explained_and_its_change_allows_it_when_the_author_makes_it() {
    let home = policy();
    let log = denied(
        &home,
        "charge",
        &json!({"amount": 900, "currency": "eur"}),
        &["parameter.max"],
    );
    let said = why(&home, &log, &[]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    let text = out(&said);
    for wanted in [
        "deny: bot of acme asked for pay/charge at pay.example.com:443; ",
        "policy.yaml:18:17 (aegis.profiles.billing.tools.pay.charge.amount.max)",
        "limit       100",
        "value       900",
        "is not: its digest begins with",
        "policy.yaml:18:17: set aegis.profiles.billing.tools.pay.charge.amount.max to 900, which is 100 now",
        "policy.yaml:18:36: set aegis.profiles.billing.tools.pay.charge.amount.approve_above to 900, which is 50 now",
        "decided again with it: allow",
        // One text is the limit of both actions, so the change opens both.
        "bot no longer needs approval for pay/refund",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let changed = POLICY.replace(
        "{max: 100, approveAbove: 50}",
        "{max: 900, approveAbove: 900}",
    );
    write(&home, "policy.yaml", &changed);
    let call = "{agent: bot, tool: pay, action: charge, parameters: {amount: 900, currency: eur}}";
    let call = write(&home, "call.txt", call);
    let said = aegis(&["policy", "eval", &path(home.path()), &call]);
    assert_eq!(code(&said), 0, "{}", out(&said));
    let said = why(&home, &log, &[]);
    assert!(
        out(&said).contains("nothing needs to change"),
        "{}",
        out(&said)
    );
}

#[test]
fn an_action_that_nobody_granted_is_granted_in_the_change() {
    let home = policy();
    let log = denied(&home, "void", &json!({}), &["tool"]);
    let said = why(&home, &log, &["-o", "json"]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    let told: Value = serde_json::from_str(&out(&said)).expect("JSON");
    assert_eq!(told["schema_version"], 1);
    assert_eq!(told["decided_again"], "alike");
    let edits = told["change"]["edits"].as_array().expect("edits");
    assert_eq!(edits.len(), 1, "{told:#}");
    assert_eq!(
        edits[0]["path"],
        json!(["aegis", "profiles", "billing", "tools", "pay", "void"])
    );
    assert_eq!(edits[0]["place"]["file"], "policy.yaml");
    let changed = POLICY.replace(
        "    - tool: pay\n",
        "    - {tool: pay, actions: [void]}\n    - tool: pay\n",
    );
    write(&home, "policy.yaml", &changed);
    let call = write(&home, "call.txt", "{agent: bot, tool: pay, action: void}");
    assert_eq!(
        code(&aegis(&["policy", "eval", &path(home.path()), &call])),
        0
    );
}

#[test]
fn a_call_whose_values_were_masked_is_said_not_to_be_known() {
    let home = policy();
    let log = denied(
        &home,
        "charge",
        &json!({"amount": "[masked]", "currency": "eur"}),
        &["parameter.max"],
    );
    let said = why(&home, &log, &[]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    for wanted in [
        "unknown: the value of amount",
        "cannot be decided again",
        "no change is proposed",
    ] {
        assert!(out(&said).contains(wanted), "{wanted}: {}", out(&said));
    }
}

#[test]
fn a_call_that_the_policy_lets_through_by_now_is_said_to_need_nothing() {
    let home = policy();
    let good = json!({"amount": 1, "currency": "eur"});
    let log = denied(&home, "charge", &good, &["parameter.max"]);
    let told = out(&why(&home, &log, &[]));
    assert!(
        told.contains("decided again by this policy: allow\n"),
        "{told}"
    );
    assert!(told.contains("nothing needs to change"), "{told}");
}

#[test]
fn what_no_small_change_cures_is_said_with_what_would() {
    let home = policy();
    let mut unknown = line("d-1", "charge", &json!({"amount": 1, "currency": "eur"}));
    unknown["tenant"] = json!("globex");
    unknown["outcome"] = json!("deny");
    unknown["rules"] = json!([{"rule": "tenant.unknown", "message": "no such tenant"}]);
    let log = write(&home, ".log/audit.jsonl", &unknown.to_string());
    let said = why(&home, &log, &[]);
    assert!(
        out(&said).contains("tenant.unknown: declare the tenant"),
        "{}",
        out(&said)
    );
}

#[test]
fn a_decision_that_the_log_does_not_have_ends_with_1() {
    let home = policy();
    let log = write(&home, ".log/audit.jsonl", "");
    let said = why(&home, &log, &[]);
    assert_eq!(code(&said), 1);
    assert!(err(&said).contains("no decision `d-1`"), "{}", err(&said));
}

#[test]
fn decisions_of_a_real_proxy_are_of_the_policy_that_it_had() {
    let home = home();
    assert_eq!(code(&demo(&home)), 0);
    let log = home.path().join("audit.jsonl");
    let text = fs::read_to_string(&log).expect("a log");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let refused: Vec<Value> = lines
        .filter(|line| line["event"] == "decision" && line["outcome"] != "allow")
        .collect();
    assert!(refused.len() >= 3);
    for line in refused {
        let id = line["id"].as_str().expect("an id");
        let policies = path(&home.path().join("policies"));
        let said = aegis(&[
            "why",
            id,
            "--log",
            &path(&log),
            "--policy",
            &policies,
            "-o",
            "json",
        ]);
        assert_eq!(code(&said), 0, "{}", err(&said));
        let told: Value = serde_json::from_str(&out(&said)).expect("JSON");
        assert_eq!(told["is_that_version"], true, "{told:#}");
        assert!(
            told["decided_again"] == "alike" || told["unknown_parameters"] != json!([]),
            "{line:#} {told:#}"
        );
    }
}

#[test]
fn one_sentence_is_one_sentence() {
    let home = policy();
    let log = denied(&home, "void", &json!({}), &["tool"]);
    let said = why(&home, &log, &["--depth", "sentence"]);
    assert_eq!(out(&said).lines().count(), 1, "{}", out(&said));
}

/// A log with one refused call, `d-1`.
fn denied(home: &TempDir, action: &str, parameters: &Value, rules: &[&str]) -> String {
    let mut line = line("d-1", action, parameters);
    line["outcome"] = json!("deny");
    let rules = rules
        .iter()
        .map(|rule| json!({"rule": rule, "message": "profile \"billing\": amount above 100"}));
    line["rules"] = rules.collect();
    write(home, ".log/audit.jsonl", &line.to_string())
}

fn why(home: &TempDir, log: &str, more: &[&str]) -> Output {
    let policy = path(home.path());
    aegis(&[&["why", "d-1", "--log", log, "--policy", &policy], more].concat())
}
