//! The part of a decision that a reviewer compares, and which of two lets more through. No messages: they change with every wording.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::{
    AnswerRules, CallKind, Decision, Intent, Numbers, Obligations, Outcome, Reason, Redaction,
    RefuseAs, Unread,
};

/// A decision without its words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verdict {
    pub outcome: Outcome,
    pub rules: BTreeSet<Arc<str>>,
    pub redact: BTreeSet<Redaction>,
    /// What becomes of numbers that are redacted.
    pub numbers: Numbers,
    pub restrict_regions: Option<BTreeSet<Arc<str>>>,
    pub passthrough: bool,
    /// Without rules where it is not searched.
    pub answers: AnswerRules,
    /// Of a call of an MCP tool that is not forwarded.
    pub refuse_as: RefuseAs,
    /// Outcome and rules without shadow.
    pub would: Option<(Outcome, BTreeSet<Arc<str>>)>,
}

/// Which way a change goes, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From deny to allow.
    Opened,
    /// Another outcome that lets more through, or the same one with less done about the call.
    Loosened,
    Tightened,
    /// The same outcome for other reasons, or with other obligations that cannot be ranked.
    Same,
}

impl Verdict {
    pub(super) fn of(decision: &Decision, intent: &Intent) -> Self {
        let rules = |reasons: &[Reason]| {
            let rules = reasons.iter().map(|reason| Arc::clone(&reason.rule));
            rules.collect::<BTreeSet<_>>()
        };
        // Of a call that goes nowhere, nothing else is asked.
        let none = Obligations::default();
        let denied = decision.outcome == Outcome::Deny;
        let duties = if denied { &none } else { &decision.obligations };
        let calls_tool = intent.call.kind == CallKind::Mcp && &*intent.call.action == "call";
        let refuses_tool = calls_tool && !decision.outcome.forwards();
        let regions = duties.restrict_regions.as_ref();
        let would = decision.would.as_ref();
        Self {
            outcome: decision.outcome,
            rules: rules(&decision.reasons),
            redact: duties.redact.iter().cloned().collect(),
            numbers: if duties.redact.is_empty() {
                Numbers::default()
            } else {
                duties.numbers
            },
            restrict_regions: regions.map(|regions| regions.iter().cloned().collect()),
            passthrough: duties.passthrough,
            answers: duties.answers.clone().unwrap_or(AS_IT_IS),
            refuse_as: if refuses_tool {
                decision.obligations.refuse_as
            } else {
                RefuseAs::default()
            },
            would: would.map(|would| (would.outcome, rules(&would.reasons))),
        }
    }

    /// The same for every type of data.
    pub(super) fn whatever_data(&self) -> Self {
        let mut verdict = self.clone();
        let about_data = verdict.rules.extract_if(.., |rule| rule.starts_with(DATA));
        if about_data.count() > 0 {
            verdict.rules.insert(DATA.into());
        }
        let stays = |redaction: &Redaction| matches!(redaction, Redaction::Parameter(..));
        verdict.redact.retain(stays);
        verdict.numbers = Numbers::default();
        verdict
    }

    /// Without the rules that the other has as well.
    pub(super) fn beside(&self, other: &Self) -> Self {
        let mut verdict = self.clone();
        verdict.rules.retain(|rule| !other.rules.contains(rule));
        verdict
    }

    /// With the rules and the data of a call that is told together with it.
    pub(super) fn also(&mut self, other: &Self) {
        self.rules.extend(other.rules.iter().cloned());
        self.redact.extend(other.redact.iter().cloned());
        self.numbers = self.numbers.min(other.numbers);
    }

    /// Whether the same outcome asks for no more than `other` does, and for something less.
    fn asks_less_than(&self, other: &Self) -> bool {
        let within = |mine: &Option<BTreeSet<_>>, others: &Option<BTreeSet<_>>| match (mine, others)
        {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(mine), Some(others)) => others.is_subset(mine),
        };
        let duties = |of: &Self| {
            (
                of.redact.clone(),
                of.numbers,
                of.restrict_regions.clone(),
                of.passthrough,
                of.answers.clone(),
            )
        };
        let covered = |mine| other.redact.iter().any(|others| others.covers(mine));
        self.redact.iter().all(covered)
            && self.numbers <= other.numbers
            && within(&self.restrict_regions, &other.restrict_regions)
            && self.passthrough >= other.passthrough
            && other.answers.cover(&self.answers)
            && duties(self) != duties(other)
    }
}

impl Direction {
    pub(super) fn between(before: &Verdict, after: &Verdict) -> Self {
        match (before.outcome, after.outcome) {
            (Outcome::Deny, Outcome::Allow) => Self::Opened,
            (before, after) if after < before => Self::Loosened,
            (before, after) if after > before => Self::Tightened,
            _ if after.asks_less_than(before) => Self::Loosened,
            _ if before.asks_less_than(after) => Self::Tightened,
            _ => Self::Same,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Loosened => "loosened",
            Self::Tightened => "tightened",
            Self::Same => "same",
        }
    }
}

/// How the rules about types of data begin.
const DATA: &str = "data.";

/// What is asked of an answer that is not searched.
const AS_IT_IS: AnswerRules = AnswerRules {
    data: BTreeMap::new(),
    unread: Unread::Allow,
    numbers: Numbers::Text,
};
