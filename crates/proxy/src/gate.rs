//! The only station that asks for a decision. A [`Grant`] exists only for a call that policy lets
//! through and whose decision line is in the audit log.

mod batch;
mod outbound;

use std::sync::Arc;
use std::time::{Duration, Instant};

use aegis_dlp::{Hit, Scanner};
use aegis_ledger::Side;
use aegis_policy::{
    AnswerRules, CallKind, DataFinding, Decision, Intent, Outcome, Parameters, Reason, Snapshot,
    Truncation, Unread,
};
use aegis_protocol::{Cleaner, Finder, Means, proposed};

use crate::activation::Activation;
use crate::approvals::{Approvals, Content};
use crate::describe::Described;
use crate::drain::Drain;
use crate::lease::{Lease, Permit};
use crate::masking::Written;
use crate::pseudonyms::{Pseudonyms, TokenCount};
use crate::record::{Judged, Record};
use crate::refusal::{Cause, Refusal};
pub(crate) use batch::Part;
pub(crate) use outbound::Outbound;
use outbound::{impossible, means, rewrite};

/// Permission for one call, as judged.
#[derive(Debug)]
pub(crate) struct Grant {
    intent: Arc<Intent>,
    decision: Decision,
    /// Of the policy that judged.
    epoch: u64,
    /// Of the same.
    scanner: Arc<Scanner>,
}

/// Whether an entry of a list says what it would be called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    Known,
    Unknown,
}

#[derive(Debug)]
pub(crate) struct Gate {
    activation: Arc<Activation>,
    approvals: Arc<Approvals>,
    pseudonyms: Pseudonyms,
    drain: Drain,
}

impl Gate {
    pub(crate) fn new(
        activation: Arc<Activation>,
        approvals: Arc<Approvals>,
        pseudonyms: Pseudonyms,
        drain: Drain,
    ) -> Self {
        Self {
            activation,
            approvals,
            pseudonyms,
            drain,
        }
    }

    /// Judges a described request. The redaction is done before the decision line is written, so
    /// that the line never promises one that the request does not allow.
    pub(crate) async fn authorize(
        &self,
        described: Box<Described>,
        policy: &Snapshot,
        record: &mut Record,
    ) -> Result<(Grant, Outbound), Refusal> {
        let (decision, decided) = decide(policy, &described.intent);
        let names = self
            .pseudonyms
            .of(&described.intent.caller, Side::Sent, record.tokens());
        let means = Means {
            heard: &described.heard,
            ..means(policy.scanner(), &decision, &names)
        };
        let rewritten = match &described.unasked {
            Some(refusal) if decision.outcome.forwards() => Err(refusal.clone()),
            _ => rewrite(&described, &decision, &means),
        };
        let content = content(&described);
        let Described {
            intent,
            reading,
            request,
            heard,
            ..
        } = *described;
        let intent = Arc::new(intent);
        let finder = Finder {
            scanner: policy.scanner(),
            heard: &heard,
        };
        let written = Written::call(&intent, &reading.recordable, finder);
        let judged = Judged {
            intent: &intent,
            decision: &decision,
            policy,
            decided,
            written,
            api: reading.llm(),
        };
        let rewritten = match rewritten {
            Ok(rewritten) => rewritten,
            Err(refusal) => {
                record.judged(&judged, Some(&refusal), None).await?;
                return Err(refusal);
            }
        };
        self.admit(&judged, content, record).await?;
        if rewritten.is_some() {
            record.redacted(&decision.obligations.redact);
        }
        let grant = Grant::of(intent, decision, policy);
        Ok((grant, Outbound::new(request, rewritten)))
    }

    /// Judges a tunnel by its names.
    pub(crate) async fn authorize_tunnel(
        &self,
        intent: Intent,
        policy: &Snapshot,
        record: &mut Record,
    ) -> Result<Grant, Refusal> {
        let (decision, decided) = decide(policy, &intent);
        let intent = Arc::new(intent);
        let written = Written::tunnel(&intent);
        let judged = Judged {
            intent: &intent,
            decision: &decision,
            policy,
            decided,
            written,
            api: None,
        };
        self.admit(&judged, Content::Parameters, record).await?;
        Ok(Grant::of(intent, decision, policy))
    }

    /// Judges a call that a model's answer proposes. `None`: it may go to the agent as it is; else
    /// with these arguments.
    pub(crate) async fn authorize_proposed(
        &self,
        intent: Intent,
        policy: &Snapshot,
        record: &mut Record,
    ) -> Result<Option<Parameters>, Refusal> {
        let (decision, decided) = decide(policy, &intent);
        let intent = Arc::new(intent);
        let judged = Judged {
            intent: &intent,
            decision: &decision,
            policy,
            decided,
            written: Written::call(&intent, &[], policy.scanner().into()),
            api: None,
        };
        if decision.outcome != Outcome::Sanitize {
            self.admit(&judged, Content::Parameters, record).await?;
            return Ok(None);
        }
        let redactions = &decision.obligations.redact;
        let received = self
            .pseudonyms
            .of(&intent.caller, Side::Received, record.tokens());
        let means = means(policy.scanner(), &decision, &received);
        match proposed::redact(
            &intent.call.tool,
            &intent.call.parameters,
            redactions,
            &means,
        ) {
            Ok(redacted) => {
                self.admit(&judged, Content::Parameters, record).await?;
                record.redacted(redactions);
                Ok(Some(redacted))
            }
            Err(error) => {
                let refusal = impossible(error);
                record.judged(&judged, Some(&refusal), None).await?;
                Err(refusal)
            }
        }
    }

