//! The second half of the line for a batch: each message has an intent and a record, and all go or none.

use std::sync::Arc;

use aegis_policy::{Intent, Outcome, Snapshot};
use aegis_protocol::Dialect;
use serde_json::Value;

use super::{Arrived, Granted, Refused, carry};
use crate::answer::{self, Following};
use crate::describe::{Asking, DescribedBatch};
use crate::gate::Grant;
use crate::plane::Plane;
use crate::record::Record;
use crate::refusal::{Cause, Message, Refusal, Told};

pub(super) async fn send(
    plane: &Arc<Plane>,
    mut described: Box<DescribedBatch>,
    policy: &Snapshot,
    record: &mut Record,
) -> Result<Arrived, Refused> {
    let (intents, mut records) = messages(plane, &described, policy, record);
    let parts = described.batch.messages().iter();
    let dialects: Vec<Dialect> = parts.map(|part| part.reading.dialect.clone()).collect();
    let expected = described.batch.expected();
    let headers = &described.request.head.headers;
    let following = expected.map(|expected| Following::of_server(expected, headers));
    if following.is_some() {
        answer::ask_for_plain(&mut described.request.head.headers);
    }
    let first = intents.first().map(Arc::clone);
    // A batch has at least one message; without one there would be nothing to judge.
    let Some(first) = first else {
        return Err(Refusal::new(Cause::Uninspectable).into());
    };
    let authorized = plane
        .gate
        .authorize_batch(described, intents, policy, &mut records)
        .await;
    let (grants, outbound) = match authorized {
        Ok(authorized) => authorized,
        Err(refusals) => {
            return Err(refuse(&first, refusals, (records, dialects), record).await);
        }
    };
    let told = told(&records, dialects);
    record.carry(records);
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

fn messages(
    plane: &Plane,
    described: &DescribedBatch,
    policy: &Snapshot,
    record: &Record,
) -> (Vec<Arc<Intent>>, Vec<Record>) {
    let asked = record.asking();
    let messages = described.batch.messages().iter().map(|message| {
        let record = Record::batched(plane, &asked, policy);
        let asking = Asking {
            id: Arc::clone(record.id()),
            time: Arc::clone(record.time()),
            ..described.asking.clone()
        };
        let intent = plane.describer.message(described, message, asking, policy);
        (Arc::new(intent), record)
    });
    messages.unzip()
}

/// Ends the record of each message, and writes the line of the batch.
async fn refuse(
    first: &Intent,
    refusals: Vec<Option<Refusal>>,
    (records, dialects): (Vec<Record>, Vec<Dialect>),
    record: &mut Record,
) -> Refused {
    let whole = together(&refusals);
    let mut messages = Vec::with_capacity(records.len());
    for ((mut record, dialect), refusal) in records.into_iter().zip(dialects).zip(refusals) {
        let refusal = refusal.unwrap_or_else(|| Refusal::new(Cause::Batch));
        let status = refusal.status_in(&dialect.clone().into());
        record.refused(&refusal, Some(status)).await;
        messages.push(Message {
            dialect,
            stamp: record.stamp(),
            refusal: Some(refusal),
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
fn told(records: &[Record], dialects: Vec<Dialect>) -> Told {
    let messages = records
        .iter()
        .zip(dialects)
        .map(|(record, dialect)| Message {
            dialect,
            stamp: record.stamp(),
            refusal: None,
        });
    Told::Each(messages.collect())
}
