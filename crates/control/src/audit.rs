//! `GET /v1/audit` and `GET /v1/refused`: answers about what happened, for one tenant without seeing another's.

use std::sync::Arc;

use aegis_api::{AuditPage, AuditRecord, RefusedAccesses};
use axum::extract::State;
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Uri;
use jiff::Timestamp;
use serde::Deserialize;

use crate::body;
use crate::error::Fault;
use crate::plane::Plane;
use crate::principals::Caller;
use crate::routes;
use crate::store::{AuditFilter, Position, time_text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    tenant: Option<String>,
    agent: Option<String>,
    outcome: Option<Outcome>,
    rule: Option<String>,
    region: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// As decision lines have it. What is none would be found nowhere, which looks like a good answer.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Allow,
    Deny,
    Sanitize,
    ApprovalNeeded,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Sanitize => "sanitize",
            Self::ApprovalNeeded => "approval_needed",
        }
    }
}

pub(crate) async fn query(
    State(plane): State<Arc<Plane>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Json<AuditPage>, Fault> {
    let asked: Asked = body::query(&uri)?;
    let allowed = caller.audited()?;
    if let (Some(tenant), Some(allowed)) = (&asked.tenant, allowed)
        && !allowed.contains(tenant)
    {
        return Err(routes::refuse(&plane, &caller, QUERY, tenant, Fault::Tenant).await);
    }
    let limit = asked.limit.unwrap_or(USUAL).clamp(1, MOST);
    let filter = AuditFilter {
        tenants: allowed.cloned(),
        tenant: asked.tenant,
        agent: asked.agent,
        outcome: asked.outcome.map(|outcome| outcome.as_str().to_owned()),
        rule: asked.rule,
        region: asked.region,
        since: asked.since.map(time_text),
        until: asked.until.map(time_text),
        after: asked.cursor.as_deref().map(position).transpose()?,
        limit,
    };
    let found = plane.store.find(&filter).await?;
    let is_full = found.len() == limit as usize;
    let next = found
        .last()
        .filter(|_| is_full)
        .map(|last| cursor(&last.position));
    let mut records = Vec::with_capacity(found.len());
    for found in found {
        let parse = |text: &str| serde_json::from_str(text);
        let end = found.end.as_deref().map(parse).transpose();
        let damaged = |_| Fault::Internal("an audit line is damaged");
        records.push(AuditRecord {
            data_plane: found.principal,
            decision: parse(&found.decision).map_err(damaged)?,
            end: end.map_err(damaged)?,
        });
    }
    Ok(Json(AuditPage { records, next }))
}

pub(crate) async fn refused(
    State(plane): State<Arc<Plane>>,
) -> Result<Json<RefusedAccesses>, Fault> {
    let refused = plane.store.refused(MOST).await?;
    Ok(Json(RefusedAccesses { refused }))
}

/// Where the page ended; whoever makes one up sees no more than without it.
fn cursor(position: &Position) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {}", position.time, position.line))
}

fn position(cursor: &str) -> Result<Position, Fault> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (time, line) = text.split_once(' ')?;
        Some(Position {
            time: time.to_owned(),
            line: line.to_owned(),
        })
    };
    read().ok_or(Fault::Malformed("this `cursor` is not one of ours".into()))
}

pub(crate) const QUERY: &str = "queryAudit";
const USUAL: u32 = 100;
const MOST: u32 = 1_000;
