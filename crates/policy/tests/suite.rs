//! Table tests: how a call becomes what the proxy would have seen, what a wrong expectation says, what is refused to be read.

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

use aegis_policy::suite::{CallData, Coverage, PointKind, Suite, SuiteReport};
use aegis_policy::{Auth, CallKind, Intent, Outcome, Phase, Source, Workbench};
use common::{bench, directory, sources, tables};

#[test]
fn the_tables_of_the_demo_and_of_the_sample_pass_and_reach_everything() {
    for (name, least) in [("demo", 40), ("sample", 9)] {
        let suite = tables(name);
        let bench = bench(&directory(name));
        let report = suite.run(&bench);
        assert!(report.passed(), "{}", report.failures());
        assert!(suite.len() >= least && report.results.len() == suite.len());
        let doubts = report.results.iter().flat_map(|result| &result.doubts);
        assert_eq!(doubts.count(), 0);
        let coverage = suite.coverage(&bench);
        let missed: Vec<_> = coverage
            .missed()
            .map(|point| point.path.join("."))
            .collect();
        assert!(missed.is_empty() && coverage.percent() == 100, "{missed:?}");
        let modules = &coverage.modules;
        assert!(
            modules.iter().all(|module| module.percent() == 100),
            "{modules:?}"
        );
    }
}

/// Whatever the right answer is, every other one must fail: a suite that cannot fail tests nothing.
#[test]
fn every_wrong_outcome_fails() {
    let bench = &DEMO;
    for right in ["allow", "sanitize", "approval_needed", "deny"] {
        let report = run(
            bench,
            &format!("- {{name: a, call: {CHARGE}, expect: {{outcome: {right}}}}}"),
        );
        assert_eq!(report.passed(), right == "allow", "{right}");
    }
}

#[test]
fn a_failure_says_what_was_expected_what_came_and_why_at_its_place() {
    let failed = |expect: &str, parameters: &str| {
        let call = format!(
            "{{agent: finance-bot, tool: stripe-payments, action: charge, parameters: {parameters}}}"
        );
        let report = run(
            &DEMO,
            &format!("- name: a\n  call: {call}\n  expect: {expect}"),
        );
        assert!(!report.passed());
        report.failures().to_string()
    };
    let fine = "{amount: 100, currency: eur}";
    assert_eq!(
        failed("{outcome: allow, answers: {data: {pii: sanitize}}}", fine),
        "table.yaml:4:37: expected answers to be pii sanitize, refused where they cannot be read, they are CREDIT_CARD sanitize, EMAIL_ADDRESS sanitize, secret deny, refused where they cannot be read"
    );
    let high = "{amount: 900000, currency: eur}";
    assert_eq!(
        failed("{outcome: allow}", high),
        "table.yaml:4:21: expected allow, got deny: parameter.max: profile \"finance\": amount is above 100000"
    );
    assert_eq!(
        failed("{outcome: deny, rules: [parameter.min]}", high),
        "table.yaml:4:34: expected deny by parameter.min, got it by parameter.max: profile \"finance\": amount is above 100000"
    );
    let note = "{amount: 1, currency: eur, note: x}";
    assert_eq!(
        failed("{outcome: sanitize, redact: [{data: EMAIL_ADDRESS}]}", note),
        "table.yaml:4:39: expected to redact data `EMAIL_ADDRESS`, got parameter `note`"
    );
    assert_eq!(
        failed("{outcome: sanitize, would: {outcome: deny}}", note),
        "table.yaml:4:48: without shadow: expected deny, got sanitize: parameter.redact: profile \"finance\": note is redacted"
    );
    assert_eq!(
        failed("{outcome: sanitize, restrict_regions: [us-east-1]}", note),
        "table.yaml:4:49: expected the regions us-east-1, got eu-central-1"
    );
    assert_eq!(
        failed("{outcome: sanitize, passthrough: true}", note),
        "table.yaml:4:44: expected `passthrough` to be true, it is false"
    );
}

