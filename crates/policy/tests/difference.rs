//! Comparing two policies: what is told, in which order, in which words, and that nothing is told of equal ones.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use aegis_policy::difference::{Change, Difference, Direction};
use aegis_policy::suite::Suite;
use aegis_policy::{CallKind, Outcome, RefuseAs, Source};
use common::{bench, call, charge, directory, sources, tables, to, tunnel, with_data};
use serde_json::json;

#[test]
fn equal_policies_differ_in_nothing_on_more_than_a_thousand_calls() {
    let bench = bench(&directory("demo"));
    let inputs = bench.inputs(&tables("demo"));
    let difference = Difference::between(bench.snapshot(), bench.snapshot(), &inputs);
    assert!(difference.calls >= 1_000);
    assert_eq!(difference.calls, inputs.len());
    assert!(difference.changes.is_empty());
    assert!(!difference.opened() && !difference.loosened());
}

#[test]
fn a_grant_that_was_added_is_the_first_thing_that_is_told() {
    let old = "refund: {}\n        # Granted";
    let difference = edited(&[
        (old, "# Granted"),
        ("max_tokens: {max: 4096}", "max_tokens: {max: 100}"),
    ]);
    let first = &difference.changes[0];
    assert_eq!(first.direction, Direction::Tightened);
    let opened = between(
        &[
            (old, "# Granted"),
            ("max_tokens: {max: 4096}", "max_tokens: {max: 100}"),
        ],
        &[],
    );
    let first = &opened.changes[0];
    assert_eq!(first.direction, Direction::Opened);
    assert_eq!(
        (&*first.agent, &*first.tool, &*first.action),
        ("finance-bot", "stripe-payments", "refund")
    );
    let words = first.to_string();
    assert!(
        words.starts_with("finance-bot may now call stripe-payments/refund ("),
        "{words}"
    );
    assert!(
        words.ends_with(&format!(
            "({} of {} calls): deny by tool → allow, within eu-central-1",
            first.count, first.calls
        )),
        "{words}"
    );
    assert!(opened.opened() && opened.loosened());
}

/// No call at random meets exactly the hundred thousandth; each side's boundaries do.
#[test]
fn a_limit_that_was_raised_is_found_at_its_boundary() {
    let difference = edited(&[("max: 100000", "max: 200000")]);
    assert!(!difference.opened() && difference.loosened());
    let change = &difference.changes[0];
    assert_eq!(change.direction, Direction::Loosened);
    assert_eq!(
        (change.before.outcome, change.after.outcome),
        (Outcome::Deny, Outcome::ApprovalNeeded)
    );
    assert!(
        change
            .to_string()
            .starts_with("finance-bot may now call stripe-payments/charge with approval (")
    );
    let back = between(&[("max: 100000", "max: 200000")], &[]);
    assert!(!back.loosened());
    assert!(
        back.changes
            .iter()
            .any(|change| change.direction == Direction::Tightened)
    );
}

#[test]
fn changes_are_told_in_the_order_of_their_gravity() {
    let difference = edited(&[
        (
            "max: 100000, approve_above: 5000",
            "max: 200000, approve_above: 400",
        ),
        ("enum: [eur, usd]", "enum: [eur, usd, gbp]"),
        ("pii: approval_needed", "pii: deny"),
        (
            "query: {required: true}",
            "query: {required: true, forbidden: false, enum: [a]}",
        ),
    ]);
    let directions: Vec<_> = difference
        .changes
        .iter()
        .map(|change| change.direction)
        .collect();
    assert!(directions.is_sorted());
    assert!(directions.contains(&Direction::Tightened));
    assert!(directions.contains(&Direction::Loosened));
}

#[test]
fn less_to_redact_is_looser_though_the_outcome_is_the_same() {
    let call = || {
        with_data(
            charge(json!({"amount": 1, "currency": "eur", "note": "x"})),
            &["EMAIL_ADDRESS"],
        )
    };
    let less = between_on(&[], &[("note: {redact: true}", "note: {}")], &[call()]);
    assert_eq!(less.changes[0].direction, Direction::Loosened);
    let words = less.changes[0].to_string();
    assert_eq!(
        words,
        "stripe-payments/charge by finance-bot is still redacted (1 of 1 call): \
        sanitize by data.EMAIL_ADDRESS, parameter.redact, redacting parameter `note`, data `EMAIL_ADDRESS`, within eu-central-1 → \
        sanitize by data.EMAIL_ADDRESS, redacting data `EMAIL_ADDRESS`, within eu-central-1"
    );
    let more = between_on(&[("note: {redact: true}", "note: {}")], &[], &[call()]);
    assert_eq!(more.changes[0].direction, Direction::Tightened);
}

