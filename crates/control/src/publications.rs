//! The operations on publications as HTTP has them. What may happen is decided in `publish`.

use std::sync::Arc;

use aegis_api::{
    Promotion, Publication, PublicationDetail, PublicationList, Publish, Rollback, Stage,
};
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use http::{HeaderMap, StatusCode, Uri};
use serde::Deserialize;

use crate::board::InForce;
use crate::body::{self, Bounds};
use crate::error::Fault;
use crate::plane::Plane;
use crate::principals::Caller;
use crate::publish;
use crate::store::PublicationRow;

type Created = (StatusCode, Json<PublicationDetail>);
type Number = Result<Path<u64>, PathRejection>;

pub(crate) async fn create(
    State(plane): State<Arc<Plane>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Created, Fault> {
    let bounds = Bounds {
        bytes: plane.limits.publication_bytes,
        time: plane.limits.body_timeout,
    };
    let new: Publish = body::json(&headers, body, bounds).await?;
    let done = uninterrupted(&plane, caller, async move |plane, author| {
        publish::publish(&plane, &author, &new).await
    });
    created(&plane, done.await?).await
}

pub(crate) async fn roll_back(
    State(plane): State<Arc<Plane>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Created, Fault> {
    let new: Rollback = body::json(&headers, body, small(&plane)).await?;
    let done = uninterrupted(&plane, caller, async move |plane, author| {
        publish::roll_back(&plane, &author, &new).await
    });
    created(&plane, done.await?).await
}

pub(crate) async fn promote(
    State(plane): State<Arc<Plane>>,
    Extension(caller): Extension<Caller>,
    number: Number,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<PublicationDetail>, Fault> {
    let Path(number) = number.map_err(|_| Fault::NoPublication)?;
    let new: Promotion = body::json(&headers, body, small(&plane)).await?;
    let done = uninterrupted(&plane, caller, async move |plane, author| {
        publish::promote(&plane, &author, number, &new).await
    });
    done.await?;
    detail(&plane, number).await.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    before: Option<u64>,
    limit: Option<u32>,
}

pub(crate) async fn list(
    State(plane): State<Arc<Plane>>,
    uri: Uri,
) -> Result<Json<PublicationList>, Fault> {
    let page: Page = body::query(&uri)?;
    let limit = page.limit.unwrap_or(USUAL).clamp(1, MOST);
    let before = page.before.unwrap_or(u64::MAX);
    // One more than asked for tells whether there are more.
    let mut rows = plane.store.publications(before, limit + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let in_force = InForce::read(&plane.store).await?;
    let publications = rows.into_iter().map(|row| publication(row, &in_force));
    Ok(Json(PublicationList {
        publications: publications.collect(),
        more,
    }))
}

pub(crate) async fn get(
    State(plane): State<Arc<Plane>>,
    number: Number,
) -> Result<Json<PublicationDetail>, Fault> {
    let Path(number) = number.map_err(|_| Fault::NoPublication)?;
    detail(&plane, number).await.map(Json)
}

/// A caller who hangs up does not leave a change half-way: it goes on to its end.
async fn uninterrupted<T, F>(
    plane: &Arc<Plane>,
    caller: Caller,
    change: impl FnOnce(Arc<Plane>, String) -> F,
) -> Result<T, Fault>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Fault>> + Send + 'static,
{
    let done = tokio::spawn(change(Arc::clone(plane), caller.name().to_owned())).await;
    done.map_err(|_| Fault::Internal("the change was cut short"))?
}

async fn created(plane: &Plane, number: u64) -> Result<Created, Fault> {
    Ok((StatusCode::CREATED, Json(detail(plane, number).await?)))
}

async fn detail(plane: &Plane, number: u64) -> Result<PublicationDetail, Fault> {
    let found = plane.store.publication(number).await?;
    let (row, files) = found.ok_or(Fault::NoPublication)?;
    let in_force = InForce::read(&plane.store).await?;
    let changes = plane.store.changes_of(number).await?;
    let bundles = plane.store.bundles_of(number).await?;
    Ok(PublicationDetail {
        publication: publication(row, &in_force),
        files,
        changes: changes.into_iter().map(|row| row.change).collect(),
        bundles: bundles.into_iter().map(|row| row.record).collect(),
    })
}

fn publication(row: PublicationRow, in_force: &InForce) -> Publication {
    let canary = in_force.canary.as_ref().map(|(number, _)| *number);
    let stage = if canary == Some(row.number) {
        Stage::Canary
    } else if in_force.released == Some(row.number) {
        Stage::Released
    } else {
        Stage::Superseded
    };
    Publication {
        number: row.number,
        base: row.base,
        author: row.author,
        reason: row.reason,
        created_at: row.created_at,
        restores: row.restores,
        stage,
        diff: row.diff,
    }
}

fn small(plane: &Plane) -> Bounds {
    Bounds {
        bytes: plane.limits.request_bytes,
        time: plane.limits.body_timeout,
    }
}

const USUAL: u32 = 20;
const MOST: u32 = 100;
