//! Permission that lasts: what is open is judged again when another policy comes into force.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use aegis_dlp::Scanner;
use aegis_policy::{AnswerEffect, AnswerRules, Decision, Intent, Outcome, Phase, Snapshot};
use tokio::sync::watch;

use crate::activation::Activation;
use crate::drain::Drain;
use crate::relay::Cut;

/// The part of a grant that an open stream or tunnel holds on to.
pub(crate) struct Lease {
    terms: Arc<Terms>,
    changes: watch::Receiver<u64>,
    drain: Drain,
}

/// What was allowed, and must still be: each message of a batch by itself.
struct Terms {
    activation: Arc<Activation>,
    first: Permit,
    more: Vec<Permit>,
}

/// One call, and what was decided of it.
pub(crate) struct Permit {
    pub(crate) intent: Arc<Intent>,
    pub(crate) granted: Decision,
    /// Of the policy that decided.
    pub(crate) scanner: Arc<Scanner>,
}

/// The leases of the answers that one connection carries. An answer whose client has stopped
/// reading is not asked for more, so it never learns that it should end: the connection must.
#[derive(Clone, Default)]
pub(crate) struct Carried(Arc<Mutex<Vec<Weak<Terms>>>>);

impl Lease {
    pub(crate) fn new(
        activation: Arc<Activation>,
        drain: Drain,
        first: Permit,
        more: Vec<Permit>,
        epoch: u64,
    ) -> Self {
        let mut changes = activation.changes();
        // Another policy may have come into force between the decision and now.
        if *changes.borrow_and_update() != epoch {
            changes.mark_changed();
        }
        Self {
            terms: Arc::new(Terms {
                activation,
                first,
                more,
            }),
            changes,
            drain,
        }
    }

    /// Resolves when what is open must be closed.
    pub(crate) async fn ended(&mut self) -> Cut {
        let drain = self.drain.clone();
        tokio::select! {
            biased;
            () = drain.over() => Cut::Drained,
            () = self.revoked() => Cut::Revoked,
        }
    }

    /// Whether it must be closed by now, without waiting.
    pub(crate) async fn has_ended(&mut self) -> Option<Cut> {
        tokio::select! {
            biased;
            cut = self.ended() => Some(cut),
            () = std::future::ready(()) => None,
        }
    }

    /// Resolves when policy no longer allows what is open.
    pub(crate) async fn revoked(&mut self) {
        while self.changes.changed().await.is_ok() {
            if !self.terms.hold() {
                return;
            }
        }
        // The activation lives as long as the plane: nobody is left to revoke anything.
        std::future::pending::<()>().await;
    }
}

impl Terms {
    fn hold(&self) -> bool {
        let Some(snapshot) = self.activation.current() else {
            return false;
        };
        let mut permits = std::iter::once(&self.first).chain(&self.more);
        permits.all(|permit| permit.holds(&snapshot))
    }
}

impl Permit {
    /// Whether the policy in force lets the call go as it went: with no more redacted than was, also in
    /// its answer, and with bytes unseen only where they still may be.
    fn holds(&self, snapshot: &Snapshot) -> bool {
        let now = snapshot.decide(&self.intent.under(snapshot.catalogue()));
        let (asked, met) = (&now.obligations, &self.granted.obligations);
        let forwards = match now.outcome {
            Outcome::Allow => true,
            Outcome::Sanitize => {
                self.granted.outcome == Outcome::Sanitize
                    && asked.redact.iter().all(|part| met.redact.contains(part))
            }
            Outcome::ApprovalNeeded | Outcome::Deny => false,
        };
        // A tunnel has no answer of its own: what is asked within is judged by itself.
        let searched = self.intent.phase == Phase::Connect
            || match (&asked.answers, &met.answers) {
                (None, _) => true,
                (Some(asked), Some(met)) => met.cover(asked) && self.finds(asked, snapshot),
                (Some(_), None) => false,
            };
        forwards && searched && (asked.passthrough || !met.passthrough)
    }

    /// Whether the answer is searched for all that these rules are about.
    fn finds(&self, asked: &AnswerRules, snapshot: &Snapshot) -> bool {
        let mut missed = snapshot.scanner().beyond(&self.scanner);
        missed.all(|kind| asked.on(kind) == AnswerEffect::Allow)
    }
}

impl Carried {
    pub(crate) fn add(&self, lease: &Lease) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|terms| terms.strong_count() > 0);
        open.push(Arc::downgrade(&lease.terms));
    }

    /// Resolves when an answer is still open some seconds after policy stopped allowing it.
    pub(crate) async fn overdue(&self, mut changes: watch::Receiver<u64>) {
        while changes.changed().await.is_ok() {
            tokio::time::sleep(PATIENCE).await;
            if self.has_broken_terms() {
                return;
            }
        }
        std::future::pending::<()>().await;
    }

    fn has_broken_terms(&self) -> bool {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.iter()
            .filter_map(Weak::upgrade)
            .any(|terms| !terms.hold())
    }
}

/// A lease that a body polls. The waiting costs an allocation, so it begins when there is something to wait for.
pub(crate) enum Stop {
    Idle(Option<Lease>),
    Waiting(Pin<Box<dyn Future<Output = Cut> + Send + Sync>>),
}

impl Stop {
    pub(crate) fn new(lease: Lease) -> Self {
        Self::Idle(Some(lease))
    }

    /// Whether there is something new to judge, without waiting.
    pub(crate) fn is_stale(&self) -> bool {
        match self {
            Self::Idle(Some(lease)) => {
                lease.changes.has_changed().unwrap_or(true) || lease.drain.has_begun()
            }
            Self::Idle(None) => false,
            Self::Waiting(_) => true,
        }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Cut> {
        if let Self::Idle(lease) = self
            && let Some(mut lease) = lease.take()
        {
            *self = Self::Waiting(Box::pin(async move { lease.ended().await }));
        }
        match self {
            Self::Waiting(ended) => ended.as_mut().poll(cx),
            Self::Idle(_) => Poll::Pending,
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("id", &self.terms.first.intent.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carried").finish_non_exhaustive()
    }
}

/// For a client to take what is left; what is no longer allowed is closed within ten seconds.
const PATIENCE: Duration = Duration::from_secs(5);
