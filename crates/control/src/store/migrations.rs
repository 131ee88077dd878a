//! The schema, step by step; a step that was ever released is never edited.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, SqlSafeStr as _};

use super::{Dialect, StoreError};

pub(super) async fn run(pool: &AnyPool, dialect: Dialect) -> Result<(), StoreError> {
    let first = match dialect {
        Dialect::Sqlite => include_str!("../../migrations/sqlite_1.sql"),
        Dialect::Postgres => include_str!("../../migrations/postgres_1.sql"),
    };
    let steps = vec![Migration::new(
        1,
        "first schema".into(),
        MigrationType::Simple,
        first.into_sql_str(),
        false,
    )];
    Migrator::with_migrations(steps)
        .run(pool)
        .await
        .map_err(|error| StoreError::Migration(error.to_string()))
}
