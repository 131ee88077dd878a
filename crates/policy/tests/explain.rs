//! Why a decision came about: for each rule the path, the place, the value and the limit.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use std::sync::LazyLock;

use aegis_policy::explain::{Cause, Values};
use aegis_policy::{Intent, Truncation, Workbench};
use common::{
    SMALL, bench, by, call, charge, directory, in_regions, small, sources, to, tunnel, with_data,
};
use serde_json::{Value as Json, json};

#[test]
fn a_reason_is_traced_to_its_line_with_value_and_limit() {
    let cause = cause(&charge(json!({"amount": 900_000, "currency": "eur"})));
    assert_eq!(&*cause.reason.rule, "parameter.max");
    assert_eq!(
        cause.path.join("."),
        "aegis.profiles.finance.tools.stripe-payments.charge.amount.max"
    );
    assert_eq!(
        (cause.value, cause.limit),
        (Some(json!(900_000)), Some(json!(100_000)))
    );
    let place = cause.place.unwrap();
    assert_eq!(place.file, "policy.yaml");
    let text = &directory("demo").data[0].text;
    let line = text.lines().nth(place.line - 1).unwrap();
    assert!(line[place.column - 1..].starts_with("100000"), "{line}");
}

#[test]
fn values_are_hidden_unless_they_are_asked_for() {
    let intent = charge(json!({"amount": 900_000, "currency": "eur"}));
    let hidden = DEMO.explain(&intent, Values::Hidden);
    assert!(hidden.causes[0].value.is_none());
    assert!(!format!("{hidden:?}").contains("900000"));
}

#[test]
fn every_rule_on_caller_destination_and_grant_has_its_path() {
    let (mut truncated, mut opaque) = (small_charge(), small_charge());
    truncated.call.truncation = Truncation::Truncated;
    opaque.call.opaque = true;
    let mut deep = small_charge();
    deep.chain.agents = (0..9).map(|at| format!("agent-{at}").into()).collect();
    let by = |tenant: &str, agent: &str| by(small_charge(), tenant, agent);
    let abroad = in_regions(small_charge(), &["us-east-1"]);
    let finance = "profiles.finance";
    for (rule, path, intent) in [
        ("tenant.unknown", "tenants", by("nobody", "finance-bot")),
        ("agent.unknown", "agents", by("acme", "nobody")),
        (
            "agent.tenant",
            "agents.finance-bot.tenant",
            by("labs", "finance-bot"),
        ),
        ("region", "tenants.acme.regions", abroad),
        (
            "host",
            "profiles.finance.hosts",
            to(small_charge(), "elsewhere.example"),
        ),
        ("truncated", "profiles.finance.truncated", truncated),
        ("opaque", "profiles.finance.upgrades", opaque),
        ("chain.depth", "profiles.finance.chain.max_depth", deep),
    ] {
        assert_traced(rule, path, &intent);
    }
    let void = call("stripe-payments", "void", json!({}));
    assert_traced("tool", &format!("{finance}.tools.stripe-payments"), &void);
    let chat = call("openai", "chat", json!({}));
    assert_traced("tool", &format!("{finance}.tools"), &chat);
}

#[test]
fn a_changed_tool_is_traced_to_the_key_that_denies_it() {
    let policy = SMALL.replace("mode: enforce", "mcp: {changed_tools: deny}");
    let mut intent = small();
    intent.call.changed = true;
    let explained = bench(&sources(&policy)).explain(&intent, Values::Shown);
    let cause = &explained.causes[0];
    assert_eq!(&*cause.reason.rule, "mcp.changed_tool");
    assert_eq!(
        cause.path.join("."),
        "aegis.profiles.small.mcp.changed_tools"
    );
    assert_eq!(cause.limit, Some(json!("deny")));
    let line = policy.lines().nth(cause.place.as_ref().unwrap().line - 1);
    assert!(line.unwrap().contains("changed_tools"));
}

