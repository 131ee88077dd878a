//! What this data plane remembers of calls between agents, by trace: the second witness. It proves nothing to others.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One call that was let through to where an agent may be, whether or not it arrived.
#[derive(Debug)]
pub(super) struct Hop {
    /// Under which the called one was asked.
    pub(super) span: [u8; 8],
    /// By its name in the catalogue.
    pub(super) to: Arc<str>,
    /// From the first on, with the one that called.
    pub(super) agents: Arc<[Arc<str>]>,
}

/// Bounded for each tenant, so that none makes another's forgotten.
#[derive(Debug, Default)]
pub(super) struct Witness {
    tenants: Mutex<HashMap<Arc<str>, Traces>>,
    /// Nearly all calls come where no agents call one another, and need no lock to learn that.
    has_seen: AtomicBool,
}

#[derive(Debug, Default)]
struct Traces {
    hops: HashMap<TraceId, VecDeque<Hop>>,
    /// In the order of their first hops.
    begun: VecDeque<(Instant, TraceId)>,
    bytes: usize,
}

type TraceId = [u8; 16];

impl Witness {
    pub(super) fn note(&self, tenant: &Arc<str>, trace: TraceId, hop: Hop) {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let traces = tenants.entry(Arc::clone(tenant)).or_default();
        traces.note(trace, hop, Instant::now());
        self.has_seen.store(true, Ordering::Relaxed);
    }

    /// The longest chain that led to this agent in this trace: it was called under the span that it
    /// names as its parent, or by its name. Whoever else is in the trace may be called by nobody
    /// that was seen, so nothing is made of it.
    pub(super) fn find(
        &self,
        tenant: &Arc<str>,
        trace: TraceId,
        parent: [u8; 8],
        agent: &Arc<str>,
    ) -> Option<Arc<[Arc<str>]>> {
        if !self.has_seen.load(Ordering::Relaxed) {
            return None;
        }
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let traces = tenants.get_mut(tenant)?;
        traces.forget(Instant::now());
        let hops = traces.hops.get(&trace)?.iter();
        let led = hops.filter(|hop| hop.span == parent || hop.to == *agent);
        let longest = led.max_by_key(|hop| hop.agents.len())?;
        Some(Arc::clone(&longest.agents))
    }
}

impl Traces {
    fn note(&mut self, trace: TraceId, hop: Hop, now: Instant) {
        self.forget(now);
        if !self.hops.contains_key(&trace) {
            if self.begun.len() >= MOST_TRACES {
                self.forget_first();
            }
            self.begun.push_back((now, trace));
        }
        let hops = self.hops.entry(trace).or_default();
        if hops.len() >= MOST_HOPS {
            let oldest = hops.pop_front();
            self.bytes -= oldest.as_ref().map_or(0, Hop::bytes);
        }
        self.bytes += hop.bytes();
        hops.push_back(hop);
        while self.bytes > MOST_BYTES {
            self.forget_first();
        }
    }

    fn forget(&mut self, now: Instant) {
        let is_old = |(begun, _): &(Instant, TraceId)| now.duration_since(*begun) > LIFE;
        while self.begun.front().is_some_and(is_old) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        let begun = self.begun.pop_front();
        let hops = begun.and_then(|(_, trace)| self.hops.remove(&trace));
        let hops = hops.unwrap_or_default();
        self.bytes -= hops.iter().map(Hop::bytes).sum::<usize>();
    }
}

impl Hop {
    /// Names come in tokens, and no two tokens share theirs.
    fn bytes(&self) -> usize {
        let names = self.agents.iter().map(|name| name.len() + OF_NAME);
        size_of::<Self>() + self.to.len() + OF_NAME + names.sum::<usize>()
    }
}

/// Of one tenant.
const MOST_TRACES: usize = 4_096;
/// Of one trace; a chain has no more than 16, but an agent may call many.
const MOST_HOPS: usize = 64;
/// Of all hops of one tenant, whose names are of any length.
const MOST_BYTES: usize = 16 << 20;
/// The pointer to a name, and its counts.
const OF_NAME: usize = 32;
/// Since the first hop of a trace.
const LIFE: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests;
