//! What the policy data means for a call: each rule, each outcome, each mode.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use std::sync::Arc;

use aegis_policy::{
    Action, AnswerEffect, CallKind, Decision, Intent, Mask, Numbers, Outcome, Redaction, RefuseAs,
    Snapshot, Truncation, Unread,
};
use common::{
    SMALL, build, by, call, charge, directory, in_regions, said, small, sources, to, tunnel,
    with_data, with_module,
};
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
        (
            json!({"amount": 5001, "currency": "eur"}),
            "approval_needed parameter.approve_above",
        ),
        (
            json!({"amount": 5000.5, "currency": "usd"}),
            "approval_needed parameter.approve_above",
        ),
        (
            json!({"amount": 100_001, "currency": "eur"}),
            "deny parameter.max",
        ),
        (
            json!({"amount": 0, "currency": "eur"}),
            "deny parameter.min",
        ),
        (
            json!({"amount": 10, "currency": "chf"}),
            "deny parameter.enum",
        ),
        (json!({"amount": 10}), "deny parameter.required"),
        (
            json!({"amount": null, "currency": "eur"}),
            "deny parameter.type, parameter.required",
        ),
        (
            json!({"amount": true, "currency": "eur"}),
            "deny parameter.type",
        ),
        (
            json!({"amount": [1], "currency": "eur"}),
            "deny parameter.type",
        ),
        (
            json!({"amount": 10, "currency": ["eur"]}),
            "deny parameter.enum",
        ),
        (
            json!({"amount": 10, "currency": "eur", "note": "for Ann"}),
            "sanitize parameter.redact",
        ),
    ];
    for (parameters, expected) in table {
        let decision = demo.decide(&charge(parameters.clone()));
        assert_eq!(said(&decision), expected, "{parameters}");
        assert!(decision.fault.is_none() && decision.would.is_none());
    }
}

#[test]
fn a_number_in_a_form_is_a_text_that_counts_as_a_number() {
    let demo = demo();
    let table = [
        ("4200", "allow"),
        ("5000.5", "approval_needed parameter.approve_above"),
        ("100001", "deny parameter.max"),
        ("5e3", "deny parameter.type"),
        ("05000", "deny parameter.type"),
        (" 50", "deny parameter.type"),
        ("0x10", "deny parameter.type"),
        ("", "deny parameter.type"),
        ("9999999999999999", "deny parameter.type"),
    ];
    for (amount, expected) in table {
        let decision = demo.decide(&charge(json!({"amount": amount, "currency": "eur"})));
        assert_eq!(said(&decision), expected, "{amount:?}");
    }
}

#[test]
fn who_calls_is_never_taken_on_trust() {
    let demo = demo();
    let fine = || charge(json!({"amount": 1, "currency": "eur"}));
    let table = [
        (by(fine(), "anonymous", "anonymous"), "deny tenant.unknown"),
        (by(fine(), "acme", "anonymous"), "deny agent.unknown"),
        (by(fine(), "labs", "finance-bot"), "deny agent.tenant"),
        (by(fine(), "acme", "intern-bot"), "deny agent.tenant"),
    ];
    for (intent, expected) in table {
        let decision = demo.decide(&intent);
        assert_eq!(said(&decision), expected);
        assert!(decision.would.is_none() && decision.obligations.restrict_regions.is_none());
    }
}

#[test]
fn a_tool_or_a_host_that_no_profile_names_is_denied() {
    let demo = demo();
    let fine = || charge(json!({"amount": 1, "currency": "eur"}));
    assert_eq!(
        said(&demo.decide(&call("stripe-payments", "payout", json!({})))),
        "deny tool"
    );
    assert_eq!(
        said(&demo.decide(&call("http", "get", json!({})))),
        "deny tool"
    );
    assert_eq!(
        said(&demo.decide(&to(fine(), "elsewhere.example"))),
        "deny host"
    );
    assert_eq!(
        said(&demo.decide(&to(fine(), "x.payments.demo.test"))),
        "deny host"
    );
    let both = demo.decide(&to(call("http", "get", json!({})), "elsewhere.example"));
    assert_eq!(said(&both), "deny host, tool");
    assert!(
        both.reasons
            .iter()
            .all(|reason| reason.message.contains("finance")),
        "{both:?}"
    );
}

