//! Calls that wait for a human, in memory. A call that is asked for again is the same pending request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aegis_policy::Reason;
use bytes::Bytes;
use serde::Serialize;
use uuid::Uuid;

use crate::record::Judged;
use crate::sha256::{of_parts, sha256};

/// What a human is asked; the parameters' values are not in it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Pending {
    pub(crate) approval_id: Arc<str>,
    /// The first decision that asked for it.
    pub(crate) decision_id: Arc<str>,
    pub(crate) requested_at: Arc<str>,
    pub(crate) tenant: Arc<str>,
    pub(crate) agent: Arc<str>,
    pub(crate) tool: Arc<str>,
    pub(crate) action: Arc<str>,
    pub(crate) destination: String,
    pub(crate) reasons: Vec<Reason>,
    /// How often the same call was tried.
    pub(crate) attempts: u32,
}

/// What tells a call from another one with the same parameters.
pub(crate) enum Content {
    /// Nothing: the parameters are the call.
    Parameters,
    /// The message itself, of which parameters are a part at best.
    Message {
        query: Option<String>,
        body: Option<Bytes>,
    },
    /// A message that was not read to its end: no two are known to be the same.
    Unread,
}

#[derive(Debug, Default)]
pub(crate) struct Approvals {
    pending: Mutex<HashMap<[u8; 32], (Instant, Pending)>>,
}

impl Approvals {
    /// The id under which the call waits: a new one, or that of the identical call before it.
    pub(crate) fn pend(&self, judged: &Judged<'_>, content: &Content) -> Arc<str> {
        let Judged {
            intent,
            decision,
            written,
            ..
        } = judged;
        let digest = digest(judged, content);
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, known)) = pending.get_mut(&digest)
            && since.elapsed() < LIFETIME
        {
            known.attempts = known.attempts.saturating_add(1);
            return Arc::clone(&known.approval_id);
        }
        if pending.len() >= MAX_PENDING {
            pending.retain(|_, (since, _)| since.elapsed() < LIFETIME);
        }
        let approval_id: Arc<str> = format!("apr_{}", Uuid::now_v7().simple()).into();
        // When too many wait, the answer is the same no; the request is only not kept.
        if pending.len() < MAX_PENDING {
            let entry = Pending {
                approval_id: Arc::clone(&approval_id),
                decision_id: Arc::clone(&intent.id),
                requested_at: Arc::clone(&intent.time),
                tenant: Arc::clone(&intent.caller.tenant),
                agent: Arc::clone(&intent.caller.agent),
                tool: written.tool.as_ref().into(),
                action: written.action.as_ref().into(),
                destination: intent.destination.authority.to_string(),
                reasons: decision.reasons.clone(),
                attempts: 1,
            };
            pending.insert(digest, (Instant::now(), entry));
        }
        approval_id
    }

    /// Oldest first.
    pub(crate) fn list(&self) -> Vec<Pending> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.retain(|_, (since, _)| since.elapsed() < LIFETIME);
        let mut list: Vec<_> = pending.values().map(|(_, entry)| entry.clone()).collect();
        list.sort_by(|a, b| a.requested_at.cmp(&b.requested_at));
        list
    }
}

/// Two calls are identical when everything that an approval would let through is.
fn digest(judged: &Judged<'_>, content: &Content) -> [u8; 32] {
    let intent = judged.intent;
    let call = &intent.call;
    let destination = &intent.destination;
    let method = intent.http.as_ref().map_or("", |http| http.method.as_ref());
    let parts = serde_json::json!([
        intent.caller.tenant.as_ref(),
        intent.caller.agent.as_ref(),
        call.tool.as_ref(),
        call.action.as_ref(),
        call.parameters,
        method,
        destination.scheme.as_str(),
        destination.authority.to_string(),
        destination.path.as_ref(),
        content.query(),
        content.is_unread().then_some(intent.id.as_ref()),
    ]);
    let body = sha256(content.body());
    of_parts(|add| {
        add(parts.to_string().as_bytes());
        add(&body);
    })
}

impl Content {
    fn query(&self) -> Option<&str> {
        match self {
            Self::Parameters | Self::Unread => None,
            Self::Message { query, .. } => query.as_deref(),
        }
    }

    fn is_unread(&self) -> bool {
        matches!(self, Self::Unread)
    }

    fn body(&self) -> &[u8] {
        match self {
            Self::Parameters | Self::Unread | Self::Message { body: None, .. } => &[],
            Self::Message {
                body: Some(body), ..
            } => body,
        }
    }
}

const MAX_PENDING: usize = 10_000;
const LIFETIME: Duration = Duration::from_hours(24);
