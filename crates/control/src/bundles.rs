//! `GET /v1/bundles/{scope}`: OPA's bundle API with long polling, answered from memory. Touches no database.

use std::sync::Arc;
use std::time::Duration;

use aegis_api::BUNDLE_TYPE;
use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::board::Offer;
use crate::error::Fault;
use crate::plane::Plane;
use crate::principals::Caller;
use crate::rollout::Member;
use crate::routes;

/// A data plane gets its own scope's bundle: at once if it is another than the one it has, else when
/// there is another, or 304 when it has waited as long as it wished.
pub(crate) async fn get(
    State(plane): State<Arc<Plane>>,
    Extension(caller): Extension<Caller>,
    scope: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let Path(scope) = scope.map_err(|_| Fault::Malformed("the scope is not UTF-8".into()))?;
    if caller.scope()?.to_string() != scope {
        return Err(routes::refuse(&plane, &caller, GET, &scope, Fault::Scope).await);
    }
    let mut offers = plane.board.watch(&scope).ok_or(Fault::NoBundle)?;
    let member = Member::of(&caller);
    let wait = wished_wait(&headers).min(plane.limits.poll_wait);
    let mut waited = std::pin::pin!(tokio::time::sleep(wait));
    loop {
        let offer = offers.borrow_and_update().to(&member).cloned();
        if let Some(offer) = &offer
            && !is_known(&headers, &offer.etag)
        {
            return Ok(bundle(offer));
        }
        tokio::select! {
            Ok(()) = offers.changed() => continue,
            () = &mut waited => {}
            () = plane.stopping.cancelled() => {}
        }
        return match offer {
            Some(offer) => Ok(answer(StatusCode::NOT_MODIFIED, &offer, Body::empty())),
            None => Err(Fault::NoBundle),
        };
    }
}

fn bundle(offer: &Offer) -> Response {
    answer(StatusCode::OK, offer, Body::from(offer.bytes.clone()))
}

/// The content type is on every answer, since OPA takes it as the promise of long polling.
fn answer(status: StatusCode, offer: &Offer, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(BUNDLE_TYPE));
    headers.insert(header::ETAG, offer.etag.clone());
    let cache = HeaderValue::from_static("private, no-cache");
    headers.insert(header::CACHE_CONTROL, cache);
    response
}

/// RFC 9110, section 13.1.2: compared weakly.
fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = known
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// `Prefer: modes=snapshot,delta;wait=30` (RFC 7240): seconds, 0 where nothing is wished.
fn wished_wait(headers: &HeaderMap) -> Duration {
    let preferences = headers.get_all(PREFER).iter();
    let seconds = preferences
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([';', ',']))
        .find_map(|part| part.trim().strip_prefix("wait=")?.trim().parse().ok());
    Duration::from_secs(seconds.unwrap_or_default())
}

pub(crate) const GET: &str = "getBundle";
const PREFER: &str = "prefer";
