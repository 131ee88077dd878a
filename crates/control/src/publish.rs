//! Publish, promote, roll back: what must be true before a change is issued. Knows no HTTP.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aegis_api::{Action, Diff, Mistake, Promotion, Publish, Rollback, Rollout, SourceFile};
use jiff::Timestamp;

use crate::board::InForce;
use crate::compiler::{Package, files};
use crate::error::Fault;
use crate::issue::{Issue, issue};
use crate::plane::Plane;
use crate::rollout;
use crate::store::{NewChange, NewPublication};

/// Compiles the sources for every scope, signs and stores the bundles. Returns the number.
pub(crate) async fn publish(plane: &Plane, author: &str, new: Publish) -> Result<u64, Fault> {
    check_reason(&new.reason)?;
    check_files(&new.files)?;
    rollout::check(&new.rollout)?;
    let _turn = plane.writing.lock().await;
    check_base(plane, new.base).await?;
    if new.rollout != Rollout::All && InForce::read(&plane.store).await?.canary.is_some() {
        return Err(Fault::CanaryRunning);
    }
    let old = sources(plane, new.base).await?;
    let (packages, diff) = compile(plane, old, new.files.clone()).await?;
    let number = new.base + 1;
    let change = NewChange {
        action: Action::Publish,
        publication: number,
        author: author.to_owned(),
        reason: new.reason,
        rollout: Some(new.rollout),
        at: Timestamp::now(),
    };
    let publication = NewPublication {
        base: new.base,
        restores: None,
        files: new.files,
        diff,
    };
    issue(
        plane,
        Issue {
            change,
            publication: Some(publication),
            fresh: packages.clone(),
            packages,
            above: 0,
        },
    )
    .await?;
    Ok(number)
}

/// A new publication with the contents of an older one, to all at once. It needs nobody's permission
/// to be older, since it has a greater number, which also keeps the bad one from coming back.
pub(crate) async fn roll_back(plane: &Plane, author: &str, new: Rollback) -> Result<u64, Fault> {
    check_reason(&new.reason)?;
    if new.above.is_some_and(|above| above > GREATEST) {
        return Err(Fault::Invalid(
            "`above` is greater than any bundle's number".into(),
        ));
    }
    let _turn = plane.writing.lock().await;
    let latest = plane.store.latest().await?.ok_or(Fault::NoPublication)?;
    if new.base.is_some_and(|base| base != latest.number) {
        return Err(Fault::Outdated(latest.latest()));
    }
    let restored = plane.store.publication(new.to).await?;
    let (_, restored) = restored.ok_or(Fault::NoPublication)?;
    let old = sources(plane, latest.number).await?;
    let packages = packages(plane, new.to, &restored).await?;
    let number = latest.number + 1;
    let change = NewChange {
        action: Action::Rollback,
        publication: number,
        author: author.to_owned(),
        reason: new.reason,
        rollout: Some(Rollout::All),
        at: Timestamp::now(),
    };
    let publication = NewPublication {
        base: latest.number,
        restores: Some(new.to),
        diff: diff(plane, old, restored.clone()).await?,
        files: restored,
    };
    issue(
        plane,
        Issue {
            change,
            publication: Some(publication),
            fresh: packages.clone(),
            packages,
            above: new.above.unwrap_or_default(),
        },
    )
    .await?;
    Ok(number)
}

/// Takes a canary to more data planes, or to all.
pub(crate) async fn promote(
    plane: &Plane,
    author: &str,
    number: u64,
    new: Promotion,
) -> Result<(), Fault> {
    check_reason(&new.reason)?;
    rollout::check(&new.rollout)?;
    let _turn = plane.writing.lock().await;
    let (_, sources) = plane
        .store
        .publication(number)
        .await?
        .ok_or(Fault::NoPublication)?;
    let in_force = InForce::read(&plane.store).await?;
    let running = in_force.canary.filter(|(canary, _)| *canary == number);
    let (_, running) = running.ok_or(Fault::NotInCanary)?;
    if !rollout::is_wider(&new.rollout, &running) {
        return Err(Fault::NotWider);
    }
    let mut packages = packages(plane, number, &sources).await?;
    let mut behind = BTreeSet::new();
    for (scope, _) in plane.board.scopes() {
        let canary = plane.store.archive(number, scope).await?;
        let canary = canary.map(|canary| canary.row.record.number);
        if canary != Some(plane.store.last_bundle(scope).await?) {
            behind.insert(scope);
        }
    }
    // Where the bundle of all others was renewed meanwhile, its number is greater than the
    // canary's: who has it would refuse the canary's as a rollback.
    packages.retain(|scope, _| behind.contains(scope.as_str()));
    let change = NewChange {
        action: Action::Promote,
        publication: number,
        author: author.to_owned(),
        reason: new.reason,
        rollout: Some(new.rollout),
        at: Timestamp::now(),
    };
    issue(
        plane,
        Issue {
            change,
            publication: None,
            fresh: BTreeMap::new(),
            packages,
            above: 0,
        },
    )
    .await
}

