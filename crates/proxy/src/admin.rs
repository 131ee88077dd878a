//! The operator's port: health, metrics, status. It has no authentication, so it listens on loopback unless told otherwise.

use std::convert::Infallible;
use std::sync::Arc;

use aegis_policy::Fault;
use aegis_telemetry::metrics;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use tokio::net::TcpListener;

use crate::activation::ActivationStatus;
use crate::approvals::Pending;
use crate::control::LinkStatus;
use crate::install_page;
use crate::plane::Plane;

/// Serves until the process ends: while the proxy drains, somebody must be able to ask how it goes.
pub(crate) async fn serve(plane: Arc<Plane>, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            continue;
        };
        let plane = Arc::clone(&plane);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let answer = answer(&plane, &request);
                async move { Ok::<_, Infallible>(answer) }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(plane.limits.header_timeout)
                .serve_connection(TokioIo::new(stream), service);
            // An operator's client that goes away is nobody's error.
            drop(served.await);
        });
    }
}

/// `GET /status`.
#[derive(Serialize)]
struct Status {
    schema_version: u32,
    region: Arc<str>,
    ready: bool,
    draining: bool,
    audit_healthy: bool,
    policy: ActivationStatus,
    /// Absent without a control plane.
    control: Option<LinkStatus>,
    /// Mode by tenant.
    modes: Option<String>,
}

#[derive(Serialize)]
struct ApprovalList {
    schema_version: u32,
    pending: Vec<Pending>,
}

fn answer(plane: &Plane, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
    }
    match request.uri().path() {
        "/healthz" => text(StatusCode::OK, "ok\n"),
        "/readyz" => match not_ready(plane) {
            None => text(StatusCode::OK, "ready\n"),
            Some(why) => text(StatusCode::SERVICE_UNAVAILABLE, why),
        },
        "/metrics" => with_type(metrics::CONTENT_TYPE, plane.evidence.metrics.render()),
        "/status" => json(&status(plane)),
        "/approvals" => json(&ApprovalList {
            schema_version: 1,
            pending: plane.approvals.list(),
        }),
        "/ca" => install_page::page(&plane.ca).map(Full::new),
        "/ca.pem" => install_page::certificate(&plane.ca).map(Full::new),
        _ => text(StatusCode::NOT_FOUND, PATHS),
    }
}

/// Why calls would be refused whatever they are.
fn not_ready(plane: &Plane) -> Option<&'static str> {
    if plane.drain.has_begun() {
        return Some("draining\n");
    }
    match plane.activation.in_force() {
        Ok(_) => {}
        Err(Fault::Expired) => return Some("the policy has expired\n"),
        Err(_) => return Some("no policy has been loaded yet\n"),
    }
    if !plane.evidence.log.healthy() {
        return Some("the audit log cannot be written\n");
    }
    None
}

fn status(plane: &Plane) -> Status {
    Status {
        schema_version: 1,
        region: Arc::clone(&plane.evidence.region),
        ready: not_ready(plane).is_none(),
        draining: plane.drain.has_begun(),
        audit_healthy: plane.evidence.log.healthy(),
        policy: plane.activation.status(),
        control: plane.link.as_ref().map(|link| link.status()),
        modes: plane
            .activation
            .current()
            .map(|policy| crate::activation::modes_in_words(&policy)),
    }
}

fn json<T: Serialize>(value: &T) -> Response<Full<Bytes>> {
    // These types hold strings, numbers and flags only: they always serialise.
    with_type(
        "application/json",
        serde_json::to_string(value).unwrap_or_default(),
    )
}

fn with_type(content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    let value = HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}

fn text(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = with_type("text/plain; charset=utf-8", body.to_owned());
    *response.status_mut() = status;
    response
}

const PATHS: &str = "/healthz /readyz /metrics /status /approvals /ca /ca.pem\n";