/// There are hundreds of types: a line for each would bury what a reviewer looks for.
#[test]
fn calls_that_change_alike_are_told_once_whatever_data_is_in_them() {
    let types = [
        "EMAIL_ADDRESS",
        "IBAN_CODE",
        "PERSON",
        "PHONE_NUMBER",
        "US_SSN",
    ];
    let small = || charge(json!({"amount": 150_000, "currency": "eur"}));
    let calls: Vec<_> = types
        .iter()
        .map(|kind| with_data(small(), &[kind]))
        .chain([small()])
        .collect();
    let raised = between_on(&[], &[("max: 100000", "max: 200000")], &calls);
    let words: Vec<String> = raised.changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "finance-bot may now call stripe-payments/charge with approval (6 of 6 calls): \
            deny by parameter.max → approval_needed by parameter.approve_above, \
            redacting data `EMAIL_ADDRESS`, data `IBAN_CODE`, data `PERSON` and 2 more types of data"
        ]
    );
    let after = &raised.changes[0].after;
    assert_eq!(after.redact.len(), types.len());
}

#[test]
fn what_is_still_denied_is_told_once_for_each_rule_that_comes_or_goes() {
    let large = || charge(json!({"amount": 150_000, "currency": "gbp"}));
    let calls = [large(), with_data(large(), &["CREDIT_CARD"])];
    let raised = between_on(&[], &[("max: 100000", "max: 200000")], &calls);
    let words: Vec<String> = raised.changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "finance-bot still may not call stripe-payments/charge (2 of 2 calls): \
            deny by data.CREDIT_CARD, parameter.enum, parameter.max → \
            deny by data.CREDIT_CARD, parameter.enum"
        ]
    );
}

#[test]
fn another_region_is_looser_and_one_less_is_tighter() {
    let wider = (
        "regions: [eu-central-1]\n      labels",
        "regions: [eu-central-1, eu-west-1]\n      labels",
    );
    let call = charge(json!({"amount": 1, "currency": "eur"}));
    let calls = std::slice::from_ref(&call);
    let more = between_on(&[], &[wider], calls);
    assert_eq!(more.changes[0].direction, Direction::Loosened);
    let less = between_on(&[wider], &[], calls);
    assert_eq!(less.changes[0].direction, Direction::Tightened);
}

#[test]
fn a_tunnel_that_is_no_longer_looked_into_is_looser() {
    let call = to(tunnel("payments.demo.test"), "payments.demo.test");
    let blind = between_on(
        &[],
        &[(
            "    finance:\n",
            "    finance:\n      passthrough: [payments.demo.test]\n",
        )],
        &[call],
    );
    assert_eq!(blind.changes[0].direction, Direction::Loosened);
    assert!(blind.changes[0].to_string().ends_with("not looked into"));
    assert!(
        blind.changes[0]
            .to_string()
            .starts_with("finance-bot still may open tunnels")
    );
}

/// Of a call of a tool that is refused, and of no other.
#[test]
fn how_a_refused_tool_is_told_is_a_change_that_is_neither_looser_nor_tighter() {
    let told = (
        "    finance:\n",
        "    finance:\n      mcp: {refuse_as: tool_result}\n",
    );
    let calls = ["call", "list"].map(|action| {
        let mut refused = call("crm/export", action, json!({}));
        refused.call.kind = CallKind::Mcp;
        refused
    });
    let difference = between_on(&[], &[told], &calls);
    assert_eq!(difference.changes.len(), 1);
    let change = &difference.changes[0];
    assert_eq!(change.direction, Direction::Same);
    assert_eq!(&*change.action, "call");
    assert!(!change.before.to_string().contains("told"));
    let words = change.to_string();
    assert!(words.ends_with(", told as the tool's result"), "{words}");
    let others = [charge(json!({"amount": 900_000, "currency": "eur"}))];
    assert!(between_on(&[], &[told], &others).changes.is_empty());
}

/// An MCP server of the catalogue is called as one by the calls that are made up.
#[test]
fn how_a_refused_tool_is_told_is_found_without_a_recorded_call() {
    let policy = |mcp: &str| {
        let text = format!(
            "
aegis:
  catalogue: {{crm: {{protocol: mcp, hosts: [crm.test]}}}}
  tenants: {{acme: {{}}}}
  agents: {{bot: {{tenant: acme, profile: small}}}}
  profiles: {{small: {{{mcp}tools: {{crm/export: {{call: {{rows: {{max: 5}}}}}}}}}}}}
"
        );
        bench(&sources(&text))
    };
    let (old, new) = (policy(""), policy("mcp: {refuse_as: tool_result}, "));
    let nothing = Suite::read(&[]).unwrap();
    let difference = Difference::between(old.snapshot(), new.snapshot(), &new.inputs(&nothing));
    let told = |change: &Change| change.after.refuse_as == RefuseAs::ToolResult;
    assert!(difference.changes.iter().any(told));
}

#[test]
fn another_rule_for_the_same_deny_is_a_change_and_another_wording_is_none() {
    let call = charge(json!({"amount": 900_000, "currency": "gbp"}));
    let same = between_on(
        &[],
        &[("max: 100000", "max: 100001")],
        std::slice::from_ref(&call),
    );
    assert!(same.changes.is_empty());
    let other = between_on(&[], &[("enum: [eur, usd]", "enum: [gbp]")], &[call]);
    assert_eq!(other.changes[0].direction, Direction::Same);
}

