//! Upstream connections that wait for another request. Never shared between tenants, never dials.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aegis_policy::{Authority, Scheme};
use hyper::client::conn::{http1, http2};
use tokio::time::Instant;

use crate::body::RequestBody;
use crate::route::Target;
use crate::upstream::Sender;

/// What makes two targets the same for reuse.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PoolKey {
    scheme: Scheme,
    authority: Authority,
    tenant: Arc<str>,
}

#[derive(Debug)]
pub(crate) struct Pool {
    kept: Mutex<HashMap<PoolKey, Kept>>,
    idle_time: Duration,
    idle_per_key: usize,
}

/// What is kept for one key: idle HTTP/1 connections, newest last, and one shared HTTP/2 connection.
#[derive(Debug, Default)]
struct Kept {
    idle: Vec<Idle>,
    shared: Option<Shared>,
}

#[derive(Debug)]
struct Idle {
    sender: http1::SendRequest<RequestBody>,
    address: Arc<str>,
    since: Instant,
}

#[derive(Debug)]
struct Shared {
    sender: http2::SendRequest<RequestBody>,
    address: Arc<str>,
    in_use: InUse,
    /// When it was first seen without a use.
    idle_since: Option<Instant>,
}

/// Held by each request on a shared connection until its answer is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct InUse(Arc<()>);

/// The connection of a request until its answer has been read.
#[derive(Debug)]
pub(crate) enum Keep {
    /// Goes back to the pool then.
    Http1 {
        pool: Arc<Pool>,
        key: PoolKey,
        sender: http1::SendRequest<RequestBody>,
        address: Arc<str>,
    },
    /// Is there all the time.
    Http2(InUse),
}

impl PoolKey {
    pub(crate) fn of(target: &Target) -> Self {
        Self {
            scheme: target.scheme(),
            authority: target.authority().clone(),
            tenant: Arc::clone(target.tenant()),
        }
    }
}

impl Pool {
    pub(crate) fn new(idle_time: Duration, idle_per_key: usize) -> Self {
        Self {
            kept: Mutex::default(),
            idle_time,
            idle_per_key,
        }
    }

    /// A connection that can take a request at once, if one is kept.
    pub(crate) fn take(&self, key: &PoolKey) -> Option<(Sender, Arc<str>)> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get_mut(key)?;
        if let Some(shared) = &mut kept.shared {
            if !shared.sender.is_closed() {
                shared.idle_since = None;
                let sender = Sender::Http2(shared.sender.clone(), shared.in_use.clone());
                return Some((sender, Arc::clone(&shared.address)));
            }
            kept.shared = None;
        }
        // The newest is the least likely to have been closed by the other side.
        let ready = kept.idle.iter().rposition(|idle| idle.sender.is_ready())?;
        let idle = kept.idle.remove(ready);
        (idle.since.elapsed() < self.idle_time)
            .then_some((Sender::Http1(idle.sender), idle.address))
    }

    fn keep(&self, key: PoolKey, sender: http1::SendRequest<RequestBody>, address: Arc<str>) {
        if sender.is_closed() {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = &mut kept.entry(key).or_default().idle;
        idle.retain(|idle| !idle.sender.is_closed());
        if idle.len() < self.idle_per_key {
            idle.push(Idle {
                sender,
                address,
                since: Instant::now(),
            });
        }
    }

    /// Lets later requests use the HTTP/2 connection of `in_use` at the same time.
    pub(crate) fn share(
        &self,
        key: PoolKey,
        sender: http2::SendRequest<RequestBody>,
        address: Arc<str>,
        in_use: InUse,
    ) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entry(key).or_default().shared = Some(Shared {
            sender,
            address,
            in_use,
            idle_since: None,
        });
    }

    /// Closes what has waited too long or was closed by the other side.
    pub(crate) fn sweep(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, kept| {
            kept.idle
                .retain(|idle| !idle.sender.is_closed() && idle.since.elapsed() < self.idle_time);
            kept.shared.take_if(|shared| {
                shared.sender.is_closed() || shared.idle_time() >= self.idle_time
            });
            !kept.idle.is_empty() || kept.shared.is_some()
        });
    }

    /// Sweeps twice in an idle time, for as long as anybody else holds the pool.
    pub(crate) async fn sweep_regularly(pool: std::sync::Weak<Self>) {
        while let Some(idle_time) = pool.upgrade().map(|pool| pool.idle_time) {
            tokio::time::sleep(idle_time / 2).await;
            if let Some(pool) = pool.upgrade() {
                pool.sweep();
            }
        }
    }
}

impl Shared {
    /// Since the first look that found it without a use.
    fn idle_time(&mut self) -> Duration {
        if self.in_use.is_anybodys() {
            self.idle_since = None;
            return Duration::ZERO;
        }
        let since = self.idle_since.get_or_insert_with(Instant::now);
        since.elapsed()
    }
}

impl InUse {
    /// Beside the pool's own.
    fn is_anybodys(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl Keep {
    /// The answer has been read to its end.
    pub(crate) fn back_to_pool(self) {
        match self {
            Self::Http1 {
                pool,
                key,
                sender,
                address,
            } => pool.keep(key, sender, address),
            Self::Http2(in_use) => drop(in_use),
        }
    }
}

#[cfg(test)]
mod tests;
