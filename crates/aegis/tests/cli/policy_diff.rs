//! What another policy would change.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{aegis, code, err, home, out, path, write};
use crate::policy::{POLICY, TESTS, policy};

#[test]
fn what_opens_is_told_first_and_ends_with_3() {
    let old = policy();
    let new = with(
        &POLICY
            .replace("[charge, refund]", "[charge, refund, void]")
            .replace("enum: [eur]", "enum: [usd]"),
    );
    let said = diff(&old, &new, &[]);
    assert_eq!(code(&said), 3, "{}", err(&said));
    let text = out(&said);
    assert!(
        text.starts_with("DENY -> ALLOW\n  bot may now call pay/"),
        "{text}"
    );
    let tighter = text.find("tighter").expect("what is no longer allowed");
    assert!(
        text.find("bot may now call pay/void").expect("void") < tighter,
        "{text}"
    );
    let said = diff(&old, &new, &["-o", "json"]);
    assert_eq!(code(&said), 3);
    let told: Value = serde_json::from_str(&out(&said)).expect("JSON");
    assert_eq!(told["opened"], true);
    assert_eq!(told["changes"][0]["direction"], "opened");
    assert!(told["made_up"].as_u64().expect("a number") >= 1_000);
    assert_eq!(told["tests"], 2);
}

#[test]
fn what_only_tightens_ends_with_0() {
    let new = with(&POLICY.replace("max: 100,", "max: 90,"));
    let said = diff(&policy(), &new, &[]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    assert!(out(&said).contains("tighter"), "{}", out(&said));
    assert!(!out(&said).contains("DENY -> ALLOW"), "{}", out(&said));
}

#[test]
fn the_same_policy_changes_nothing() {
    let said = diff(&policy(), &policy(), &[]);
    assert_eq!(code(&said), 0);
    assert!(
        out(&said).contains("no call is decided otherwise"),
        "{}",
        out(&said)
    );
}

#[test]
fn recorded_calls_are_decided_too_and_those_that_cannot_be_are_counted() {
    let home = home();
    let mut masked = line("2", "charge", &json!({"amount": "[masked]"}));
    masked["outcome"] = json!("allow");
    let log = [
        line("1", "charge", &json!({"amount": 1, "currency": "eur"})).to_string(),
        masked.to_string(),
        "{".to_owned(),
        json!({"event": "end", "id": "1"}).to_string(),
    ];
    let log = write(&home, "audit.jsonl", &log.join("\n"));
    let said = diff(&policy(), &policy(), &["--log", &log, "-o", "json"]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    let told: Value = serde_json::from_str(&out(&said)).expect("JSON");
    assert_eq!(told["recorded"], 1, "{told:#}");
    let unusable = told["unusable"].as_object().expect("reasons");
    let reasons: Vec<_> = unusable.keys().collect();
    assert_eq!(
        reasons,
        ["not a record", "values of its parameters were masked"]
    );
}

/// Made-up calls are all JSON, so only what the log says can tell.
#[test]
fn recorded_calls_have_the_method_and_the_media_type_that_they_had() {
    let home = home();
    let with_type = |id: &str, method: &str, content_type: Option<&str>| {
        let mut line = line(id, "charge", &json!({"amount": 1, "currency": "eur"}));
        line["method"] = json!(method);
        line["content_type"] = content_type.map_or(Value::Null, Value::from);
        line.to_string()
    };
    let log = [
        with_type("1", "POST", Some("application/x-www-form-urlencoded")),
        with_type("2", "POST", Some("application/json")),
        with_type("3", "PUT", Some("application/json")),
        with_type("4", "POST", None),
    ];
    let log = write(&home, "audit.jsonl", &log.join("\n"));
    for (condition, changed) in [
        (
            "http.content_type == \"application/x-www-form-urlencoded\"",
            1,
        ),
        ("http.content_type == \"\"", 1),
        ("http.method == \"PUT\"", 1),
        ("http.method == \"PATCH\"", 0),
    ] {
        let new = policy();
        let module = MODULE.replace("CONDITION", condition);
        write(&new, "own.rego", &module);
        let said = diff(&policy(), &new, &["--log", &log, "-o", "json"]);
        assert_eq!(code(&said), 0, "{}", err(&said));
        let told: Value = serde_json::from_str(&out(&said)).expect("JSON");
        assert_eq!(told["recorded"], 4, "{told:#}");
        let changes = told["changes"].as_array().expect("changes").iter();
        let counts: i64 = changes.filter_map(|change| change["count"].as_i64()).sum();
        assert_eq!(counts, changed, "{condition}: {told:#}");
    }
}

const MODULE: &str = "package aegis.ext

deny contains {\"rule\": \"own.http\", \"message\": \"not so\"} if {
	input.phase == \"request\"
	input.CONDITION
}
";

#[test]
fn a_bundle_is_not_looked_into_without_a_key_or_leave() {
    let old = policy();
    let bundle = path(&old.path().join("old.tar.gz"));
    let directory = path(old.path());
    let built = aegis(&[
        "policy",
        "build",
        &directory,
        "-o",
        &bundle,
        "--number",
        "1",
        "--tenant",
        "acme",
        "--region",
        "any",
        "--unsigned",
    ]);
    assert_eq!(code(&built), 0, "{}", err(&built));
    assert_eq!(code(&aegis(&["policy", "diff", &bundle, &directory])), 2);
    let said = aegis(&[
        "policy",
        "diff",
        &bundle,
        &directory,
        "--insecure-skip-signature",
    ]);
    assert_eq!(code(&said), 0, "{}", err(&said));
    assert!(
        out(&said).contains("no call is decided otherwise"),
        "{}",
        out(&said)
    );
}

/// A decision of the policy of these tests, as the audit log has it.
pub(crate) fn line(id: &str, action: &str, parameters: &Value) -> Value {
    json!({
        "event": "decision", "schema_version": 1, "id": id, "time": "2026-11-21T10:00:00.000000Z",
        "connection": 1, "phase": "request", "front": "forward", "tenant": "acme", "agent": "bot",
        "auth": "credential", "kind": "tool", "tool": "pay", "action": action,
        "parameters": parameters,
        "destination": {"scheme": "https", "host": "pay.example.com", "port": 443, "path": format!("/{action}s")},
        "region": "eu-central-1", "outcome": "allow", "rules": [], "policy_version": "1-000000000000",
        "decision_us": 9, "peer": "127.0.0.1:1",
    })
}

fn with(text: &str) -> TempDir {
    let home = home();
    write(&home, "policy.yaml", text);
    write(&home, "tests/a.yaml", &TESTS.replace("allow", "deny"));
    home
}

fn diff(old: &TempDir, new: &TempDir, more: &[&str]) -> std::process::Output {
    let (old, new) = (path(old.path()), path(new.path()));
    aegis(&[&["policy", "diff", &old, &new], more].concat())
}
