//! Rows of the tables as types. Reads columns by name, knows no SQL.

use aegis_api::{Action, BundleRecord, Change, Diff, Latest, Rollout};
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{StoreError, parsed, time, unsigned};

/// A publication without its files.
#[derive(Clone, Debug)]
pub(crate) struct PublicationRow {
    pub(crate) number: u64,
    pub(crate) base: u64,
    pub(crate) author: String,
    pub(crate) reason: String,
    pub(crate) restores: Option<u64>,
    pub(crate) diff: Diff,
    pub(crate) created_at: Timestamp,
}

impl PublicationRow {
    pub(super) fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let restores: Option<i64> = row.try_get("restores")?;
        Ok(Self {
            number: unsigned(row.try_get("number")?)?,
            base: unsigned(row.try_get("base")?)?,
            author: row.try_get("author")?,
            reason: row.try_get("reason")?,
            restores: restores.map(unsigned).transpose()?,
            diff: parsed(row.try_get("diff")?)?,
            created_at: time(row.try_get("created_at")?)?,
        })
    }

    pub(crate) fn latest(&self) -> Latest {
        Latest {
            number: self.number,
            author: self.author.clone(),
            created_at: self.created_at,
        }
    }
}

/// A bundle without its archive.
#[derive(Clone, Debug)]
pub(crate) struct BundleRow {
    pub(crate) publication: u64,
    pub(crate) record: BundleRecord,
}

impl BundleRow {
    pub(super) fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            publication: unsigned(row.try_get("publication")?)?,
            record: BundleRecord {
                scope: row.try_get("scope")?,
                number: unsigned(row.try_get("number")?)?,
                key: row.try_get("key_id")?,
                issued_at: time(row.try_get("issued_at")?)?,
                expires_at: time(row.try_get("expires_at")?)?,
                sha256: row.try_get("sha256")?,
            },
        })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct ChangeRow {
    pub(crate) publication: u64,
    pub(crate) change: Change,
}

impl ChangeRow {
    pub(super) fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let rollout: Option<String> = row.try_get("rollout")?;
        let rollout: Option<Rollout> = rollout.as_deref().map(parsed).transpose()?;
        let diff: Option<String> = row.try_get("diff")?;
        let action: String = row.try_get("action")?;
        Ok(Self {
            publication: unsigned(row.try_get("publication")?)?,
            change: Change {
                action: action_named(&action)?,
                author: row.try_get("author")?,
                reason: row.try_get("reason")?,
                at: time(row.try_get("created_at")?)?,
                rollout,
                diff: diff.as_deref().map(parsed).transpose()?,
            },
        })
    }
}

pub(super) fn action_name(action: Action) -> &'static str {
    match action {
        Action::Publish => "publish",
        Action::Promote => "promote",
        Action::Rollback => "rollback",
        Action::Renew => "renew",
    }
}

fn action_named(name: &str) -> Result<Action, StoreError> {
    [
        Action::Publish,
        Action::Promote,
        Action::Rollback,
        Action::Renew,
    ]
    .into_iter()
    .find(|action| action_name(*action) == name)
    .ok_or(StoreError::Unreadable("an action is unknown"))
}