#[test]
fn every_rule_on_parameters_and_data_has_its_path() {
    let grant = "profiles.finance.tools.stripe-payments.charge";
    for (rule, path, parameters) in [
        (
            "parameter.name",
            "amount",
            json!({"amount": 1, "AMOUNT": 1, "currency": "eur"}),
        ),
        (
            "parameter.type",
            "amount",
            json!({"amount": "x", "currency": "eur"}),
        ),
        (
            "parameter.min",
            "amount.min",
            json!({"amount": 0, "currency": "eur"}),
        ),
        (
            "parameter.approve_above",
            "amount.approve_above",
            json!({"amount": 5001, "currency": "eur"}),
        ),
        (
            "parameter.enum",
            "currency.enum",
            json!({"amount": 1, "currency": "x"}),
        ),
        (
            "parameter.required",
            "currency.required",
            json!({"amount": 1}),
        ),
        (
            "parameter.redact",
            "note.redact",
            json!({"amount": 1, "currency": "eur", "note": 1}),
        ),
    ] {
        assert_traced(rule, &format!("{grant}.{path}"), &charge(parameters));
    }
    let search = by(
        call("docs-mcp/search", "call", json!({})),
        "acme",
        "research-bot",
    );
    let path = "profiles.research.tools.docs-mcp/search.call.query.required";
    assert_traced("parameter.required", path, &to(search, "mcp.demo.test"));
    let email = with_data(small_charge(), &["EMAIL_ADDRESS"]);
    assert_traced("data.EMAIL_ADDRESS", "profiles.finance.data.pii", &email);
}

/// Only what does not exist has no place.
fn assert_traced(rule: &str, path: &str, intent: &Intent) {
    let explanation = DEMO.explain(intent, Values::Shown);
    let mut causes = explanation.causes.iter();
    let cause = causes.find(|cause| &*cause.reason.rule == rule);
    let cause = cause.unwrap_or_else(|| panic!("{rule}: {:?}", explanation.decision));
    assert_eq!(cause.path[1..].join("."), path, "{rule}");
    assert_eq!(cause.place.is_none(), rule.ends_with(".unknown"), "{rule}");
    assert!(
        cause.value.is_some() || rule == "parameter.required",
        "{rule}"
    );
}

fn small_charge() -> Intent {
    charge(json!({"amount": 1, "currency": "eur"}))
}

#[test]
fn forbidden_patterns_and_data_without_a_rule_are_traced_too() {
    let bench = bench(&sources(common::SMALL));
    let post = |parameters: Json| to(call("http", "post", parameters), "api.example.com");
    for (rule, path, intent) in [
        (
            "parameter.pattern",
            "aegis.profiles.small.tools.http.post.iban.pattern",
            post(json!({"iban": "FR"})),
        ),
        (
            "parameter.forbidden",
            "aegis.profiles.small.tools.http.post.card.forbidden",
            post(json!({"card": 1})),
        ),
        (
            "data.unclassified",
            "aegis.profiles.small.data",
            with_data(post(json!({})), &["EMAIL_ADDRESS"]),
        ),
    ] {
        let explanation = bench.explain(&intent, Values::Shown);
        assert_eq!(&*explanation.causes[0].reason.rule, rule);
        assert_eq!(explanation.causes[0].path.join("."), path);
    }
}

/// Both constraints end alike; the message names the one that failed.
#[test]
fn of_two_parameters_the_one_that_failed_is_named() {
    let data = "aegis:\n  tenants: {acme: {}}\n  agents: {finance-bot: {tenant: acme, profile: p}}\n  profiles:\n    p:\n      hosts: [h.example]\n      tools:\n        http:\n          '*':\n            size: {max: 5}\n            total size: {max: 5}\n";
    let bench = bench(&sources(data));
    for name in ["size", "total size"] {
        let intent = to(call("http", "post", json!({name: 6})), "h.example");
        let explanation = bench.explain(&intent, Values::Hidden);
        assert_eq!(explanation.causes[0].path[6], name);
        assert_eq!(explanation.causes[0].path[5], "*");
    }
}

#[test]
fn a_finding_of_a_module_is_traced_to_its_rule() {
    let refund = call(
        "stripe-payments",
        "refund",
        json!({"charge": "c", "amount": 101}),
    );
    let cause = cause(&refund);
    assert_eq!(&*cause.reason.rule, "refunds.amount");
    assert!(cause.path.is_empty());
    let place = cause.place.unwrap();
    assert_eq!(place.file, "refunds.rego");
    let text = &directory("demo").modules[0].text;
    let line = text.lines().nth(place.line - 1).unwrap();
    assert_eq!((line, place.column), ("approval_needed contains {", 1));
    let next = text.lines().nth(place.line).unwrap();
    assert!(next.contains("refunds.amount"), "{next}");
}

