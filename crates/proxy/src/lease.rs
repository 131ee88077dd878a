//! Permission that lasts: what is open is judged again when another policy comes into force.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aegis_policy::{Intent, Outcome};
use tokio::sync::watch;

use crate::activation::Activation;
use crate::drain::Drain;
use crate::relay::Cut;

/// The part of a grant that an open stream or tunnel holds on to.
pub(crate) struct Lease {
    activation: Arc<Activation>,
    changes: watch::Receiver<u64>,
    drain: Drain,
    intent: Arc<Intent>,
    outcome: Outcome,
}

impl Lease {
    pub(crate) fn new(
        activation: Arc<Activation>,
        drain: Drain,
        intent: Arc<Intent>,
        outcome: Outcome,
        revision: u64,
    ) -> Self {
        let mut changes = activation.changes();
        // Another policy may have come into force between the decision and now.
        if *changes.borrow_and_update() != revision {
            changes.mark_changed();
        }
        Self {
            activation,
            changes,
            drain,
            intent,
            outcome,
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

    async fn revoked(&mut self) {
        while self.changes.changed().await.is_ok() {
            if !self.still_allowed() {
                return;
            }
        }
        // The activation lives as long as the plane: nobody is left to revoke anything.
        std::future::pending::<()>().await;
    }

    /// A call that was forwarded as it was must not go on under a policy that would redact it.
    fn still_allowed(&self) -> bool {
        let Some(snapshot) = self.activation.current() else {
            return false;
        };
        match snapshot.decide(&self.intent).outcome {
            Outcome::Allow => true,
            Outcome::Sanitize => self.outcome == Outcome::Sanitize,
            Outcome::ApprovalNeeded | Outcome::Deny => false,
        }
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
            .field("id", &self.intent.id)
            .finish_non_exhaustive()
    }
}
