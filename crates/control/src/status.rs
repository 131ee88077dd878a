//! What data planes say of themselves, and what the operator sees of all. Changes nothing that is served.

use std::collections::BTreeMap;
use std::sync::Arc;

use aegis_api::{BundleStatus, DataPlane, Overview, StatusReport};
use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use crate::body::{self, Bounds};
use crate::error::Fault;
use crate::plane::Plane;
use crate::principals::Caller;
use crate::rollout::Member;
use crate::settings::{Role, is_plain};
use crate::store::Report;

/// `POST /v1/status`: the last report of an instance is kept.
pub(crate) async fn report(
    State(plane): State<Arc<Plane>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Fault> {
    let bounds = Bounds {
        bytes: plane.limits.request_bytes,
        time: plane.limits.body_timeout,
    };
    let report: StatusReport = body::json(&headers, body, bounds).await?;
    let id = match report
        .labels
        .get("id")
        .filter(|_| caller.instance().is_empty())
    {
        Some(id) if is_plain(id) => id.clone(),
        Some(_) => {
            return Err(Fault::Invalid(
                "the label `id` must have 1 to 128 letters, digits and `._-`".into(),
            ));
        }
        None => caller.instance().to_owned(),
    };
    let bundle = report.bundles.into_values().next().unwrap_or_default();
    let BundleStatus {
        active_revision,
        code,
        message,
    } = bundle;
    let report = Report {
        principal: caller.name().to_owned(),
        id,
        labels: shortened(report.labels),
        active_revision: active_revision.map(short),
        code: code.filter(|code| !code.is_empty()).map(short),
        message: message.filter(|message| !message.is_empty()).map(short),
        last_seen: Timestamp::now(),
    };
    plane.store.keep_report(&report).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v1/status`.
pub(crate) async fn overview(State(plane): State<Arc<Plane>>) -> Result<Json<Overview>, Fault> {
    let reports = plane.store.reports(MOST).await?;
    // One that is configured no more is no data plane any more.
    let known = reports
        .into_iter()
        .filter_map(|report| seen(&plane, report));
    Ok(Json(Overview {
        scopes: plane.board.status(),
        data_planes: known.collect(),
    }))
}

fn seen(plane: &Plane, report: Report) -> Option<DataPlane> {
    let principal = plane.principals.named(&report.principal)?;
    let Role::DataPlane { scope, .. } = &principal.role else {
        return None;
    };
    let scope = scope.to_string();
    let offers = plane.board.offers(&scope)?;
    let wanted = offers.to(&Member::new(principal, &report.id));
    Some(DataPlane {
        wanted_revision: wanted.map(|offer| offer.revision()),
        principal: report.principal,
        id: report.id,
        scope,
        labels: report.labels,
        active_revision: report.active_revision,
        code: report.code,
        message: report.message,
        last_seen: report.last_seen,
    })
}

fn shortened(labels: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let kept = labels.into_iter().take(MOST_LABELS);
    kept.map(|(name, value)| (short(name), short(value)))
        .collect()
}

fn short(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

const MOST: u32 = 10_000;
const MOST_LABELS: usize = 32;
const LONGEST: usize = 1_000;
