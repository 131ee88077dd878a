//! Deletes what is older than it may become: audit lines, reports and refused accesses. Nothing else is ever deleted.
//!
//! What is deleted by a clock that is ahead does not come back. So one clock alone deletes no line: lines
//! are old by the newest time on which this clock and that of a data plane agreed as its lines came.
//! Reports and refused accesses are dated by this clock alone, and get old by it.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::MissedTickBehavior;

use crate::plane::Plane;
use crate::store::{StoreError, time_text};

/// Until the control plane stops; at once if everything is kept for ever.
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
        for kind in [Kind::Lines, Kind::Reports, Kind::Refused] {
            let deleted = kind.delete(&plane, keep).await;
            tell(kind.as_str(), &deleted);
        }
    }
}

/// What gets old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Lines,
    Reports,
    Refused,
}

impl Kind {
    /// In batches, so that nobody who writes waits long. How many are gone.
    async fn delete(self, plane: &Plane, keep: SignedDuration) -> Result<u64, StoreError> {
        let Some(now) = self.now(plane).await? else {
            return Ok(0);
        };
        let horizon = time_text(now.checked_sub(keep).unwrap_or(Timestamp::MIN));
        let mut gone = 0;
        while !plane.stopping.is_cancelled() {
            let deleted = match self {
                Self::Lines => plane.store.delete_lines(&horizon, BATCH).await?,
                Self::Reports => plane.store.delete_reports(&horizon, BATCH).await?,
                Self::Refused => plane.store.delete_refused(&horizon, BATCH).await?,
            };
            gone += deleted;
            if deleted < u64::from(BATCH) {
                break;
            }
        }
        Ok(gone)
    }

    /// `None` where the time is not known, and nothing gets old.
    async fn now(self, plane: &Plane) -> Result<Option<Timestamp>, StoreError> {
        let now = Timestamp::now();
        Ok(match self {
            // A clock that has been put back since is believed at once.
            Self::Lines => plane.store.agreed_time().await?.map(|it| it.min(now)),
            Self::Reports | Self::Refused => Some(now),
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Lines => "audit lines",
            Self::Reports => "reports of data planes",
            Self::Refused => "refused accesses",
        }
    }
}

fn tell(what: &str, deleted: &Result<u64, StoreError>) {
    match deleted {
        Ok(0) => {}
        Ok(rows) => tracing::info!(rows, "old {what} are deleted"),
        Err(error) => tracing::warn!(%error, "old {what} cannot be deleted"),
    }
}

const PERIOD: Duration = Duration::from_mins(10);

/// Few enough that each is a parameter of one statement on every database.
const BATCH: u32 = 500;
