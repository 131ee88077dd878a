//! Which policy is in force: swapped once, numbered, and said why if a newer one is not.
//!
//! Readers take the current snapshot without a lock. Only the source that is followed activates.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aegis_policy::{Evaluator, Fault, Snapshot};
use aegis_telemetry::metrics::Metrics;
use arc_swap::ArcSwapOption;
use serde::Serialize;
use tokio::sync::watch;

/// The policy in force and everything that waits for it to change.
#[derive(Debug)]
pub(crate) struct Activation {
    current: ArcSwapOption<Snapshot>,
    /// Of the snapshot in force; 0 while there is none.
    epoch: watch::Sender<u64>,
    /// Woken when the status says something else.
    reports: watch::Sender<()>,
    status: Mutex<ActivationStatus>,
    metrics: Arc<Metrics>,
}

/// What an operator asks: what is active, and why the last attempt failed, if it did.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct ActivationStatus {
    pub(crate) active: Option<String>,
    pub(crate) activated_at: Option<String>,
    /// What runs users' modules of the policy in force; `None` where it has none.
    pub(crate) modules: Option<&'static str>,
    /// The first thing in them that only the interpreter is trusted with, and where it is written.
    pub(crate) modules_why: Option<Arc<str>>,
    /// Of the policy in force, or of the one that has expired.
    pub(crate) bundle: Option<BundleStatus>,
    /// The bundle was in force until its time was over; everything is denied.
    pub(crate) expired: bool,
    pub(crate) last_error: Option<String>,
    /// Stable, of a bundle that was refused.
    pub(crate) last_error_code: Option<&'static str>,
}

/// What a bundle says of itself.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BundleStatus {
    /// As its publisher calls it.
    pub(crate) revision: String,
    pub(crate) number: u64,
    pub(crate) digest: String,
    /// `None`: signatures are not looked at.
    pub(crate) signed_by: Option<String>,
    pub(crate) issued_at: jiff::Timestamp,
    pub(crate) expires_at: Option<jiff::Timestamp>,
}

/// Why a policy was not activated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) code: Option<&'static str>,
    pub(crate) message: String,
}

impl Activation {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            current: ArcSwapOption::empty(),
            epoch: watch::Sender::new(0),
            reports: watch::Sender::new(()),
            status: Mutex::default(),
            metrics,
        }
    }

    /// The snapshot in force; `None` where there is none.
    pub(crate) fn current(&self) -> Option<Arc<Snapshot>> {
        self.current.load_full()
    }

    /// The snapshot in force, or why there is none.
    pub(crate) fn in_force(&self) -> Result<Arc<Snapshot>, Fault> {
        self.current().ok_or_else(|| {
            if self.status_now().expired {
                Fault::Expired
            } else {
                Fault::NoPolicy
            }
        })
    }

    /// Tells the epoch of the policy in force whenever another one is.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.epoch.subscribe()
    }

    /// Tells when the status says something else.
    pub(crate) fn reports(&self) -> watch::Receiver<()> {
        self.reports.subscribe()
    }

    pub(crate) fn status(&self) -> ActivationStatus {
        self.status_now().clone()
    }

    /// Puts a policy in force. Blocking: dropping the old one can take milliseconds.
    pub(crate) fn activate(&self, snapshot: Snapshot, bundle: Option<BundleStatus>) {
        let revision = snapshot.revision().clone();
        let epoch = snapshot.epoch();
        let modules = snapshot.modules();
        tracing::info!(%revision, modes = modes_in_words(&snapshot), "policy activated");
        if let Some(trouble) = snapshot.trouble() {
            tracing::warn!(%revision, %trouble, "a module of the policy fails");
        }
        let old = {
            // Whoever compares the status finds in place what it names.
            let mut status = self.status_now();
            *status = ActivationStatus {
                active: Some(revision.to_string()),
                activated_at: Some(aegis_telemetry::audit::now()),
                modules: modules.as_ref().map(Evaluator::as_str),
                modules_why: modules.and_then(Evaluator::into_why),
                bundle,
                ..ActivationStatus::default()
            };
            let old = self.current.swap(Some(Arc::new(snapshot)));
            // Waiters must find the new snapshot in place, and who reads the status that they were woken.
            self.epoch.send_replace(epoch);
            old
        };
        self.metrics.policy_loaded(revision.number);
        self.reports.send_replace(());
        drop(old);
    }

    /// The policy of this revision is over: everything is denied, unless another one has come meanwhile.
    pub(crate) fn expire(&self, revision: &str) {
        let old = {
            let mut status = self.status_now();
            if status.active.as_deref() != Some(revision) {
                return;
            }
            tracing::error!(revision, "the policy has expired, everything is denied");
            status.active = None;
            status.modules = None;
            status.modules_why = None;
            status.expired = true;
            let old = self.current.swap(None);
            self.epoch.send_replace(0);
            old
        };
        self.reports.send_replace(());
        drop(old);
    }

    /// What was looked at is in force already.
    pub(crate) fn confirm(&self) {
        let mut status = self.status_now();
        if status.last_error.take().is_some() {
            status.last_error_code = None;
            if let Some(active) = &status.active {
                tracing::info!(%active, "the policy is again what is in force");
            }
            self.reports.send_replace(());
        }
    }

    /// The policy in force, if any, stays; the status says why.
    pub(crate) fn reject(&self, rejection: Rejection) {
        let Rejection { code, message } = rejection;
        let mut status = self.status_now();
        if status.last_error.as_ref() == Some(&message) {
            return;
        }
        self.metrics.policy_rejected();
        let code_in_words = code.unwrap_or("policy");
        if let Some(active) = &status.active {
            tracing::error!(%active, code = code_in_words, "policy rejected, the last good one stays:\n{message}");
        } else {
            tracing::error!(
                code = code_in_words,
                "policy rejected, everything is denied:\n{message}"
            );
        }
        status.last_error = Some(message);
        status.last_error_code = code;
        self.reports.send_replace(());
    }

    fn status_now(&self) -> MutexGuard<'_, ActivationStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rejection {
    /// Of a policy that has nothing of a bundle.
    pub(crate) fn of(message: &impl ToString) -> Self {
        Self {
            code: None,
            message: message.to_string(),
        }
    }
}

/// `acme=enforce labs=shadow`: each tenant's mode, and its residency's where that differs.
pub(crate) fn modes_in_words(policy: &Snapshot) -> String {
    let words = policy
        .modes()
        .iter()
        .map(|(tenant, mode)| match mode.residency {
            residency if residency == mode.policy => format!("{tenant}={}", mode.policy),
            residency => format!("{tenant}={} (residency {residency})", mode.policy),
        });
    words.collect::<Vec<_>>().join(" ")
}
