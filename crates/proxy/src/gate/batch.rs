//! A batch: each message is judged by itself, and all of them go, or none.

use std::sync::Arc;
use std::time::Duration;

use aegis_ledger::Side;
use aegis_policy::{Decision, Intent, Outcome, Snapshot};
use aegis_protocol::{Means, Rewritten, Unnamed};

use super::outbound::{TRAILERS, impossible};
use super::{Gate, Grant, Outbound, decide};
use crate::approvals::Content;
use crate::describe::DescribedBatch;
use crate::masking::Written;
use crate::record::{Judged, Record};
use crate::refusal::{Cause, Refusal};

impl Gate {
    /// Judges the messages, given as intents and records in their order. Each has its decision line
    /// when this returns. Where one is refused, the refusals are handed back, `None` for the others.
    pub(crate) async fn authorize_batch(
        &self,
        described: Box<DescribedBatch>,
        intents: Vec<Arc<Intent>>,
        policy: &Snapshot,
        records: &mut [Record],
    ) -> Result<(Vec<Grant>, Outbound), Vec<Option<Refusal>>> {
        let decided = intents.iter().map(|intent| decide(policy, intent));
        let decided: Vec<(Decision, Duration)> = decided.collect();
        // All are of one caller; the first record counts the tokens of all.
        let count = records.first().map(|record| Arc::clone(record.tokens()));
        let caller = intents.first().map(|intent| &intent.caller);
        let names = caller
            .zip(count)
            .map(|(caller, count)| self.pseudonyms.of(caller, Side::Sent, &count));
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
        let messages = intents.into_iter().zip(decided);
        let read = described.batch.messages().iter().zip(&described.unasked);
        let messages = messages.zip(read).zip(&mut *records);
        for (((intent, (decision, decided)), (message, unasked)), record) in messages {
            let judged = Judged {
                intent: &intent,
                decision: &decision,
                policy,
                decided,
                written: Written::call(&intent, &message.reading.recordable, means.finder()),
                api: None,
            };
            let rewritten = rewritten.as_ref().err();
            let admitted = match forbidden(&decision, unasked.as_ref(), rewritten) {
                Some(refusal) => {
                    let written = record.judged(&judged, Some(refusal), None).await;
                    written.and_then(|()| Err(refusal.clone()))
                }
                None => self.admit(&judged, content(&intent), record).await,
            };
            refusals.push(admitted.err());
            grants.push(Grant::of(intent, decision, policy));
        }
        let Ok(rewritten) = rewritten else {
            return Err(refusals);
        };
        if refusals.iter().any(Option::is_some) {
            return Err(refusals);
        }
        for (grant, record) in grants.iter().zip(records) {
            if grant.outcome() == Outcome::Sanitize {
                record.redacted(&grant.decision.obligations.redact);
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
