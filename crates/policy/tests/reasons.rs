//! Whatever the policy, the call and the failure: whoever is refused is told a rule and why.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: to fail loudly is its job"
)]

mod common;

use aegis_policy::{Decision, Mode, Outcome, Reason, Source, Sources, selftest};
use common::{build, directory};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn every_refusal_carries_a_rule_id_and_a_message(
        sources in sources(),
        seed in any::<u64>(),
    ) {
        let policy = build(&sources);
        for intent in selftest::intents(&sources, seed, 300).unwrap() {
            complete(&policy.decide(&intent))?;
        }
    }
}

/// The demo's policy, with some of it in shadow, and with modules of users that find what they should,
/// find what is no finding, contradict themselves or fail.
fn sources() -> impl Strategy<Value = Sources> {
    let module = prop_oneof![
        Just(String::new()),
        named("deny", ""),
        named("approval_needed", ""),
        named("sanitize", r#", "parameter": "note""#),
        named("allow", ""),
        fails("1 / (count(input.call.action) - LENGTH) > 0.1"),
        fails("a == 3").prop_map(|text| {
            text + "a := 1 if input.version == 1\na := 2 if count(input.call.action) > LENGTH\n"
        }),
    ];
    let mode = prop_oneof![Just(Mode::Enforce), Just(Mode::Shadow)];
    (mode, any::<bool>(), module, 0_usize..9).prop_map(|(mode, shadow, module, length)| {
        let mut sources = Sources {
            mode,
            ..directory("demo")
        };
        if shadow {
            let data = &mut sources.data[0].text;
            *data = data.replace("    finance:\n", "    finance:\n      mode: shadow\n");
        }
        let text = module.replace("LENGTH", &length.to_string());
        if !text.is_empty() {
            sources.modules.push(Source {
                file: "own.rego".to_owned(),
                text: format!("package aegis.ext\n{text}"),
            });
        }
        sources
    })
}

/// By a rule whose id is empty where `LENGTH` is 0, which is no finding.
fn named(set: &'static str, more: &'static str) -> impl Strategy<Value = String> {
    Just(format!(
        "{set} contains {{\"rule\": substring(input.call.tool, 0, LENGTH), \"message\": \"m\"{more}}} \
         if input.call.action != \"get\"\n"
    ))
}

fn fails(condition: &'static str) -> impl Strategy<Value = String> {
    Just(format!(
        "deny contains {{\"rule\": \"own\", \"message\": \"m\"}} if {condition}\n"
    ))
}

/// Allowed without a word, or with reasons that each have both.
fn complete(decision: &Decision) -> Result<(), TestCaseError> {
    let told = |outcome: Outcome, reasons: &[Reason]| {
        let said = |reason: &Reason| !reason.rule.is_empty() && !reason.message.is_empty();
        (outcome == Outcome::Allow || !reasons.is_empty()) && reasons.iter().all(said)
    };
    prop_assert!(told(decision.outcome, &decision.reasons), "{decision:?}");
    if let Some(would) = &decision.would {
        prop_assert!(told(would.outcome, &would.reasons), "{decision:?}");
    }
    if let Some(fault) = decision.fault {
        prop_assert_eq!(decision.outcome, Outcome::Deny);
        prop_assert_eq!(&*decision.reasons[0].rule, fault.rule());
    }
    Ok(())
}
