//! Tells the control plane what is in force here, whenever it changes and once a minute (OPA's status API).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aegis_api::{BundleStatus, StatusReport};
use tokio::time::{sleep, timeout};

use super::{Errand, LONGEST_PAUSE, Link, backoff};
use crate::activation::{Activation, ActivationStatus};
use crate::drain::Drain;

pub(super) async fn follow(
    link: Arc<Link>,
    activation: Arc<Activation>,
    region: Arc<str>,
    drain: Drain,
) {
    tokio::select! {
        () = drain.begun() => {}
        () = report(&link, &activation, &region) => {}
    }
}

async fn report(link: &Link, activation: &Activation, region: &str) {
    let mut changes = activation.reports();
    let mut pauses = backoff();
    loop {
        changes.mark_unchanged();
        let report = words(link, activation.status(), region);
        let taken = link.client.report(&link.id, &report).await;
        match link.note(Errand::Report, taken) {
            Ok(()) => {
                pauses = backoff();
                // Either it is time, or something has changed.
                let _ = timeout(REGULARLY, changes.changed()).await;
            }
            Err(_) => sleep(pauses.next().unwrap_or(LONGEST_PAUSE)).await,
        }
    }
}

fn words(link: &Link, status: ActivationStatus, region: &str) -> StatusReport {
    let in_force = status.active.is_some();
    let revision = status.bundle.map(|bundle| bundle.revision);
    let bundle = BundleStatus {
        active_revision: revision.filter(|_| in_force).or(status.active),
        code: status
            .last_error
            .is_some()
            .then(|| status.last_error_code.unwrap_or("policy").to_owned()),
        message: status.last_error,
    };
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut labels = BTreeMap::from([
        label("id", &link.id),
        label("region", region),
        label("version", env!("CARGO_PKG_VERSION")),
    ]);
    labels.extend(status.modules.map(|runs| label("modules", runs)));
    StatusReport {
        labels,
        bundles: BTreeMap::from([("policy".to_owned(), bundle)]),
    }
}

const REGULARLY: Duration = Duration::from_mins(1);
