//! Packages to signed bundles, committed in one step: numbered, signed, opened again, stored, shown. Decides nothing about who or when.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aegis_api::BundleRecord;
use aegis_bundle::{
    BundleError, Contents, Expected, Format, Limits, Manifest, Metadata, Region, Scope, Signature,
    Signer, Trust,
};
use jiff::{SignedDuration, Timestamp};

use crate::board::revision;
use crate::compiler::{Package, files};
use crate::error::Fault;
use crate::plane::Plane;
use crate::principals::sha256;
use crate::store::{Commit, NewBundle, NewChange, NewPublication, StoreError};

/// A change on its way, with the packages of which bundles are to be made.
#[derive(Debug)]
pub(crate) struct Issue {
    pub(crate) change: NewChange,
    pub(crate) publication: Option<NewPublication>,
    /// Packages that are not stored yet.
    pub(crate) fresh: BTreeMap<String, Package>,
    /// By scope.
    pub(crate) packages: BTreeMap<String, Package>,
    /// New bundles get greater numbers than this one.
    pub(crate) above: u64,
}

/// Stores the change and all its bundles, or nothing. `Busy` if another process has changed what
/// this one was decided on.
pub(crate) async fn issue(plane: &Plane, issue: Issue) -> Result<(), Fault> {
    let publication = issue.change.publication;
    let bundles = bundles(plane, issue.packages, publication, issue.above).await?;
    let commit = Commit {
        change: issue.change,
        publication: issue.publication,
        packages: issue.fresh,
        bundles,
    };
    match plane.store.commit(&commit).await {
        Ok(()) => {}
        Err(StoreError::Conflict) if commit.publication.is_some() => {
            outdated(plane, publication).await?;
            return Err(Fault::Busy);
        }
        Err(error) => return Err(error.into()),
    }
    // What is stored counts: if it cannot be read back now, the keeper shows it later.
    if let Err(error) = plane.board.refresh(&plane.store).await {
        tracing::error!(%error, "a change is stored, but cannot be shown yet");
    }
    Ok(())
}

/// An error if the number of the publication has been taken meanwhile.
async fn outdated(plane: &Plane, number: u64) -> Result<(), Fault> {
    match plane.store.latest().await? {
        Some(latest) if latest.number >= number => Err(Fault::Outdated(latest.latest())),
        _ => Ok(()),
    }
}

async fn bundles(
    plane: &Plane,
    packages: BTreeMap<String, Package>,
    publication: u64,
    above: u64,
) -> Result<Vec<NewBundle>, Fault> {
    let mut numbers = BTreeMap::new();
    for (name, scope) in plane.board.scopes() {
        if packages.contains_key(name) {
            let last = plane.store.last_bundle(name).await?;
            let order = (last.max(above) + 1, scope.clone());
            numbers.insert(name.to_owned(), order);
        }
    }
    let now = Timestamp::now();
    let signer = plane
        .keys
        .signer(now)
        .ok_or(Fault::Internal("no key is active"))?;
    let signer = Arc::clone(signer);
    let lifetime = plane.bundle_lifetime;
    let work = move || {
        let sign_one = |(name, (number, scope)): (String, (u64, Scope))| {
            let package = packages
                .get(&name)
                .ok_or(Fault::Internal("a package is missing"))?;
            let order = Order {
                publication,
                number,
                scope,
                issued_at: now,
                lifetime,
            };
            sign(&order, package, &signer).map_err(Fault::Unusable)
        };
        numbers.into_iter().map(sign_one).collect()
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Fault::Internal("signing was cut short"))?
}

/// What a bundle is to say of itself.
struct Order {
    publication: u64,
    number: u64,
    scope: Scope,
    issued_at: Timestamp,
    lifetime: Duration,
}

/// Whoever signs opens what it made before it hands it out: a bundle that no data plane would take
/// is refused here, with the reason.
fn sign(order: &Order, package: &Package, signer: &Signer) -> Result<NewBundle, BundleError> {
    let issued_at = whole_seconds(order.issued_at);
    let seconds = order.lifetime.as_secs().min(LONGEST_LIFE).cast_signed();
    let lifetime = SignedDuration::from_secs(seconds);
    let expires_at = issued_at.checked_add(lifetime).unwrap_or(Timestamp::MAX);
    let contents = Contents {
        manifest: Manifest {
            revision: revision(order.number, order.publication),
            roots: package.roots.clone(),
            aegis: Metadata {
                format: Format::V1,
                number: order.number,
                issued_at,
                expires_at: Some(expires_at),
                scope: order.scope.clone(),
                rollback_from: None,
            },
        },
        data: package.data.clone(),
        modules: files(&package.modules),
        tests: files(&package.tests),
    };
    let archive = aegis_bundle::build(&contents, Some(signer))?;
    aegis_bundle::open(&archive, &trust(&order.scope, signer), issued_at)?;
    Ok(NewBundle {
        publication: order.publication,
        record: BundleRecord {
            scope: order.scope.to_string(),
            number: order.number,
            key: signer.id().to_owned(),
            issued_at,
            expires_at,
            sha256: hex::encode(sha256(&archive)),
        },
        archive,
    })
}

/// That of a data plane which is configured as it should be.
fn trust(scope: &Scope, signer: &Signer) -> Trust {
    let region = match &scope.region {
        Region::Any => "*",
        Region::Only(region) => region,
    };
    Trust {
        keys: vec![signer.trusted_key()],
        signature: Signature::Required,
        scope: Expected {
            tenants: scope.tenants.clone(),
            region: region.to_owned(),
        },
        limits: Limits::default(),
    }
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// A hundred years.
const LONGEST_LIFE: u64 = 100 * 366 * 24 * 3600;
