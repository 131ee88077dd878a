//! Users' own modules: what they may find, what becomes of their faults, what is refused at load.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use aegis_policy::{Action, Evaluator, Fault, Redaction, Snapshot, Source};
use common::{build, call, charge, directory, said, to, with_module};
use serde_json::json;

fn decided(module: &str) -> aegis_policy::Decision {
    let snapshot = build(&with_module(DATA, &format!("package aegis.ext\n{module}")));
    snapshot.decide(&to(call("http", "get", json!({"n": 1})), "api.example.com"))
}

fn refused(module: &str) -> String {
    Snapshot::build(&with_module(DATA, module), 1)
        .expect_err("must be refused")
        .to_string()
}

/// The interpreter would drop the first agent's finding when the second has no limit.
#[test]
fn a_finding_that_may_be_undefined_in_a_loop_is_refused_and_its_hint_cures() {
    let module = |limit: &str, body: &str| {
        format!(
            "package aegis.ext\n\ndeny contains {{\"rule\": \"mine\", \"message\": {limit}}} if {{\n\tsome agent in input.chain.agents\n{body}}}\n"
        )
    };
    let direct = module("input.agent.labels[agent]", "");
    let problems = refused(&direct);
    assert!(
        problems.contains("`input.agent.labels[agent]` may be undefined"),
        "{problems}"
    );
    assert!(
        problems.contains("name it in the body with `:=`"),
        "{problems}"
    );
    let accepted = |module: &str| build(&with_module(DATA, module));
    accepted(&module("limit", "\tlimit := input.agent.labels[agent]\n"));
    accepted(&module("sprintf(\"%v\", [agent])", ""));
}