#[test]
fn a_tunnel_is_judged_by_host_and_region() {
    let demo = demo();
    let fine = demo.decide(&tunnel("payments.demo.test"));
    assert_eq!(said(&fine), "allow");
    assert!(!fine.obligations.passthrough);
    assert_eq!(
        fine.obligations.restrict_regions,
        Some(vec![Arc::from("eu-central-1")])
    );
    assert_eq!(
        said(&demo.decide(&tunnel("elsewhere.example"))),
        "deny host"
    );
    assert_eq!(
        said(&demo.decide(&in_regions(tunnel("payments.demo.test"), &["us-east-1"]))),
        "deny region"
    );
    assert_eq!(
        said(&demo.decide(&by(tunnel("payments.demo.test"), "anonymous", "anonymous"))),
        "deny tenant.unknown"
    );
}

#[test]
fn every_region_of_a_destination_must_be_lawful_and_known() {
    let demo = demo();
    let fine = || charge(json!({"amount": 1, "currency": "eur"}));
    for (regions, expected) in [
        (&["eu-central-1"][..], "allow"),
        (&[], "deny region"),
        (&["us-east-1"], "deny region"),
        (&["eu-central-1", "us-east-1"], "deny region"),
    ] {
        assert_eq!(
            said(&demo.decide(&in_regions(fine(), regions))),
            expected,
            "{regions:?}"
        );
    }
}

#[test]
fn data_is_judged_by_its_type() {
    let demo = demo();
    let fine = || charge(json!({"amount": 1, "currency": "eur"}));
    let email = demo.decide(&with_data(fine(), &["EMAIL_ADDRESS", "EMAIL_ADDRESS"]));
    assert_eq!(said(&email), "sanitize data.EMAIL_ADDRESS");
    assert_eq!(
        email.obligations.redact,
        [Redaction::Data("EMAIL_ADDRESS".into(), Action::Label)]
    );
    assert_eq!(
        said(&demo.decide(&with_data(fine(), &["EMAIL_ADDRESS", "CREDIT_CARD"]))),
        "deny data.CREDIT_CARD"
    );
    let unruled = sources(&SMALL.replace(
        "mode: enforce",
        "mode: enforce\n      data: {EMAIL_ADDRESS: allow}",
    ));
    let unruled = build(&unruled);
    assert_eq!(
        said(&unruled.decide(&with_data(small(), &["EMAIL_ADDRESS"]))),
        "allow"
    );
    assert_eq!(
        said(&unruled.decide(&with_data(small(), &["SECRET_PRIVATE_KEY"]))),
        "deny data.unclassified"
    );
}

#[test]
fn redaction_of_a_parameter_is_an_obligation() {
    let decision = judged(&charge(
        json!({"amount": 5001, "currency": "eur", "note": "x"}),
    ));
    assert_eq!(said(&decision), "approval_needed parameter.approve_above");
    assert_eq!(
        decision.obligations.redact,
        [Redaction::Parameter("note".into(), Action::Label)]
    );
}

#[test]
fn what_was_not_read_whole_is_denied_unless_nothing_in_it_matters() {
    let truncated = |mut intent: Intent| {
        intent.call.truncation = Truncation::Truncated;
        intent
    };
    let strict = build(&sources(SMALL));
    assert_eq!(said(&strict.decide(&truncated(small()))), "deny truncated");
    let lenient = build(&sources(
        &SMALL.replace("mode: enforce", "mode: enforce\n      truncated: allow"),
    ));
    assert_eq!(said(&lenient.decide(&truncated(small()))), "allow");
    let constrained = truncated(to(call("http", "post", json!({})), "api.example.com"));
    assert_eq!(said(&lenient.decide(&constrained)), "deny truncated");

    let in_parts = |mut intent: Intent| {
        intent.call.truncation = Truncation::Parts;
        intent
    };
    assert_eq!(said(&strict.decide(&in_parts(small()))), "deny truncated");
    assert_eq!(said(&lenient.decide(&in_parts(small()))), "allow");
    let parts = build(&sources(
        &SMALL.replace("mode: enforce", "mode: enforce\n      truncated: parts"),
    ));
    assert_eq!(said(&parts.decide(&in_parts(small()))), "allow");
    assert_eq!(said(&parts.decide(&truncated(small()))), "deny truncated");
    let constrained = in_parts(to(call("http", "post", json!({})), "api.example.com"));
    assert_eq!(said(&parts.decide(&constrained)), "deny truncated");
}