/// The region of a recorded call is what the catalogue said then; the new one says where it goes now.
#[test]
fn a_service_that_moved_is_judged_where_each_catalogue_says_it_is() {
    let moved = (
        "      provider: stripe\n      regions: [eu-central-1]",
        "      provider: stripe\n      regions: [us-east-1]",
    );
    let call = charge(json!({"amount": 1, "currency": "eur"}));
    let difference = between_on(&[], &[moved], &[call]);
    let change = &difference.changes[0];
    assert_eq!(
        (change.before.outcome, change.after.outcome),
        (Outcome::Allow, Outcome::Deny)
    );
    assert!(change.after.rules.contains("region"));
}

#[test]
fn a_policy_that_is_put_into_shadow_opens_what_it_denied() {
    let call = charge(json!({"amount": 900_000, "currency": "eur"}));
    let shadow = between_on(
        &[],
        &[("    finance:\n", "    finance:\n      mode: shadow\n")],
        &[call],
    );
    assert!(shadow.opened());
    let words = shadow.changes[0].to_string();
    assert!(
        words.ends_with("(without shadow: deny by parameter.max)"),
        "{words}"
    );
}

/// Whether a comparison of these modules says that something may open, and in which words.
fn may_open(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
    let [old, new] = [old, new].map(|modules| {
        let modules = modules.iter().map(|(file, rules)| Source {
            file: (*file).to_owned(),
            text: format!("package aegis.ext\n{rules}\n"),
        });
        let mut sources = sources(&format!("{}\nlimits: {{n: 3}}\n", demo(&[])));
        sources.modules = modules.collect();
        sources
    });
    let difference = Difference::of(&bench(&old), &bench(&new), &[]);
    assert!(difference.changes.is_empty());
    assert_eq!(difference.opened(), !difference.may_open.is_empty());
    difference.may_open
}

const DENIES: &str = r#"deny contains {"rule": "own", "message": "m"} if input.call.tool == "x""#;

#[test]
fn a_module_that_goes_or_is_another_may_open_what_no_call_shows() {
    let large = DENIES.replace("\"x\"", "\"y\"");
    assert_eq!(may_open(&[("own.rego", DENIES)], &[]), ["own.rego is gone"]);
    assert_eq!(
        may_open(&[("own.rego", DENIES)], &[("own.rego", &large)]),
        ["own.rego is another"]
    );
    let same: [String; 0] = [];
    assert_eq!(
        may_open(&[("own.rego", DENIES)], &[("moved.rego", DENIES)]),
        same
    );
}

#[test]
fn a_module_that_comes_and_only_restricts_opens_nothing() {
    let nothing: [String; 0] = [];
    let helped = r#"deny contains {"rule": "own", "message": "m"} if small
small if input.call.tool == "x""#;
    for rules in [DENIES, helped] {
        assert_eq!(may_open(&[], &[("own.rego", rules)]), nothing);
    }
    let grants = DENIES.replace("deny", "allow");
    assert_eq!(
        may_open(&[], &[("own.rego", &grants)]),
        ["own.rego has come, with rules of `allow`"]
    );
    // It makes another module find less.
    let exempts = "small if input.call.tool == \"y\"\ndeny contains {\"rule\": \"b\", \"message\": \"m\"} if small";
    let told = may_open(
        &[("a.rego", helped)],
        &[("a.rego", helped), ("b.rego", exempts)],
    );
    assert_eq!(told, ["b.rego has come, with rules of `small`"]);
}

#[test]
fn data_that_modules_may_read_may_open_something_too() {
    let rules = r#"deny contains {"rule": "own", "message": "m"} if input.call.tool in data.tools"#;
    let [old, new] = ["[x, y]", "[x]"].map(|tools| {
        let text = format!("{}\ntools: {tools}\n", demo(&[]));
        let mut sources = sources(&text);
        sources.modules.push(Source {
            file: "own.rego".to_owned(),
            text: format!("package aegis.ext\n{rules}\n"),
        });
        bench(&sources)
    });
    let difference = Difference::of(&old, &new, &[]);
    assert_eq!(
        difference.may_open,
        ["`data.tools`, which modules may read, is another"]
    );
}

fn edited(edits: &[(&str, &str)]) -> Difference {
    between(&[], edits)
}

fn between(old: &[(&str, &str)], new: &[(&str, &str)]) -> Difference {
    let [old, new] = [old, new].map(|edits| bench(&sources(&demo(edits))));
    let nothing = Suite::read(&[]).unwrap();
    let intents = [old.inputs(&nothing), new.inputs(&nothing)].concat();
    Difference::between(old.snapshot(), new.snapshot(), &intents)
}

fn between_on(
    old: &[(&str, &str)],
    new: &[(&str, &str)],
    calls: &[aegis_policy::Intent],
) -> Difference {
    let [old, new] = [old, new].map(|edits| bench(&sources(&demo(edits))));
    Difference::between(old.snapshot(), new.snapshot(), calls)
}

/// The demo's data without its module, with each edit made exactly once.
fn demo(edits: &[(&str, &str)]) -> String {
    let mut text = directory("demo").data.remove(0).text;
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    text
}
