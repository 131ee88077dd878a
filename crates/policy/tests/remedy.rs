//! The smallest change that lets a refused call through: it does, and nothing smaller does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use std::sync::Arc;

use aegis_policy::remedy::{Alteration, Obstacle, Remedy, Search};
use aegis_policy::{Intent, Mode, Truncation};
use common::{bench, by, call, charge, sources, to, with_data};
use serde_json::{Map, Value as Json, json};

#[test]
fn a_limit_is_raised_to_the_value_and_no_further() {
    let remedy = change(&charge(json!({"amount": 900, "currency": "eur"})));
    let told: Vec<String> = remedy.edits.iter().map(ToString::to_string).collect();
    let amount = "aegis.profiles.finance.tools.stripe-payments.charge.amount";
    assert_eq!(
        told,
        [
            format!("set {amount}.max to 900, which is 100 now"),
            format!("set {amount}.approve_above to 900, which is 50 now"),
        ]
    );
    assert!(remedy.decision.outcome.forwards());
}

#[test]
fn each_reason_of_a_call_has_its_edit() {
    let call = charge(json!({"amount": 0, "currency": "usd"}));
    assert_eq!(paths(&call), ["charge.amount.min", "charge.currency.enum"]);
}

#[test]
fn what_is_required_or_forbidden_is_no_longer() {
    assert_eq!(
        paths(&charge(json!({"amount": 1}))),
        ["charge.currency.required"]
    );
    let call = charge(json!({"amount": 1, "currency": "eur", "test": 1}));
    assert_eq!(paths(&call), ["charge.test.forbidden"]);
}

#[test]
fn granting_a_tool_is_enough_where_that_opens_its_host_too() {
    let mut call = call("docs", "read", json!({}));
    call = to(call, "docs.test");
    let remedy = change(&call);
    assert_eq!(remedy.edits.len(), 1);
    assert_eq!(remedy.edits[0].path[3..], ["tools", "docs", "read"]);
}

#[test]
fn a_region_is_added_where_the_destination_has_one() {
    let remedy = change(&to(call("abroad", "post", json!({})), "abroad.test"));
    let regions: Vec<_> = remedy
        .edits
        .iter()
        .filter(|edit| edit.path[1] == "tenants")
        .collect();
    assert_eq!(regions.len(), 1);
    assert_eq!(regions[0].alteration, Alteration::Add(json!("us")));
}

#[test]
fn data_is_redacted_before_it_is_let_through_as_it_is() {
    let call = with_data(small(), &["SECRET_AWS", "EMAIL_ADDRESS"]);
    let remedy = change(&call);
    let told: Vec<String> = remedy.edits.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "set aegis.profiles.finance.data.EMAIL_ADDRESS to \"sanitize\", which is not there now",
            "set aegis.profiles.finance.data.SECRET_AWS to \"sanitize\", which is \"deny\" now",
        ]
    );
    assert_eq!(remedy.decision.obligations.redact.len(), 2);
}

#[test]
fn a_type_gets_a_rule_of_its_own_where_its_class_is_denied() {
    let by_class = POLICY.replace(
        "\"SECRET_AWS\": \"deny\"",
        "\"secret\": \"deny\", \"pii\": \"allow\"",
    );
    let call = with_data(small(), &["SECRET_AWS", "EMAIL_ADDRESS"]);
    let remedy = search_in(&by_class, &call, &alone)
        .unwrap()
        .expect("a change");
    let told: Vec<String> = remedy.edits.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        ["set aegis.profiles.finance.data.SECRET_AWS to \"sanitize\", which is not there now"]
    );
}

#[test]
fn a_body_that_was_not_read_passes_only_where_nothing_is_constrained() {
    let mut free = call("stripe-payments", "refund", json!({}));
    free.call.truncation = Truncation::Truncated;
    let edit = |call: &Intent| change(call).edits[0].to_string();
    assert_eq!(change(&free).edits[0].path[3..], ["truncated"]);
    assert!(edit(&free).contains("\"allow\""));
    free.call.truncation = Truncation::Parts;
    assert!(edit(&free).contains("\"parts\""));
}

#[test]
fn a_chain_may_be_as_long_as_it_is_and_come_back() {
    let mut call = small();
    call.chain.agents = (0..9).map(|at| format!("agent-{at}").into()).collect();
    let told = |call: &Intent| change(call).edits[0].to_string();
    let chain = "aegis.profiles.finance.chain";
    assert_eq!(
        told(&call),
        format!("set {chain}.max_depth to 9, which is 8 now")
    );
    call.chain.agents = [Arc::clone(&call.caller.agent)].into();
    assert_eq!(
        told(&call),
        format!("set {chain}.loops to \"allow\", which is \"deny\" now")
    );
}

