//! A batch: each message is judged by itself, and all of them go, or none.

use std::sync::Arc;
use std::time::Duration;

use aegis_ledger::Side;
use aegis_policy::{Decision, Intent, Outcome, Snapshot};
use aegis_protocol::{Dialect, Means, Rewritten, Unnamed};

use super::outbound::{TRAILERS, impossible};
use super::{Gate, Grant, Outbound, decide};
use crate::approvals::Content;
use crate::describe::DescribedBatch;
use crate::masking::Written;
use crate::record::{Judged, Record};
use crate::refusal::{Cause, Refusal};

/// One message of a batch, on its way.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) intent: Arc<Intent>,
    pub(crate) record: Record,
    /// How its sender is to be refused.
    pub(crate) dialect: Dialect,
    /// Names of the parameters that may be written down.
    pub(crate) recordable: Arc<[Arc<str>]>,
    /// It answers an MCP server that has not asked.
    pub(crate) unasked: Option<Refusal>,
}

impl Gate {
    /// Judges the messages, given in their order. Each has its decision line when this returns. Where
    /// one is refused, the refusals are handed back, `None` for the others.
    pub(crate) async fn authorize_batch(
        &self,
        described: Box<DescribedBatch>,
        parts: &mut [Part],
        policy: &Snapshot,
    ) -> Result<(Vec<Grant>, Outbound), Vec<Option<Refusal>>> {
        let decided = parts.iter().map(|part| decide(policy, &part.intent));
        let decided: Vec<(Decision, Duration)> = decided.collect();
        // All are of one caller; the first record counts the tokens of all.
        let names = parts.first().map(|first| {
            let caller = &first.intent.caller;
            self.pseudonyms
                .of(caller, Side::Sent, first.record.tokens())
        });
        let numbers = decided
            .first()
            .map(|(decision, _)| decision.obligations.numbers);
        let means = Means {
            scanner: policy.scanner(),
            heard: &described.heard,
            numbers: numbers.unwrap_or_default(),
            names: names.as_ref().map_or(&Unnamed, |names| names),
        };
        let rewritten = rewrite(&described, &decided, &means);
        let (mut grants, mut refusals) = (Vec::new(), Vec::new());
        for (part, (decision, decided)) in parts.iter_mut().zip(decided) {
            let judged = Judged {
                intent: &part.intent,
                decision: &decision,
                policy,
                decided,
                written: Written::call(&part.intent, &part.recordable, means.finder()),
                api: None,
            };
            let rewritten = rewritten.as_ref().err();
            let forbidden = forbidden(&decision, part.unasked.as_ref(), rewritten);
            let admitted = if let Some(refusal) = forbidden {
                let written = part.record.judged(&judged, Some(refusal), None).await;
                written.and_then(|()| Err(refusal.clone()))
            } else {
                let content = content(&part.intent);
                self.admit(&judged, content, &mut part.record).await
            };
            refusals.push(admitted.err());
            grants.push(Grant::of(Arc::clone(&part.intent), decision, policy));
        }
        let Ok(rewritten) = rewritten else {
            return Err(refusals);
        };
        if refusals.iter().any(Option::is_some) {
            return Err(refusals);
        }
        for (grant, part) in grants.iter().zip(parts) {
            if grant.outcome() == Outcome::Sanitize {
                part.record.redacted(&grant.decision.obligations.redact);
            }
        }
        Ok((grants, Outbound::new(described.request, rewritten)))
    }
}

/// Why what policy lets through cannot go.
fn forbidden<'a>(
    decision: &Decision,
    unasked: Option<&'a Refusal>,
    unwritten: Option<&'a Refusal>,
) -> Option<&'a Refusal> {
    let unwritten = unwritten.filter(|_| decision.outcome == Outcome::Sanitize);
    unasked
        .filter(|_| decision.outcome.forwards())
        .or(unwritten)
}

/// Before a decision line is written: none promises a redaction that the request does not allow.
fn rewrite(
    described: &DescribedBatch,
    decided: &[(Decision, Duration)],
    means: &Means<'_>,
) -> Result<Option<Rewritten>, Refusal> {
    let sanitized = |decision: &Decision| decision.outcome == Outcome::Sanitize;
    if !decided.iter().any(|(decision, _)| sanitized(decision)) {
        return Ok(None);
    }
    if described.request.body.has_trailers() {
        return Err(Refusal::with(Cause::SanitizeImpossible, TRAILERS));
    }
    let redactions = decided.iter().map(|(decision, _)| match decision.outcome {
        Outcome::Sanitize => decision.obligations.redact.clone(),
        _ => Vec::new(),
    });
    let redactions: Vec<_> = redactions.collect();
    let rewritten = described
        .batch
        .redact(&described.view(), &redactions, means);
    rewritten.map(Some).map_err(impossible)
}

/// Everything in a message that counts is a parameter.
fn content(intent: &Intent) -> Content {
    if intent.call.truncation.is_truncated() {
        Content::Unread
    } else {
        Content::Parameters
    }
}
