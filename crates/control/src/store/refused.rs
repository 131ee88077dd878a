//! Who asked for what they may not have: one row for each kind, counted. Never the reason to let anybody in.

use aegis_api::RefusedAccess;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Store, StoreError, time, time_text, unsigned};

impl Store {
    pub(crate) async fn count_refused(
        &self,
        principal: &str,
        operation: &str,
        target: &str,
        code: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO refused_accesses (principal, operation, target, code, times, first_at, \
             last_at) VALUES ($1, $2, $3, $4, 1, $5, $5) \
             ON CONFLICT (principal, operation, target, code) DO UPDATE SET \
             times = refused_accesses.times + 1, last_at = excluded.last_at",
        )
        .bind(principal)
        .bind(operation)
        .bind(target)
        .bind(code)
        .bind(time_text(Timestamp::now()))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub(crate) async fn refused(&self, limit: u32) -> Result<Vec<RefusedAccess>, StoreError> {
        let rows = sqlx::query(
            "SELECT principal, operation, target, code, times, first_at, last_at \
             FROM refused_accesses ORDER BY last_at DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read).collect()
    }

    /// At most `limit` of those that nobody has asked for since the horizon; how many are gone.
    pub(crate) async fn delete_refused(
        &self,
        horizon: &str,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let deleted = sqlx::query(
            "DELETE FROM refused_accesses WHERE (principal, operation, target, code) IN \
             (SELECT principal, operation, target, code FROM refused_accesses \
             WHERE last_at < $1 LIMIT $2) AND last_at < $1",
        )
        .bind(horizon)
        .bind(i64::from(limit))
        .execute(&self.pool)
        .await?;
        Ok(deleted.rows_affected())
    }
}

fn read(row: &AnyRow) -> Result<RefusedAccess, StoreError> {
    Ok(RefusedAccess {
        principal: row.try_get("principal")?,
        operation: row.try_get("operation")?,
        target: row.try_get("target")?,
        code: row.try_get("code")?,
        times: unsigned(row.try_get("times")?)?,
        first_at: time(row.try_get("first_at")?)?,
        last_at: time(row.try_get("last_at")?)?,
    })
}
