//! The last report of each data plane. The only rows that are rewritten, with the refused accesses.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Store, StoreError, json, parsed, time, time_text};

#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) principal: String,
    pub(crate) id: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) active_revision: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) last_seen: Timestamp,
}

impl Store {
    pub(crate) async fn keep_report(&self, report: &Report) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO data_planes (principal, id, labels, active_revision, code, message, \
             last_seen) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (principal, id) DO UPDATE SET labels = excluded.labels, \
             active_revision = excluded.active_revision, code = excluded.code, \
             message = excluded.message, last_seen = excluded.last_seen",
        )
        .bind(&report.principal)
        .bind(&report.id)
        .bind(json(&report.labels)?)
        .bind(report.active_revision.as_deref())
        .bind(report.code.as_deref())
        .bind(report.message.as_deref())
        .bind(time_text(report.last_seen))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Those seen last, up to the limit, by name.
    pub(crate) async fn reports(&self, limit: u32) -> Result<Vec<Report>, StoreError> {
        let rows = sqlx::query(
            "SELECT principal, id, labels, active_revision, code, message, last_seen FROM \
             (SELECT * FROM data_planes ORDER BY last_seen DESC LIMIT $1) AS seen \
             ORDER BY principal, id",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read).collect()
    }

    /// At most `limit` of those that have not been heard of since the horizon; how many are gone.
    pub(crate) async fn delete_reports(
        &self,
        horizon: &str,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let deleted = sqlx::query(
            "DELETE FROM data_planes WHERE (principal, id) IN \
             (SELECT principal, id FROM data_planes WHERE last_seen < $1 LIMIT $2) \
             AND last_seen < $1",
        )
        .bind(horizon)
        .bind(i64::from(limit))
        .execute(&self.pool)
        .await?;
        Ok(deleted.rows_affected())
    }
}

fn read(row: &AnyRow) -> Result<Report, StoreError> {
    Ok(Report {
        principal: row.try_get("principal")?,
        id: row.try_get("id")?,
        labels: parsed(row.try_get("labels")?)?,
        active_revision: row.try_get("active_revision")?,
        code: row.try_get("code")?,
        message: row.try_get("message")?,
        last_seen: time(row.try_get("last_seen")?)?,
    })
}
