//! Audit lines: stored once each, found by what callers ask for. Whose lines a caller may see is in the filter already.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::Row as _;
use sqlx::any::{Any, AnyRow};
use sqlx::query::Query;
use uuid::Uuid;

use super::{Store, StoreError, signed, time, time_text};

/// A line of a data plane's audit log with the words by which it is found.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) event: String,
    /// Absent where the line belongs to no call.
    pub(crate) decision_id: Option<String>,
    pub(crate) time: String,
    pub(crate) tenant: String,
    pub(crate) agent: String,
    pub(crate) outcome: String,
    pub(crate) region: String,
    pub(crate) rules: BTreeSet<String>,
    pub(crate) text: String,
}

#[derive(Debug, Default)]
pub(crate) struct AuditFilter {
    /// Those that the caller may see; `None` for all.
    pub(crate) tenants: Option<BTreeSet<String>>,
    pub(crate) tenant: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) outcome: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) rule: Option<String>,
    /// Inclusive.
    pub(crate) since: Option<String>,
    /// Exclusive.
    pub(crate) until: Option<String>,
    pub(crate) after: Option<Position>,
    pub(crate) limit: u32,
}

/// Of a line in the order of answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) time: String,
    pub(crate) line: String,
}

#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) position: Position,
    pub(crate) principal: String,
    pub(crate) decision: String,
    pub(crate) end: Option<String>,
}

impl Store {
    /// How many lines were new. A line is known by its place in its batch, and by its call. They come
    /// `now` by this side's clock.
    pub(crate) async fn append_lines(
        &self,
        principal: &str,
        batch: &str,
        lines: &[Line],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut stored = 0;
        let mut tx = self.write().await?;
        for (sequence, line) in (0_u64..).zip(lines) {
            let id = Uuid::now_v7().to_string();
            let written = insert(&id, line)
                .bind(principal)
                .bind(batch)
                .bind(signed(sequence))
                .execute(&mut *tx)
                .await?;
            if written.rows_affected() == 0 {
                continue;
            }
            stored += 1;
            for rule in &line.rules {
                sqlx::query("INSERT INTO audit_rules (line_id, rule) VALUES ($1, $2)")
                    .bind(&id)
                    .bind(rule)
                    .execute(&mut *tx)
                    .await?;
            }
        }
        // Last, for other writers wait for this row.
        if let Some(newest) = lines.iter().map(|line| &line.time).max() {
            sqlx::query("UPDATE audit_clock SET time = $1 WHERE time < $1")
                .bind(newest.min(&time_text(now)))
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(stored)
    }

    /// The newest time that had come by both clocks, this side's and that of a data plane, when its
    /// lines came. `None` before the first.
    pub(crate) async fn agreed_time(&self) -> Result<Option<Timestamp>, StoreError> {
        let text: String = sqlx::query_scalar("SELECT time FROM audit_clock")
            .fetch_one(&self.pool)
            .await?;
        if text.is_empty() {
            return Ok(None);
        }
        time(&text).map(Some)
    }

    /// Decision lines, the newest first, each with the end line of its call.
    pub(crate) async fn find(&self, filter: &AuditFilter) -> Result<Vec<Found>, StoreError> {
        let Some((sql, values)) = select(filter) else {
            return Ok(Vec::new());
        };
        // Words of this file only; every value is bound.
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for value in values {
            query = query.bind(value);
        }
        let rows = query
            .bind(i64::from(filter.limit))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read).collect()
    }

