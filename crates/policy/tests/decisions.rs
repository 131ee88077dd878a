//! What the policy data means for a call: each rule, each outcome, each mode.

mod common;

use std::sync::Arc;

use aegis_policy::{Decision, Intent, Mode, Outcome, Redaction, Snapshot, Truncation};
use common::{build, by, call, charge, directory, in_regions, said, sources, to, tunnel, with_data};
use serde_json::{Value as Json, json};

fn demo() -> Snapshot {
    build(&directory("demo"))
}

fn judged(intent: &Intent) -> Decision {
    demo().decide(intent)
}

#[test]
fn the_finance_agent_of_the_demo() {
    let demo = demo();
    let table = [
        (json!({"amount": 4200, "currency": "eur"}), "allow"),
        (json!({"amount": 5000, "currency": "eur"}), "allow"),
        (json!({"amount": 5001, "currency": "eur"}), "approval_needed parameter.approve_above"),
        (json!({"amount": 5000.5, "currency": "usd"}), "approval_needed parameter.approve_above"),
        (json!({"amount": 100_001, "currency": "eur"}), "deny parameter.max"),
        (json!({"amount": 0, "currency": "eur"}), "deny parameter.min"),
        (json!({"amount": 10, "currency": "chf"}), "deny parameter.enum"),
        (json!({"amount": 10}), "deny parameter.required"),
        (json!({"amount": null, "currency": "eur"}), "deny parameter.type, parameter.required"),
        (json!({"amount": true, "currency": "eur"}), "deny parameter.type"),
        (json!({"amount": [1], "currency": "eur"}), "deny parameter.type"),
        (json!({"amount": 10, "currency": ["eur"]}), "deny parameter.enum"),
        (json!({"amount": 10, "currency": "eur", "note": "for Ann"}), "sanitize parameter.redact"),
    ];
    for (parameters, expected) in table {
        let decision = demo.decide(&charge(parameters.clone()));
        assert_eq!(said(&decision), expected, "{parameters}");
        assert!(decision.fault.is_none() && decision.would.is_none());
    }
}
