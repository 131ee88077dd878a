//! Spans as a collector sees them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::{Operation, SpanRecord, TraceContext, Tracer, TracerError};

const LIMIT: Duration = Duration::from_secs(30);
const EVIDENCE: [(&str, &str); 21] = [
    ("aegis.action", "charge"),
    ("aegis.agent", "finance-bot"),
    ("aegis.answer.data", "EMAIL_ADDRESS"),
    ("aegis.approval_id", "ap-1"),
    ("aegis.data", "CREDIT_CARD"),
    ("aegis.decision", "approval_needed"),
    ("aegis.decision_id", "id-1"),
    ("aegis.front", "forward"),
    ("aegis.policy_version", "7-3fa9c1d2e0b4"),
    ("aegis.provider", "stripe"),
    ("aegis.reasons", "tool.amount,user.late"),
    ("aegis.region", "eu-central-1"),
    ("aegis.tenant", "acme"),
    ("aegis.tool", "stripe-payments"),
    ("aegis.would_decision", "deny"),
    ("cloud.region", "us-east-1"),
    ("error.type", "approval_needed"),
    ("http.request.method", "POST"),
    ("http.response.status_code", "403"),
    ("server.address", "api.stripe.example"),
    ("server.port", "443"),
];
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_request_is_one_span_with_all_its_evidence() {
    let mut collector = FakeCollector::start().await;
    let tracer = Tracer::new(Some(&collector.url()), "eu-central-1").expect("a tracer");
    let caller = TraceContext::parse(PARENT).expect("valid");
    let trace = caller.child();
    tracer.record(SpanRecord {
        reasons: vec!["tool.amount", "user.late"],
        ..refused(&trace)
    });
    assert!(tracer.shutdown(LIMIT).await, "everything was sent");

    let (path, request) = collector.received.recv().await.expect("an export");
    assert_eq!(path, "/v1/traces");
    let group = request.resource_spans.first().expect("a resource");
    let resource = texts(&group.resource.as_ref().expect("a resource").attributes);
    assert_eq!(
        resource.get("service.name").map(String::as_str),
        Some("aegis")
    );
    assert_eq!(
        resource.get("cloud.region").map(String::as_str),
        Some("eu-central-1")
    );
    let [span] = spans(&request)[..] else {
        panic!("one span")
    };
    assert_eq!(span.name, "POST stripe-payments");
    assert_eq!(span.kind, i32::from(SpanKind::Client));
    assert_eq!(
        span.trace_id,
        caller.trace_id(),
        "also when the caller did not sample"
    );
    assert_eq!(span.parent_span_id, caller.span_id());
    assert_eq!(span.span_id, trace.span_id());
    assert_eq!(
        span.end_time_unix_nano - span.start_time_unix_nano,
        5_000_000
    );
    assert_eq!(
        span.status.as_ref().expect("a status").code,
        i32::from(StatusCode::Error)
    );
    let expected = EVIDENCE.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(texts(&span.attributes), BTreeMap::from(expected));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_apply_is_no_attribute() {
    let mut collector = FakeCollector::start().await;
    let tracer = Tracer::new(Some(&collector.url()), "eu-central-1").expect("a tracer");
    let trace = TraceContext::root();
    tracer.record(SpanRecord {
        would: None,
        approval_id: None,
        destination_region: None,
        status: None,
        error: None,
        ..refused(&trace)
    });
    assert!(tracer.shutdown(LIMIT).await);
    let (_, request) = collector.received.recv().await.expect("an export");
    let [span] = spans(&request)[..] else {
        panic!("one span")
    };
    assert!(span.parent_span_id.is_empty());
    assert_eq!(
        span.status.as_ref().map_or(0, |status| status.code),
        i32::from(StatusCode::Unset)
    );
    let attributes = texts(&span.attributes);
    for key in [
        "aegis.would_decision",
        "aegis.approval_id",
        "aegis.reasons",
        "cloud.region",
        "http.response.status_code",
        "error.type",
    ] {
        assert_eq!(attributes.get(key), None, "{key}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_never_answers_does_not_hold_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let tracer = Tracer::new(Some(&url), "eu-central-1").expect("a tracer");
    tracer.record(refused(&TraceContext::root()));
    assert!(
        !tracer.shutdown(Duration::from_millis(50)).await,
        "and it is not called a success"
    );
}

#[tokio::test]
async fn without_an_endpoint_nothing_happens() {
    let tracer = Tracer::new(None, "eu-central-1").expect("a tracer");
    assert!(!tracer.enabled());
    tracer.record(refused(&TraceContext::root()));
    assert!(tracer.shutdown(LIMIT).await);
}

#[tokio::test]
async fn an_endpoint_that_cannot_work_is_an_error_at_the_start() {
    for endpoint in [
        "https://127.0.0.1:4318",
        "127.0.0.1:4318",
        "collector",
        "/v1/traces",
    ] {
        let refused = Tracer::new(Some(endpoint), "eu-central-1");
        assert!(
            matches!(refused, Err(TracerError::NotPlainHttp)),
            "{endpoint}"
        );
    }
    assert!(matches!(
        Tracer::new(Some("http://a b"), ""),
        Err(TracerError::Url(_))
    ));
}

fn refused(trace: &TraceContext) -> SpanRecord<'_> {
    SpanRecord {
        name: "POST stripe-payments".into(),
        operation: Operation::Other,
        trace,
        start: UNIX_EPOCH + Duration::from_secs(1_000),
        end: UNIX_EPOCH + Duration::from_millis(1_000_005),
        front: "forward",
        tenant: "acme",
        agent: "finance-bot",
        tool: "stripe-payments",
        action: "charge",
        provider: "stripe",
        decision: "approval_needed",
        decision_id: "id-1",
        would: Some("deny"),
        policy_version: "7-3fa9c1d2e0b4",
        reasons: Vec::new(),
        data: vec!["CREDIT_CARD"],
        answer_data: vec!["EMAIL_ADDRESS"],
        approval_id: Some("ap-1"),
        destination_region: Some("us-east-1"),
        method: "POST",
        status: Some(403),
        server_address: "api.stripe.example".into(),
        server_port: 443,
        error: Some("approval_needed"),
    }
}

/// An OTLP receiver that hands out what it was sent.
struct FakeCollector {
    address: SocketAddr,
    received: mpsc::UnboundedReceiver<(String, ExportTraceServiceRequest)>,
}

impl FakeCollector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, received) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sender = sender.clone();
                let service = service_fn(move |request| take(request, sender.clone()));
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        Self { address, received }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn take(
    request: Request<Incoming>,
    sender: mpsc::UnboundedSender<(String, ExportTraceServiceRequest)>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    #[expect(clippy::disallowed_methods, reason = "a test's own few bytes")]
    let body = request
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    let spans = ExportTraceServiceRequest::decode(body).expect("protobuf");
    sender.send((path, spans)).expect("the test listens");
    Ok(Response::new(Full::default()))
}

fn spans(request: &ExportTraceServiceRequest) -> Vec<&Span> {
    let scopes = request
        .resource_spans
        .iter()
        .flat_map(|resource| &resource.scope_spans);
    scopes.flat_map(|scope| &scope.spans).collect()
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    attributes
        .iter()
        .map(|pair| (pair.key.clone(), text(pair.value.as_ref())))
        .collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|any| any.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::ArrayValue(array)) => array
            .values
            .iter()
            .map(|item| text(Some(item)))
            .collect::<Vec<_>>()
            .join(","),
        other => panic!("unexpected value {other:?}"),
    }
}