#[test]
fn rules_are_compared_exactly_and_in_any_order() {
    let passes = |rules: &str| {
        let call =
            "{agent: finance-bot, tool: stripe-payments, action: charge, parameters: {amount: 0}}";
        run(
            &DEMO,
            &format!("- {{name: a, call: {call}, expect: {{outcome: deny, rules: {rules}}}}}"),
        )
        .passed()
    };
    assert!(passes("[parameter.min, parameter.required]"));
    assert!(passes("[parameter.required, parameter.min]"));
    assert!(!passes("[parameter.min]"));
    assert!(!passes("[parameter.min, parameter.required, region]"));
    assert!(!passes("[]"));
}

#[test]
fn what_is_left_out_comes_from_the_policy_and_its_catalogue() {
    let charge = intent("agent: finance-bot\ntool: stripe-payments\naction: charge");
    assert_eq!(&*charge.caller.tenant, "acme");
    assert_eq!(charge.caller.auth, Auth::Credential);
    assert_eq!(
        charge.destination.authority.to_string(),
        "payments.demo.test:443"
    );
    assert_eq!(&*charge.destination.path, "/v1/charges");
    assert_eq!(&*charge.destination.provider, "stripe");
    assert_eq!(&*charge.destination.regions[0], "eu-central-1");
    assert_eq!(charge.call.kind, CallKind::Tool);
    assert_eq!(&*charge.http.unwrap().method, "POST");

    let refund = intent(
        "agent: finance-bot\ntool: stripe-payments\naction: refund\nparameters: {charge: ch 1}",
    );
    assert_eq!(&*refund.destination.path, "/v1/charges/ch%201/refund");
}

/// An LLM's request says model and stream as parameters, and there is no other place for them.
#[test]
fn model_and_stream_of_an_llm_are_parameters_too() {
    let chat = intent("agent: research-bot\ntool: openai\nmodel: gpt-demo\nstream: true");
    assert_eq!(
        (chat.call.kind, &*chat.call.action),
        (CallKind::Llm, "chat")
    );
    assert_eq!(chat.call.parameters["model"], "gpt-demo");
    assert!(chat.call.stream && chat.call.parameters["stream"] == true);
    let chat = intent("agent: research-bot\ntool: openai\nparameters: {model: gpt-demo}");
    assert_eq!(chat.call.model.as_deref(), Some("gpt-demo"));
}

#[test]
fn a_destination_alone_names_tool_and_action_as_the_proxy_does() {
    let get = intent("agent: finance-bot\ndestination: {host: example.com, scheme: http}");
    assert_eq!((&*get.call.tool, &*get.call.action), ("http", "get"));
    assert_eq!(get.destination.authority.port(), 80);
    assert!(get.destination.regions.is_empty());

    let nobody = intent("tool: openai");
    assert_eq!(
        (&*nobody.caller.agent, nobody.caller.auth),
        ("anonymous", Auth::Anonymous)
    );

    let other = intent(
        "agent: finance-bot\nmethod: PUT\ndestination: {host: payments.demo.test, path: /v1/charges}",
    );
    assert_eq!(
        (&*other.call.tool, &*other.call.action),
        ("stripe-payments", "other")
    );
}

