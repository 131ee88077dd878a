//! Rego tests of users' modules: what passes, what fails, what is refused, and which lines they reach.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use aegis_policy::{RegoReport, RegoVerdict, Source};
use common::{bench, directory, with_module};

#[test]
fn the_rego_tests_of_the_demo_pass_and_reach_every_line_of_its_module() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../policies/demo/refunds_test.rego"
    );
    let test = Source {
        file: "refunds_test.rego".to_owned(),
        text: std::fs::read_to_string(path).unwrap(),
    };
    let report = bench(&directory("demo")).rego_tests(&[test]).unwrap();
    assert!(report.passed() && report.results.len() >= 6);
    let [module] = report.coverage.as_slice() else {
        panic!("one module, not its tests: {:?}", report.coverage)
    };
    assert_eq!(
        (module.file.as_str(), module.percent()),
        ("refunds.rego", 100),
        "{module:?}"
    );
}

#[test]
fn only_true_passes() {
    let report = run("
test_true if 1 + 1 == 2
test_undefined if 1 == 2
test_false := false
test_a_text := \"true\"
todo_test_later if 1 == 2
");
    assert!(!report.passed());
    assert_eq!(verdict(&report, "test_true"), RegoVerdict::Passed);
    assert_eq!(verdict(&report, "test_undefined"), RegoVerdict::Failed);
    assert_eq!(verdict(&report, "test_false"), RegoVerdict::Failed);
    assert_eq!(verdict(&report, "test_a_text"), RegoVerdict::Failed);
    assert_eq!(verdict(&report, "todo_test_later"), RegoVerdict::Skipped);
    assert!(run("todo_test_later if 1 == 2\n").passed());
}

#[test]
fn an_error_is_no_failure_and_says_where() {
    let report = run("test_division if 1 / 0 == 1\n");
    let RegoVerdict::Error(words) = verdict(&report, "test_division") else {
        panic!("{report:?}")
    };
    assert!(
        words.starts_with("own_test.rego:5:") && words.contains("divi"),
        "{words}"
    );
    let report = run("test_nothing if nothing(1)\n");
    assert!(matches!(
        verdict(&report, "test_nothing"),
        RegoVerdict::Error(_)
    ));
}

/// A module that never ends would hold up whoever runs the tests.
#[test]
fn a_test_ends_at_the_deadline_of_a_call() {
    let report = run(
        "test_endless if count([1 | some i in numbers.range(1, 10000); some j in numbers.range(1, 10000); i == j]) == 10000\n",
    );
    let RegoVerdict::Error(words) = verdict(&report, "test_endless") else {
        panic!("{report:?}")
    };
    assert!(words.contains("did not answer in time"), "{words}");
}

#[test]
fn a_test_sees_the_users_data_and_nothing_that_a_module_would_not() {
    let report = run("
test_own_data if data.limits.n == 1
test_no_policy_data if not data.aegis.tenants
test_no_input if count(input) == 0
test_with if data.aegis.ext.deny == {{\"rule\": \"mine\", \"message\": \"no\"}} with input as {\"call\": {\"action\": \"get\"}}
");
    assert!(report.passed(), "{report:?}");
    assert_eq!(report.results.len(), 4);
    assert_eq!(report.results[0].name, "aegis.ext_test.test_own_data");
    assert_eq!(
        (report.results[0].place.line, report.results[0].place.column),
        (6, 1)
    );
}

#[test]
fn lines_that_no_test_reaches_are_told_of_every_module() {
    let lines = |tests: &str| {
        let report = run(tests);
        let module = &report.coverage[0];
        assert_eq!(module.file, "own.rego");
        (
            module.covered.clone(),
            module.not_covered.clone(),
            module.percent(),
        )
    };
    let (covered, missed, percent) = lines("test_one if true\n");
    assert!(covered.is_empty() && !missed.is_empty() && percent == 0);
    let (_, missed, _) = lines(
        "test_one if count(data.aegis.ext.deny) == 0 with input as {\"call\": {\"action\": \"put\"}}\n",
    );
    assert_eq!(missed.into_iter().collect::<Vec<_>>(), [3]);
    let (_, missed, percent) = lines(
        "test_one if count(data.aegis.ext.deny) == 1 with input as {\"call\": {\"action\": \"get\"}}\n",
    );
    assert!(missed.is_empty() && percent == 100);
}

/// The interpreter itself says nothing of a file that it never came by.
#[test]
fn a_module_that_no_test_comes_by_is_told_as_well() {
    let mut sources = with_module(DATA, MODULE);
    sources.modules.push(Source {
        file: "other.rego".to_owned(),
        text: "package aegis.ext\n\nsanitize contains {\"rule\": \"r\", \"message\": \"m\", \"data\": \"EMAIL_ADDRESS\"} if input.phase == \"connect\"\n".to_owned(),
    });
    let test = source(&format!("{HEAD}test_one if true\n"));
    let report = bench(&sources).rego_tests(&[test]).unwrap();
    let missed = |module: &aegis_policy::FileCoverage| !module.not_covered.is_empty();
    assert!(report.coverage.iter().all(missed), "{report:?}");
    let percents: Vec<_> = report
        .coverage
        .iter()
        .map(|module| (module.file.as_str(), module.percent()))
        .collect();
    assert_eq!(percents, [("other.rego", 0), ("own.rego", 0)]);
}

#[test]
fn tests_within_a_module_run_as_well() {
    let module = format!(
        "{MODULE}\ntest_inside if count(deny) == 1 with input as {{\"call\": {{\"action\": \"get\"}}}}\n"
    );
    let report = bench(&with_module(DATA, &module)).rego_tests(&[]).unwrap();
    assert_eq!(report.results.len(), 1);
    assert!(report.passed(), "{report:?}");
    assert_eq!(report.results[0].name, "aegis.ext.test_inside");
}

#[test]
fn what_would_make_a_test_worth_nothing_is_refused() {
    for (text, expected) in [
        (
            "package aegis.ext_test\n\ntest_a if time.now_ns() > 0\n",
            "own_test.rego:3:11: `time.now_ns` reads the clock",
        ),
        (
            "package aegis.ext_test\n\nhelper := 1\n",
            "own_test.rego:1:1: there are no tests in this file",
        ),
        (
            "package elsewhere\n\ntest_a if true\n",
            "own_test.rego:1:1: a test belongs to the package `aegis.ext_test`",
        ),
        (
            "package aegis.ext\n\ntest_a if true\n\ndeny contains 1 if true\n",
            "own_test.rego:5:1: `deny` belongs to the modules",
        ),
        (
            "package aegis.ext\n\ntest_a if true\n\nasked := 1\n",
            "own_test.rego:5:1: `asked` belongs to the modules",
        ),
        (
            "package aegis.ext_test\n\ntest_a if true\n\ntest_b(x) if x\n",
            "own_test.rego:5:1: a test is written `test_b if",
        ),
        (
            "package aegis.ext_test\n\ntest_a if true\n\ntest_a if 1 == 2\n",
            "own_test.rego:5:1: the test is already defined in line 3",
        ),
        (
            "package aegis.ext_test\n\ntest_a if {\n",
            "own_test.rego:4:",
        ),
    ] {
        let problems = refused(text);
        assert!(
            problems.starts_with(expected),
            "{expected}\nis not\n{problems}"
        );
    }
}

fn run(tests: &str) -> RegoReport {
    bench(&with_module(DATA, MODULE))
        .rego_tests(&[source(&format!("{HEAD}{tests}"))])
        .unwrap_or_else(|problems| panic!("{problems}"))
}

fn refused(text: &str) -> String {
    let bench = bench(&with_module(DATA, MODULE));
    bench.rego_tests(&[source(text)]).unwrap_err().to_string()
}

fn source(text: &str) -> Source {
    Source {
        file: "own_test.rego".to_owned(),
        text: text.to_owned(),
    }
}

fn verdict(report: &RegoReport, name: &str) -> RegoVerdict {
    let name = format!("aegis.ext_test.{name}");
    let found = report.results.iter().find(|result| result.name == name);
    found
        .unwrap_or_else(|| panic!("{report:?}"))
        .verdict
        .clone()
}

/// Tests begin in line five.
const HEAD: &str = "package aegis.ext_test\n\nimport data.aegis.ext\n\n";

const MODULE: &str = "package aegis.ext

deny contains {\"rule\": \"mine\", \"message\": \"no\"} if {
	asked == \"get\"
}

asked := input.call.action
";

const DATA: &str = "limits: {n: 1}\naegis:\n  tenants: {t: {}}\n  agents: {a: {tenant: t, profile: p}}\n  profiles: {p: {hosts: [h.example], tools: {http: {get: {}}}}}\n";
