//! Mistakes in the policy data: each is refused with its place and a hint, all of them at once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use aegis_policy::{Snapshot, Source, Sources};
use common::sources;

fn problems(sources: &Sources) -> Vec<String> {
    let problems = Snapshot::build(sources, 1).expect_err("must be refused");
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn every_mistake_of_meaning_is_told_at_once_with_its_place() {
    let found = problems(&sources(MISTAKEN));
    let expected = [
        ("policy.yaml:3:", "no region is lawful"),
        (
            "policy.yaml:5:",
            "there is no tenant `acm`; did you mean `acme`?",
        ),
        (
            "policy.yaml:5:",
            "there is no profile `financ`; did you mean `finance`?",
        ),
        ("policy.yaml:8:", "`no host` is not a host"),
        (
            "policy.yaml:24:",
            "a chain has at most 15 agents before the caller",
        ),
        ("policy.yaml:9:", "there is no data type `EMIAL_ADDRESS`"),
        (
            "policy.yaml:11:",
            "`strpe` is neither a service of the catalogue",
        ),
        (
            "policy.yaml:12:",
            "`llm` has no action `chatt`; did you mean `chat`?",
        ),
        (
            "policy.yaml:14:",
            "`stripe` has no action `chrge`; did you mean `charge`?",
        ),
        ("policy.yaml:16:", "the range is empty"),
        ("policy.yaml:17:", "`approve_above` is more than `max`"),
        ("policy.yaml:18:", "not a regular expression"),
        ("policy.yaml:19:", "not a network"),
        ("policy.yaml:20:", "exactly one of"),
        ("policy.yaml:21:", "`enum` is empty"),
        ("policy.yaml:22:", "`forbidden` can have no other rule"),
        ("policy.yaml:29:", "is not a field that can be tested"),
    ];
    for (place, message) in expected {
        assert!(
            found
                .iter()
                .any(|line| line.starts_with(place) && line.contains(message)),
            "{place} {message} is not in\n{}",
            found.join("\n")
        );
    }
    assert_eq!(found.len(), expected.len(), "{}", found.join("\n"));
}

/// A detector outside of Aegis finds names in requests; it is not asked about answers.
#[test]
fn a_rule_on_names_in_answers_is_refused_and_one_on_names_in_calls_is_not() {
    let policy = |section: &str| {
        let profile = format!("hosts: [a.example], {section}: {{PERSON: sanitize, pii: sanitize}}");
        sources(&format!(
            "aegis:\n  tenants: {{acme: {{}}}}\n  profiles:\n    finance: {{{profile}}}\n"
        ))
    };
    assert!(Snapshot::build(&policy("data"), 1).is_ok());
    let found = problems(&policy("answers"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("policy.yaml:4:"), "{found:?}");
    assert!(found[0].contains("nothing finds `PERSON` in answers"));
}

#[test]
fn an_unknown_key_is_a_mistake_with_a_nearest_match() {
    let found = problems(&sources(
        "aegis:\n  tennants: {}\n  profiles: {p: {host: [a.example]}}\n",
    ));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("policy.yaml:2:3: ") && found[0].contains("tenants"),
        "{found:?}"
    );
    assert!(
        found[1].starts_with("policy.yaml:3:") && found[1].contains("hosts"),
        "{found:?}"
    );
}

#[test]
fn the_same_entry_in_two_files_is_a_mistake() {
    let mut both = sources("aegis: {tenants: {acme: {}}}\nmine: 1\n");
    both.data.push(Source {
        file: "second.yaml".to_owned(),
        text: "aegis:\n  tenants:\n    acme: {}\nmine: 2\n".to_owned(),
    });
    let found = problems(&both);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("second.yaml:3:") && found[0].contains("`acme` is already defined"),
        "{found:?}"
    );
    assert!(
        found[1].starts_with("second.yaml:4:") && found[1].contains("`mine` is already defined"),
        "{found:?}"
    );
}

#[test]
fn entries_of_several_files_refer_to_each_other() {
    let mut both = sources("aegis: {tenants: {acme: {}}, profiles: {p: {}}}");
    both.data.push(Source {
        file: "agents.json".to_owned(),
        text: r#"{"aegis": {"agents": {"a": {"tenant": "acme", "profile": "p"}}}}"#.to_owned(),
    });
    assert!(Snapshot::build(&both, 1).is_ok());
}

#[test]
fn no_data_at_all_denies_everyone() {
    let none = Sources {
        data: Vec::new(),
        ..sources("")
    };
    let snapshot = Snapshot::build(&none, 1).expect("nothing is a policy as well");
    assert_eq!(
        common::said(&snapshot.decide(&common::tunnel("a.example"))),
        "deny tenant.unknown"
    );
}

const MISTAKEN: &str = r#"aegis:
  tenants:
    acme: {regions: []}
  agents:
    a: {tenant: acm, profile: financ}
  profiles:
    finance:
      hosts: ["no host"]
      data: {EMIAL_ADDRESS: deny}
      tools:
        strpe: {charge: {}}
        llm: {chat: {}, count_tokens: {}, other: {}, "*": {}, chatt: {}}
        stripe:
          chrge: {}
          charge:
            a: {min: 5, max: 4}
            b: {max: 4, approve_above: 5}
            c: {pattern: {regex: "("}}
            d: {pattern: {cidr: 10.0.0.0/40}}
            e: {pattern: {regex: a, glob: b}}
            f: {enum: []}
            g: {forbidden: true, required: true}
    long:
      chain: {max_depth: 16}
  catalogue:
    llm: {hosts: [llm.example], protocol: anthropic}
    stripe: {hosts: [stripe.example], protocol: rest, operations: [{action: charge, method: POST, path: /charges}]}
  facts:
    x: {glob: "*", of: destination.hots}
"#;
