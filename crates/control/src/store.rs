//! The database, of either kind, in the same words for both. Knows rows and transactions, decides nothing.

mod audit;
mod migrations;
mod planes;
mod publications;
mod refused;
mod rows;

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::any::{Any, AnyPoolOptions, install_default_drivers};
use sqlx::{AnyPool, Connection as _, Transaction};
use thiserror::Error;

use crate::settings::Database;

pub(crate) use audit::{AuditFilter, Line, Position};
pub(crate) use planes::Report;
pub(crate) use publications::{Archive, Commit, NewBundle, NewChange, NewPublication};
pub(crate) use rows::{ChangeRow, PublicationRow};

#[derive(Clone, Debug)]
pub(crate) struct Store {
    pool: AnyPool,
    dialect: Dialect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Sqlite,
    Postgres,
}

/// What went wrong. Messages of the database are for the operator's log, not for callers.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error("another writer was faster")]
    Conflict,
    #[error("the database cannot be used: {0}")]
    Unavailable(String),
    #[error("the database file cannot be made: {0}")]
    File(io::Error),
    #[error("the database holds what this version does not understand: {0}")]
    Unreadable(&'static str),
    #[error("the schema of the database cannot be brought up to date: {0}")]
    Migration(String),
}

impl Store {
    /// Opens the database and brings its schema up to date. A schema that is newer than this
    /// program is an error.
    pub(crate) async fn open(database: &Database) -> Result<Self, StoreError> {
        install_default_drivers();
        let (dialect, url) = match database {
            Database::Sqlite(file) => {
                create_private(file).map_err(StoreError::File)?;
                (Dialect::Sqlite, sqlite_url(file))
            }
            Database::Postgres(url) => (Dialect::Postgres, url.clone()),
        };
        // `SQLite` ends a transaction by itself when its disk is full, which sqlx does not learn: such
        // a connection would refuse every transaction from then on, and is closed instead.
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .after_connect(move |connection, _| {
                let statement = match dialect {
                    Dialect::Sqlite => SQLITE_SESSION,
                    Dialect::Postgres => POSTGRES_SESSION,
                };
                Box::pin(async move {
                    sqlx::raw_sql(statement).execute(connection).await?;
                    Ok(())
                })
            })
            .before_acquire(|connection, _| {
                let is_free = !connection.is_in_transaction();
                Box::pin(async move { Ok(is_free) })
            })
            .connect(&url)
            .await?;
        migrations::run(&pool, dialect).await?;
        Ok(Self { pool, dialect })
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    /// `SQLite` takes its one place for a writer now, instead of failing when the first row is written.
    async fn write(&self) -> Result<Transaction<'static, Any>, StoreError> {
        Ok(match self.dialect {
            Dialect::Sqlite => self.pool.begin_with("BEGIN IMMEDIATE").await?,
            Dialect::Postgres => self.pool.begin().await?,
        })
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(inner) if inner.is_unique_violation() => Self::Conflict,
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => {
                Self::Unreadable("a column has another type than expected")
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

/// Nobody but the owner reads what agents asked for. `SQLite` gives its other files the same mode.
fn create_private(file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true).mode(0o600);
    options.open(file).map(drop)
}

fn sqlite_url(file: &Path) -> String {
    let path = utf8_percent_encode(&file.to_string_lossy(), KEPT).to_string();
    format!("sqlite://{path}?mode=rw")
}

/// A number as the database has it. Numbers count from one and never come near the end of `i64`.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::Unreadable("a number is negative"))
}

pub(crate) fn time_text(time: Timestamp) -> String {
    format!("{time:.6}")
}

fn time(text: &str) -> Result<Timestamp, StoreError> {
    text.parse()
        .map_err(|_| StoreError::Unreadable("a time is malformed"))
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Unreadable("a value is no JSON"))
}

fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Unreadable("a JSON column is malformed"))
}

/// A commit has reached the disk before anybody is told of it.
const SQLITE_SESSION: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF";
const POSTGRES_SESSION: &str = "SET synchronous_commit = on; SET statement_timeout = '30s'; \
     SET idle_in_transaction_session_timeout = '30s'";

const CONNECTIONS: u32 = 8;
const PATIENCE: Duration = Duration::from_secs(10);
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'_')
    .remove(b'-');
