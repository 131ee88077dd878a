//! Modes: what shadow suspends, what it never does, and that a revision tells them apart.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use aegis_policy::{Mode, Outcome};
use common::{SMALL, build, by, call, directory, in_regions, said, small, sources, to};
use serde_json::json;

#[test]
fn shadow_of_a_tenant_a_profile_or_everything_lets_the_call_through_and_says_so() {
    let bad = || to(call("http", "delete", json!({})), "api.example.com");
    let mut global = sources(SMALL);
    global.mode = Mode::Shadow;
    let tenant = sources(&SMALL.replace("acme: {}", "acme: {mode: shadow}"));
    let profile = sources(&SMALL.replace("mode: enforce", "mode: shadow"));
    assert_eq!(said(&build(&sources(SMALL)).decide(&bad())), "deny tool");
    for sources in [global, tenant, profile] {
        let decision = build(&sources).decide(&bad());
        assert_eq!(said(&decision), "allow");
        let would = decision.would.expect("a finding was suspended");
        assert_eq!(
            (would.outcome, would.reasons[0].rule.as_ref()),
            (Outcome::Deny, "tool")
        );
    }
}

#[test]
fn shadow_suspends_residency_only_where_the_tenant_says_so_itself() {
    let bound = |rest: &str| {
        sources(&SMALL.replace(
            "acme: {}",
            &format!("acme: {{regions: [eu-central-1]{rest}}}"),
        ))
    };
    let abroad = in_regions(small(), &["us-east-1"]);
    let mut global = bound("");
    global.mode = Mode::Shadow;
    assert_eq!(said(&build(&global).decide(&abroad)), "deny region");
    assert_eq!(
        said(&build(&bound(", mode: shadow")).decide(&abroad)),
        "deny region"
    );
    let decision = build(&bound(", residency: shadow")).decide(&abroad);
    assert_eq!(said(&decision), "allow");
    assert_eq!(decision.obligations.restrict_regions, None);
    assert_eq!(
        decision.would.expect("suspended").reasons[0].rule.as_ref(),
        "region"
    );
}

#[test]
fn shadow_never_suspends_identity() {
    let mut sources = sources(SMALL);
    sources.mode = Mode::Shadow;
    let decision = build(&sources).decide(&by(small(), "acme", "nobody"));
    assert_eq!(said(&decision), "deny agent.unknown");
}

#[test]
fn the_modes_of_all_tenants_can_be_told() {
    let demo = build(&directory("demo"));
    let modes: Vec<String> = demo
        .modes()
        .iter()
        .map(|(name, mode)| format!("{name}={}", mode.policy.as_str()))
        .collect();
    assert_eq!(modes, ["acme=enforce", "labs=shadow"]);
}

#[test]
fn the_revision_follows_every_text_and_the_mode() {
    let plain = build(&sources(SMALL)).revision().clone();
    assert_eq!(plain, build(&sources(SMALL)).revision().clone());
    assert_eq!(plain.to_string(), format!("7-{}", &plain.digest[..12]));
    let changed = build(&sources(&format!("{SMALL}\n"))).revision().clone();
    let mut shadow = sources(SMALL);
    shadow.mode = Mode::Shadow;
    assert_ne!(plain.digest, changed.digest);
    assert_ne!(plain.digest, build(&shadow).revision().digest);
}