#[test]
fn findings_of_each_kind_count() {
    let deny =
        decided(r#"deny contains {"rule": "mine", "message": "no"} if input.call.tool == "http""#);
    assert_eq!(said(&deny), "deny mine");
    let approval = decided(
        r#"approval_needed contains {"rule": "mine", "message": "ask"} if input.agent.labels.team == "money""#,
    );
    assert_eq!(said(&approval), "approval_needed mine");
    let sanitize = decided(
        r#"sanitize contains {"rule": "mine", "message": "hide", "parameter": "n"} if true"#,
    );
    assert_eq!(said(&sanitize), "sanitize mine");
    assert_eq!(
        sanitize.obligations.redact,
        [Redaction::Parameter("n".into(), Action::Label)]
    );
    let fact = decided(r#"deny contains {"rule": "mine", "message": "no"} if input.facts.example"#);
    assert_eq!(said(&fact), "deny mine");
    let own = decided(
        r#"deny contains {"rule": "mine", "message": "no"} if data.limits.n == input.call.parameters.n"#,
    );
    assert_eq!(said(&own), "deny mine");
}

#[test]
fn an_allow_grants_the_tool_and_nothing_else() {
    let module = "package aegis.ext\nallow contains {\"rule\": \"mine\", \"message\": \"tried out\"} if true";
    let snapshot = build(&with_module(DATA, module));
    let ungranted = || call("http", "delete", json!({}));
    assert_eq!(
        said(&snapshot.decide(&to(ungranted(), "api.example.com"))),
        "allow"
    );
    assert_eq!(
        said(&snapshot.decide(&to(ungranted(), "elsewhere.example"))),
        "deny host"
    );
}

#[test]
fn each_fault_denies_with_its_own_reason() {
    for (module, fault) in [
        (r"deny contains input.id if true", Fault::WrongType),
        (
            r#"deny contains object.remove({"rule": "mine", "message": "m"}, ["message"]) if true"#,
            Fault::WrongType,
        ),
        (
            r#"deny contains {"rule": lower(""), "message": "m"} if true"#,
            Fault::WrongType,
        ),
        (
            r#"deny contains object.union({"rule": "mine", "message": "m"}, {"extra": 1}) if true"#,
            Fault::WrongType,
        ),
        (
            r#"sanitize contains object.union({"rule": "mine"}, {"message": "m"}) if true"#,
            Fault::WrongType,
        ),
        (
            "a := 1 if input.version == 1\na := 2 if input.phase == \"request\"\ndeny contains {\"rule\": \"mine\", \"message\": \"m\"} if a == 3",
            Fault::Conflict,
        ),
        (
            r#"deny contains {"rule": "mine", "message": "m"} if 1 / (input.call.parameters.n - 1) == 2"#,
            Fault::Evaluation,
        ),
        (
            r#"deny contains {"rule": "mine", "message": "m"} if { input.id == "0190"; count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a == b + 1]) == 0 }"#,
            Fault::Deadline,
        ),
        (
            r#"deny contains {"rule": sprintf("mine.%d", [n]), "message": "m"} if { input.id == "0190"; some n in numbers.range(1, 1000) }"#,
            Fault::InstructionLimit,
        ),
        // The library's default names itself by this rule; whoever says it is taken for it, and denied.
        (
            r#"deny contains {"rule": concat(".", ["aegis", "undefined"]), "message": "m"} if input.id == "0190""#,
            Fault::Undefined,
        ),
    ] {
        let decision = decided(module);
        assert_eq!(decision.fault, Some(fault), "{module}");
        assert_eq!(said(&decision), format!("deny {}", fault.rule()));
    }
}

#[test]
fn a_module_that_is_cleared_runs_on_the_machine_and_is_stopped_there() {
    let module = "package aegis.ext\ndeny contains {\"rule\": \"mine\", \"message\": \"m\"} if {\n\tsome a in input.chain.agents\n\tsome b in input.chain.agents\n\tsome c in input.chain.agents\n\tsome d in input.chain.agents\n\ta == \"x\"\n\tb == c\n\tc == d\n}\n";
    let snapshot = build(&with_module(DATA, module));
    assert_eq!(snapshot.modules(), Some(Evaluator::Machine));
    let mut get = to(call("http", "get", json!({})), "api.example.com");
    assert_eq!(said(&snapshot.decide(&get)), "allow");
    get.chain.agents = (0..200).map(|n| format!("agent-{n}").into()).collect();
    let stopped = snapshot.decide(&get);
    // Whichever comes first on a machine of this speed.
    assert!(
        matches!(
            stopped.fault,
            Some(Fault::InstructionLimit | Fault::Deadline)
        ),
        "{stopped:?}"
    );
    get.chain.agents = vec!["x".into()].into();
    assert_eq!(said(&snapshot.decide(&get)), "deny mine");
}

#[test]
fn a_fault_on_one_call_does_not_disturb_the_next() {
    let module = "package aegis.ext\ndeny contains {\"rule\": \"mine\", \"message\": \"m\"} if 1 / input.call.parameters.n == 2";
    let snapshot = build(&with_module(DATA, module));
    let get = |n: i32| to(call("http", "get", json!({"n": n})), "api.example.com");
    for _ in 0..3 {
        assert_eq!(
            said(&snapshot.decide(&get(0))),
            "deny aegis.evaluation_error"
        );
        assert_eq!(said(&snapshot.decide(&get(1))), "allow");
    }
}

#[test]
fn what_a_module_may_not_be_is_refused_with_its_place() {
    for (module, expected) in [
        (
            "package other\n",
            "own.rego:1:1: a module of yours belongs to the package `aegis.ext`",
        ),
        ("package aegis.ext\n\ndeny contains 1 if {", "own.rego:3:"),
        (
            "package aegis.ext\ndeny := true",
            "own.rego:2:1: `deny` is a set of findings",
        ),
        (
            "package aegis.ext\nhelper := 1",
            "own.rego:1:1: the module contributes to none of the sets",
        ),
        (
            "package aegis.ext\ndeny contains 1 if time.now_ns() > 1",
            "own.rego:2:20: `time.now_ns` reads the clock",
        ),
        (
            "package aegis.ext\ndeny contains 1 if { x := [rand.intn(\"a\", 3)]; x }",
            "own.rego:2:28: `rand.intn` is random",
        ),
        (
            "package aegis.ext\ndeny contains 1 if strat.match(\"a\", \"b\")",
            "own.rego:2:20: ",
        ),
        (
            "package aegis.ext\ndeny contains 1 if startwith(\"a\", \"b\")",
            "own.rego:2:20: there is no function `startwith`; did you mean `startswith`?",
        ),
        (
            "package aegis.ext\nsmall(x) if x < 3\ndeny contains 1 if smal(2)",
            "own.rego:3:20: there is no function `smal`; did you mean `small`?",
        ),
        (
            "package aegis.ext\ndeny contains 1 if {\n\tx := time.now_ns()\n\tx > 1\n}",
            "own.rego:3:7: `time.now_ns` reads the clock",
        ),
        (
            "package aegis.ext\ndeny contains 1 if {\n\tx := \"é\"; y z\n}",
            "own.rego:3:14: ",
        ),
    ] {
        let problems = refused(module);
        assert!(problems.contains(expected), "{module}\n{problems}");
    }
}

#[test]
fn a_finding_that_is_written_wrong_is_refused_with_its_place() {
    for (finding, expected) in [
        (
            r#"deny contains "no""#,
            r#"own.rego:2:16: a finding is {"rule": …, "message": …}"#,
        ),
        (
            r#"deny contains {"rule": "a"}"#,
            r#"own.rego:2:17: a finding is {"rule": …, "message": …}"#,
        ),
        (
            r#"deny contains {"rule": "a", "mesage": "m"}"#,
            "own.rego:2:30: a finding of `deny` has no `mesage`; did you mean `message`?",
        ),
        (
            r#"deny contains {"rule": "", "message": "m"}"#,
            "own.rego:2:25: `rule` is a text that says something",
        ),
        (
            r#"deny contains {"rule": "a", "message": 5}"#,
            "own.rego:2:40: `message` is a text that says something",
        ),
        (
            r#"sanitize contains {"rule": "a", "message": "m"}"#,
            r#"own.rego:2:21: a finding is {"rule": …, "message": …, "parameter" or "data": …}"#,
        ),
        (
            r#"sanitize contains {"rule": "a", "message": "m", "parameter": "p", "data": "d"}"#,
            r#"own.rego:2:21: a finding is {"rule": …, "message": …, "parameter" or "data": …}"#,
        ),
        (
            r#"deny contains {"rule": "host", "message": "m"}"#,
            "own.rego:2:25: `host` is a rule of Aegis' own: records and explanations would confuse the two",
        ),
        (
            r#"deny contains {"rule": "data.EMAIL_ADDRESS", "message": "m"}"#,
            "own.rego:2:25: `data.EMAIL_ADDRESS` is a rule of Aegis' own: records and explanations would confuse the two",
        ),
    ] {
        let module = format!("package aegis.ext\n{finding} if true");
        assert_eq!(refused(&module), expected, "{module}");
    }
}

#[test]
fn a_set_that_nothing_reads_is_refused_where_it_is_called_almost_like_one_that_is() {
    let module = |more: &str| {
        format!(
            "package aegis.ext\ndenny contains \"x\" if input.call.tool == \"x\"\n\
             deny contains {{\"rule\": \"a\", \"message\": \"m\"}} if {more}"
        )
    };
    assert_eq!(
        refused(&module("true")),
        "own.rego:2:1: nothing reads the set `denny`; did you mean `deny`?"
    );
    build(&with_module(DATA, &module("count(denny) > 0")));
}

#[test]
fn a_module_that_fails_on_made_up_calls_says_where() {
    let fails = "package aegis.ext\ndeny contains {\"rule\": \"a\", \"message\": \"m\"} if {\n\t1 / (count(input.call.tool) - count(input.call.tool)) == 1\n}";
    let snapshot = build(&with_module(DATA, fails));
    let trouble = snapshot.trouble().expect("a trouble").to_string();
    assert!(trouble.starts_with("own.rego:3:"), "{trouble}");
    assert!(
        trouble.contains("divide by zero") && trouble.contains("made-up"),
        "{trouble}"
    );
    let fine = "package aegis.ext\ndeny contains {\"rule\": \"a\", \"message\": \"m\"} if input.call.tool == \"x\"";
    assert_eq!(build(&with_module(DATA, fine)).trouble(), None);
}

#[test]
fn a_typo_is_refused_with_its_place_and_not_silently_false() {
    let rule =
        "package aegis.ext\n\ndeny contains {\"rule\": \"mine\", \"message\": \"no\"} if {\n\t";
    for (body, expected) in [
        (
            r#"input.cal.tool == "http""#,
            "own.rego:4:8: there is no `input.cal`; did you mean `input.call`?",
        ),
        (
            r#"input.phase == "conect""#,
            "own.rego:4:18: `input.phase` is never `conect`; did you mean `connect`?",
        ),
        (
            r#"input.phase == "connect"; input.http.method == "GET""#,
            "own.rego:4:34: `input.http` is not there in the phase `connect`",
        ),
        (
            "input.facts.exmple",
            "own.rego:4:14: there is no fact `exmple`; did you mean `example`?",
        ),
    ] {
        assert_eq!(refused(&format!("{rule}{body}\n}}\n")), expected, "{body}");
    }
}

#[test]
fn a_fact_of_a_file_that_cannot_be_read_is_not_missing() {
    let module = "package aegis.ext\n\ndeny contains 1 if input.facts.elsewhere\n";
    let mut sources = with_module(DATA, module);
    sources.data.push(Source {
        file: "broken.yaml".to_owned(),
        text: "aegis: [".to_owned(),
    });
    let problems = Snapshot::build(&sources, 1)
        .expect_err("must be refused")
        .to_string();
    assert!(
        problems.contains("broken.yaml") && !problems.contains("elsewhere"),
        "{problems}"
    );
}

#[test]
fn the_modules_of_the_demo_count_in_its_decisions() {
    let snapshot = build(&directory("demo"));
    let why = "`else` at refunds.rego:41:3".into();
    assert_eq!(snapshot.modules(), Some(Evaluator::Interpreter { why }));
    let refund = |amount: i32| call("stripe-payments", "refund", json!({"amount": amount}));
    assert_eq!(said(&snapshot.decide(&refund(100))), "allow");
    assert_eq!(
        said(&snapshot.decide(&refund(101))),
        "approval_needed refunds.amount"
    );
    assert_eq!(
        said(&snapshot.decide(&charge(json!({"amount": 101, "currency": "eur"})))),
        "allow"
    );
}

const DATA: &str = r#"
aegis:
  tenants: {acme: {}}
  agents: {finance-bot: {tenant: acme, profile: small, labels: {team: money}}}
  profiles: {small: {hosts: [api.example.com], tools: {http: {get: {}}}}}
  facts: {example: {glob: "*.example.com", of: destination.host}}
limits: {n: 1}
"#;
