//! Calls that wait for a human, in memory. A call that is asked for again is the same pending request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aegis_policy::{Decision, Intent, Reason};
use serde::Serialize;
use uuid::Uuid;

use crate::identity::sha256;

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

#[derive(Debug, Default)]
pub(crate) struct Approvals {
    pending: Mutex<HashMap<[u8; 32], (Instant, Pending)>>,
}

impl Approvals {
    /// The id under which the call waits: a new one, or that of the identical call before it.
    pub(crate) fn pend(&self, intent: &Intent, decision: &Decision) -> Arc<str> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = digest(intent);
        if let Some((_, known)) = pending.get_mut(&digest) {
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
                tool: Arc::clone(&intent.call.tool),
                action: Arc::clone(&intent.call.action),
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

/// Two calls are identical when everything that was judged of them is.
fn digest(intent: &Intent) -> [u8; 32] {
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
    ]);
    sha256(parts.to_string().as_bytes())
}

const MAX_PENDING: usize = 10_000;
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