    /// Whether an entry of a list is shown: whether a call of it could be let through, now or once
    /// it is approved. Nothing is written down; the call will be judged by itself.
    pub(crate) fn shows(intent: &Intent, arguments: Arguments, policy: &Snapshot) -> bool {
        let (decision, _) = decide(policy, intent);
        let of_arguments = |reason: &Reason| reason.rule.starts_with("parameter.");
        match (decision.outcome, arguments) {
            (Outcome::Deny, Arguments::Unknown) => {
                decision.fault.is_none() && decision.reasons.iter().all(of_arguments)
            }
            (outcome, _) => outcome != Outcome::Deny,
        }
    }

    /// Whether policy has a rule on data of this kind in what the caller sends: there is none on a type
    /// that only another profile has a detector for. Nothing is written down.
    pub(crate) fn minds(intent: &Intent, hit: &Hit, policy: &Snapshot) -> bool {
        let found = DataFinding {
            kind: hit.kind,
            class: hit.class.as_str(),
            path: "frame".to_owned(),
            count: 1,
            confidence: hit.confidence,
        };
        let intent = Intent {
            data: vec![found],
            ..intent.under(policy.catalogue())
        };
        let (decision, _) = decide(policy, &intent);
        let of_data = |reason: &Reason| reason.rule.starts_with("data.");
        decision.fault.is_some() || decision.reasons.iter().any(of_data)
    }

    /// What is done about data in the answer to this call, and about the caller's tokens in it;
    /// `None` where nothing is.
    pub(crate) fn cleaner(&self, grant: &Grant, count: &Arc<TokenCount>) -> Option<Cleaner> {
        let asked = &grant.decision.obligations;
        if asked.answers.is_none() && !asked.restore {
            return None;
        }
        let as_it_is = AnswerRules {
            unread: Unread::Allow,
            ..AnswerRules::default()
        };
        let of = |side| Arc::new(self.pseudonyms.of(&grant.intent.caller, side, count));
        let rules = asked.answers.as_ref().unwrap_or(&as_it_is);
        let cleaner = Cleaner::new(&grant.scanner, rules).naming(of(Side::Received));
        Some(if asked.restore {
            cleaner.restoring(of(Side::Sent))
        } else {
            cleaner
        })
    }

    /// A lease on the grant, for what stays open.
    pub(crate) fn lease(&self, grant: &Grant) -> Lease {
        self.lease_all(grant, &[])
    }

    /// A lease on every grant of a batch: it ends when one of them does.
    pub(crate) fn lease_all(&self, first: &Grant, more: &[Grant]) -> Lease {
        Lease::new(
            Arc::clone(&self.activation),
            self.drain.clone(),
            first.permit(),
            more.iter().map(Grant::permit).collect(),
            first.epoch,
        )
    }

    /// Writes the decision line; then, and only then, the outcome holds.
    async fn admit(
        &self,
        judged: &Judged<'_>,
        content: Content,
        record: &mut Record,
    ) -> Result<(), Refusal> {
        let decision = judged.decision;
        let approval = (decision.outcome == Outcome::ApprovalNeeded)
            .then(|| self.approvals.pend(judged, &content));
        record.judged(judged, None, approval.clone()).await?;
        if decision.outcome.forwards() {
            return Ok(());
        }
        Err(Refusal::of_decision(judged.intent, decision, approval))
    }
}

impl Grant {
    fn of(intent: Arc<Intent>, decision: Decision, policy: &Snapshot) -> Self {
        Self {
            intent,
            decision,
            epoch: policy.epoch(),
            scanner: Arc::clone(policy.scanner()),
        }
    }

    pub(crate) fn intent(&self) -> &Arc<Intent> {
        &self.intent
    }

    pub(crate) fn outcome(&self) -> Outcome {
        self.decision.outcome
    }

    fn permit(&self) -> Permit {
        Permit {
            intent: Arc::clone(&self.intent),
            granted: self.decision.clone(),
            scanner: Arc::clone(&self.scanner),
        }
    }

    /// Whether a tunnel is to be copied blindly.
    pub(crate) fn passthrough(&self) -> bool {
        self.decision.obligations.passthrough
    }

    /// The destination's region, if the grant covers it; policy has judged this already, and here
    /// it holds even if policy was wrong.
    pub(crate) fn lawful_region(&self) -> Result<Arc<str>, Refusal> {
        let declared = &self.intent.destination.regions;
        if let Some(lawful) = &self.decision.obligations.restrict_regions
            && (declared.is_empty() || declared.iter().any(|region| !lawful.contains(region)))
        {
            return Err(Refusal::new(Cause::Residency));
        }
        Ok(region_in_words(declared))
    }
}

/// The only question that is asked of policy, and how long the answer took.
fn decide(policy: &Snapshot, intent: &Intent) -> (Decision, Duration) {
    let started = Instant::now();
    let decision = policy.decide(intent);
    (decision, started.elapsed())
}

/// Where a destination is, by what was declared of it.
pub(crate) fn region_in_words(declared: &[Arc<str>]) -> Arc<str> {
    match declared {
        [] => UNKNOWN_REGION.into(),
        [one] => Arc::clone(one),
        several => several.join(",").into(),
    }
}

/// What an approval of this call would cover beside its parameters.
fn content(described: &Described) -> Content {
    let call = &described.intent.call;
    match (call.truncation, call.kind) {
        (Truncation::Truncated, _) if described.read.is_none() => Content::Unread,
        // Every part of them that counts is a parameter; a JSON-RPC id is new each time.
        (Truncation::Whole, CallKind::Tool | CallKind::Mcp | CallKind::Tunnel) => {
            Content::Parameters
        }
        _ => Content::Message {
            query: described.request.head.query.clone(),
            body: described.read.clone(),
        },
    }
}

/// Where nobody declared one.
pub(crate) const UNKNOWN_REGION: &str = "unknown";

#[cfg(test)]
mod tests;
