//! Publications, packages, bundles and changes: each change is one transaction, and nothing is ever rewritten.

use std::collections::BTreeMap;

use aegis_api::{Action, BundleRecord, Diff, Rollout, SourceFile};
use bytes::Bytes;
use jiff::Timestamp;
use sqlx::any::{Any, AnyRow};
use sqlx::{Row as _, Transaction};

use super::rows::{BundleRow, ChangeRow, PublicationRow, action_name};
use super::{Store, StoreError, json, parsed, signed, time_text, unsigned};
use crate::compiler::Package;

/// All that one change writes: either all of it is stored or nothing.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) change: NewChange,
    pub(crate) publication: Option<NewPublication>,
    /// By scope; of the change's publication.
    pub(crate) packages: BTreeMap<String, Package>,
    pub(crate) bundles: Vec<NewBundle>,
}

#[derive(Debug)]
pub(crate) struct NewPublication {
    pub(crate) base: u64,
    pub(crate) restores: Option<u64>,
    pub(crate) files: Vec<SourceFile>,
    pub(crate) diff: Diff,
}

#[derive(Clone, Debug)]
pub(crate) struct NewChange {
    /// The generation on which it was decided.
    pub(crate) after: u64,
    pub(crate) action: Action,
    pub(crate) publication: u64,
    pub(crate) author: String,
    pub(crate) reason: String,
    pub(crate) rollout: Option<Rollout>,
    /// Of a promotion.
    pub(crate) diff: Option<Diff>,
    pub(crate) at: Timestamp,
}

#[derive(Debug)]
pub(crate) struct NewBundle {
    pub(crate) publication: u64,
    pub(crate) record: BundleRecord,
    pub(crate) archive: Vec<u8>,
}

/// A bundle's bytes, with what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Archive {
    pub(crate) row: BundleRow,
    pub(crate) bytes: Bytes,
}

impl Store {
    /// `Conflict` if anything has changed since the generation on which the change was decided.
    pub(crate) async fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let change = &commit.change;
        if let Some(publication) = &commit.publication {
            insert_publication(&mut tx, publication, change).await?;
        }
        for (scope, package) in &commit.packages {
            sqlx::query("INSERT INTO packages (publication, scope, contents) VALUES ($1, $2, $3)")
                .bind(signed(change.publication))
                .bind(scope)
                .bind(json(package)?)
                .execute(&mut *tx)
                .await?;
        }
        for bundle in &commit.bundles {
            insert_bundle(&mut tx, bundle).await?;
        }
        insert_change(&mut tx, change).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The newest change's number: when it differs, something was written.
    pub(crate) async fn generation(&self) -> Result<u64, StoreError> {
        let generation = sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM changes");
        unsigned(generation.fetch_one(&self.pool).await?)
    }

    pub(crate) async fn latest(&self) -> Result<Option<PublicationRow>, StoreError> {
        Ok(self.publications(u64::MAX, 1).await?.pop())
    }

