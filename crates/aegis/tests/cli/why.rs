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
            told["decided_again"] == "alike"
                || told["unknown_parameters"] != json!([])
                || (told["policy_asked"] == false && line["kind"] == ""),
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

#[test]
fn what_aegis_refused_after_its_decision_is_not_said_to_be_let_through() {
    let home = policy();
    let good = json!({"amount": 1, "currency": "eur"});
    let log = refused(&home, &[line("d-1", "charge", &good)], "address.private");
    let sentence = out(&why(&home, &log, &["--depth", "sentence"]));
    assert!(
        sentence.starts_with("deny: bot of acme asked for pay/charge"),
        "{sentence}"
    );
    assert!(
        sentence.contains("policy said allow, then address.private refused it: not so"),
        "{sentence}"
    );
    for depth in ["rule", "trace"] {
        let told = out(&why(&home, &log, &["--depth", depth]));
        assert!(told.starts_with(&sentence), "{told}");
        assert!(!told.contains("the call is let through"), "{told}");
        for wanted in [
            "Aegis refused the call after it",
            "address.private: not so",
            "upstream.allow_addresses",
        ] {
            assert!(told.contains(wanted), "{wanted}: {told}");
        }
    }
    let told = json_of(&why(&home, &log, &["-o", "json"]));
    assert_eq!(told["outcome"], "allow", "{told:#}");
    let afterwards = &told["afterwards"];
    assert_eq!(afterwards["refusal"]["outcome"], "deny", "{told:#}");
    assert_eq!(
        afterwards["refusal"]["rules"][0]["rule"], "address.private",
        "{told:#}"
    );
    assert_eq!(afterwards["outcome_detail"], "refused", "{told:#}");
}

#[test]
fn a_call_that_was_refused_for_another_one_names_it() {
    let home = policy();
    let good = json!({"amount": 1, "currency": "eur"});
    let mut proposed = line("d-2", "void", &json!({}));
    proposed["proposed_by"] = json!("d-1");
    proposed["outcome"] = json!("deny");
    let mut another = proposed.clone();
    another["id"] = json!("d-3");
    another["outcome"] = json!("allow");
    let calls = [line("d-1", "charge", &good), proposed, another];
    let log = refused(&home, &calls, "proposed");
    let told = out(&why(&home, &log, &[]));
    assert!(told.contains("aegis why d-2"), "{told}");
    let told = json_of(&why(&home, &log, &["-o", "json"]));
    let because = &told["afterwards"]["refusal"]["because_of"];
    assert_eq!(because, &json!(["d-2"]), "{told:#}");
}

#[test]
fn a_call_that_failed_at_its_destination_is_said_to_have_failed_there() {
    let home = policy();
    let call = line("d-1", "charge", &json!({"amount": 1, "currency": "eur"}));
    let end = json!({"event": "end", "schema_version": 1, "id": "d-1", "outcome_detail": "failed", "error": "dns.failed"});
    let log = write(&home, ".log/audit.jsonl", &format!("{call}\n{end}"));
    let told = out(&why(&home, &log, &[]));
    assert!(
        told.contains("the call failed at its destination (dns.failed)"),
        "{told}"
    );
}

#[test]
fn what_was_refused_before_it_was_understood_was_never_asked_of_a_policy() {
    let home = policy();
    let mut unread = line("d-1", "", &json!({}));
    for (name, value) in [
        ("kind", json!("")),
        ("tool", json!("")),
        ("tenant", json!("anonymous")),
        ("agent", json!("anonymous")),
        ("auth", json!("anonymous")),
        ("outcome", json!("deny")),
        (
            "rules",
            json!([{"rule": "identity.anonymous", "message": "no proxy credential was presented"}]),
        ),
    ] {
        unread[name] = value;
    }
    let log = write(&home, ".log/audit.jsonl", &unread.to_string());
    let told = out(&why(&home, &log, &[]));
    assert!(
        told.starts_with(
            "deny: a request of an anonymous caller to pay.example.com:443, refused before it was \
             understood, so no policy was asked; no proxy credential was presented\n"
        ),
        "{told}"
    );
    assert!(told.contains("aegis credential new"), "{told}");
    assert!(!told.contains("does not know"), "{told}");
    unread["destination"] = json!({"scheme": "", "host": "", "port": 0, "path": ""});
    unread["auth"] = json!("");
    let log = write(&home, ".log/audit.jsonl", &unread.to_string());
    let told = out(&why(&home, &log, &["--depth", "sentence"]));
    assert!(
        told.starts_with("deny: a request of an unknown caller, refused before it was understood"),
        "{told}"
    );
    let told = json_of(&why(&home, &log, &["-o", "json"]));
    assert_eq!(told["policy_asked"], false, "{told:#}");
    let directory = path(home.path());
    let said = aegis(&["policy", "diff", &directory, &directory, "--log", &log]);
    assert!(
        out(&said).contains(
            "1 line of the log left out: refused before it was understood, so no policy was asked"
        ),
        "{}",
        out(&said)
    );
}

/// A log with these calls, of which the first was refused after policy had let it go.
fn refused(home: &TempDir, calls: &[Value], rule: &str) -> String {
    let end = json!({
        "event": "end", "schema_version": 1, "id": "d-1", "status": 403,
        "outcome_detail": "refused", "error": "address.denied",
        "refusal": {"outcome": "deny", "rules": [{"rule": rule, "message": "not so"}]},
    });
    let lines = calls.iter().chain([&end]).map(Value::to_string);
    let lines: Vec<_> = lines.collect();
    write(home, ".log/audit.jsonl", &lines.join("\n"))
}

fn json_of(said: &Output) -> Value {
    serde_json::from_str(&out(said)).expect("JSON")
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
