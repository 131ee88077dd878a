//! The library by itself: its own Rego tests, its two ways through, its cost.

use std::path::Path;

use super::{Deadline, Engine, Extension, LIBRARY, Module, Rule, Value, deadline, library};
use crate::data::Mode;
use crate::sources::{Model, Source};
use crate::{Fault, Outcome, Snapshot, Sources, compile, selftest};

#[test]
fn the_rego_tests_of_the_library_pass() {
    assert!(run_rego_tests("library") >= 8);
}

#[test]
fn the_fast_way_and_the_full_way_come_to_the_same_decision() {
    let full = LIBRARY.replace("\tinput.ext == {}\n", "\tfalse\n");
    assert_eq!(full.matches("\tfalse\n").count(), 2);
    let sources = demo();
    let compiled = compile::compile(&Model::read(&sources.data).unwrap().data, Mode::Enforce);
    let full = library::Library::compile(&full, compiled).unwrap();
    let snapshot = Snapshot::build(&sources, 1).unwrap();
    let mut comparison = snapshot.comparison().unwrap();
    let mut machines = full.machines().unwrap();
    let mut allowed = 0;
    for intent in selftest::intents(&sources, 3, 3_000).unwrap() {
        let answers = comparison.answers(&intent).unwrap();
        let input = super::input::from_json(&answers.input);
        let full = machines.decide(intent.phase, input).unwrap();
        let full = super::json(&full).unwrap();
        assert_eq!(answers.machine.unwrap(), full, "{}", answers.input);
        allowed += usize::from(full["outcome"] == "allow");
    }
    assert!(allowed > 300, "only {allowed} calls took the fast way");
}

/// Instructions do not depend on the machine that runs the tests, so they can be limited.
#[test]
fn a_decision_stays_within_its_budget_of_instructions() {
    let sources = demo();
    let snapshot = Snapshot::build(&sources, 1).unwrap();
    let mut comparison = snapshot.comparison().unwrap();
    let (mut connect, mut allow, mut any) = (0, 0, 0);
    for intent in selftest::intents(&sources, 4, 1_000).unwrap() {
        let cost = comparison.instructions(&intent).unwrap();
        let outcome = snapshot.decide(&intent).outcome;
        any = any.max(cost);
        if outcome == Outcome::Allow && snapshot.decide(&intent).would.is_none() {
            let most = if intent.phase == crate::Phase::Connect {
                &mut connect
            } else {
                &mut allow
            };
            *most = cost.max(*most);
        }
    }
    assert!(connect > 20 && connect <= 50, "connect takes {connect}");
    assert!(allow > 80 && allow <= 170, "allow takes {allow}");
    assert!(
        any > allow && any <= 750,
        "the dearest decision takes {any}"
    );
}

/// The sets of users' modules and the library share the time of one call: what one has used, the next lacks.
#[test]
fn a_call_that_has_used_up_its_time_is_not_given_more() {
    let start = Deadline::start();
    let left = start.left().unwrap().limit;
    assert!(left <= deadline().limit);
    assert!(start.left().unwrap().limit <= left);

    let module = Source {
        file: "own.rego".to_owned(),
        text: "package aegis.ext\n\ndeny contains input.id if false\n".to_owned(),
    };
    let model = Model::read(&[]).unwrap();
    let mut users = Extension::compile(&[module], &model)
        .unwrap()
        .users()
        .unwrap();
    let input = super::Object::new();
    assert!(users.findings(&input, start).is_ok());
    let used_up = Deadline(std::time::Instant::now());
    assert_eq!(users.findings(&input, used_up), Err(Fault::Deadline));
}

pub(super) fn demo() -> Sources {
    let data = vec![Source {
        file: "policy.yaml".to_owned(),
        text: include_str!("../../tests/demo/policy.yaml").to_owned(),
    }];
    Sources {
        modules: Vec::new(),
        data,
        mode: Mode::Enforce,
    }
}

/// Evaluates every `test_…` rule of the directory's `*_test.rego`; each must be true.
fn run_rego_tests(directory: &str) -> usize {
    let mut engine = Engine::new();
    engine.set_strict_builtin_errors(false);
    for entry in std::fs::read_dir(policies(directory)).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "rego")
        {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            engine
                .add_policy(name, std::fs::read_to_string(&path).unwrap())
                .unwrap();
        }
    }
    let tests: Vec<String> = engine
        .get_modules()
        .iter()
        .flat_map(|module| tests_of(module))
        .collect();
    for test in &tests {
        assert_eq!(
            engine.eval_rule(test.clone()).unwrap(),
            Value::Bool(true),
            "{test}"
        );
    }
    tests.len()
}

fn tests_of(module: &Module) -> Vec<String> {
    let package = module.package.refr.span().text().to_owned();
    let rules = module.policy.iter().filter_map(|rule| match rule.as_ref() {
        Rule::Spec {
            head: super::RuleHead::Compr { refr, .. },
            ..
        } => Some(refr.span().text().to_owned()),
        _ => None,
    });
    rules
        .filter(|name| name.starts_with("test_"))
        .map(|name| format!("data.{package}.{name}"))
        .collect()
}

fn policies(directory: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../policies")
        .join(directory)
}
