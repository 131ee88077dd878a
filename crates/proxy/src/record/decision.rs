//! What was decided about a call, and the refusals before and after: the decision line and its counters. It decides nothing.

use std::sync::Arc;
use std::time::Duration;

use aegis_policy::{DataFinding, Decision, Intent, Outcome, Reason};
use aegis_telemetry::audit::{DecisionRecord, RuleRecord};
use http::StatusCode;

use super::lines::{redacted, rules};
use super::{Call, Ending, Judged, Record};
use crate::refusal::{Cause, Refusal};

impl Record {
    /// Writes the decision line and waits until it is durable. `instead` is a refusal that takes
    /// the decision's place because what it asks for cannot be done.
    pub(crate) async fn judged(
        &mut self,
        judged: &Judged<'_>,
        instead: Option<&Refusal>,
        approval: Option<Arc<str>>,
    ) -> Result<(), Refusal> {
        let Judged {
            intent,
            decision,
            policy,
            decided,
            written: words,
            api,
        } = judged;
        let (outcome, reasons) = match instead {
            Some(refusal) => (refusal.outcome, &refusal.reasons),
            None => (decision.outcome, &decision.reasons),
        };
        self.timings.decision = Some(self.micros());
        self.count_decision(intent, outcome, decision, *decided);
        self.policy_version = Some(Arc::clone(policy.version()));
        self.written = true;
        let line = DecisionRecord {
            outcome: outcome.as_str(),
            rules: rules(reasons),
            approval_id: approval.as_deref(),
            redacted: match outcome {
                Outcome::Sanitize => decision.obligations.redact.iter().map(redacted).collect(),
                _ => Vec::new(),
            },
            ..self.judged_line(judged)
        };
        let written = self.evidence.log.append(&line).await;
        self.rules = rule_ids(reasons).collect();
        self.call = Some(Call {
            kind: intent.call.kind,
            api: *api,
            model: words.model.as_ref().into(),
            stream: intent.call.stream,
            provider: Arc::clone(&intent.destination.provider),
            tool: words.tool.as_ref().into(),
            action: words.action.as_ref().into(),
            outcome,
            would: decision.would.as_ref().map(|would| would.outcome),
            regions: Arc::clone(&intent.destination.regions),
            approval,
            data: types(&intent.data),
        });
        written.map_err(|error| Refusal::with(Cause::AuditUnavailable, error.to_string()))
    }

    /// Ends the call with a refusal. One that came before any decision gets its decision line
    /// here, so that each call has both. `status` is what the agent sees, if it sees one.
    pub(crate) async fn refused(&mut self, refusal: &Refusal, status: Option<StatusCode>) {
        if self.written {
            self.overrule(refusal);
        } else {
            self.refused_unjudged(refusal).await;
        }
        self.status = status.map(|status| status.as_u16());
        self.end_refused(refusal);
    }

    /// Ends a call in the middle of its answer, of which the agent has the head and maybe more.
    pub(crate) fn cut_short(&mut self, refusal: &Refusal) {
        self.overrule(refusal);
        self.end_refused(refusal);
    }

    fn end_refused(&mut self, refusal: &Refusal) {
        for reason in &refusal.reasons {
            self.evidence.metrics.refused(&reason.rule);
        }
        if let Some(fault) = refusal.fault() {
            self.evidence.metrics.policy_failed(fault);
        }
        if refusal.is_malformed() {
            self.evidence.metrics.malformed(refusal.code());
        }
        let ending = match refusal.cause {
            Cause::Revoked => Ending::ClosedByPolicy,
            _ if refusal.blames_upstream() => Ending::Failed(refusal.code()),
            _ => Ending::Refused(refusal.code()),
        };
        self.end(ending);
    }

    /// The decision line of a call that nobody judges, because it leads nowhere: Aegis is asked for
    /// what is its own and public.
    pub(crate) async fn own_answer(&mut self) -> Result<(), Refusal> {
        self.written = true;
        self.rules = vec![OWN_ANSWER.into()];
        let line = DecisionRecord {
            outcome: Outcome::Allow.as_str(),
            rules: vec![RuleRecord {
                rule: OWN_ANSWER,
                message: "how to trust Aegis' CA is told to everybody",
            }],
            ..self.bare_line()
        };
        let written = self.evidence.log.append(&line).await;
        written.map_err(|error| Refusal::with(Cause::AuditUnavailable, error.to_string()))
    }

    pub(super) fn is_own_answer(&self) -> bool {
        self.rules.first().is_some_and(|rule| **rule == *OWN_ANSWER)
    }

    /// The decision line of a call that ended before it could be judged: it was not allowed.
    pub(super) fn never_judged(&mut self, rule: &str) {
        self.written = true;
        self.rules = vec![rule.into()];
        let line = DecisionRecord {
            outcome: Outcome::Deny.as_str(),
            rules: vec![RuleRecord {
                rule,
                message: "the call ended before it was judged",
            }],
            ..self.bare_line()
        };
        let _ = self.evidence.log.append_later(&line);
    }

    async fn refused_unjudged(&mut self, refusal: &Refusal) {
        self.written = true;
        self.rules = rule_ids(&refusal.reasons).collect();
        let line = DecisionRecord {
            outcome: refusal.outcome.as_str(),
            rules: rules(&refusal.reasons),
            fault: refusal.fault().map(AsRef::as_ref),
            ..self.bare_line()
        };
        // It is refused in any case; what the log could not take, it counts.
        let _ = self.evidence.log.append(&line).await;
    }

    /// A decision that does not forward is its own refusal, and an upstream that fails takes
    /// nothing back: neither has anything to add.
    fn overrule(&mut self, refusal: &Refusal) {
        let is_known = |rule| self.rules.contains(&rule);
        if !refusal.blames_upstream() && !rule_ids(&refusal.reasons).all(is_known) {
            self.rules.extend(rule_ids(&refusal.reasons));
            self.overruled.clone_from(&refusal.reasons);
        }
        for message in &mut self.carried {
            message.overrule(refusal);
        }
    }

    fn count_decision(
        &self,
        intent: &Intent,
        outcome: Outcome,
        decision: &Decision,
        decided: Duration,
    ) {
        let metrics = &self.evidence.metrics;
        let tenant = &intent.caller.tenant;
        metrics.decided(outcome.as_str(), intent.phase.as_str(), tenant, decided);
        for found in &intent.data {
            metrics.found(found.kind, "call", found.count.into());
        }
        if let Some(would) = &decision.would {
            let is_suspended = |reason: &&Reason| !decision.reasons.contains(reason);
            for reason in would.reasons.iter().filter(is_suspended) {
                metrics.would_have(would.outcome.as_str(), &reason.rule);
            }
        }
    }
}

fn types(found: &[DataFinding]) -> Vec<&'static str> {
    let mut types: Vec<&str> = found.iter().map(|found| found.kind).collect();
    types.sort_unstable();
    types.dedup();
    types
}

fn rule_ids(reasons: &[Reason]) -> impl Iterator<Item = Arc<str>> {
    reasons.iter().map(|reason| Arc::clone(&reason.rule))
}

const OWN_ANSWER: &str = "aegis.install_page";
