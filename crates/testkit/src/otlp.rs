//! A fake OTLP/HTTP receiver that decodes the spans it gets; it judges nothing.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use http::Method;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1 as proto;
use prost::Message as _;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{Answer, Upstream, within};

/// Listens where [`endpoint`](Self::endpoint) says.
#[derive(Debug)]
pub struct OtlpReceiver {
    upstream: Upstream,
    spans: watch::Sender<Vec<Span>>,
}

/// A finished span, its ids in hex.
#[derive(Clone, Debug)]
pub struct Span {
    pub name: String,
    pub trace_id: String,
    pub span_id: String,
    /// Empty for a root.
    pub parent_id: String,
    /// 0 unset, 1 ok, 2 error.
    pub status: i32,
    pub attributes: BTreeMap<String, Value>,
    /// Of the resource that the span belongs to.
    pub resource: BTreeMap<String, Value>,
}

impl OtlpReceiver {
    pub async fn start() -> Self {
        let spans = watch::Sender::new(Vec::new());
        let book = spans.clone();
        let collect = move |request: &crate::Received| {
            let received = decode(request.body.clone());
            book.send_modify(|spans| spans.extend(received));
            Answer::status(200).header("content-type", "application/x-protobuf")
        };
        let upstream = Upstream::http()
            .on(Method::POST, "/v1/traces", collect)
            .start()
            .await;
        Self { upstream, spans }
    }

    /// The base URL for `otlp_endpoint`.
    pub fn endpoint(&self) -> String {
        self.upstream.url("")
    }

    pub fn address(&self) -> SocketAddr {
        self.upstream.address()
    }

    pub fn spans(&self) -> Vec<Span> {
        self.spans.borrow().clone()
    }

    /// Waits until so many spans have come.
    pub async fn received(&self, count: usize) -> Vec<Span> {
        let what = format!("arrival of {count} spans");
        let mut spans = self.spans.subscribe();
        let arrived = within(&what, spans.wait_for(|spans| spans.len() >= count)).await;
        drop(arrived.expect("the receiver lives as long as its owner"));
        self.spans()
    }
}

fn decode(body: Bytes) -> Vec<Span> {
    let export = ExportTraceServiceRequest::decode(body).expect("the exporter sends OTLP");
    let mut spans = Vec::new();
    for group in export.resource_spans {
        let resource = group
            .resource
            .map(|it| attributes(it.attributes))
            .unwrap_or_default();
        let scopes = group.scope_spans.into_iter();
        spans.extend(
            scopes
                .flat_map(|scope| scope.spans)
                .map(|it| span(it, &resource)),
        );
    }
    spans
}

fn span(span: proto::Span, resource: &BTreeMap<String, Value>) -> Span {
    Span {
        name: span.name,
        trace_id: hex::encode(&span.trace_id),
        span_id: hex::encode(&span.span_id),
        parent_id: hex::encode(&span.parent_span_id),
        status: span.status.map(|status| status.code).unwrap_or_default(),
        attributes: attributes(span.attributes),
        resource: resource.clone(),
    }
}

fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, Value> {
    pairs
        .into_iter()
        .map(|pair| (pair.key, value(pair.value)))
        .collect()
}

fn value(any: Option<AnyValue>) -> Value {
    match any.and_then(|any| any.value) {
        Some(Any::StringValue(text)) => json!(text),
        Some(Any::BoolValue(truth)) => json!(truth),
        Some(Any::IntValue(number)) => json!(number),
        Some(Any::DoubleValue(number)) => json!(number),
        Some(Any::ArrayValue(array)) => array
            .values
            .into_iter()
            .map(|item| value(Some(item)))
            .collect(),
        Some(other) => panic!("no span of ours has an attribute like {other:?}"),
        None => Value::Null,
    }
}