#[test]
fn an_opaque_upgrade_needs_a_rule_of_its_own() {
    let opaque = |mut intent: Intent| {
        intent.call.opaque = true;
        intent
    };
    let snapshot = build(&sources(SMALL));
    assert_eq!(said(&snapshot.decide(&opaque(small()))), "deny opaque");
    assert_eq!(
        said(&snapshot.decide(&opaque(to(small(), "ws.example.com")))),
        "allow"
    );
}

#[test]
fn a_changed_tool_passes_unless_the_profile_denies_it() {
    let changed = || {
        let mut intent = small();
        intent.call.changed = true;
        intent
    };
    let snapshot = build(&sources(SMALL));
    assert_eq!(said(&snapshot.decide(&changed())), "allow");
    let strict = SMALL.replace("mode: enforce", "mcp: {changed_tools: deny}");
    let strict = build(&sources(&strict));
    assert_eq!(said(&strict.decide(&small())), "allow");
    assert_eq!(said(&strict.decide(&changed())), "deny mcp.changed_tool");
    let rehearsed = SMALL.replace(
        "mode: enforce",
        "mode: shadow\n      mcp: {changed_tools: deny}",
    );
    let decision = build(&sources(&rehearsed)).decide(&changed());
    assert_eq!(said(&decision), "allow");
    assert_eq!(decision.would.unwrap().outcome, Outcome::Deny);
}

#[test]
fn a_refusal_is_told_as_the_profile_says() {
    let refused = |policy: &str| {
        let mut intent = small();
        intent.call.opaque = true;
        build(&sources(policy))
            .decide(&intent)
            .obligations
            .refuse_as
    };
    assert_eq!(refused(SMALL), RefuseAs::Error);
    let told = SMALL.replace("mode: enforce", "mcp: {refuse_as: tool_result}");
    assert_eq!(refused(&told), RefuseAs::ToolResult);
}

#[test]
fn what_is_done_about_data_in_answers_goes_by_type_then_by_class() {
    let asked = |policy: &str| build(&sources(policy)).decide(&small()).obligations.answers;
    assert_eq!(asked(SMALL), None);
    let rules = "answers: {pii: sanitize, EMAIL_ADDRESS: allow, CREDIT_CARD: deny}";
    let answers = asked(&SMALL.replace("mode: enforce", rules)).unwrap();
    assert_eq!(
        answers.on("IBAN_CODE"),
        AnswerEffect::Sanitize(Action::Label)
    );
    assert_eq!(answers.on("EMAIL_ADDRESS"), AnswerEffect::Allow);
    assert_eq!(answers.on("CREDIT_CARD"), AnswerEffect::Deny);
    assert_eq!(answers.on("SECRET_AWS"), AnswerEffect::Allow);
    assert_eq!(answers.unread, Unread::Deny);
}

#[test]
fn how_data_is_sanitised_goes_by_type_then_by_class() {
    let rules = "data: {pii: {sanitize: token}, EMAIL_ADDRESS: {sanitize: {mask: {keep_last: 4}}}}
      answers: {pii: {sanitize: hash}}
      numbers: text";
    let policy = build(&sources(&SMALL.replace("mode: enforce", rules)));
    let decision = policy.decide(&with_data(small(), &["EMAIL_ADDRESS", "US_SSN"]));
    let asked = decision.obligations;
    let mask = Action::Mask(Mask { keep_last: 4 });
    assert_eq!(
        asked.redact,
        [
            Redaction::Data("EMAIL_ADDRESS".into(), mask),
            Redaction::Data("US_SSN".into(), Action::Token),
        ]
    );
    assert_eq!(asked.numbers, Numbers::Text);
    assert!(asked.restore);
    let answers = asked.answers.unwrap();
    assert_eq!(answers.on("US_SSN"), AnswerEffect::Sanitize(Action::Hash));
    assert_eq!(answers.numbers, Numbers::Text);
}

