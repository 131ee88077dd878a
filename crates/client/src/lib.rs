//! Asks a control plane, over HTTP/1.1 with or without TLS. Knows how to ask and decides nothing.

mod connect;
mod error;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aegis_api::{
    BATCH_HEADER, DATA_PLANE_HEADER, LogReceipt, PROBLEM_TYPE, Problem, StatusReport, paths,
};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

pub use connect::{Access, SetupError};
pub use error::ClientError;

/// A control plane, and who asks it. Connections are kept.
#[derive(Clone)]
pub struct Client {
    base: Arc<str>,
    authorization: Option<HeaderValue>,
    http: connect::Http,
}

/// What a control plane has for a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// What the caller has already.
    Unchanged,
    New {
        archive: Bytes,
        /// To be sent back the next time.
        etag: Option<String>,
    },
}

impl Client {
    /// Opens no connection yet.
    pub fn new(access: &Access) -> Result<Self, SetupError> {
        Ok(Self {
            base: access.url.trim_end_matches('/').into(),
            authorization: access.authorization()?,
            http: connect::http(access)?,
        })
    }

    /// The bundle of `scope`, as soon as it is another than the one with `etag`, or
    /// [`Fetched::Unchanged`] after `wait` at the latest. `data_plane` tells instances apart.
    pub async fn bundle(
        &self,
        scope: &str,
        data_plane: &str,
        etag: Option<&str>,
        wait: Duration,
    ) -> Result<Fetched, ClientError> {
        let path = paths::BUNDLE.replace("{scope}", &encoded(scope));
        let prefer = format!("modes=snapshot;wait={}", wait.as_secs());
        let mut request = self.request(Method::GET, &path, Bytes::new())?;
        let headers = request.headers_mut();
        headers.insert("prefer", value(&prefer)?);
        headers.insert(name(DATA_PLANE_HEADER), value(data_plane)?);
        if let Some(etag) = etag {
            headers.insert(IF_NONE_MATCH, value(etag)?);
        }
        let response = self.send(request, wait + ANSWER_TIME).await?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(Fetched::Unchanged);
        }
        let etag = response.headers().get(ETAG);
        let etag = etag.and_then(|etag| etag.to_str().ok().map(str::to_owned));
        let archive = read(good(response).await?, MAX_BUNDLE).await?;
        Ok(Fetched::New { archive, etag })
    }

    /// Tells what is in force.
    pub async fn report(&self, data_plane: &str, report: &StatusReport) -> Result<(), ClientError> {
        let mut request = self.request(Method::POST, paths::STATUS, json(report)?)?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(name(DATA_PLANE_HEADER), value(data_plane)?);
        good(self.send(request, ANSWER_TIME).await?).await?;
        Ok(())
    }

    /// Sends lines of the audit log, as a JSON array under gzip. The same batch twice is stored once.
    pub async fn upload(
        &self,
        data_plane: &str,
        batch: &str,
        lines: Bytes,
    ) -> Result<LogReceipt, ClientError> {
        let mut request = self.request(Method::POST, paths::LOGS, lines)?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        headers.insert(name(DATA_PLANE_HEADER), value(data_plane)?);
        headers.insert(name(BATCH_HEADER), value(batch)?);
        let response = good(self.send(request, UPLOAD_TIME).await?).await?;
        parsed(&read(response, MAX_ANSWER).await?)
    }

    /// Asks for anything that is JSON; `path` with its query.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let request = self.request(Method::GET, path, Bytes::new())?;
        let response = good(self.send(request, UPLOAD_TIME).await?).await?;
        parsed(&read(response, MAX_ANSWER).await?)
    }

    /// Asks for a change. Compiling and comparing policies takes its time.
    pub async fn post<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ClientError> {
        let mut request = self.request(Method::POST, path, json(body)?)?;
        let content_type = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        let response = good(self.send(request, CHANGE_TIME).await?).await?;
        parsed(&read(response, MAX_ANSWER).await?)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, ClientError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .body(Full::new(body))
            .map_err(|_| ClientError::Request)?;
        if let Some(authorization) = &self.authorization {
            let authorization = authorization.clone();
            request.headers_mut().insert(AUTHORIZATION, authorization);
        }
        Ok(request)
    }

    async fn send(
        &self,
        request: Request<Full<Bytes>>,
        within: Duration,
    ) -> Result<Response<Incoming>, ClientError> {
        timeout(within, self.http.request(request))
            .await
            .map_err(|_| ClientError::Late)?
            .map_err(|error| ClientError::of(&error))
    }
}

/// A part of a path that may hold anything.
pub fn encoded(part: &str) -> String {
    utf8_percent_encode(part, PATH_PART).to_string()
}

/// Only an answer that did what was asked.
async fn good(response: Response<Incoming>) -> Result<Response<Incoming>, ClientError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let content_type = response.headers().get(CONTENT_TYPE);
    let is_problem =
        content_type.is_some_and(|kind| kind.as_bytes().starts_with(PROBLEM_TYPE.as_bytes()));
    let problem: Option<Problem> = match read(response, MAX_ANSWER).await {
        Ok(body) if is_problem => serde_json::from_slice(&body).ok(),
        _ => None,
    };
    Err(ClientError::Refused {
        status: status.as_u16(),
        problem: problem.map(Box::new),
    })
}

async fn read(response: Response<Incoming>, limit: usize) -> Result<Bytes, ClientError> {
    #[expect(clippy::disallowed_methods, reason = "the body is limited")]
    let body = Limited::new(response.into_body(), limit).collect();
    match timeout(UPLOAD_TIME, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ClientError::TooLong { limit }),
        Ok(Err(_)) => Err(ClientError::CutOff),
        Err(_) => Err(ClientError::Late),
    }
}

fn json<T: Serialize>(value: &T) -> Result<Bytes, ClientError> {
    let text = serde_json::to_vec(value).map_err(|_| ClientError::Request)?;
    Ok(text.into())
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(body).map_err(|error| ClientError::Unexpected(error.to_string()))
}

fn value(text: &str) -> Result<HeaderValue, ClientError> {
    HeaderValue::from_str(text).map_err(|_| ClientError::Request)
}

fn name(header: &'static str) -> HeaderName {
    HeaderName::from_static(header)
}

/// The credential is not for printing.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

/// What RFC 3986 lets stand in a path unchanged.
const PATH_PART: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Beyond the time that was asked for.
const ANSWER_TIME: Duration = Duration::from_secs(15);
const UPLOAD_TIME: Duration = Duration::from_mins(1);
const CHANGE_TIME: Duration = Duration::from_mins(5);

/// More than any reader of bundles accepts.
const MAX_BUNDLE: usize = 64 << 20;
const MAX_ANSWER: usize = 64 << 20;
