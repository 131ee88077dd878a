//! The way to the OTLP collector: HTTP/1.1 over plain TCP, one connection per batch; agents' traffic
//! never comes this way.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HOST};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::net::TcpStream;
use tokio::runtime::Handle;

/// The exporter's HTTP client. The exporter runs on a thread of its own; the work is done on the
/// runtime that the tracer was made in.
pub(super) struct Collector {
    runtime: Handle,
    /// Whether the last export failed, so that an outage is told once.
    failing: AtomicBool,
}

impl Collector {
    pub(super) fn new(runtime: Handle) -> Self {
        Self {
            runtime,
            failing: AtomicBool::new(false),
        }
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let exchange = async { tokio::time::timeout(REQUEST_TIMEOUT, exchange(request)).await? };
        let result = self.runtime.spawn(exchange).await?;
        let failed = !result
            .as_ref()
            .is_ok_and(|response| response.status().is_success());
        match (self.failing.swap(failed, Ordering::Relaxed), failed) {
            (false, true) => tracing::warn!("the OTLP collector does not take spans"),
            (true, false) => tracing::info!("the OTLP collector takes spans again"),
            _ => {}
        }
        result
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}

// The trait is declared with `async_trait`; this is what that macro makes of it.
impl HttpClient for Collector {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(self.send(request))
    }
}

async fn exchange(request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let authority = request
        .uri()
        .authority()
        .ok_or("the OTLP endpoint has no host")?
        .clone();
    let host = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    let stream = connect(host, authority.port_u16().unwrap_or(DEFAULT_PORT)).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (mut parts, body) = request.into_parts();
    parts.uri = parts
        .uri
        .path_and_query()
        .map_or("/", |path| path.as_str())
        .parse()?;
    parts
        .headers
        .insert(HOST, HeaderValue::try_from(authority.as_str())?);
    parts
        .headers
        .insert(CONNECTION, HeaderValue::from_static("close"));
    let response = sender
        .send_request(Request::from_parts(parts, Full::new(body)))
        .await?;
    let (parts, body) = response.into_parts();
    let body = bounded(body).await?;
    Ok(Response::from_parts(parts, body))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the operator's collector, not agents' traffic: no policy and no address guard applies"
)]
async fn connect(host: &str, port: u16) -> std::io::Result<TcpStream> {
    TcpStream::connect((host, port)).await
}

#[expect(clippy::disallowed_methods, reason = "bounded by `Limited`")]
async fn bounded(body: hyper::body::Incoming) -> Result<Bytes, HttpError> {
    Ok(Limited::new(body, LARGEST_ANSWER)
        .collect()
        .await?
        .to_bytes())
}

/// OTLP over HTTP where the endpoint names no port is plain HTTP's.
const DEFAULT_PORT: u16 = 80;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes; a collector's answer is a few.
const LARGEST_ANSWER: usize = 64 << 10;