#[test]
fn what_has_no_small_change_says_what_to_do() {
    let unknown = by(small(), "nobody", "finance-bot");
    assert_eq!(rules(&unknown), ["tenant.unknown"]);
    let spelled = charge(json!({"amount": 1, "AMOUNT": 1, "currency": "eur"}));
    assert_eq!(rules(&spelled), ["parameter.name"]);
    let unnamed = call("stripe-payments", "other", json!({}));
    assert_eq!(rules(&unnamed), ["tool"]);
    let nowhere = to(call("http", "get", json!({})), "elsewhere.test");
    assert!(rules(&nowhere).contains(&"region".to_owned()));
}

#[test]
fn a_call_that_goes_through_needs_nothing() {
    assert!(search(&small(), &alone).unwrap().is_none());
}

#[test]
fn parts_of_one_text_are_changed_together() {
    let both = |path: &[String]| {
        let other: Vec<String> = path
            .iter()
            .map(|part| part.replace("charge", "void"))
            .collect();
        vec![path.to_vec(), other]
    };
    let charged = charge(json!({"amount": 100, "currency": "eur"}));
    let voided = call("stripe-payments", "void", json!({"amount": 100}));
    let decide = |remedy: &Remedy| remedy.changed.snapshot().evaluate(&voided).outcome;
    let apart = search(&charged, &alone).unwrap().unwrap();
    assert!(!decide(&apart).forwards());
    let together = search(&charged, &both).unwrap().unwrap();
    assert!(decide(&together).forwards());
}

fn small() -> Intent {
    charge(json!({"amount": 1, "currency": "eur"}))
}

fn change(intent: &Intent) -> Remedy {
    search(intent, &alone).unwrap().expect("a change")
}

/// Where each edit is, below the tool.
fn paths(intent: &Intent) -> Vec<String> {
    let edits = change(intent).edits;
    edits.iter().map(|edit| edit.path[5..].join(".")).collect()
}

fn rules(intent: &Intent) -> Vec<String> {
    let obstacles = search(intent, &alone).unwrap_err();
    let rules = obstacles
        .iter()
        .map(|obstacle| obstacle.reason.rule.to_string());
    rules.collect()
}

fn search(
    intent: &Intent,
    together: &dyn Fn(&[String]) -> Vec<Vec<String>>,
) -> Result<Option<Remedy>, Vec<Obstacle>> {
    search_in(POLICY, intent, together)
}

fn search_in(
    policy: &str,
    intent: &Intent,
    together: &dyn Fn(&[String]) -> Vec<Vec<String>>,
) -> Result<Option<Remedy>, Vec<Obstacle>> {
    let bench = bench(&sources(policy));
    let data: Map<String, Json> = serde_json::from_str(policy).unwrap();
    let search = Search {
        bench: &bench,
        data: &data,
        mode: Mode::Enforce,
        together,
    };
    search.remedy(intent)
}

fn alone(path: &[String]) -> Vec<Vec<String>> {
    vec![path.to_vec()]
}

const POLICY: &str = r#"{"aegis": {
  "tenants": {"acme": {"regions": ["eu-central-1"]}},
  "agents": {"finance-bot": {"tenant": "acme", "profile": "finance"}},
  "profiles": {"finance": {
    "data": {"SECRET_AWS": "deny"},
    "chain": {"loops": "deny"},
    "tools": {"stripe-payments": {
      "charge": {
        "amount": {"min": 1, "max": 100, "approve_above": 50},
        "currency": {"enum": ["eur"], "required": true},
        "test": {"forbidden": true}
      },
      "void": {"amount": {"max": 100, "approve_above": 50}},
      "refund": {}
    }}
  }},
  "catalogue": {
    "stripe-payments": {
      "hosts": ["payments.demo.test"], "protocol": "rest", "regions": ["eu-central-1"],
      "operations": [
        {"action": "charge", "method": "POST", "path": "/v1/charges"},
        {"action": "void", "method": "POST", "path": "/v1/voids"},
        {"action": "refund", "method": "POST", "path": "/v1/refunds"}
      ]
    },
    "docs": {"hosts": ["docs.test"], "protocol": "mcp", "regions": ["eu-central-1"]},
    "abroad": {"hosts": ["abroad.test"], "protocol": "http", "regions": ["us"]}
  }
}}"#;