    /// At most `limit` of the lines from before the horizon, the oldest first; how many are gone.
    /// The database itself lets nobody delete a line from after the latest horizon, nor move that
    /// past the agreed time.
    pub(crate) async fn delete_lines(&self, horizon: &str, limit: u32) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        sqlx::query("UPDATE audit_horizon SET time = $1 WHERE time < $1")
            .bind(horizon)
            .execute(&mut *tx)
            .await?;
        let old: Vec<String> = sqlx::query_scalar(
            "SELECT line_id FROM audit_lines WHERE time < $1 ORDER BY time, line_id LIMIT $2",
        )
        .bind(horizon)
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await?;
        let places: Vec<String> = (1..=old.len()).map(|place| format!("${place}")).collect();
        let places = places.join(", ");
        if !old.is_empty() {
            // The rules first: each belongs to a line.
            for table in ["audit_rules", "audit_lines"] {
                let sql = format!("DELETE FROM {table} WHERE line_id IN ({places})");
                let query = sqlx::query(AssertSqlSafe(sql));
                let query = old.iter().fold(query, Query::bind);
                query.execute(&mut *tx).await?;
            }
        }
        tx.commit().await?;
        Ok(u64::try_from(old.len()).unwrap_or(u64::MAX))
    }
}

fn insert<'q>(id: &'q str, line: &'q Line) -> Query<'q, Any, sqlx::any::AnyArguments> {
    sqlx::query(
        "INSERT INTO audit_lines (line_id, event, decision_id, time, tenant, agent, outcome, \
         region, line, principal, batch, sequence) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
    )
    .bind(id)
    .bind(line.event.as_str())
    .bind(line.decision_id.as_deref())
    .bind(line.time.as_str())
    .bind(line.tenant.as_str())
    .bind(line.agent.as_str())
    .bind(line.outcome.as_str())
    .bind(line.region.as_str())
    .bind(line.text.as_str())
}

/// The statement and its values, the limit excepted; `None` if the filter lets nothing through.
fn select(filter: &AuditFilter) -> Option<(String, Vec<String>)> {
    let mut sql = SELECT.to_owned();
    let mut values = Vec::new();
    let mut bind = |value: &str| {
        values.push(value.to_owned());
        format!("${}", values.len())
    };
    if let Some(tenants) = &filter.tenants {
        if tenants.is_empty() {
            return None;
        }
        let places: Vec<String> = tenants.iter().map(|tenant| bind(tenant)).collect();
        let _ = write!(sql, " AND d.tenant IN ({})", places.join(", "));
    }
    for (condition, value) in [
        (" AND d.tenant = ", &filter.tenant),
        (" AND d.agent = ", &filter.agent),
        (" AND d.outcome = ", &filter.outcome),
        (" AND d.region = ", &filter.region),
        (" AND d.time >= ", &filter.since),
        (" AND d.time < ", &filter.until),
    ] {
        if let Some(value) = value {
            sql.push_str(condition);
            sql.push_str(&bind(value));
        }
    }
    if let Some(rule) = &filter.rule {
        let place = bind(rule);
        let _ = write!(
            sql,
            " AND EXISTS (SELECT 1 FROM audit_rules AS r \
             WHERE r.line_id = d.line_id AND r.rule = {place})"
        );
    }
    if let Some(Position { time, line }) = &filter.after {
        let (time, line) = (bind(time), bind(line));
        let _ = write!(
            sql,
            " AND (d.time < {time} OR (d.time = {time} AND d.line_id < {line}))"
        );
    }
    let limit = values.len() + 1;
    let _ = write!(sql, " ORDER BY d.time DESC, d.line_id DESC LIMIT ${limit}");
    Some((sql, values))
}

fn read(row: &AnyRow) -> Result<Found, StoreError> {
    Ok(Found {
        position: Position {
            time: row.try_get("time")?,
            line: row.try_get("line_id")?,
        },
        principal: row.try_get("principal")?,
        decision: row.try_get("decision")?,
        end: row.try_get("end_line")?,
    })
}

const SELECT: &str = "SELECT d.line_id AS line_id, d.time AS time, d.principal AS principal, \
     d.line AS decision, e.line AS end_line FROM audit_lines AS d LEFT JOIN audit_lines AS e \
     ON e.principal = d.principal AND e.event = 'end' AND e.decision_id = d.decision_id \
     WHERE d.event = 'decision'";
