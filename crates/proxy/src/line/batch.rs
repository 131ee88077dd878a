//! The second half of the line for a batch: each message has an intent and a record, and all go or none.

use std::sync::Arc;

use aegis_policy::{Intent, Outcome, Snapshot};
use aegis_protocol::Dialect;
use serde_json::Value;

use super::{Arrived, Granted, Refused, carry};
use crate::answer::{self, Following};
use crate::describe::{Asking, DescribedBatch};
use crate::gate::{Grant, Part};
use crate::plane::Plane;
use crate::record::Record;
use crate::refusal::{Cause, Message, Refusal, Told};

pub(super) async fn send(
    plane: &Arc<Plane>,
    mut described: Box<DescribedBatch>,
    policy: &Snapshot,
    record: &mut Record,
) -> Result<Arrived, Refused> {
    let mut parts = parts(plane, &described, policy, record);
    let expected = described.batch.expected();
    let headers = &mut described.request.head.headers;
    let following = expected.map(|expected| Following::of_server(expected, headers));
    if following.is_some() {
        answer::ask_for_plain(headers);
    }
    // A batch has at least one message; without one there would be nothing to judge.
    let Some(first) = parts.first().map(|part| Arc::clone(&part.intent)) else {
        return Err(Refusal::new(Cause::Uninspectable).into());
    };
    let authorized = plane.gate.authorize_batch(described, &mut parts, policy);
    let (grants, outbound) = match authorized.await {
        Ok(authorized) => authorized,
        Err(refusals) => return Err(refuse(&first, parts, refusals, record).await),
    };
    let told = told(&parts);
    record.carry(parts.into_iter().map(|part| part.record).collect());
    let sent = async {
        let (grant, more) = grants
            .split_first()
            .ok_or(Refusal::new(Cause::Uninspectable))?;
        let outcome = strongest(&grants);
        let batch = (&*first, grants.len());
        record.gathered(batch, outcome, &[]).await?;
        for grant in more {
            grant.lawful_region()?;
        }
        let granted = Granted {
            outcome,
            lease: plane.gate.lease_all(grant, more),
            outbound,
            following,
            dialect: Dialect::JsonRpc { id: Value::Null },
        };
        carry(plane, grant, granted, record).await
    };
    sent.await.map_err(|refusal| Refused { refusal, told })
}

fn parts(
    plane: &Plane,
    described: &DescribedBatch,
    policy: &Snapshot,
    record: &Record,
) -> Vec<Part> {
    let asked = record.asking();
    let parts = described.messages().map(|(message, unasked)| {
        let record = Record::batched(plane, &asked, policy);
        let asking = Asking {
            id: Arc::clone(record.id()),
            time: Arc::clone(record.time()),
            ..described.asking.clone()
        };
        let intent = plane.describer.message(described, message, asking, policy);
        Part {
            intent: Arc::new(intent),
            record,
            dialect: message.reading.dialect.clone(),
            recordable: Arc::clone(&message.reading.recordable),
            unasked: unasked.clone(),
        }
    });
    parts.collect()
}

/// Ends the record of each message, and writes the line of the batch.
async fn refuse(
    first: &Intent,
    parts: Vec<Part>,
    refusals: Vec<Option<Refusal>>,
    record: &mut Record,
) -> Refused {
    let whole = together(&refusals);
    let mut messages = Vec::with_capacity(parts.len());
    for (mut part, refusal) in parts.into_iter().zip(refusals) {
        let refusal = refusal.unwrap_or_else(|| Refusal::new(Cause::Batch));
        let status = refusal.status_in(&part.dialect.clone().into());
        part.record.refused(&refusal, Some(status)).await;
        messages.push(Message {
            refusal: Some(refusal),
            ..part.told()
        });
    }
    let batch = (first, messages.len());
    let written = record.gathered(batch, whole.outcome, &whole.reasons).await;
    Refused {
        refusal: written.err().unwrap_or(whole),
        told: Told::Each(messages),
    }
}

/// The strongest refusals as one.
fn together(refusals: &[Option<Refusal>]) -> Refusal {
    let mut strongest: Option<Refusal> = None;
    for refusal in refusals.iter().flatten() {
        match &mut strongest {
            Some(known) if known.outcome > refusal.outcome => {}
            Some(known) if known.outcome == refusal.outcome => {
                for reason in &refusal.reasons {
                    if !known.reasons.contains(reason) {
                        known.reasons.push(reason.clone());
                    }
                }
            }
            _ => strongest = Some(refusal.clone()),
        }
    }
    let whole = strongest.unwrap_or_else(|| Refusal::new(Cause::Batch));
    Refusal {
        approval: None,
        as_tool_result: false,
        ..whole
    }
}

fn strongest(grants: &[Grant]) -> Outcome {
    let outcomes = grants.iter().map(Grant::outcome);
    outcomes.max().unwrap_or(Outcome::Deny)
}

/// Where the batch is refused as a whole, after its messages were let through.
fn told(parts: &[Part]) -> Told {
    Told::Each(parts.iter().map(Part::told).collect())
}

impl Part {
    fn told(&self) -> Message {
        Message {
            dialect: self.dialect.clone(),
            stamp: self.record.stamp(),
            refusal: None,
        }
    }
}
