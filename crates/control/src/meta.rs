//! What the control plane says of itself to everybody: keys, health, and how to talk to it. Nothing of any tenant.

use std::sync::Arc;

use aegis_api::JwkSet;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde_json::Value;

use crate::error::Fault;
use crate::openapi;
use crate::plane::Plane;

pub(crate) async fn keys(State(plane): State<Arc<Plane>>) -> Json<JwkSet> {
    Json(plane.keys.public(Timestamp::now()))
}

pub(crate) async fn document() -> Json<Value> {
    Json(openapi::document())
}

pub(crate) async fn health() -> &'static str {
    "ok\n"
}

/// Without the database: bundles are served while it is away.
pub(crate) async fn ready(State(plane): State<Arc<Plane>>) -> Result<&'static str, Fault> {
    if plane.stopping.is_cancelled() {
        return Err(Fault::Stopping);
    }
    Ok("ready\n")
}