/// The packages of a publication for all present scopes; compiled now for those that are newer than it.
pub(crate) async fn packages(
    plane: &Plane,
    number: u64,
    sources: &[SourceFile],
) -> Result<BTreeMap<String, Package>, Fault> {
    let mut packages = plane.store.packages(number).await?;
    packages.retain(|scope, _| plane.board.offers(scope).is_some());
    let known: BTreeSet<String> = packages.keys().cloned().collect();
    let added = compile_for(plane, sources.to_vec(), move |scope| !known.contains(scope)).await?;
    packages.extend(added);
    if packages.is_empty() {
        return Err(Fault::NoDataPlanes);
    }
    Ok(packages)
}

async fn compile(
    plane: &Plane,
    old: Vec<SourceFile>,
    new: Vec<SourceFile>,
) -> Result<(BTreeMap<String, Package>, Diff), Fault> {
    let packages = compile_for(plane, new.clone(), |_| true).await?;
    if packages.is_empty() {
        return Err(Fault::NoDataPlanes);
    }
    Ok((packages, diff(plane, old, new).await?))
}

/// For the scopes that are wanted. A mistake is told once, with all scopes that have it.
async fn compile_for(
    plane: &Plane,
    sources: Vec<SourceFile>,
    wanted: impl Fn(&str) -> bool + Send + 'static,
) -> Result<BTreeMap<String, Package>, Fault> {
    let compiler = Arc::clone(&plane.compiler);
    let mut scopes = Vec::new();
    for (name, scope) in plane.board.scopes() {
        if wanted(name) {
            scopes.push((name.to_owned(), scope.clone()));
        }
    }
    let work = move || {
        let files = files(&sources);
        let mut packages = BTreeMap::new();
        let mut mistakes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, scope) in scopes {
            match compiler.compile(&files, &scope) {
                Ok(package) => drop(packages.insert(name, package)),
                Err(texts) => {
                    for text in texts {
                        mistakes.entry(text).or_default().push(name.clone());
                    }
                }
            }
        }
        let mistake = |(text, scopes)| Mistake { text, scopes };
        if mistakes.is_empty() {
            return Ok(packages);
        }
        Err(Fault::Mistakes(mistakes.into_iter().map(mistake).collect()))
    };
    blocking(work).await?
}

async fn diff(plane: &Plane, old: Vec<SourceFile>, new: Vec<SourceFile>) -> Result<Diff, Fault> {
    let compiler = Arc::clone(&plane.compiler);
    blocking(move || compiler.diff(&files(&old), &files(&new))).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Fault::Internal("the compiler was cut short"))
}

async fn check_base(plane: &Plane, base: u64) -> Result<(), Fault> {
    match plane.store.latest().await? {
        Some(latest) if latest.number != base => Err(Fault::Outdated(latest.latest())),
        None if base != 0 => Err(Fault::NoPublication),
        _ => Ok(()),
    }
}

/// None of publication 0, which is the state before the first.
async fn sources(plane: &Plane, number: u64) -> Result<Vec<SourceFile>, Fault> {
    if number == 0 {
        return Ok(Vec::new());
    }
    let found = plane.store.publication(number).await?;
    let (_, files) = found.ok_or(Fault::NoPublication)?;
    Ok(files)
}

fn check_reason(reason: &str) -> Result<(), Fault> {
    let length = reason.chars().count();
    if reason.trim().is_empty() || length > MAX_REASON {
        return Err(Fault::Invalid(
            "`reason` must say why, in up to 1,000 characters".into(),
        ));
    }
    Ok(())
}

/// What a bundle could carry and a file system could hold, whatever the compiler makes of it.
fn check_files(files: &[SourceFile]) -> Result<(), Fault> {
    if files.is_empty() || files.len() > MAX_FILES {
        return Err(Fault::Invalid("`files` must have 1 to 1,000 files".into()));
    }
    let mut seen = BTreeSet::new();
    for SourceFile { path, .. } in files {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
        let hidden = path
            .split('/')
            .any(|part| part.is_empty() || part.starts_with('.'));
        if path.len() > MAX_PATH || hidden || !path.chars().all(plain) {
            return Err(Fault::Invalid(
                "a path must be relative, have up to 100 letters, digits and `._-/`, and no part \
                 of it may be empty or begin with a dot"
                    .into(),
            ));
        }
        if !seen.insert(path.to_ascii_lowercase()) {
            return Err(Fault::Invalid(
                "a file is there twice, or differs from another in letter case only".into(),
            ));
        }
    }
    Ok(())
}

const MAX_REASON: usize = 1_000;
const MAX_FILES: usize = 1_000;
const MAX_PATH: usize = 100;

/// Every number up to here is exact in JSON.
const GREATEST: u64 = 1 << 52;
