//! Asks for the next bundle and waits for it (OPA's bundle API, long polling); offers it to the policy source.

use std::sync::Arc;
use std::time::Duration;

use aegis_client::Fetched;
use tokio::time::{Instant, sleep};

use super::{Errand, LONGEST_PAUSE, Link, backoff};
use crate::activation::Activation;
use crate::drain::Drain;
use crate::policy_source::{BundleReader, Offered, blocking};

pub(super) async fn follow(
    link: Arc<Link>,
    reader: Arc<BundleReader>,
    activation: Arc<Activation>,
    drain: Drain,
) {
    tokio::select! {
        () = drain.begun() => {}
        () = poll(&link, &reader, &activation) => {}
    }
}

async fn poll(link: &Link, reader: &Arc<BundleReader>, activation: &Arc<Activation>) {
    let scope = reader.scope();
    // What is on disk need not be sent again.
    let mut etag = last_good_etag(reader, activation).await;
    let mut pauses = backoff();
    let mut wait = WAIT;
    loop {
        let asked = Instant::now();
        let fetched = link
            .client
            .bundle(&scope, &link.id, etag.as_deref(), wait)
            .await;
        match link.note(Errand::Bundles, fetched) {
            Ok(Fetched::Unchanged) => {
                pauses = backoff();
                if wait.is_zero() {
                    wait = WAIT;
                    continue;
                }
                // Somebody answered without waiting: an ordinary server of files.
                if asked.elapsed() < WAIT / 2 {
                    sleep(POLL).await;
                }
            }
            Ok(Fetched::New { archive, etag: new }) => {
                wait = WAIT;
                let offered = offer(reader, archive, activation).await;
                if offered == Some(Offered::Settled) && new.is_some() {
                    etag = new;
                    pauses = backoff();
                } else {
                    // The disk was full, or a clock is wrong: it may be good the next time.
                    etag = None;
                    sleep(pauses.next().unwrap_or(LONGEST_PAUSE)).await;
                }
            }
            Err(_) => {
                // That all is well again should be known before there is something new.
                wait = Duration::ZERO;
                sleep(pauses.next().unwrap_or(LONGEST_PAUSE)).await;
            }
        }
    }
}

async fn last_good_etag(
    reader: &Arc<BundleReader>,
    activation: &Arc<Activation>,
) -> Option<String> {
    let (reader, activation) = (Arc::clone(reader), Arc::clone(activation));
    let etag = blocking(move || reader.last_good_etag(&activation)).await;
    etag.flatten()
}

async fn offer(
    reader: &Arc<BundleReader>,
    archive: bytes::Bytes,
    activation: &Arc<Activation>,
) -> Option<Offered> {
    let (reader, activation) = (Arc::clone(reader), Arc::clone(activation));
    blocking(move || reader.offer(&archive, &activation)).await
}

/// Below the minute after which many middleboxes close a silent connection.
const WAIT: Duration = Duration::from_secs(50);

/// Between two questions to a server that does not wait.
const POLL: Duration = Duration::from_secs(10);
