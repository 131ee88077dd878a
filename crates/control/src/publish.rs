//! Publish, promote, roll back: what must be true before a change is issued. Knows no HTTP.

use std::collections::{BTreeMap, BTreeSet};

use aegis_api::{Action, Promotion, Publish, Rollback, Rollout, SourceFile};
use jiff::Timestamp;

use crate::board::InForce;
use crate::compile;
use crate::error::Fault;
use crate::issue::{Issue, issue};
use crate::plane::Plane;
use crate::rollout;
use crate::sources;
use crate::store::{NewChange, NewPublication};

/// Compiles the sources for every scope, signs and stores the bundles. Returns the number.
pub(crate) async fn publish(plane: &Plane, author: &str, new: &Publish) -> Result<u64, Fault> {
    sources::check_reason(&new.reason)?;
    sources::check_files(&new.files)?;
    rollout::check(&new.rollout)?;
    in_turn(plane, || try_publish(plane, author, new)).await
}

/// A new publication with the contents of an older one, to all at once. It needs nobody's permission
/// to be older, since it has a greater number, which also keeps the bad one from coming back.
pub(crate) async fn roll_back(plane: &Plane, author: &str, new: &Rollback) -> Result<u64, Fault> {
    sources::check_reason(&new.reason)?;
    if new.above.is_some_and(|above| above > GREATEST) {
        return Err(Fault::Invalid(
            "`above` is greater than any bundle's number".into(),
        ));
    }
    in_turn(plane, || try_roll_back(plane, author, new)).await
}

/// Takes a canary to more data planes, or to all.
pub(crate) async fn promote(
    plane: &Plane,
    author: &str,
    number: u64,
    new: &Promotion,
) -> Result<(), Fault> {
    sources::check_reason(&new.reason)?;
    rollout::check(&new.rollout)?;
    in_turn(plane, || try_promote(plane, author, number, new)).await
}

/// One change after another, and anew where another process was faster.
async fn in_turn<T, F>(plane: &Plane, attempt: impl Fn() -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    let _turn = plane.writing.lock().await;
    for _ in 0..ATTEMPTS {
        match attempt().await {
            Err(Fault::Busy) => {}
            done => return done,
        }
    }
    Err(Fault::Busy)
}

async fn try_publish(plane: &Plane, author: &str, new: &Publish) -> Result<u64, Fault> {
    let after = plane.store.generation().await?;
    check_base(plane, new.base).await?;
    if new.rollout != Rollout::All && InForce::read(&plane.store).await?.canary.is_some() {
        return Err(Fault::CanaryRunning);
    }
    let old = files_of(plane, new.base).await?;
    // Neither needs the other, and both take long.
    let (packages, diff) = tokio::join!(
        compile::all(plane, &new.files),
        compile::diff(plane, old, new.files.clone()),
    );
    let (packages, diff) = (packages?, diff?);
    let number = new.base + 1;
    let change = NewChange {
        after,
        action: Action::Publish,
        publication: number,
        author: author.to_owned(),
        reason: new.reason.clone(),
        rollout: Some(new.rollout.clone()),
        diff: None,
        at: Timestamp::now(),
    };
    let publication = NewPublication {
        base: new.base,
        restores: None,
        files: new.files.clone(),
        diff,
    };
    let work = Issue {
        change,
        publication: Some(publication),
        fresh: packages.clone(),
        packages,
        above: 0,
    };
    issue(plane, work).await?;
    Ok(number)
}

async fn try_roll_back(plane: &Plane, author: &str, new: &Rollback) -> Result<u64, Fault> {
    let after = plane.store.generation().await?;
    let latest = plane.store.latest().await?.ok_or(Fault::NoPublication)?;
    if new.base.is_some_and(|base| base != latest.number) {
        return Err(Fault::Outdated(latest.latest()));
    }
    let restored = files_of(plane, new.to).await?;
    let old = files_of(plane, latest.number).await?;
    let packages = compile::packages(plane, new.to, &restored).await?;
    let number = latest.number + 1;
    let change = NewChange {
        after,
        action: Action::Rollback,
        publication: number,
        author: author.to_owned(),
        reason: new.reason.clone(),
        rollout: Some(Rollout::All),
        diff: None,
        at: Timestamp::now(),
    };
    let publication = NewPublication {
        base: latest.number,
        restores: Some(new.to),
        diff: compile::diff(plane, old, restored.clone()).await?,
        files: restored,
    };
    let work = Issue {
        change,
        publication: Some(publication),
        fresh: packages.clone(),
        packages,
        above: new.above.unwrap_or_default(),
    };
    issue(plane, work).await?;
    Ok(number)
}

async fn try_promote(
    plane: &Plane,
    author: &str,
    number: u64,
    new: &Promotion,
) -> Result<(), Fault> {
    let after = plane.store.generation().await?;
    let files = files_of(plane, number).await?;
    let in_force = InForce::read(&plane.store).await?;
    let running = in_force.canary.filter(|(canary, _)| *canary == number);
    let (_, running) = running.ok_or(Fault::NotInCanary)?;
    if !rollout::is_wider(&new.rollout, &running) {
        return Err(Fault::NotWider);
    }
    let mut packages = compile::packages(plane, number, &files).await?;
    // Whoever it reaches now has had what was released before.
    let old = files_of(plane, in_force.released.unwrap_or_default()).await?;
    let diff = compile::diff(plane, old, files).await?;
    let behind = behind(plane, number).await?;
    packages.retain(|scope, _| behind.contains(scope));
    let change = NewChange {
        after,
        action: Action::Promote,
        publication: number,
        author: author.to_owned(),
        reason: new.reason.clone(),
        rollout: Some(new.rollout.clone()),
        diff: Some(diff),
        at: Timestamp::now(),
    };
    let work = Issue {
        change,
        publication: None,
        fresh: BTreeMap::new(),
        packages,
        above: 0,
    };
    issue(plane, work).await
}

/// The scopes in which the bundle of all others was renewed after the canary's: its number is
/// greater, and who has it would refuse the canary's as a rollback.
async fn behind(plane: &Plane, canary: u64) -> Result<BTreeSet<String>, Fault> {
    let mut behind = BTreeSet::new();
    for (scope, _) in plane.board.scopes() {
        let newest = plane.store.archive(canary, scope).await?;
        let newest = newest.map(|found| found.row.record.number);
        if newest != Some(plane.store.last_bundle(scope).await?) {
            behind.insert(scope.to_owned());
        }
    }
    Ok(behind)
}

async fn check_base(plane: &Plane, base: u64) -> Result<(), Fault> {
    match plane.store.latest().await? {
        Some(latest) if latest.number != base => Err(Fault::Outdated(latest.latest())),
        None if base != 0 => Err(Fault::NoPublication),
        _ => Ok(()),
    }
}

/// None of publication 0, which is the state before the first.
async fn files_of(plane: &Plane, number: u64) -> Result<Vec<SourceFile>, Fault> {
    if number == 0 {
        return Ok(Vec::new());
    }
    let found = plane.store.publication(number).await?;
    let (_, files) = found.ok_or(Fault::NoPublication)?;
    Ok(files)
}

/// Times that other processes may be faster.
const ATTEMPTS: u32 = 5;

/// Every number up to here is exact in JSON.
const GREATEST: u64 = 1 << 52;
