//! The schema, step by step; a step that was ever released is never edited.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, SqlSafeStr as _};

use super::{Dialect, StoreError};

pub(super) async fn run(pool: &AnyPool, dialect: Dialect) -> Result<(), StoreError> {
    let [first, horizon, diffs, clock] = match dialect {
        Dialect::Sqlite => [
            include_str!("../../migrations/sqlite_1.sql"),
            include_str!("../../migrations/sqlite_2.sql"),
            include_str!("../../migrations/sqlite_3.sql"),
            include_str!("../../migrations/sqlite_4.sql"),
        ],
        Dialect::Postgres => [
            include_str!("../../migrations/postgres_1.sql"),
            include_str!("../../migrations/postgres_2.sql"),
            include_str!("../../migrations/postgres_3.sql"),
            include_str!("../../migrations/postgres_4.sql"),
        ],
    };
    let step = |number, name: &'static str, sql: &'static str| {
        let sql = sql.into_sql_str();
        Migration::new(number, name.into(), MigrationType::Simple, sql, false)
    };
    let steps = vec![
        step(1, "first schema", first),
        step(2, "audit horizon", horizon),
        step(3, "diffs of promotions", diffs),
        step(4, "audit clock", clock),
    ];
    Migrator::with_migrations(steps)
        .run(pool)
        .await
        .map_err(|error| StoreError::Migration(error.to_string()))
}