/// Known by the lines that the call came by, so rules of one line each are not told apart.
#[test]
fn of_two_rules_with_one_id_the_one_that_held_is_named() {
    let rule = |action: &str| {
        let finding = format!("{{\"rule\": \"mine\", \"message\": \"no {action}\"}}");
        format!("deny contains {finding} if {{\n\tinput.call.action == \"{action}\"\n}}\n")
    };
    let places = |first: &str, second: &str| {
        let module = format!("package aegis.ext\n{}{}", rule(first), rule(second));
        let bench = bench(&common::with_module(common::SMALL, &module));
        let intent = to(call("http", "get", json!({})), "api.example.com");
        let causes = bench.explain(&intent, Values::Hidden).causes;
        causes
            .into_iter()
            .map(|cause| cause.place.map(|place| place.line))
            .collect::<Vec<_>>()
    };
    assert_eq!(places("get", "post"), [Some(2)]);
    assert_eq!(places("post", "get"), [Some(5)]);
    assert_eq!(places("get", "get"), [None]);
}

#[test]
fn what_is_suspended_is_explained_beside_what_counts() {
    let chat = to(
        call("openai", "chat", json!({"model": "gpt-demo"})),
        "llm.demo.test",
    );
    let explanation = DEMO.explain(&by(chat, "labs", "intern-bot"), Values::Shown);
    assert!(explanation.causes.is_empty());
    let suspended = &explanation.suspended[0];
    assert_eq!(
        suspended.path.join("."),
        "aegis.profiles.intern.tools.openai.chat.model.enum"
    );
    assert_eq!(suspended.limit, Some(json!(["gpt-demo-mini"])));
    let held = explanation
        .held
        .iter()
        .map(|held| held.check)
        .collect::<Vec<_>>();
    assert_eq!(held, ["agent", "host", "tool"]);
}

#[test]
fn an_allow_says_which_checks_held() {
    let grant = "profiles.finance.tools.stripe-payments.charge";
    assert_eq!(
        held(&charge(json!({"amount": 1, "currency": "eur"}))),
        [
            "agent agents.finance-bot".to_owned(),
            "host catalogue.stripe-payments.hosts".to_owned(),
            "region tenants.acme.regions".to_owned(),
            format!("tool {grant}"),
            format!("parameter {grant}.amount.min"),
            format!("parameter {grant}.amount.max"),
            format!("parameter {grant}.amount.approve_above"),
            format!("parameter {grant}.amount.required"),
            format!("parameter {grant}.currency.enum"),
            format!("parameter {grant}.currency.required"),
        ]
    );
    assert_eq!(
        held(&tunnel("payments.demo.test")),
        [
            "agent agents.finance-bot",
            "host catalogue.stripe-payments.hosts",
            "region tenants.acme.regions",
        ]
    );
}

/// A denial names every check that denies, and none that only asks for approval or redacts.
#[test]
fn a_denial_says_which_checks_are_known_to_have_held() {
    let grant = "profiles.finance.tools.stripe-payments.charge";
    let caller = [
        "agent agents.finance-bot".to_owned(),
        "host catalogue.stripe-payments.hosts".to_owned(),
        "region tenants.acme.regions".to_owned(),
        format!("tool {grant}"),
    ];
    assert_eq!(held(&charge(json!({}))), caller);
    let of_amount = ["min", "max", "required"];
    let of_amount = of_amount.map(|key| format!("parameter {grant}.amount.{key}"));
    let required = [format!("parameter {grant}.currency.required")];
    let dear = charge(json!({"amount": 9000, "currency": "chf"}));
    let expected = [&caller[..], &of_amount, &required].concat();
    assert_eq!(held(&dear), expected);
    let worded = charge(json!({"amount": "much", "currency": "chf"}));
    assert_eq!(held(&worded), [&caller[..], &required].concat());
    let elsewhere = to(charge(json!({"amount": 1})), "elsewhere.example");
    assert!(!held(&elsewhere).iter().any(|held| held.starts_with("host")));
}

#[test]
fn of_a_caller_that_is_not_known_nothing_was_checked() {
    let stranger = || charge(json!({"amount": 1, "currency": "eur"}));
    for (tenant, agent) in [
        ("acme", "nobody"),
        ("nobody", "finance-bot"),
        ("labs", "finance-bot"),
    ] {
        let held = held(&by(stranger(), tenant, agent));
        assert_eq!(held, [""; 0], "{tenant} {agent}");
    }
}

fn held(intent: &Intent) -> Vec<String> {
    let held = DEMO.explain(intent, Values::Hidden).held;
    assert!(held.iter().all(|held| held.place.is_some()));
    held.into_iter()
        .map(|held| format!("{} {}", held.check, held.path[1..].join(".")))
        .collect()
}

fn cause(intent: &Intent) -> Cause {
    DEMO.explain(intent, Values::Shown).causes.remove(0)
}

static DEMO: LazyLock<Workbench> = LazyLock::new(|| bench(&directory("demo")));
