//! W3C trace context in and out, and one span per request to an OTLP collector; off until an endpoint
//! is set, and never in the way of a request.

mod collector;
mod context;
mod operation;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::Uri;
use http::uri::{PathAndQuery, Scheme};
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId};
use opentelemetry::{InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfig, BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanEvents, SpanLinks,
    SpanProcessor,
};

use collector::Collector;

pub use context::{TraceContext, TraceState};
pub use operation::{Inference, Operation, Target};

/// Sends spans, or does nothing when no collector is configured. Clones share one queue.
#[derive(Clone, Debug)]
pub struct Tracer {
    sender: Option<Arc<Sender>>,
}

#[derive(Debug)]
struct Sender {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
    region: Value,
}

#[derive(Debug, thiserror::Error)]
pub enum TracerError {
    #[error("the OTLP endpoint is not a URL: {0}")]
    Url(#[from] http::uri::InvalidUri),
    #[error(
        "the OTLP endpoint must be http://HOST[:PORT]; for https, run a collector beside the proxy"
    )]
    NotPlainHttp,
    #[error("spans can be sent only from within a tokio runtime")]
    NoRuntime,
    #[error("the OTLP exporter refuses its settings: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
}

/// One finished request. Empty words and `None` become no attribute.
#[derive(Clone, Debug)]
pub struct SpanRecord<'a> {
    /// Low in variety: the method and the tool, never the path. What the conventions have a word
    /// for is named by `operation`.
    pub name: Cow<'static, str>,
    pub operation: Operation<'a>,
    pub trace: &'a TraceContext,
    pub start: SystemTime,
    pub end: SystemTime,
    /// `forward` or `gateway`.
    pub front: &'a str,
    pub tenant: &'a str,
    pub agent: &'a str,
    pub tool: &'a str,
    pub action: &'a str,
    /// The catalogue's own name for who serves the call.
    pub provider: &'a str,
    pub decision: &'a str,
    pub decision_id: &'a str,
    pub would: Option<&'a str>,
    pub policy_version: &'a str,
    /// Rule ids.
    pub reasons: Vec<&'a str>,
    /// Types of sensitive data in the call.
    pub data: Vec<&'a str>,
    /// And in the answer.
    pub answer_data: Vec<&'a str>,
    pub approval_id: Option<&'a str>,
    /// Region of the destination; the data plane's own is the tracer's.
    pub destination_region: Option<&'a str>,
    pub method: &'a str,
    pub status: Option<u16>,
    pub server_address: Cow<'a, str>,
    pub server_port: u16,
    /// A stable code; its presence marks the span as failed.
    pub error: Option<&'a str>,
}

impl Tracer {
    /// A tracer that sends to `endpoint` (`/v1/traces` is added where it has no path), or one that
    /// does nothing. `region` is that of this data plane.
    pub fn new(endpoint: Option<&str>, region: &str) -> Result<Self, TracerError> {
        let Some(endpoint) = endpoint else {
            return Ok(Self { sender: None });
        };
        let endpoint = traces_url(endpoint)?;
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| TracerError::NoRuntime)?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector::new(runtime))
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint.to_string())
            .with_timeout(EXPORT_TIMEOUT)
            .build()?;
        let mut processor = BatchSpanProcessor::builder(exporter)
            .with_batch_config(batches())
            .build();
        processor.set_resource(&resource(region));
        let scope = InstrumentationScope::builder("aegis")
            .with_version(VERSION)
            .build();
        let region = Value::String(region.to_owned().into());
        Ok(Self {
            sender: Some(Arc::new(Sender {
                processor,
                scope,
                region,
            })),
        })
    }

    /// Whether spans are wanted; without it, making a record is wasted work.
    pub fn enabled(&self) -> bool {
        self.sender.is_some()
    }

    /// Queues the span of a finished request. When the queue is full, the span is dropped.
    pub fn record(&self, span: SpanRecord<'_>) {
        if let Some(sender) = &self.sender {
            sender.processor.on_end(sender.data(span));
        }
    }

    /// Sends what is queued and stops, within `limit`. Returns whether everything was sent.
    pub async fn shutdown(&self, limit: Duration) -> bool {
        let Some(sender) = self.sender.clone() else {
            return true;
        };
        // The processor waits by blocking; its export runs on this runtime.
        let stop =
            tokio::task::spawn_blocking(move || sender.processor.shutdown_with_timeout(limit));
        matches!(tokio::time::timeout(limit, stop).await, Ok(Ok(Ok(()))))
    }
}

