//! What a profile's own detectors mean for calls: for it, for other profiles, and where they are mistaken.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use aegis_policy::{Action, AnswerEffect, DataFinding, Intent, Snapshot, Source, Workbench};
use common::{build, by, said, small, sources};

fn with(kind: &'static str, class: &'static str) -> Intent {
    let mut intent = small();
    intent.data = vec![DataFinding {
        kind,
        class,
        path: "body:/note".to_owned(),
        count: 1,
        confidence: 90,
    }];
    intent
}

#[test]
fn a_type_of_its_own_is_judged_by_its_rule_else_by_its_class() {
    let policy = build(&sources(POLICY));
    assert_eq!(
        said(&policy.decide(&with("STAFF_ID", "pii"))),
        "sanitize data.STAFF_ID"
    );
    assert_eq!(
        said(&policy.decide(&with("PROJECT", "secret"))),
        "deny data.PROJECT"
    );
    let unruled = build(&sources(&POLICY.replace(", secret: deny}", "}")));
    assert_eq!(
        said(&unruled.decide(&with("PROJECT", "secret"))),
        "deny data.unclassified"
    );
}

#[test]
fn what_only_another_profile_has_a_detector_for_is_allowed() {
    let policy = build(&sources(POLICY));
    for (kind, class) in [("STAFF_ID", "pii"), ("PROJECT", "secret")] {
        let intent = by(with(kind, class), "acme", "other-bot");
        assert_eq!(said(&policy.decide(&intent)), "allow");
    }
}

#[test]
fn answers_know_the_types_of_their_profile_only() {
    let policy = build(&sources(POLICY));
    let rules = |intent| policy.decide(&intent).obligations.answers.unwrap();
    let own = rules(small());
    assert_eq!(own.on("STAFF_ID"), AnswerEffect::Sanitize(Action::Label));
    assert_eq!(own.on("PROJECT"), AnswerEffect::Allow);
    let other = rules(by(small(), "acme", "other-bot"));
    assert_eq!(other.on("STAFF_ID"), AnswerEffect::Allow);
    assert_eq!(other.on("PROJECT"), AnswerEffect::Allow);
    assert_eq!(other.on("SECRET_AWS"), AnswerEffect::Deny);
}

#[test]
fn the_scanner_of_a_snapshot_finds_them_and_the_catalogue() {
    let policy = build(&sources(POLICY));
    let hits = policy
        .scanner()
        .scan("S-12345 writes to ann@example.org on project x");
    let kinds: Vec<_> = hits.iter().map(|hit| hit.kind).collect();
    assert_eq!(kinds, ["STAFF_ID", "EMAIL_ADDRESS", "PROJECT"]);
}

#[test]
fn table_tests_name_them_and_no_others() {
    let tests = r"
tests:
  - name: a number of the staff is redacted
    call: {agent: finance-bot, destination: {host: api.example.com}, data: {STAFF_ID: 1}}
    expect: {outcome: sanitize, rules: [data.STAFF_ID], redact: [{data: STAFF_ID}]}
  - name: others may send it
    call: {agent: other-bot, destination: {host: api.example.com}, data: {STAFF_ID: 1}}
    expect: {outcome: allow}
";
    let bench = Workbench::build(&sources(POLICY), 1).unwrap();
    let table = |text: &str| Source {
        file: "tests/data.yaml".to_owned(),
        text: text.to_owned(),
    };
    bench.test(&[table(tests)], &[]).unwrap();
    let unknown = bench.test(
        &[table(&tests.replace("data: {STAFF_ID", "data: {STAFF_NO"))],
        &[],
    );
    let unknown = unknown.expect_err("a mistake").to_string();
    assert!(unknown.contains("no data type `STAFF_NO`"), "{unknown}");
}

