//! What a test expects, and in words what a decision lacks of it. It decides nothing.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::{AnswerRules, Decision, Outcome, Reason, Redaction, RefuseAs};

/// What is not stated is not compared.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    pub outcome: Outcome,
    /// Exactly the rules of the reasons, in any order.
    #[serde(default)]
    pub rules: Option<Vec<String>>,
    #[serde(default)]
    pub redact: Option<Vec<Redaction>>,
    #[serde(default)]
    pub restrict_regions: Option<Vec<String>>,
    #[serde(default)]
    pub passthrough: Option<bool>,
    #[serde(default)]
    pub refuse_as: Option<RefuseAs>,
    #[serde(default)]
    pub answers: Option<AnswerRules>,
    /// What it would be if nothing were suspended.
    #[serde(default)]
    pub would: Option<WouldExpectation>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WouldExpectation {
    pub outcome: Outcome,
    #[serde(default)]
    pub rules: Option<Vec<String>>,
}

/// At which key of the expectation, and what a person should know.
pub(crate) type Failure = (&'static [&'static str], String);

impl Expectation {
    pub(crate) fn failures(&self, decision: &Decision) -> Vec<Failure> {
        let mut failures = Vec::new();
        let verdict = (decision.outcome, decision.reasons.as_slice());
        let stated = (self.outcome, self.rules.as_deref());
        failures.extend(differs(stated, verdict, [&["outcome"], &["rules"]]));
        if let Some(would) = &self.would {
            // Where nothing was suspended, it would be what it is.
            let verdict = decision
                .would
                .as_ref()
                .map_or(verdict, |would| (would.outcome, would.reasons.as_slice()));
            let stated = (would.outcome, would.rules.as_deref());
            let failure = differs(
                stated,
                verdict,
                [&["would", "outcome"], &["would", "rules"]],
            );
            failures
                .extend(failure.map(|(at, message)| (at, format!("without shadow: {message}"))));
        }
        failures.extend(self.obligations(decision));
        failures
    }

    fn obligations(&self, decision: &Decision) -> Vec<Failure> {
        let mut failures = Vec::new();
        let met = &decision.obligations;
        if let Some(redact) = &self.redact {
            let expected: BTreeSet<_> = redact.iter().collect();
            let found: BTreeSet<_> = met.redact.iter().collect();
            if expected != found {
                let message = format!(
                    "expected to redact {}, got {}",
                    listed(expected.into_iter().map(Redaction::to_string)),
                    listed(found.into_iter().map(Redaction::to_string)),
                );
                failures.push((&["redact"][..], message));
            }
        }
        if let Some(regions) = &self.restrict_regions {
            let expected: BTreeSet<_> = regions.iter().map(String::as_str).collect();
            let found = met.restrict_regions.as_ref();
            let found = found.map(|found| found.iter().map(|region| &**region).collect());
            if found.as_ref() != Some(&expected) {
                let found = found.map_or("no restriction".to_owned(), |found| {
                    listed(found.into_iter().map(str::to_owned))
                });
                let expected = listed(expected.into_iter().map(str::to_owned));
                let message = format!("expected the regions {expected}, got {found}");
                failures.push((&["restrict_regions"], message));
            }
        }
        if let Some(expected) = self.passthrough
            && expected != met.passthrough
        {
            let message = format!(
                "expected `passthrough` to be {expected}, it is {}",
                met.passthrough
            );
            failures.push((&["passthrough"], message));
        }
        if let Some(expected) = self.refuse_as
            && expected != met.refuse_as
        {
            let (expected, found) = (expected.as_str(), met.refuse_as.as_str());
            let message = format!("expected `refuse_as` to be {expected}, it is {found}");
            failures.push((&["refuse_as"], message));
        }
        if let Some(expected) = &self.answers {
            let found = met.answers.as_ref();
            if found != Some(expected) {
                let found = found.map_or("not searched".to_owned(), ToString::to_string);
                let message = format!("expected answers to be {expected}, they are {found}");
                failures.push((&["answers"], message));
            }
        }
        failures
    }
}

/// Another outcome explains other rules, so one of the two is told.
fn differs(
    (outcome, rules): (Outcome, Option<&[String]>),
    (decided, reasons): (Outcome, &[Reason]),
    [at_outcome, at_rules]: [&'static [&'static str]; 2],
) -> Option<Failure> {
    let expected = rules.map(|rules| rules.iter().map(String::as_str).collect::<BTreeSet<_>>());
    let found: BTreeSet<&str> = reasons.iter().map(|reason| &*reason.rule).collect();
    if outcome != decided {
        let because = listed(reasons.iter().map(Reason::to_string));
        let because = if reasons.is_empty() {
            String::new()
        } else {
            format!(": {because}")
        };
        let message = format!(
            "expected {}, got {}{because}",
            outcome.as_str(),
            decided.as_str()
        );
        return Some((at_outcome, message));
    }
    let expected = expected.filter(|expected| *expected != found)?;
    let message = format!(
        "expected {} by {}, got it by {}",
        outcome.as_str(),
        listed(expected.into_iter().map(str::to_owned)),
        listed(reasons.iter().map(Reason::to_string)),
    );
    Some((at_rules, message))
}

fn listed(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    if words.is_empty() {
        return "nothing".to_owned();
    }
    words.join(", ")
}