#[test]
fn everything_can_be_stated() {
    let text = "phase: request\ntenant: labs\nagent: x\nauth: certificate\nkind: mcp\ntool: docs-mcp/search\naction: call\n\
        chain: {agents: [a, b], trace_id: 4bf92f3577b34da6a3ce929d0e0e4736}\n\
        destination: {scheme: http, host: mcp.demo.test, port: 8080, path: /mcp}\nmethod: PUT\ncontent_type: text/plain\n\
        opaque: true\ndata: [{type: EMAIL_ADDRESS, path: query:q, count: 3}]\nregion: eu\ntime: 2026-02-03T04:05:06.5Z";
    let intent = intent(text);
    assert_eq!(intent.phase, Phase::Request);
    assert_eq!(
        (&*intent.caller.tenant, intent.caller.auth),
        ("labs", Auth::Certificate)
    );
    assert_eq!(
        intent.destination.authority.to_string(),
        "mcp.demo.test:8080"
    );
    assert_eq!((&*intent.destination.path, &*intent.region), ("/mcp", "eu"));
    let http = intent.http.unwrap();
    assert_eq!((&*http.method, &*http.content_type), ("PUT", "text/plain"));
    assert!(intent.call.opaque);
    let found = &intent.data[0];
    assert_eq!(
        (found.kind, found.class, found.count),
        ("EMAIL_ADDRESS", "pii", 3)
    );
    assert_eq!(found.path, "query:q");
    assert_eq!(intent.chain.agents[..], ["a".into(), "b".into()]);
    assert_eq!(&*intent.chain.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(&*intent.time, "2026-02-03T04:05:06.5Z");
}

#[test]
fn every_mistake_of_a_file_is_told_at_its_place_with_the_nearest_match() {
    let text = "tests:
  - name: a
    call: {agnt: finance-bot, tool: openai}
    expect: {outcome: alow}
  - name: b
    call: {tool: openai, data: {EMIAL_ADDRESS: 1}}
    expect: {}
  - call: {tool: openai, destination: {host: 'a b'}}
    expect: {outcome: deny, redact: [{parametr: x}]}
";
    let problems = read(text).unwrap_err();
    for expected in [
        "table.yaml:3:12: unknown key `agnt`; did you mean `agent`?",
        "table.yaml:4:23: `outcome`: expected one of `allow`, `sanitize`, `approval_needed`, `deny`; did you mean `allow`?",
        "table.yaml:6:33: `EMIAL_ADDRESS`: nothing has this name; did you mean `EMAIL_ADDRESS`?",
        "table.yaml:7:13: the key `outcome` is missing",
        "the key `name` is missing",
        "did you mean `parameter`?",
    ] {
        assert!(problems.contains(expected), "{expected}\nin\n{problems}");
    }
}

#[test]
fn mistakes_of_meaning_are_told_together_too() {
    let text = "tests:
  - {name: a, call: {tool: openai, destination: {host: 'a:1', port: 0, path: 'x?y'}}, expect: {outcome: deny}}
  - {name: a, call: {tool: openai, time: today}, expect: {outcome: deny}}
  - {name: ' ', call: {phase: connect, tool: openai, opaque: true}, expect: {outcome: deny}}
  - {name: d, call: {tool: openai, truncated: true, parameters: {model: x}}, expect: {outcome: deny}}
  - {name: e, call: {tool: openai, truncated: true, unread: nothing}, expect: {outcome: deny}}
  - {name: f, call: {tool: openai, truncated: true, unread: parts, data: {EMAIL_ADDRESS: 1}}, expect: {outcome: deny}}
";
    let problems = read(text).unwrap_err();
    for expected in [
        "table.yaml:2:56: this is not a host",
        "the port is a key of its own, `port`",
        "a port is a number from 1 to 65535",
        "a path starts with a slash",
        "table.yaml:3:12: another test of this file is called `a`",
        "a time is written as",
        "table.yaml:4:12: a test has a name",
        "a tunnel goes to a `host`",
        "of a tunnel only caller and destination are known",
        "not known where it was not read whole",
        "a body of which nothing was unread is not `truncated`",
    ] {
        assert!(problems.contains(expected), "{expected}\nin\n{problems}");
    }
}

#[test]
fn a_file_without_tests_is_a_mistake() {
    for text in ["", "tests: []", "test: []"] {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn what_cannot_be_told_fails_and_says_what_to_state() {
    let failed = |call: &str| {
        let report = run(
            &DEMO,
            &format!("- {{name: a, call: {call}, expect: {{outcome: deny}}}}"),
        );
        assert!(report.results[0].decided.is_none());
        report.failures().to_string()
    };
    assert!(failed("{agent: finance-bot}").contains("state a `tool` of the catalogue"));
    let near = failed("{agent: finance-bot, tool: stripe-paymants, action: charge}");
    assert!(
        near.contains("state where the call goes")
            && near.ends_with("did you mean `stripe-payments`?")
    );
    let near = failed("{agent: finance-bott, tool: openai}");
    assert!(near.contains("state its `tenant`") && near.ends_with("did you mean `finance-bot`?"));
    assert!(failed("{agent: finance-bot, tool: stripe-payments}").contains("state the `action`"));
    assert!(
        failed("{agent: finance-bot, tool: stripe-payments, action: charge, model: x}")
            .contains("only an LLM's call")
    );
}

#[test]
fn a_model_is_said_once() {
    let failed = |call: &str| {
        let test = format!("- {{name: a, call: {call}, expect: {{outcome: deny}}}}");
        run(&DEMO, &test).failures().to_string()
    };
    let twice = failed("{agent: research-bot, tool: openai, model: a, parameters: {model: b}}");
    assert!(
        twice.ends_with("the parameter `model` says something else"),
        "{twice}"
    );
    let same = "{agent: research-bot, tool: openai, model: a, parameters: {model: a}}";
    assert_eq!(failed(same), "");
}

/// A deny that is expected may come for another reason than the author thinks.
#[test]
fn a_slip_of_the_pen_is_doubted_even_where_the_test_passes() {
    let doubts = |call: &str| {
        let report = run(
            &DEMO,
            &format!("- {{name: a, call: {call}, expect: {{outcome: deny}}}}"),
        );
        assert!(report.passed(), "{}", report.failures());
        report.results[0]
            .doubts
            .iter()
            .map(ToString::to_string)
            .collect::<String>()
    };
    let agent = doubts("{agent: finance-bott, tenant: acme, tool: openai}");
    assert!(
        agent.ends_with("the policy has no agent `finance-bott`; did you mean `finance-bot`?"),
        "{agent}"
    );
    let tool = doubts(
        "{agent: finance-bot, tool: stripe-payment, action: charge, destination: {host: payments.demo.test}}",
    );
    assert!(
        tool.contains("belongs to the service `stripe-payments`"),
        "{tool}"
    );
    let tool = doubts(
        "{agent: finance-bot, tool: stripe-payments, action: charge, destination: {host: elsewhere.example}}",
    );
    assert!(
        tool.contains("the proxy would call the tool `http`"),
        "{tool}"
    );
    let action = doubts("{agent: finance-bot, tool: stripe-payments, action: chrage}");
    assert!(
        action.ends_with("not `chrage`; did you mean `charge`?"),
        "{action}"
    );
    let tool = doubts("{agent: finance-bot, tool: docs-mcp/search, action: search}");
    assert!(tool.contains("`call`, not `search`"), "{tool}");
    let path = "destination: {path: /v1//charges}";
    let path = doubts(&format!(
        "{{agent: finance-bot, tool: stripe-payments, action: charge, {path}}}"
    ));
    assert!(path.contains("the proxy refuses this path"), "{path}");
    assert_eq!(doubts("{agent: stranger, tenant: acme, tool: openai}"), "");
}

/// Whatever its service speaks, the proxy describes it as the body of the POST that it would be.
#[test]
fn a_message_of_a_websocket_is_a_post_and_not_doubted() {
    let rest = "protocol: rest, operations: [{action: get, method: GET, path: /a}]";
    let data = format!(
        "aegis:\n  catalogue:\n    plain: {{hosts: [plain.test], protocol: http}}\n    api: {{hosts: [api.test], {rest}}}"
    );
    let bench = bench(&sources(&data));
    for tool in ["plain", "api", "http\ndestination: {host: other.test}"] {
        let text = format!("action: message\ntool: {tool}");
        let read = bench.read_call(&file("call.yaml", &text));
        let (intent, doubts) = read.unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(&*intent.http.unwrap().method, "POST", "{tool}");
        assert_eq!(&*intent.call.action, "message", "{tool}");
        assert!(doubts.is_empty(), "{tool}: {doubts:?}");
    }
}

#[test]
fn the_hint_at_a_slip_comes_with_the_failure() {
    let call = "{agent: finance-bott, tenant: acme, tool: stripe-payments, action: charge}";
    let report = run(
        &DEMO,
        &format!("- {{name: a, call: {call}, expect: {{outcome: allow}}}}"),
    );
    let failure = report.failures().to_string();
    assert!(
        failure.contains("agent.unknown") && failure.ends_with("did you mean `finance-bot`?"),
        "{failure}"
    );
}

#[test]
fn a_result_has_its_place_its_name_and_its_decision() {
    let report = run(
        &DEMO,
        &format!("- {{name: the first, call: {CHARGE}, expect: {{outcome: allow}}}}"),
    );
    let result = &report.results[0];
    assert_eq!(
        (result.file.as_str(), result.line, result.column),
        ("table.yaml", 2, 10)
    );
    assert_eq!(result.name, "the first");
    assert_eq!(result.decided.as_ref().unwrap().outcome, Outcome::Allow);
}

#[test]
fn one_call_alone_is_read_for_a_single_decision() {
    let read = |text: &str| {
        let read = DEMO.read_call(&file("call.yaml", text));
        read.map(|(_, doubts)| doubts.iter().map(ToString::to_string).collect::<String>())
            .map_err(|problems| problems.to_string())
    };
    assert_eq!(read("tool: openai").unwrap(), "");
    assert_eq!(
        read("tol: openai").unwrap_err(),
        "call.yaml:1:1: unknown key `tol`; did you mean `tool`?"
    );
    assert!(
        read("phase: connect")
            .unwrap_err()
            .contains("a tunnel goes to a `host`")
    );
    assert!(
        read("agent: finance-bot\ntool: stripe-payments")
            .unwrap_err()
            .contains("state the `action`")
    );
    let doubt = read("tool: stripe-payments\naction: chrage").unwrap();
    assert!(
        doubt.starts_with("call.yaml:2:9: ") && doubt.ends_with("did you mean `charge`?"),
        "{doubt}"
    );
}

#[test]
fn a_service_with_suffixes_alone_is_called_at_some_name_below() {
    let data = "aegis:\n  tenants: {t: {}}\n  agents: {a: {tenant: t, profile: p}}\n  profiles: {p: {tools: {s: {get: {}}}}}\n  catalogue: {s: {hosts: [.example.com], protocol: http}}";
    let call = CallData {
        agent: Some("a".to_owned()),
        tool: Some("s".to_owned()),
        ..CallData::default()
    };
    let bench = bench(&sources(data));
    let intent = bench.intent(&call).unwrap();
    assert_eq!(
        intent.destination.authority.to_string(),
        "any.example.com:443"
    );
    assert_eq!(bench.snapshot().decide(&intent).outcome, Outcome::Allow);
}

static DEMO: LazyLock<Workbench> = LazyLock::new(|| bench(&directory("demo")));

#[test]
fn coverage_tells_what_no_test_reaches() {
    let suite = read(&format!(
        "tests:\n- {{name: a, call: {CHARGE}, expect: {{outcome: allow}}}}"
    ))
    .unwrap();
    let before = suite.coverage(&DEMO);
    let charge = "aegis.profiles.finance.tools.stripe-payments.charge";
    assert_eq!(reached(&before, charge), 1);
    assert_eq!(
        reached(
            &before,
            "aegis.profiles.finance.tools.stripe-payments.refund"
        ),
        0
    );
    assert_eq!(reached(&before, &format!("{charge}.amount.max")), 0);
    assert_eq!(reached(&before, "aegis.profiles.finance.data.pii"), 0);
    assert_eq!(before.points.len() - before.missed().count(), 1);

    let high = "{agent: finance-bot, tool: stripe-payments, action: charge, parameters: {amount: 900000, currency: eur}, data: {EMAIL_ADDRESS: 1}}";
    let both = format!(
        "tests:\n- {{name: a, call: {CHARGE}, expect: {{outcome: allow}}}}\n- {{name: b, call: {high}, expect: {{outcome: deny}}}}"
    );
    let after = read(&both).unwrap().coverage(&DEMO);
    assert_eq!(reached(&after, charge), 2);
    assert_eq!(reached(&after, &format!("{charge}.amount.max")), 1);
    assert_eq!(reached(&after, &format!("{charge}.amount.min")), 0);
    assert_eq!(reached(&after, "aegis.profiles.finance.data.pii"), 1);
    assert!(after.percent() > before.percent());
    let point = after
        .points
        .iter()
        .find(|point| point.path.ends_with(&["max".to_owned()]))
        .unwrap();
    assert_eq!(point.kind, PointKind::Constraint);
    assert_eq!(point.place.as_ref().unwrap().file, "policy.yaml");
}

/// A suspended finding has decided as well: only shadow keeps it from counting.
#[test]
fn coverage_counts_what_shadow_suspends() {
    let call = "{agent: intern-bot, tool: openai, model: gpt-demo}";
    let suite = read(&format!(
        "tests:\n- {{name: a, call: {call}, expect: {{outcome: allow}}}}"
    ))
    .unwrap();
    assert_eq!(
        reached(
            &suite.coverage(&DEMO),
            "aegis.profiles.intern.tools.openai.chat.model.enum"
        ),
        1
    );
}

#[test]
fn coverage_of_modules_is_by_line() {
    let lines = |parameters: &str| {
        let call = format!(
            "{{agent: finance-bot, tool: stripe-payments, action: refund, parameters: {parameters}}}"
        );
        let suite = read(&format!(
            "tests:\n- {{name: a, call: {call}, expect: {{outcome: allow}}}}"
        ))
        .unwrap();
        let module = suite.coverage(&DEMO).modules.remove(0);
        assert_eq!(module.file, "refunds.rego");
        module
    };
    let (small, large) = (lines("{amount: 1}"), lines("{amount: 101}"));
    assert!(small.covered.is_subset(&large.covered) && small.percent() < large.percent());
    let text = &directory("demo").modules[0].text;
    let line = text
        .lines()
        .position(|line| line.contains("refunds.amount"))
        .unwrap()
        + 1;
    let line = u32::try_from(line).unwrap();
    assert!(small.not_covered.contains(&line) && large.covered.contains(&line));
}

fn reached(coverage: &Coverage, path: &str) -> usize {
    let point = coverage
        .points
        .iter()
        .find(|point| point.path.join(".") == path);
    point.unwrap_or_else(|| panic!("{path}")).tests
}

fn intent(call: &str) -> Intent {
    let read = DEMO.read_call(&file("call.yaml", call));
    read.unwrap_or_else(|problems| panic!("{problems}")).0
}

fn file(name: &str, text: &str) -> Source {
    Source {
        file: name.to_owned(),
        text: text.to_owned(),
    }
}

fn run(bench: &Workbench, tests: &str) -> SuiteReport {
    read(&format!("tests:\n{tests}"))
        .unwrap_or_else(|problems| panic!("{problems}"))
        .run(bench)
}

fn read(text: &str) -> Result<Suite, String> {
    Suite::read(&[file("table.yaml", text)]).map_err(|problems| problems.to_string())
}

const CHARGE: &str = "{agent: finance-bot, tool: stripe-payments, action: charge, parameters: {amount: 1, currency: eur}}";