    pub(crate) async fn publications(
        &self,
        before: u64,
        limit: u32,
    ) -> Result<Vec<PublicationRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT number, base, author, reason, restores, diff, created_at FROM publications \
             WHERE number < $1 ORDER BY number DESC LIMIT $2",
        )
        .bind(signed(before))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(PublicationRow::read).collect()
    }

    pub(crate) async fn publication(
        &self,
        number: u64,
    ) -> Result<Option<(PublicationRow, Vec<SourceFile>)>, StoreError> {
        let row = sqlx::query(
            "SELECT number, base, author, reason, restores, diff, created_at, files \
             FROM publications WHERE number = $1",
        )
        .bind(signed(number))
        .fetch_optional(&self.pool)
        .await?;
        let read = |row: AnyRow| -> Result<_, StoreError> {
            Ok((PublicationRow::read(&row)?, parsed(row.try_get("files")?)?))
        };
        row.map(read).transpose()
    }

    pub(crate) async fn changes_of(&self, number: u64) -> Result<Vec<ChangeRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT action, publication, rollout, diff, author, reason, created_at FROM changes \
             WHERE publication = $1 ORDER BY id",
        )
        .bind(signed(number))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(ChangeRow::read).collect()
    }

    /// The newest changes of who is served what, up to the last one that reached all.
    pub(crate) async fn rollouts(&self) -> Result<Vec<ChangeRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT action, publication, rollout, diff, author, reason, created_at FROM changes \
             WHERE rollout IS NOT NULL AND id >= COALESCE((SELECT MAX(id) FROM changes \
             WHERE rollout = $1), 0) ORDER BY id DESC",
        )
        .bind(json(&Rollout::All)?)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(ChangeRow::read).collect()
    }

    pub(crate) async fn bundles_of(&self, number: u64) -> Result<Vec<BundleRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT scope, number, publication, key_id, issued_at, expires_at, sha256 \
             FROM bundles WHERE publication = $1 ORDER BY scope, number",
        )
        .bind(signed(number))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(BundleRow::read).collect()
    }

    /// The greatest number that a bundle of the scope has; 0 where there is none.
    pub(crate) async fn last_bundle(&self, scope: &str) -> Result<u64, StoreError> {
        let number =
            sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) FROM bundles WHERE scope = $1")
                .bind(scope);
        unsigned(number.fetch_one(&self.pool).await?)
    }

    /// The newest bundle of a publication for a scope.
    pub(crate) async fn archive(
        &self,
        publication: u64,
        scope: &str,
    ) -> Result<Option<Archive>, StoreError> {
        let row = sqlx::query(
            "SELECT scope, number, publication, key_id, issued_at, expires_at, sha256, archive \
             FROM bundles WHERE publication = $1 AND scope = $2 ORDER BY number DESC LIMIT 1",
        )
        .bind(signed(publication))
        .bind(scope)
        .fetch_optional(&self.pool)
        .await?;
        let read = |row: AnyRow| -> Result<_, StoreError> {
            let bytes: Vec<u8> = row.try_get("archive")?;
            Ok(Archive {
                row: BundleRow::read(&row)?,
                bytes: bytes.into(),
            })
        };
        row.map(read).transpose()
    }

    pub(crate) async fn packages(
        &self,
        publication: u64,
    ) -> Result<BTreeMap<String, Package>, StoreError> {
        let rows = sqlx::query("SELECT scope, contents FROM packages WHERE publication = $1")
            .bind(signed(publication))
            .fetch_all(&self.pool)
            .await?;
        let read = |row: &AnyRow| -> Result<_, StoreError> {
            Ok((row.try_get("scope")?, parsed(row.try_get("contents")?)?))
        };
        rows.iter().map(read).collect()
    }
}

async fn insert_publication(
    tx: &mut Transaction<'_, Any>,
    new: &NewPublication,
    change: &NewChange,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO publications (number, base, author, reason, restores, files, diff, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(signed(change.publication))
    .bind(signed(new.base))
    .bind(&change.author)
    .bind(&change.reason)
    .bind(new.restores.map(signed))
    .bind(json(&new.files)?)
    .bind(json(&new.diff)?)
    .bind(time_text(change.at))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_bundle(tx: &mut Transaction<'_, Any>, new: &NewBundle) -> Result<(), StoreError> {
    let record = &new.record;
    sqlx::query(
        "INSERT INTO bundles (scope, number, publication, key_id, issued_at, expires_at, sha256, \
         archive) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&record.scope)
    .bind(signed(record.number))
    .bind(signed(new.publication))
    .bind(&record.key)
    .bind(time_text(record.issued_at))
    .bind(time_text(record.expires_at))
    .bind(&record.sha256)
    .bind(new.archive.as_slice())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Two writers that have decided on the same state meet at the change's number: the second fails.
async fn insert_change(tx: &mut Transaction<'_, Any>, new: &NewChange) -> Result<(), StoreError> {
    let rollout = new.rollout.as_ref().map(json).transpose()?;
    let diff = new.diff.as_ref().map(json).transpose()?;
    sqlx::query(
        "INSERT INTO changes (id, action, publication, rollout, diff, author, reason, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(signed(new.after + 1))
    .bind(action_name(new.action))
    .bind(signed(new.publication))
    .bind(rollout)
    .bind(diff)
    .bind(&new.author)
    .bind(&new.reason)
    .bind(time_text(new.at))
    .execute(&mut **tx)
    .await?;
    Ok(())
}
