//! Looks after what is in force: shows what other processes have changed, and issues bundles anew before they expire. Publishes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aegis_api::Action;
use aegis_bundle::CLOCK_SKEW;
use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior};

use crate::board::Offer;
use crate::compile;
use crate::error::Fault;
use crate::issue::{Issue, issue};
use crate::plane::Plane;
use crate::settings::OURSELVES;
use crate::store::{NewChange, StoreError};

/// Until the control plane stops.
pub(crate) async fn keep(plane: Arc<Plane>) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut not_before = Instant::now();
    let mut outage = Outage::default();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = plane.stopping.cancelled() => return,
        }
        let refreshed = plane.board.refresh(&plane.store).await;
        if outage.turns(refreshed.is_err()) {
            tell(&refreshed);
        }
        // The next look may be better.
        if refreshed.is_err() || Instant::now() < not_before {
            continue;
        }
        // What has failed, such as sources that do not compile for a new scope, fails again.
        if !renew(&plane).await {
            not_before = Instant::now() + PAUSE;
        }
    }
}

/// Issues anew whatever in force is past half of its life or from the future, signed with another key
/// than the newest, or missing in a scope. Whether all of that was possible.
pub(crate) async fn renew(plane: &Plane) -> bool {
    if due(plane, Timestamp::now()).is_empty() {
        return true;
    }
    let _turn = plane.writing.lock().await;
    let mut is_done = true;
    // Somebody may have changed it while this waited for its turn.
    for (what, due) in due(plane, Timestamp::now()) {
        match renew_publication(plane, what, &due).await {
            // Another process was faster; the next look shows what is left to do.
            Ok(()) | Err(Fault::Busy) => {}
            Err(fault) => {
                is_done = false;
                complain(plane, what.publication, &due, &fault);
            }
        }
    }
    is_done
}

/// Whether the database could not be read at the last look.
#[derive(Debug, Default)]
struct Outage(bool);

impl Outage {
    /// Whether it begins or ends with this look: that is told, and not each look.
    fn turns(&mut self, is_out: bool) -> bool {
        std::mem::replace(&mut self.0, is_out) != is_out
    }
}

fn tell(refreshed: &Result<(), StoreError>) {
    match refreshed {
        Ok(()) => tracing::info!("the database can be read again"),
        Err(error) => {
            tracing::warn!(%error, "the database cannot be read; bundles are served from memory");
        }
    }
}

fn complain(plane: &Plane, publication: u64, due: &Due, fault: &Fault) {
    let (code, detail) = (fault.code(), fault.detail());
    let why = format!("publication {publication} cannot be issued anew: {code}: {detail}");
    tracing::error!("{why}");
    for scope in due.keys() {
        plane.board.complain(scope, &why);
    }
}

async fn renew_publication(plane: &Plane, what: What, due: &Due) -> Result<(), Fault> {
    let after = plane.store.generation().await?;
    let mut packages = plane.store.packages(what.publication).await?;
    let mut fresh = BTreeMap::new();
    if what.is_missing {
        let found = plane.store.publication(what.publication).await?;
        let (_, sources) = found.ok_or(Fault::NoPublication)?;
        let stored: BTreeSet<String> = packages.into_keys().collect();
        packages = compile::packages(plane, what.publication, &sources).await?;
        fresh.clone_from(&packages);
        fresh.retain(|scope, _| !stored.contains(scope) && due.contains_key(scope));
    }
    packages.retain(|scope, _| due.contains_key(scope));
    let reasons: BTreeSet<&str> = due.values().copied().collect();
    let change = NewChange {
        after,
        action: Action::Renew,
        publication: what.publication,
        author: OURSELVES.to_owned(),
        reason: reasons.into_iter().collect::<Vec<_>>().join("; "),
        rollout: None,
        diff: None,
        at: Timestamp::now(),
    };
    let work = Issue {
        change,
        publication: None,
        fresh,
        packages,
        above: 0,
    };
    issue(plane, work).await
}

/// New scopes are apart: that the sources do not compile for one must not age the others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct What {
    publication: u64,
    is_missing: bool,
}

/// Reasons by scope.
type Due = BTreeMap<String, &'static str>;

/// What has to be issued anew.
fn due(plane: &Plane, now: Timestamp) -> BTreeMap<What, Due> {
    let mut found: BTreeMap<What, Due> = BTreeMap::new();
    let key = plane.keys.signer(now).map(|signer| signer.id());
    for (scope, _) in plane.board.scopes() {
        let Some(offers) = plane.board.offers(scope) else {
            continue;
        };
        let mut add = |publication, is_missing, reason| {
            let what = What {
                publication,
                is_missing,
            };
            let due = found.entry(what).or_default();
            due.insert(scope.to_owned(), reason);
        };
        for offer in [&offers.released, &offers.canary].into_iter().flatten() {
            if let Some(reason) = aged(offer, key, now) {
                add(offer.publication, false, reason);
            }
        }
        for publication in &offers.missing {
            add(*publication, true, "the scope is new");
        }
    }
    found
}

fn aged(offer: &Offer, key: Option<&str>, now: Timestamp) -> Option<&'static str> {
    let life = offer.expires_at.duration_since(offer.issued_at);
    if key != Some(offer.key.as_str()) {
        return Some("a newer key signs");
    }
    let age = now.duration_since(offer.issued_at);
    // Nobody takes it before its time, nor anything older in its place.
    if age < -CLOCK_SKEW {
        return Some("it was issued by a clock that was ahead");
    }
    (age > life / 2).then_some("half of its life has passed")
}

/// Also how late another process's change may be shown here.
const PERIOD: Duration = Duration::from_millis(250);
const PAUSE: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_an_outage_and_its_end_are_told_once_each() {
        let mut outage = Outage::default();
        let looks = [false, false, true, true, true, false, false, true];
        let told = looks.map(|is_out| outage.turns(is_out));
        assert_eq!(told, [false, false, true, false, false, true, false, true]);
    }
}