#[test]
fn mistakes_have_their_places() {
    let table = [
        ("pattern: 'S-('", 41, "unclosed group"),
        ("pattern: 'S-(?=1)'", 41, "look-around"),
        ("pattern: '(S)\\1'", 41, "backreferences are not supported"),
        ("pattern: '[0-9]*'", 41, "where there is nothing"),
        ("pattern: 'S{300}'", 41, "at most 256"),
        (
            "pattern: 'S.{0,300}Q'",
            41,
            "too many values could be on their way at once",
        ),
        ("pattern: 'S.{0,300}Q'", 41, "at most 256 bytes"),
        ("keywords: []", 42, "no word to look for"),
        ("near: [a]", 19, "either `pattern` or `keywords`"),
        ("pattern: a, confidence: 0.4", 56, "from 0.5 to 1"),
        (
            "pattern: a, checksum: crc",
            54,
            "there is no checksum `crc`",
        ),
        ("pattern: a, near: ['']", 50, "1 to 64 bytes"),
        (
            "pattern: '[0-9]+', checksum: luhn",
            41,
            "at most 64 bytes, as every end of it is summed up",
        ),
        (
            "pattern: 'S[0-9]{64}', checksum: luhn",
            41,
            "`[0-9]{10,16}` say",
        ),
    ];
    for (to, column, expected) in table {
        let found = problems(&POLICY.replace("pattern: 'S-[0-9]{5}'", to));
        let place = format!("policy.yaml:12:{column}:");
        assert!(found.contains(&place), "{to}: {found}");
        assert!(found.contains(expected), "{to}: {found}");
    }
    let letter = |at: u8| char::from(b'a' + at);
    let pairs = (0..26).flat_map(|one| (0..26).map(move |other| [letter(one), letter(other)]));
    let long: Vec<_> = pairs
        .map(|pair| String::from_iter(pair).repeat(32))
        .collect();
    let far = format!("pattern: a, near: [{}]", long.join(", "));
    let far = problems(&POLICY.replace("pattern: 'S-[0-9]{5}'", &far));
    assert!(far.contains("policy.yaml:12:50:"), "{far}");
    assert!(far.contains("words nearby are too many"), "{far}");
    let taken = problems(&POLICY.replace("STAFF_ID", "US_SSN"));
    assert!(
        taken.contains("`US_SSN` is a type of the catalogue"),
        "{taken}"
    );
    let unknown = problems(&POLICY.replace("{STAFF_ID: san", "{STAF_ID: san"));
    assert!(unknown.contains("did you mean `STAFF_ID`?"), "{unknown}");
}

#[test]
fn two_ways_to_define_a_type_are_told_with_both_places() {
    let other = "data: {secret: deny, pii: deny}";
    let same = format!("{other}\n      detectors: {{PROJECT: {{keywords: [project x]}}}}");
    build(&sources(&POLICY.replace(other, &same)));
    let twice = same.replace("project x", "project y");
    let found = problems(&POLICY.replace(other, &twice));
    assert!(
        found.contains("profile `other` defines `PROJECT` in another way"),
        "{found}"
    );
    assert!(
        found.contains("profile `small` defines `PROJECT` in another way"),
        "{found}"
    );
    assert_eq!(found.matches("policy.yaml:").count(), 2, "{found}");
}

#[test]
fn a_policy_has_so_many_detectors_and_words() {
    let many = (0..101).map(|at| format!("        TYPE_{at}: {{keywords: [a]}}\n"));
    let many = POLICY.replace(
        "        PROJECT:",
        &(many.collect::<String>() + "        PROJECT:"),
    );
    assert!(problems(&many).contains("at most 100 detectors"));
    let words: Vec<_> = (0..1001).map(|at| format!("w{at}")).collect();
    let words = POLICY.replace("project x", &words.join(", "));
    assert!(problems(&words).contains("at most 1000 keywords"));
}

fn problems(policy: &str) -> String {
    let problems = Snapshot::build(&sources(policy), 1).expect_err("must be refused");
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    problems.join("\n")
}

const POLICY: &str = r"
aegis:
  tenants: {acme: {}}
  agents: {finance-bot: {tenant: acme, profile: small}, other-bot: {tenant: acme, profile: other}}
  profiles:
    small:
      hosts: [api.example.com]
      tools: {http: {get: {}}}
      data: {STAFF_ID: sanitize, secret: deny}
      answers: {pii: sanitize}
      detectors:
        STAFF_ID: {class: pii, pattern: 'S-[0-9]{5}'}
        PROJECT: {keywords: [project x]}
    other:
      hosts: [api.example.com]
      tools: {http: {get: {}}}
      data: {secret: deny, pii: deny}
      answers: {secret: deny}
";