impl Sender {
    fn data(&self, span: SpanRecord<'_>) -> SpanData {
        let trace = span.trace;
        let status = match span.error {
            Some(code) => Status::error(code.to_owned()),
            None => Status::Unset,
        };
        SpanData {
            span_context: SpanContext::new(
                TraceId::from_bytes(trace.trace_id()),
                SpanId::from_bytes(trace.span_id()),
                // Evidence is not sampled: a caller must not be able to switch it off.
                TraceFlags::SAMPLED,
                false,
                opentelemetry::trace::TraceState::NONE,
            ),
            parent_span_id: trace
                .parent_id()
                .map_or(SpanId::INVALID, SpanId::from_bytes),
            parent_span_is_remote: trace.parent_id().is_some(),
            span_kind: SpanKind::Client,
            start_time: span.start,
            end_time: span.end,
            attributes: self.attributes(&span),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status,
            instrumentation_scope: self.scope.clone(),
            name: span.operation.span_name().map_or(span.name, Cow::Owned),
        }
    }

    fn attributes(&self, span: &SpanRecord<'_>) -> Vec<KeyValue> {
        let mut all = Vec::with_capacity(32);
        all.extend(span.operation.attributes());
        let mut put = |key: &'static str, text: &str| {
            if !text.is_empty() {
                all.push(KeyValue::new(key, text.to_owned()));
            }
        };
        put("aegis.front", span.front);
        put("aegis.tenant", span.tenant);
        put("aegis.agent", span.agent);
        put("aegis.tool", span.tool);
        put("aegis.action", span.action);
        put("aegis.provider", span.provider);
        put("aegis.decision", span.decision);
        put("aegis.decision_id", span.decision_id);
        put("aegis.would_decision", span.would.unwrap_or_default());
        put("aegis.policy_version", span.policy_version);
        put("aegis.approval_id", span.approval_id.unwrap_or_default());
        put("cloud.region", span.destination_region.unwrap_or_default());
        put("http.request.method", span.method);
        put("server.address", &span.server_address);
        put("error.type", span.error.unwrap_or_default());
        let lists = [
            ("aegis.reasons", &span.reasons),
            ("aegis.data", &span.data),
            ("aegis.answer.data", &span.answer_data),
        ];
        for (key, words) in lists.into_iter().filter(|(_, words)| !words.is_empty()) {
            let words = words.iter().map(|word| (*word).to_owned().into());
            let words: Vec<StringValue> = words.collect();
            all.push(KeyValue::new(key, Value::Array(words.into())));
        }
        all.push(KeyValue::new("aegis.region", self.region.clone()));
        all.push(KeyValue::new("server.port", i64::from(span.server_port)));
        if let Some(status) = span.status {
            all.push(KeyValue::new(
                "http.response.status_code",
                i64::from(status),
            ));
        }
        all
    }
}

fn traces_url(endpoint: &str) -> Result<Uri, TracerError> {
    let mut parts = endpoint.parse::<Uri>()?.into_parts();
    if parts.scheme != Some(Scheme::HTTP) {
        return Err(TracerError::NotPlainHttp);
    }
    if parts
        .path_and_query
        .as_ref()
        .is_none_or(|path| path.as_str() == "/")
    {
        parts.path_and_query = Some(PathAndQuery::from_static("/v1/traces"));
    }
    Uri::from_parts(parts).map_err(|_| TracerError::NotPlainHttp)
}

/// Larger than the defaults, which a busy proxy fills in an eighth of a second.
fn batches() -> BatchConfig {
    BatchConfigBuilder::default()
        .with_max_queue_size(8_192)
        .with_max_export_batch_size(2_048)
        .build()
}

fn resource(region: &str) -> Resource {
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", "aegis"),
            KeyValue::new("service.version", VERSION),
            KeyValue::new("cloud.region", region.to_owned()),
        ])
        .build()
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// For one export with its retries.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);
