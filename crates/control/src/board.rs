//! The bundles in force, in memory, so that they are served whatever becomes of the database. Decides nothing; the database does.

use std::collections::BTreeMap;
use std::sync::Arc;

use aegis_api::{Rollout, ScopeStatus, Served};
use aegis_bundle::Scope;
use bytes::Bytes;
use http::HeaderValue;
use jiff::Timestamp;
use tokio::sync::{Mutex, watch};

use crate::rollout::Member;
use crate::store::{Archive, ChangeRow, Store, StoreError};

#[derive(Debug)]
pub(crate) struct Board {
    shelves: BTreeMap<String, Shelf>,
    /// Of the changes that the shelves show.
    generation: Mutex<Option<u64>>,
}

/// One scope, and everybody who waits for something new in it.
#[derive(Debug)]
struct Shelf {
    scope: Scope,
    offers: watch::Sender<Arc<Offers>>,
}

/// What is served in a scope at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offers {
    pub(crate) released: Option<Arc<Offer>>,
    pub(crate) canary: Option<Arc<Offer>>,
    pub(crate) rollout: Option<Rollout>,
    /// Publications in force of which the scope has no bundle: it is newer than they are.
    pub(crate) missing: Vec<u64>,
    pub(crate) problem: Option<String>,
}

/// A bundle as it is served.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) publication: u64,
    pub(crate) number: u64,
    pub(crate) key: String,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) etag: HeaderValue,
    pub(crate) bytes: Bytes,
}

/// The publications that are served at present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct InForce {
    pub(crate) released: Option<u64>,
    pub(crate) canary: Option<(u64, Rollout)>,
}

impl Board {
    pub(crate) fn new(scopes: BTreeMap<String, Scope>) -> Self {
        let shelf = |scope| Shelf {
            scope,
            offers: watch::Sender::default(),
        };
        Self {
            shelves: scopes
                .into_iter()
                .map(|(name, scope)| (name, shelf(scope)))
                .collect(),
            generation: Mutex::new(None),
        }
    }

    pub(crate) fn scopes(&self) -> impl Iterator<Item = (&str, &Scope)> {
        let named = self.shelves.iter();
        named.map(|(name, shelf)| (name.as_str(), &shelf.scope))
    }

    pub(crate) fn watch(&self, scope: &str) -> Option<watch::Receiver<Arc<Offers>>> {
        Some(self.shelves.get(scope)?.offers.subscribe())
    }

    pub(crate) fn offers(&self, scope: &str) -> Option<Arc<Offers>> {
        Some(Arc::clone(&self.shelves.get(scope)?.offers.borrow()))
    }

    /// Brings the shelves up to what the database says, and wakes whoever waits at one that has
    /// changed. One at a time, so that an older state never overwrites a newer one.
    pub(crate) async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let mut shown = self.generation.lock().await;
        let generation = store.generation().await?;
        if *shown == Some(generation) {
            return Ok(());
        }
        let in_force = InForce::read(store).await?;
        for (name, shelf) in &self.shelves {
            let offers = in_force.offers(store, name).await?;
            shelf.offers.send_if_modified(|current| {
                let differs = !current.same(&offers);
                *current = Arc::new(offers);
                differs
            });
        }
        *shown = Some(generation);
        Ok(())
    }

    /// Why a scope has no newer bundle; shown until the next change.
    pub(crate) fn complain(&self, scope: &str, why: &str) {
        let Some(found) = self.shelves.get(scope) else {
            return;
        };
        found.offers.send_if_modified(|current| {
            Arc::make_mut(current).problem = Some(why.to_owned());
            false
        });
    }

    pub(crate) fn status(&self) -> Vec<ScopeStatus> {
        let status = |(scope, shelf): (&String, &Shelf)| {
            let offers = shelf.offers.borrow();
            ScopeStatus {
                scope: scope.clone(),
                released: offers.released.as_deref().map(Offer::served),
                canary: offers.canary.as_deref().map(Offer::served),
                rollout: offers.rollout.clone(),
                problem: offers.problem.clone(),
            }
        };
        self.shelves.iter().map(status).collect()
    }
}

impl InForce {
    /// From the newest change back to the last one that reached all.
    pub(crate) async fn read(store: &Store) -> Result<Self, StoreError> {
        let mut in_force = Self::default();
        for ChangeRow {
            publication,
            change,
        } in store.rollouts().await?
        {
            match change.rollout {
                Some(Rollout::All) => in_force.released = Some(publication),
                Some(rollout) if in_force.canary.is_none() => {
                    in_force.canary = Some((publication, rollout));
                }
                _ => {}
            }
        }
        Ok(in_force)
    }

    async fn offers(&self, store: &Store, scope: &str) -> Result<Offers, StoreError> {
        let canary = self.canary.as_ref();
        let canary = canary.map(|(number, rollout)| (*number, rollout.clone()));
        let (canary, rollout) = canary.unzip();
        let mut offers = Offers {
            released: newest(store, self.released, scope).await?,
            canary: newest(store, canary, scope).await?,
            rollout,
            ..Offers::default()
        };
        for (wanted, found) in [(self.released, &offers.released), (canary, &offers.canary)] {
            if found.is_none() {
                offers.missing.extend(wanted);
            }
        }
        Ok(offers)
    }
}

impl Offers {
    pub(crate) fn to(&self, member: &Member<'_>) -> Option<&Arc<Offer>> {
        let chosen = self.rollout.as_ref();
        match &self.canary {
            Some(canary) if chosen.is_some_and(|rollout| member.is_in(rollout)) => Some(canary),
            _ => self.released.as_ref(),
        }
    }

    fn same(&self, other: &Self) -> bool {
        let number = |offer: &Option<Arc<Offer>>| offer.as_ref().map(|offer| offer.number);
        number(&self.released) == number(&other.released)
            && number(&self.canary) == number(&other.canary)
            && self.rollout == other.rollout
    }
}

impl Offer {
    pub(crate) fn revision(&self) -> String {
        revision(self.number, self.publication)
    }

    fn served(&self) -> Served {
        Served {
            publication: self.publication,
            number: self.number,
            revision: self.revision(),
            expires_at: self.expires_at,
        }
    }
}

impl TryFrom<Archive> for Offer {
    type Error = StoreError;

    fn try_from(archive: Archive) -> Result<Self, StoreError> {
        let record = archive.row.record;
        let etag = HeaderValue::from_str(&format!("\"{}\"", record.sha256))
            .map_err(|_| StoreError::Unreadable("a digest is malformed"))?;
        Ok(Self {
            publication: archive.row.publication,
            number: record.number,
            key: record.key,
            issued_at: record.issued_at,
            expires_at: record.expires_at,
            etag,
            bytes: archive.bytes,
        })
    }
}

/// The `revision` of a manifest, for people and logs: the bundle's number and its publication.
pub(crate) fn revision(number: u64, publication: u64) -> String {
    format!("{number}-p{publication}")
}

async fn newest(
    store: &Store,
    publication: Option<u64>,
    scope: &str,
) -> Result<Option<Arc<Offer>>, StoreError> {
    let Some(publication) = publication else {
        return Ok(None);
    };
    let archive = store.archive(publication, scope).await?;
    archive
        .map(|found| Offer::try_from(found).map(Arc::new))
        .transpose()
}
