//! Deletes audit lines that are older than they may become. Nothing else is ever deleted.
//!
//! What is deleted by a clock that is ahead does not come back. So one clock alone deletes nothing: lines
//! are old by the newest time on which this clock and that of a data plane agreed as its lines came.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::MissedTickBehavior;

use crate::plane::Plane;
use crate::store::{StoreError, time_text};

/// Until the control plane stops; at once if lines are kept for ever.
pub(crate) async fn enforce(plane: Arc<Plane>) {
    let Some(keep) = plane.audit_keep else {
        return;
    };
    let keep = SignedDuration::try_from(keep).unwrap_or(SignedDuration::MAX);
    let mut looks = tokio::time::interval(PERIOD);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = plane.stopping.cancelled() => return,
        }
        match delete(&plane, keep).await {
            Ok(0) => {}
            Ok(lines) => tracing::info!(lines, "old audit lines are deleted"),
            Err(error) => tracing::warn!(%error, "old audit lines cannot be deleted"),
        }
    }
}

/// In batches, so that nobody who writes waits long. How many are gone.
async fn delete(plane: &Plane, keep: SignedDuration) -> Result<u64, StoreError> {
    let Some(agreed) = plane.store.agreed_time().await? else {
        return Ok(0);
    };
    // A clock that has been put back since is believed at once.
    let now = agreed.min(Timestamp::now());
    let horizon = time_text(now.checked_sub(keep).unwrap_or(Timestamp::MIN));
    let mut gone = 0;
    while !plane.stopping.is_cancelled() {
        let deleted = plane.store.delete_lines(&horizon, BATCH).await?;
        gone += deleted;
        if deleted < u64::from(BATCH) {
            break;
        }
    }
    Ok(gone)
}

const PERIOD: Duration = Duration::from_mins(10);

/// Few enough that each is a parameter of one statement on every database.
const BATCH: u32 = 500;
