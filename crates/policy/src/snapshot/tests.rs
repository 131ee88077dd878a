use super::{Parts, Revision, Snapshot};
use crate::data::Mode;
use crate::sources::{Source, Sources};
use crate::{Evaluator, Fault, Outcome, selftest};

fn on(library: &str) -> Result<Snapshot, aegis_document::Problems> {
    let revision = Revision {
        number: 1,
        digest: "0".into(),
    };
    Snapshot::build_on(library, &sources(), revision)
}

/// The bytecode machine goes over the keys of `known` instead of looking one up (a defect that
/// fails open); the interpreter knows better.
#[test]
fn a_policy_on_which_the_evaluators_disagree_is_not_activated() {
    let library = r#"package aegis

default decision := {"outcome": "deny", "reasons": [], "obligations": {"redact": [], "restrict_regions": null, "passthrough": false, "refuse_as": "error", "answers": null}, "would": null}

decision := {"outcome": "allow", "reasons": [], "obligations": {"redact": [], "restrict_regions": null, "passthrough": false, "refuse_as": "error", "answers": null}, "would": null} if {
	known := {"somebody": true}
	every name in ["nobody"] { known[name] }
}

connect := decision if input.never

request := decision if input.never

judgement := decision
"#;
    let problems = on(library).unwrap_err();
    assert!(
        problems.to_string().contains("the two evaluators disagree"),
        "{problems}"
    );
}

/// The machine takes what is undefined for a value (a defect); the interpreter knows better.
#[test]
fn modules_on_which_the_evaluators_disagree_go_to_the_interpreter() {
    let module = "package aegis.ext\n\ndeny contains {\"rule\": \"r\", \"message\": \"m\"} if nothing := input.call.parameters.nowhere\n";
    let sources = Sources {
        modules: vec![Source {
            file: "own.rego".to_owned(),
            text: module.to_owned(),
        }],
        ..sources()
    };
    let revision = Revision::of(&sources, 1);
    let (mut snapshot, model) = Snapshot::untried_with_model(&sources, revision).unwrap();
    let why = "`nothing`, which may be undefined and is not tested, at own.rego:3:48";
    let interpreter = |why: &str| Some(Evaluator::Interpreter { why: why.into() });
    assert_eq!(snapshot.modules(), interpreter(why));
    snapshot.policy.trust_machine();
    assert_eq!(snapshot.modules(), Some(Evaluator::Machine));
    let (epoch, before) = (snapshot.epoch(), model.data);
    selftest::run(&mut snapshot, &before).unwrap();
    let Some(Evaluator::Interpreter { why }) = snapshot.modules() else {
        panic!("the modules stay on the machine");
    };
    assert!(
        why.starts_with("another finding on a made-up call of agent `"),
        "{why}"
    );
    assert_ne!(snapshot.epoch(), epoch);
    selftest::run(&mut snapshot, &before).unwrap();
}

#[test]
fn a_library_that_fails_is_not_activated() {
    let library = "package aegis\n\ndecision := 1\n\nconnect := 3 if input.never\n\nrequest := 3 if input.never\n\njudgement := 1\n\njudgement := 2\n";
    let problems = on(library).unwrap_err();
    assert!(
        problems.to_string().contains("the policy is not activated"),
        "{problems}"
    );
}

/// Each rule that the host asks by itself, and the one entry point that OPA and the interpreter are asked.
#[test]
fn a_library_without_one_of_its_entry_points_is_refused_by_name() {
    let whole =
        "package aegis\n\ndecision := 1\n\nconnect := 1\n\nrequest := 1\n\njudgement := 1\n";
    for missing in ["decision", "connect", "request", "judgement"] {
        let library = whole.replace(&format!("{missing} := 1\n"), "");
        let problems = on(&library).unwrap_err().to_string();
        assert!(
            problems.contains("the shipped library cannot be compiled"),
            "{problems}"
        );
        assert!(
            problems.contains(&format!("data.aegis.{missing}")),
            "{problems}"
        );
    }
}

/// It never comes into force; if it did, what it leaves undecided would be denied by its own rule.
#[test]
fn a_library_that_leaves_calls_undecided_is_not_activated_and_would_deny_them() {
    let library = "package aegis\n\ndecision := 1 if input.never\n\nconnect := 1 if input.never\n\nrequest := 1 if input.never\n\njudgement := 1 if input.never\n";
    let problems = on(library).unwrap_err().to_string();
    assert!(
        problems.contains("the policy is not activated"),
        "{problems}"
    );
    let (model, parts) = Parts::read(&sources()).unwrap();
    let revision = Revision::of(&sources(), 1);
    let untried = parts.build(library, &model.data, Mode::Enforce, revision);
    let decision = untried
        .unwrap()
        .decide(&selftest::intents(&sources(), 1, 1).unwrap()[0]);
    assert_eq!(decision.outcome, Outcome::Deny);
    assert_eq!(decision.fault, Some(Fault::Undefined));
    assert_eq!(&*decision.reasons[0].rule, "aegis.undefined");
}

#[test]
fn mistakes_of_form_of_meaning_and_of_modules_are_told_together() {
    let mut sources = sources();
    sources
        .data
        .push(source("form.yaml", "aegis: {tenants: {b: {region: [eu]}}}"));
    sources.data.push(source(
        "meaning.yaml",
        "aegis: {profiles: {q: {hosts: ['a b']}}}",
    ));
    sources.modules.push(source(
        "one.rego",
        "package aegis.ext\n\ndeny contains 1 if nothing(2)\n",
    ));
    sources.modules.push(source(
        "two.rego",
        "package other\n\ndeny contains 1 if true\n",
    ));
    let problems = Snapshot::build(&sources, 1).unwrap_err().to_string();
    for file in ["form.yaml", "meaning.yaml", "one.rego", "two.rego"] {
        assert!(problems.contains(file), "{file} in {problems}");
    }
}

/// An agent that is declared in a file that cannot be read is not missing.
#[test]
fn an_unreadable_file_does_not_make_others_wrong() {
    let mut sources = sources();
    sources.data.push(source("broken.yaml", "aegis: ["));
    sources.data.push(source(
        "agents.yaml",
        "aegis: {agents: {x: {tenant: of-broken, profile: of-broken}}}",
    ));
    let problems = Snapshot::build(&sources, 1).unwrap_err().to_string();
    assert!(
        problems.contains("broken.yaml") && !problems.contains("agents.yaml"),
        "{problems}"
    );
}

fn sources() -> Sources {
    let data = "aegis:\n  tenants: {t: {}}\n  agents: {a: {tenant: t, profile: p}}\n  profiles: {p: {tools: {http: {get: {}}}}}\n";
    Sources {
        modules: Vec::new(),
        data: vec![source("data.yaml", data)],
        mode: Mode::Enforce,
    }
}

fn source(file: &str, text: &str) -> Source {
    Source {
        file: file.to_owned(),
        text: text.to_owned(),
    }
}
