//! Looks after what is in force: shows what other processes have changed, and issues bundles anew before they expire. Publishes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aegis_api::Action;
use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior};

use crate::board::Offer;
use crate::compiler::Package;
use crate::error::Fault;
use crate::issue::{Issue, issue};
use crate::plane::Plane;
use crate::publish;
use crate::settings::OURSELVES;
use crate::store::{NewChange, StoreError};

/// Until the control plane stops.
pub(crate) async fn keep(plane: Arc<Plane>) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut not_before = Instant::now();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = plane.stopping.cancelled() => return,
        }
        let is_done = match plane.board.refresh(&plane.store).await {
            Ok(()) if Instant::now() < not_before => continue,
            Ok(()) => renew(&plane).await,
            Err(error) => unreadable(&error),
        };
        // What has failed, such as sources that do not compile for a new scope, fails again.
        if !is_done {
            not_before = Instant::now() + PAUSE;
        }
    }
}

/// Issues anew whatever in force is past half of its life, signed with another key than the newest,
/// or missing in a scope. Whether all of that was possible.
pub(crate) async fn renew(plane: &Plane) -> bool {
    if due(plane, Timestamp::now()).is_empty() {
        return true;
    }
    let _turn = plane.writing.lock().await;
    let mut is_done = true;
    // Somebody may have changed it while this waited for its turn.
    for (publication, due) in due(plane, Timestamp::now()) {
        if let Err(fault) = renew_publication(plane, publication, &due).await {
            is_done = false;
            complain(plane, publication, &due, &fault);
        }
    }
    is_done
}

/// Nothing has to be done about it: the next look may be better.
fn unreadable(error: &StoreError) -> bool {
    tracing::warn!(%error, "the database cannot be read; bundles are served from memory");
    true
}

fn complain(plane: &Plane, publication: u64, due: &Due, fault: &Fault) {
    let (code, detail) = (fault.code(), fault.detail());
    let why = format!("publication {publication} cannot be issued anew: {code}: {detail}");
    tracing::error!("{why}");
    for scope in due.keys() {
        plane.board.complain(scope, &why);
    }
}

async fn renew_publication(plane: &Plane, number: u64, due: &Due) -> Result<(), Fault> {
    let found = plane.store.publication(number).await?;
    let (_, sources) = found.ok_or(Fault::NoPublication)?;
    let stored = plane.store.packages(number).await?;
    let mut packages = publish::packages(plane, number, &sources).await?;
    packages.retain(|scope, _| due.contains_key(scope.as_str()));
    let is_fresh = |(scope, _): &(&String, &Package)| !stored.contains_key(*scope);
    let fresh = packages.iter().filter(is_fresh);
    let fresh = fresh
        .map(|(scope, package)| (scope.clone(), package.clone()))
        .collect();
    let reasons: BTreeSet<&str> = due.values().copied().collect();
    let change = NewChange {
        action: Action::Renew,
        publication: number,
        author: OURSELVES.to_owned(),
        reason: reasons.into_iter().collect::<Vec<_>>().join("; "),
        rollout: None,
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

/// Reasons by scope.
type Due = BTreeMap<String, &'static str>;

/// What has to be issued anew, by publication.
fn due(plane: &Plane, now: Timestamp) -> BTreeMap<u64, Due> {
    let mut found: BTreeMap<u64, Due> = BTreeMap::new();
    let key = plane.keys.signer(now).map(|signer| signer.id());
    for (scope, _) in plane.board.scopes() {
        let Some(offers) = plane.board.offers(scope) else {
            continue;
        };
        let served = [&offers.released, &offers.canary].into_iter().flatten();
        let aged = served.filter_map(|offer| Some((offer.publication, aged(offer, key, now)?)));
        let missing = offers
            .missing
            .iter()
            .map(|number| (*number, "the scope is new"));
        for (publication, reason) in aged.chain(missing) {
            let due = found.entry(publication).or_default();
            due.insert(scope.to_owned(), reason);
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
    (age > life / 2).then_some("half of its life has passed")
}

/// Also how late another process's change may be shown here.
const PERIOD: Duration = Duration::from_millis(250);
const PAUSE: Duration = Duration::from_mins(1);