#[test]
fn only_where_something_that_is_sent_becomes_a_token_are_tokens_restored() {
    let restores = |rules: &str| {
        let policy = build(&sources(&SMALL.replace("mode: enforce", rules)));
        policy.decide(&small()).obligations.restore
    };
    assert!(!restores("data: {pii: sanitize}"));
    assert!(!restores("answers: {pii: {sanitize: token}}"));
    assert!(restores("data: {pii: {sanitize: token}}"));
    assert!(!restores(
        "mode: shadow\n      data: {pii: {sanitize: token}}"
    ));
}

#[test]
fn answers_to_an_agent_in_shadow_are_not_searched() {
    let rules = "mode: shadow\n      answers: {pii: sanitize}";
    let policy = build(&sources(&SMALL.replace("mode: enforce", rules)));
    assert_eq!(policy.decide(&small()).obligations.answers, None);
}

#[test]
fn passthrough_and_ports_and_suffixes() {
    let snapshot = build(&sources(SMALL));
    let blind = snapshot.decide(&tunnel("pinned.example.com"));
    assert!(blind.outcome == Outcome::Allow && blind.obligations.passthrough);
    assert!(
        !snapshot
            .decide(&tunnel("api.example.com"))
            .obligations
            .passthrough
    );
    for (host, expected) in [
        ("API.example.com.", "allow"),
        ("a.b.example.org:8080", "allow"),
        ("example.org", "deny host"),
        ("notexample.org", "deny host"),
        ("odd.example:8443", "allow"),
        ("odd.example:443", "deny host"),
    ] {
        assert_eq!(said(&snapshot.decide(&tunnel(host))), expected, "{host}");
    }
}

#[test]
fn patterns_hold_for_a_text_and_for_every_element_of_a_list() {
    let snapshot = build(&sources(SMALL));
    let post = |parameters: Json| to(call("http", "post", parameters), "api.example.com");
    for (parameters, expected) in [
        (json!({}), "allow"),
        (json!({"iban": "DE12"}), "allow"),
        (json!({"iban": ["DE1", "DE2"]}), "allow"),
        (json!({"iban": "FR12"}), "deny parameter.pattern"),
        (json!({"iban": ["DE1", "FR2"]}), "deny parameter.pattern"),
        (json!({"iban": 12}), "deny parameter.pattern"),
        (json!({"card": null}), "deny parameter.forbidden"),
        (json!({"address": "10.1.2.3"}), "allow"),
        (json!({"address": "11.1.2.3"}), "deny parameter.pattern"),
        (json!({"address": "ten"}), "deny parameter.pattern"),
    ] {
        assert_eq!(
            said(&snapshot.decide(&post(parameters.clone()))),
            expected,
            "{parameters}"
        );
    }
}

#[test]
fn another_spelling_of_a_constrained_name_is_denied() {
    let snapshot = build(&sources(SPELLED));
    let asked = |action: &str, parameters: &Json| {
        let call = call("http", action, parameters.clone());
        said(&snapshot.decide(&to(call, "api.example.com")))
    };
    for (parameters, expected) in [
        (json!({"amount": 10}), "allow"),
        (
            json!({"amount": 10, "amounts": 1_000_000, "amoun": 1}),
            "allow",
        ),
        (json!({"Amount": 10}), "deny parameter.name"),
        (json!({"AMOUNT": 1_000_000}), "deny parameter.name"),
        (json!({"amount": 10, "aMount": 10}), "deny parameter.name"),
        (json!({"Card_Number": null}), "deny parameter.name"),
        (json!({"card-number": "1"}), "deny parameter.name"),
        (json!({"card.number": "1"}), "deny parameter.name"),
        (json!({"card number": "1"}), "deny parameter.name"),
        (json!({"TOKEN": "x"}), "deny parameter.name"),
        (json!({"to\u{212a}en": "x"}), "deny parameter.name"),
        (json!({"pa\u{17f}s": "x"}), "deny parameter.name"),
        (json!({"Both": 1, "both": 1}), "allow"),
        (json!({"BOTH": 1}), "deny parameter.name, parameter.name"),
    ] {
        assert_eq!(asked("post", &parameters), expected, "{parameters}");
        assert_eq!(asked("get", &parameters), "allow", "{parameters}");
    }
}

