//! Takes a bundle out of force when its time is over, and back in when only the clock was wrong. Reads no bundle.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::interval;

use super::{BundleReader, blocking};
use crate::activation::Activation;
use crate::drain::Drain;

/// A bundle whose time is over must not decide, however long its successor is kept away.
pub(super) async fn follow(reader: Arc<BundleReader>, activation: Arc<Activation>, drain: Drain) {
    let mut ticks = interval(CHECK);
    loop {
        tokio::select! {
            () = drain.begun() => return,
            _ = ticks.tick() => {}
        }
        let status = activation.status();
        let Some(end) = status.bundle.and_then(|bundle| bundle.expires_at) else {
            continue;
        };
        let is_over = end <= reader.now();
        let (reader, activation) = (Arc::clone(&reader), Arc::clone(&activation));
        blocking(move || match status.active {
            Some(active) if is_over => activation.expire(&active),
            None if status.expired && !is_over => reader.resume(&activation),
            _ => {}
        })
        .await;
    }
}

const CHECK: Duration = Duration::from_secs(1);
