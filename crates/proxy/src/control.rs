//! The link to the control plane: bundles down, status and audit lines up. A link that is down stops nothing.

mod download;
mod report;
mod spool;
#[cfg(test)]
mod tests;
mod upload;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aegis_client::{Access, Client, ClientError, SetupError};
use aegis_config::Settings;
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use serde::Serialize;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::timeout;

use crate::activation::Activation;
use crate::drain::Drain;
use crate::policy_source::BundleReader;
use spool::Spool;

/// Shared by the tasks that talk to the control plane.
#[derive(Debug)]
pub(crate) struct Link {
    client: Client,
    /// What tells this data plane apart from others.
    id: Arc<str>,
    /// `None`: audit lines stay here.
    spool: Option<Arc<AsyncMutex<Spool>>>,
    status: Mutex<LinkStatus>,
}

/// What is asked of the control plane, each by a task of its own: that one goes well says nothing of
/// the others.
#[derive(Clone, Copy, Debug)]
enum Errand {
    Bundles,
    Report,
    Upload,
}

impl Errand {
    const fn name(self) -> &'static str {
        match self {
            Self::Bundles => "bundles",
            Self::Report => "status report",
            Self::Upload => "upload of the audit log",
        }
    }
}

/// What an operator asks about the link.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct LinkStatus {
    url: Arc<str>,
    /// The last time that it answered.
    last_contact_at: Option<String>,
    /// Why it did not give the next bundle when asked last.
    bundle_error: Option<String>,
    /// Why it did not take the last report of what is in force here.
    report_error: Option<String>,
    /// Why the last lines of the audit log were not taken, or what keeps them from being sent on this
    /// side: a full disk, say.
    upload_error: Option<String>,
    /// Bytes of the audit log that it has not confirmed; absent if none are sent.
    unconfirmed_bytes: Option<u64>,
    /// Lines that it refused for ever; they are in the audit log here.
    refused_lines: u64,
}

impl Link {
    /// `None` without a control plane.
    pub(crate) fn new(settings: &Settings) -> Result<Option<Arc<Self>>, SetupError> {
        let Some(control) = &settings.control else {
            return Ok(None);
        };
        let access = Access {
            url: control.url.to_string(),
            token: control
                .token
                .as_ref()
                .map(|token| token.reveal().to_owned()),
            ca_file: control.ca_file.clone(),
            client_certificate: control.client_certificate.clone(),
        };
        let status = LinkStatus {
            url: Arc::clone(&control.url),
            ..LinkStatus::default()
        };
        let spool = control
            .upload_decisions
            .then(|| Spool::new(&settings.audit.file, &settings.data_dir));
        Ok(Some(Arc::new(Self {
            client: Client::new(&access)?,
            id: Arc::clone(&control.id),
            spool: spool.map(|spool| Arc::new(AsyncMutex::new(spool))),
            status: Mutex::new(status),
        })))
    }

    pub(crate) fn status(&self) -> LinkStatus {
        self.status_now().clone()
    }

    /// Starts the tasks. They end with the drain.
    pub(crate) fn start(
        self: &Arc<Self>,
        settings: &Settings,
        bundles: Option<Arc<BundleReader>>,
        activation: &Arc<Activation>,
        drain: &Drain,
    ) {
        if let Some(reader) = bundles {
            let (link, to) = (Arc::clone(self), Arc::clone(activation));
            tokio::spawn(download::follow(link, reader, to, drain.clone()));
        }
        let (link, of) = (Arc::clone(self), Arc::clone(activation));
        tokio::spawn(report::follow(
            link,
            of,
            settings.region.clone(),
            drain.clone(),
        ));
        tokio::spawn(upload::follow(Arc::clone(self), drain.clone()));
    }

    /// Sends what the log has, as far as that is possible within this time; the rest goes after the
    /// next start.
    pub(crate) async fn flush(&self, time: Duration) {
        let _ = timeout(time, upload::send_rest(self)).await;
    }

    /// Says once that an errand fails, and once that it goes well again.
    fn note<T>(&self, errand: Errand, result: Result<T, ClientError>) -> Result<T, ClientError> {
        let mut status = self.status_now();
        let (url, name) = (Arc::clone(&status.url), errand.name());
        match &result {
            Ok(_) => {
                if status.error(errand).take().is_some() {
                    tracing::info!(
                        url = &*url,
                        errand = name,
                        "the control plane answers again"
                    );
                }
                status.last_contact_at = Some(aegis_telemetry::audit::now());
            }
            Err(error) => {
                let words = error.to_string();
                if status.error(errand).as_ref() != Some(&words) {
                    tracing::warn!(url = &*url, errand = name, "{words}; going on without it");
                }
                *status.error(errand) = Some(words);
            }
        }
        result
    }

    /// Says once that lines cannot be sent although the control plane would take them.
    fn hindered(&self, words: String) {
        let mut status = self.status_now();
        if status.upload_error.as_ref() != Some(&words) {
            tracing::error!("{words}");
        }
        status.upload_error = Some(words);
    }

    /// All that there is has been sent.
    fn unhindered(&self) {
        self.status_now().upload_error = None;
    }

    fn unconfirmed(&self, bytes: u64) {
        self.status_now().unconfirmed_bytes = Some(bytes);
    }

    /// A line that the control plane will never store.
    fn refused_line(&self, error: &ClientError) {
        tracing::error!("a line of the audit log is not stored by the control plane: {error}");
        self.status_now().refused_lines += 1;
    }

    fn status_now(&self) -> MutexGuard<'_, LinkStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LinkStatus {
    const fn error(&mut self, errand: Errand) -> &mut Option<String> {
        match errand {
            Errand::Bundles => &mut self.bundle_error,
            Errand::Report => &mut self.report_error,
            Errand::Upload => &mut self.upload_error,
        }
    }
}

/// Longer and longer, and never at the same moment as all others: also for whoever was understood
/// and refused, for all of them are when a role or a scope is taken away.
fn backoff() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(SHORTEST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .without_max_times()
        .build()
}

const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// Twice that with jitter.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
