//! Which policy is in force: parse whole, compile whole, swap once, number it, keep the last good one.
//!
//! Readers take the current snapshot without a lock. Only one task activates.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aegis_policy::{Mode, Snapshot};
use aegis_telemetry::metrics::Metrics;
use arc_swap::ArcSwapOption;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio::time::{interval, sleep, timeout};

use crate::drain::Drain;
use crate::policy_directory;

/// The policy in force and everything that waits for it to change.
#[derive(Debug)]
pub(crate) struct Activation {
    current: ArcSwapOption<Snapshot>,
    number: watch::Sender<u64>,
    status: Mutex<ActivationStatus>,
    metrics: Arc<Metrics>,
}

/// What an operator asks: what is active, and why the last attempt failed, if it did.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct ActivationStatus {
    pub(crate) active: Option<String>,
    pub(crate) activated_at: Option<String>,
    pub(crate) last_error: Option<String>,
}

impl Activation {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        let number = watch::Sender::new(0);
        Self {
            current: ArcSwapOption::empty(),
            number,
            status: Mutex::default(),
            metrics,
        }
    }

    /// The snapshot in force; `None` before the first good one.
    pub(crate) fn current(&self) -> Option<Arc<Snapshot>> {
        self.current.load_full()
    }

    /// Tells when another snapshot comes into force.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.number.subscribe()
    }

    pub(crate) fn status(&self) -> ActivationStatus {
        self.status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the directory and activates what it holds, unless that is active already.
    /// Blocking: call it where blocking is allowed.
    fn load(&self, directory: &Path, mode: Mode) {
        let next = *self.number.borrow() + 1;
        let built = policy_directory::read(directory, mode)
            .map_err(|error| error.to_string())
            .and_then(|sources| {
                let active = self.current.load();
                if active
                    .as_ref()
                    .is_some_and(|active| active.revision().is_of(&sources))
                {
                    return Ok(None);
                }
                Snapshot::build(&sources, next)
                    .map(Some)
                    .map_err(|problems| problems.to_string())
            });
        match built {
            Ok(Some(snapshot)) => self.activate(snapshot),
            Ok(None) => self.note_good(),
            Err(error) => self.note_bad(error),
        }
    }

    fn activate(&self, snapshot: Snapshot) {
        let revision = snapshot.revision().clone();
        tracing::info!(%revision, modes = modes_in_words(&snapshot), "policy activated");
        let old = self.current.swap(Some(Arc::new(snapshot)));
        self.metrics.policy_loaded(revision.number);
        {
            let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
            status.active = Some(revision.to_string());
            status.activated_at = Some(aegis_telemetry::audit::now());
            status.last_error = None;
        }
        // Waiters are woken last: they must find the new snapshot in place.
        self.number.send_replace(revision.number);
        drop(old);
    }

    fn note_good(&self) {
        self.status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .last_error = None;
    }

    fn note_bad(&self, error: String) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        if status.last_error.as_ref() == Some(&error) {
            return;
        }
        self.metrics.policy_rejected();
        if let Some(active) = &status.active {
            tracing::error!(%active, "policy rejected, the last good one stays:\n{error}");
        } else {
            tracing::error!("policy rejected, everything is denied:\n{error}");
        }
        status.last_error = Some(error);
    }
}

/// Loads the directory again whenever it changes, until the drain begins.
pub(crate) async fn follow(store: Arc<Activation>, directory: PathBuf, mode: Mode, drain: Drain) {
    let (hint, mut hints) = mpsc::channel(1);
    let mut watcher = watcher(hint);
    if let Err(error) = watch_again(&mut watcher, &directory) {
        tracing::warn!(%error, "policy directory cannot be watched; it is read every few seconds instead");
    }
    // A watch can be lost (a directory replaced as a whole, a network file system), a look cannot.
    let mut look = interval(LOOK_AGAIN);
    look.tick().await;
    loop {
        tokio::select! {
            () = drain.begun() => return,
            _ = look.tick() => drop(watch_again(&mut watcher, &directory)),
            Some(()) = hints.recv() => settle(&mut hints).await,
        }
        load(&store, &directory, mode).await;
    }
}

pub(crate) async fn load(store: &Arc<Activation>, directory: &Path, mode: Mode) {
    let (store, directory) = (Arc::clone(store), directory.to_owned());
    // Compiling and dropping a large snapshot takes milliseconds: not on a thread that serves calls.
    if tokio::task::spawn_blocking(move || store.load(&directory, mode))
        .await
        .is_err()
    {
        tracing::error!("loading the policy failed unexpectedly; the last good one stays");
    }
}

/// Editors and Kubernetes write in several steps: wait until it has been quiet for a moment. Who
/// never stops writing is not waited for.
async fn settle(hints: &mut mpsc::Receiver<()>) {
    let quiet = async {
        while timeout(QUIET, hints.recv())
            .await
            .is_ok_and(|hint| hint.is_some())
        {
            sleep(QUIET / 10).await;
        }
    };
    // Either way it is time to look.
    let _ = timeout(LONGEST_WAIT, quiet).await;
}

fn watcher(hint: mpsc::Sender<()>) -> notify::Result<RecommendedWatcher> {
    notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let reading = event.as_ref().is_ok_and(|event| event.kind.is_access());
        if !reading {
            // Full means that a hint is waiting already.
            let _ = hint.try_send(());
        }
    })
}

/// Watches what the path means now: a directory that replaced another one has to be watched anew.
fn watch_again(
    watcher: &mut notify::Result<RecommendedWatcher>,
    directory: &Path,
) -> Result<(), String> {
    match watcher {
        Ok(watcher) => watcher
            .watch(directory, RecursiveMode::NonRecursive)
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
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

const LOOK_AGAIN: Duration = Duration::from_secs(5);
const QUIET: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