#[test]
fn the_message_about_a_spelling_names_the_constraint_and_not_what_was_sent() {
    let call = call("http", "post", json!({"AmOuNt": 10}));
    let decision = build(&sources(SPELLED)).decide(&to(call, "api.example.com"));
    assert_eq!(
        decision.reasons[0].message.as_ref(),
        "profile \"small\": amount is spelled in another way"
    );
}

#[test]
fn shadow_suspends_the_rule_about_spelling_and_a_module_changes_nothing() {
    let call = || {
        to(
            call("http", "post", json!({"Amount": 1})),
            "api.example.com",
        )
    };
    let shadow = build(&sources(&SPELLED.replace("mode: enforce", "mode: shadow")));
    let decision = shadow.decide(&call());
    assert_eq!(said(&decision), "allow");
    let would = decision.would.expect("a finding was suspended");
    assert_eq!(would.reasons[0].rule.as_ref(), "parameter.name");
    let module = "package aegis.ext\n\ndeny contains {\"rule\": \"own\", \"message\": \"no\"} if input.call.action == \"put\"";
    let extended = build(&with_module(SPELLED, module));
    assert_eq!(said(&extended.decide(&call())), "deny parameter.name");
}

#[test]
fn without_a_word_on_chains_eight_agents_may_be_before_the_caller_and_come_back() {
    let snapshot = build(&sources(SMALL));
    let mut get = to(call("http", "get", json!({})), "api.example.com");
    for (depth, expected) in [(0, "allow"), (8, "allow"), (9, "deny chain.depth")] {
        let agents = (0..depth).map(|at| format!("agent-{at}").into());
        get.chain.agents = agents.collect();
        assert_eq!(said(&snapshot.decide(&get)), expected, "{depth}");
    }
    get.chain.agents = [Arc::clone(&get.caller.agent)].into();
    assert_eq!(said(&snapshot.decide(&get)), "allow");
}

#[test]
fn who_is_in_a_chain_twice_is_known_by_its_name() {
    let mut call = call("helper", "send", json!({}));
    call.call.kind = CallKind::A2a;
    call.chain.agents = ["planner".into()].into();
    assert!(!call.is_loop());
    for called in ["planner", "finance-bot"] {
        call.call.tool = called.into();
        assert!(call.is_loop(), "{called}");
    }
    call.call.kind = CallKind::Mcp;
    assert!(
        !call.is_loop(),
        "an MCP server may be called as an agent is"
    );
    call.chain.agents = ["finance-bot".into()].into();
    assert!(call.is_loop(), "whatever it calls");
}

#[test]
fn one_thread_can_ask_two_snapshots_in_turn() {
    let (strict, lenient) = (
        build(&sources(SMALL)),
        build(&sources(&SMALL.replace("get: {}", "\"*\": {}"))),
    );
    let delete = to(call("http", "delete", json!({})), "api.example.com");
    for _ in 0..3 {
        assert_eq!(said(&strict.decide(&delete)), "deny tool");
        assert_eq!(said(&lenient.decide(&delete)), "allow");
    }
}

/// A constraint of each kind that an absent parameter passes, and an operation without any.
const SPELLED: &str = r"
aegis:
  tenants: {acme: {}}
  agents: {finance-bot: {tenant: acme, profile: small}}
  profiles:
    small:
      mode: enforce
      hosts: [api.example.com]
      tools:
        http:
          get: {}
          post:
            amount: {max: 5000}
            card_number: {forbidden: true}
            token: {redact: true}
            pass: {enum: [a]}
            both: {max: 5}
            Both: {max: 5}
";
