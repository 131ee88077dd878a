//! The client of a detector that finds what no rule can (docs/detector-api.md). It decides nothing; where it has no
//! answer, the call is refused.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aegis_config::{DetectorSettings, OutsideType, Settings};
use aegis_dlp::{Hit, OUTSIDE};
use aegis_protocol::{Heard, Texts};
use aegis_telemetry::metrics::Metrics;
use bytes::Bytes;
use http::{HeaderValue, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::budget::Share;
use crate::refusal::{Cause, Refusal};
use crate::roots::{self, RootsError};

/// Shared by all calls. Connections are kept.
pub(crate) struct Detector {
    url: Uri,
    authorization: Option<HeaderValue>,
    types: BTreeSet<OutsideType>,
    time: Duration,
    max_bytes: usize,
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    metrics: Arc<Metrics>,
}

#[derive(Debug, thiserror::Error)]
pub enum DetectorError {
    #[error("`dlp.detector.url` is not a URL")]
    Url,
    #[error("`dlp.detector.authorization` holds characters that no HTTP header can have")]
    Authorization,
    #[error(transparent)]
    Roots(#[from] RootsError),
}

impl Detector {
    /// Opens no connection yet. `None`: the settings name none.
    pub(crate) fn new(
        settings: &Settings,
        metrics: &Arc<Metrics>,
    ) -> Result<Option<Self>, DetectorError> {
        let Some(detector) = &settings.dlp.detector else {
            return Ok(None);
        };
        let mut tls = roots::client_config(&settings.upstream)?;
        // The connector names what it speaks.
        tls.alpn_protocols.clear();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let http = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .build(connector);
        Ok(Some(Self {
            url: detector.url.parse().map_err(|_| DetectorError::Url)?,
            authorization: authorization(detector)?,
            types: detector.types.clone(),
            time: detector.timeout,
            max_bytes: detector.max_bytes,
            http,
            metrics: Arc::clone(metrics),
        }))
    }

    /// Of one question.
    pub(crate) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// What it finds in these texts. `share` has room for them while they are on their way.
    pub(crate) async fn ask(&self, texts: Texts, mut share: Share) -> Result<Heard, Refusal> {
        if texts.are_too_many() {
            return Err(Failure::TooMuch.into());
        }
        if texts.is_empty() {
            return Ok(Heard::default());
        }
        let question = self.question(&texts).ok_or(Failure::Question)?;
        if question.len() > self.max_bytes {
            return Err(Failure::TooMuch.into());
        }
        share.take(question.len())?;
        let started = Instant::now();
        let answer = timeout(self.time, self.exchange(question)).await;
        let heard = answer
            .unwrap_or(Err(Failure::Late))
            .and_then(|answer| self.understand(&answer, texts).ok_or(Failure::Malformed));
        let result = match &heard {
            Ok(_) => "answered",
            Err(failure) => failure.word(),
        };
        self.metrics.detector_asked(result, started.elapsed());
        Ok(heard?)
    }

    fn question(&self, texts: &Texts) -> Option<Vec<u8>> {
        let texts = texts.iter().enumerate();
        let texts = texts.map(|(id, (name, text))| Said { id, name, text });
        let question = Question {
            version: VERSION,
            types: self.types.iter().map(|kind| kind.as_str()).collect(),
            texts: texts.collect(),
        };
        serde_json::to_vec(&question).ok()
    }

    async fn exchange(&self, question: Vec<u8>) -> Result<Bytes, Failure> {
        let mut request = http::Request::post(self.url.clone())
            .header(header::CONTENT_TYPE, JSON)
            .header(header::ACCEPT, JSON)
            .body(Full::new(Bytes::from(question)))
            .map_err(|_| Failure::Question)?;
        if let Some(value) = &self.authorization {
            let headers = request.headers_mut();
            headers.insert(header::AUTHORIZATION, value.clone());
        }
        let response = self.http.request(request).await;
        let response = response.map_err(|_| Failure::Unreachable)?;
        if !response.status().is_success() {
            return Err(Failure::Refused);
        }
        #[expect(clippy::disallowed_methods, reason = "the body is limited")]
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect();
        let body = body.await.map_err(|_| Failure::Malformed)?;
        Ok(body.to_bytes())
    }

    /// `None` where it is not as the contract has it.
    fn understand(&self, answer: &[u8], texts: Texts) -> Option<Heard> {
        let answer: Answer = serde_json::from_slice(answer).ok()?;
        let mut found = Vec::with_capacity(answer.findings.len());
        for finding in answer.findings {
            let (at, hit) = finding.hit()?;
            let is_wanted = self.types.iter().any(|kind| kind.as_str() == hit.kind);
            if is_wanted && hit.confidence >= REPORTED {
                found.push((at, hit));
            }
        }
        texts.heard(found)
    }
}

impl Finding {
    /// `None` where it has another type or confidence than there are.
    fn hit(self) -> Option<(usize, Hit)> {
        let (kind, class) = OUTSIDE.into_iter().find(|(kind, _)| *kind == self.kind)?;
        let possible = (0.0..=1.0).contains(&self.confidence);
        let percent = self.confidence * 100.0 + 0.5;
        let rounded = (0..=100).rev().find(|whole| f64::from(*whole) <= percent);
        let hit = Hit {
            kind,
            class,
            confidence: rounded.filter(|_| possible)?,
            range: self.start..self.end,
            is_whole: true,
        };
        Some((self.id, hit))
    }
}

fn authorization(settings: &DetectorSettings) -> Result<Option<HeaderValue>, DetectorError> {
    let Some(secret) = &settings.authorization else {
        return Ok(None);
    };
    let value = HeaderValue::from_str(secret.reveal());
    let mut value = value.map_err(|_| DetectorError::Authorization)?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// Neither texts nor answers are told to anybody.
#[derive(Clone, Copy, Debug)]
enum Failure {
    Question,
    TooMuch,
    Late,
    Unreachable,
    Refused,
    Malformed,
}

impl Failure {
    fn words(self) -> &'static str {
        match self {
            Self::Question => "the detector of sensitive data cannot be asked",
            Self::TooMuch => "the call has more text than the detector of sensitive data may get",
            Self::Late => "the detector of sensitive data did not answer in time",
            Self::Unreachable => "the detector of sensitive data cannot be reached",
            Self::Refused => "the detector of sensitive data answered with an error",
            Self::Malformed => "the detector of sensitive data gave an answer of another form",
        }
    }

    /// A label's value.
    fn word(self) -> &'static str {
        match self {
            Self::Question | Self::TooMuch => "not_asked",
            Self::Late => "late",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Malformed => "malformed",
        }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::with(Cause::DetectorUnavailable, failure.words())
    }
}

#[derive(Serialize)]
struct Question<'a> {
    version: u32,
    types: Vec<&'a str>,
    texts: Vec<Said<'a>>,
}

#[derive(Serialize)]
struct Said<'a> {
    id: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    text: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Finding {
    id: usize,
    #[serde(rename = "type")]
    kind: String,
    /// Bytes of UTF-8.
    start: usize,
    end: usize,
    confidence: f64,
}

/// Neither the texts nor the credential.
impl fmt::Debug for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detector")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Of the contract.
const VERSION: u32 = 1;
const JSON: &str = "application/json";
/// In percent; what is less sure is reported of no type.
const REPORTED: u8 = 50;
/// In bytes.
const MAX_ANSWER: usize = 1 << 20;
/// Shorter than common servers keep an unused connection: one that is closing is not asked.
const IDLE_TIME: Duration = Duration::from_secs(4);
