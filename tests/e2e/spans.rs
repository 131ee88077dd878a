//! One span per request at the operator's collector, in the caller's own trace; off until an endpoint is set.

mod agents;

use aegis_testkit::{Aegis, Answer, OtlpReceiver, Payload, Span, Upstream};
use http::Request;
use serde_json::json;

use crate::finance::{charge, charge_url, payments, policy, under};

#[tokio::test]
async fn a_span_says_who_did_what_and_what_was_decided() {
    let upstream = Upstream::http().echo().start().await;
    let (aegis, collector) = traced(&upstream).await;

    let mut reply = charge(&aegis, &upstream, 7).await;
    reply.bytes().await;

    let span = only(&collector).await;
    let version = aegis.policy_version().await;
    let id = reply.header("aegis-decision-id").expect("an id");
    for (name, value) in [
        ("aegis.tenant", json!("acme")),
        ("aegis.agent", json!("finance-bot")),
        ("aegis.tool", json!("stripe-payments")),
        ("aegis.action", json!("charge")),
        ("aegis.decision", json!("allow")),
        ("aegis.decision_id", json!(id)),
        ("aegis.policy_version", json!(version)),
        ("aegis.region", json!("eu-central-1")),
        ("cloud.region", json!("eu-central-1")),
        ("http.request.method", json!("POST")),
        ("http.response.status_code", json!(200)),
        ("server.address", json!("payments.test")),
        ("server.port", json!(upstream.port())),
    ] {
        assert_eq!(span.attributes.get(name), Some(&value), "{name}");
    }
    assert_eq!(span.resource["cloud.region"], "eu-central-1");
    assert_eq!(span.resource["service.name"], "aegis");
    let (decision, _) = aegis.lines_of(&reply).await;
    assert_eq!(decision["trace_id"], span.trace_id);
}

#[tokio::test]
async fn a_span_names_the_types_of_data_in_the_call() {
    let upstream = Upstream::http().echo().start().await;
    let (aegis, collector) = traced(&upstream).await;
    let body = json!({"amount": 7, "currency": "eur", "to": "ann@example.org"});

    aegis
        .client("finance-bot")
        .post_json(&charge_url(&upstream), &body)
        .await;

    let span = only(&collector).await;
    assert_eq!(span.attributes["aegis.data"], json!(["EMAIL_ADDRESS"]));
    assert!(!json!(span.attributes).to_string().contains("ann@"));
}

#[tokio::test]
async fn a_refused_call_has_a_span_with_its_reasons_and_its_approval() {
    let upstream = Upstream::http().echo().start().await;
    let (aegis, collector) = traced(&upstream).await;

    let mut reply = charge(&aegis, &upstream, 5001).await;

    let problem = reply.json().await;
    let span = only(&collector).await;
    let attribute = |name: &str| span.attributes.get(name);
    assert_eq!(attribute("aegis.decision"), Some(&json!("approval_needed")));
    assert_eq!(
        attribute("aegis.reasons"),
        Some(&json!(["parameter.approve_above"]))
    );
    assert_eq!(
        attribute("aegis.approval_id"),
        Some(&problem["approval_id"])
    );
    assert_eq!(attribute("http.response.status_code"), Some(&json!(403)));
    assert_eq!(
        attribute("error.type"),
        Some(&json!("policy.approval_needed"))
    );
}

#[tokio::test]
async fn a_span_names_the_destinations_region_whatever_was_decided() {
    let upstream = Upstream::http().echo().start().await;
    let own = "regions: [eu-central-1]\n    operations";
    for (declared, region) in [
        ("regions: [eu-central-1]", "eu-central-1"),
        ("regions: [us-east-1]", "us-east-1"),
        (
            "regions: [us-east-1, eu-central-1]",
            "us-east-1,eu-central-1",
        ),
        ("regions: []", "unknown"),
    ] {
        let words = policy(&upstream).replace(own, &format!("{declared}\n    operations"));
        let (aegis, collector) = traced_by(&words).await;
        for amount in [7, 5001, 100_001] {
            charge(&aegis, &upstream, amount).await.bytes().await;
        }
        aegis.stop().await;

        let spans = collector.spans();
        let mut decisions: Vec<_> = spans
            .iter()
            .map(|span| span.attributes["aegis.decision"].as_str().expect("a word"))
            .collect();
        decisions.sort_unstable();
        if region == "eu-central-1" {
            assert_eq!(decisions, ["allow", "approval_needed", "deny"]);
        } else {
            assert_eq!(decisions, ["deny"; 3], "{region} is not lawful");
        }
        for span in &spans {
            assert_eq!(span.attributes["cloud.region"], region, "{span:?}");
        }
    }
}

#[tokio::test]
async fn what_was_refused_before_any_decision_has_its_reasons_too() {
    let upstream = Upstream::http().echo().start().await;
    let (aegis, collector) = traced(&upstream).await;
    let version = aegis.policy_version().await;
    let mut refused = Vec::new();
    let head = format!("GET {} HTTP/1.1\r\n", charge_url(&upstream));
    let host = format!("Host: payments.test:{}\r\n", upstream.port());
    for (request, rule) in [
        (
            format!("{head}{host}Proxy-Authorization: Bearer guessed\r\n\r\n"),
            "identity.invalid",
        ),
        (
            format!("{head}Host: other.test\r\n\r\n"),
            "name.disagreement",
        ),
        (format!("{head}{host}X-A : 1\r\n\r\n"), "http.malformed"),
    ] {
        let mut client = aegis.raw().await;
        client.send(request).await;
        let answer = client.read_response().await;

        let id = answer.header("aegis-decision-id").expect("an id");
        refused.push((id.to_owned(), rule));
    }
    aegis.stop().await;

    let spans = collector.spans();
    for (id, rule) in refused {
        let own = |span: &&Span| span.attributes["aegis.decision_id"] == id;
        let span = spans.iter().find(own).expect(rule);
        assert_eq!(span.attributes["aegis.reasons"], json!([rule]));
        assert_eq!(span.attributes["aegis.decision"], "deny");
        assert_eq!(span.attributes["aegis.policy_version"], version);
    }
}

#[tokio::test]
async fn without_a_policy_the_span_says_so() {
    let upstream = Upstream::http().echo().start().await;
    let (aegis, collector) = traced_by("tenants: 1").await;

    charge(&aegis, &upstream, 7).await.bytes().await;
    aegis.stop().await;

    let span = only(&collector).await;
    assert_eq!(span.attributes["aegis.reasons"], json!(["aegis.no_policy"]));
    assert_eq!(span.attributes.get("aegis.policy_version"), None);
}

/// The decision line is written by then; the span is not, so it says what the agent was told.
#[tokio::test]
async fn what_aegis_refused_after_policy_allowed_it_was_not_allowed() {
    let upstream = Upstream::http().echo().start().await;
    let collector = OtlpReceiver::start().await;
    let endpoint = collector.endpoint();
    let aegis = payments(&upstream)
        .settings(|settings| {
            settings.telemetry.otlp_endpoint = Some(endpoint.into());
            settings.upstream.allow_addresses.clear();
        })
        .start()
        .await;

    let reply = charge(&aegis, &upstream, 7).await;

    assert_eq!(reply.header("aegis-decision"), Some("deny"));
    drop(reply);
    aegis.stop().await;
    let span = only(&collector).await;
    assert_eq!(span.attributes["aegis.decision"], "deny");
    assert_eq!(
        span.attributes["aegis.reasons"],
        json!(["address.loopback"])
    );
    assert_eq!(span.attributes["error.type"], "address.denied");
    assert_eq!(span.attributes["cloud.region"], "eu-central-1");
}

#[tokio::test]
async fn a_failure_that_the_destination_tells_has_its_status_for_a_type() {
    for (status, kind) in [(429, Some("429")), (503, Some("503")), (302, None)] {
        let upstream = Upstream::http().answer(move |_| Answer::status(status));
        let upstream = upstream.start().await;
        let (aegis, collector) = traced(&upstream).await;

        charge(&aegis, &upstream, 7).await.bytes().await;

        let span = only(&collector).await;
        let told = span.attributes.get("error.type").and_then(|it| it.as_str());
        assert_eq!(told, kind);
        assert_eq!(span.attributes["aegis.decision"], "allow");
    }
}

#[tokio::test]
async fn a_callers_trace_goes_on_at_the_upstream() {
    let upstream = Upstream::http().echo().start().await;
    let (aegis, collector) = traced(&upstream).await;

    send_traced(&aegis, &upstream, &format!("00-{TRACE}-{PARENT}-01")).await;

    let span = only(&collector).await;
    let received = upstream.request();
    assert_eq!(
        (span.trace_id.as_str(), span.parent_id.as_str()),
        (TRACE, PARENT)
    );
    assert_ne!(span.span_id, PARENT);
    let sent = format!("00-{TRACE}-{}-01", span.span_id);
    assert_eq!(received.header("traceparent"), Some(sent.as_str()));
    assert_eq!(received.header("tracestate"), Some("vendor=1,other@x=2"));
}

#[tokio::test]
async fn an_invalid_trace_begins_anew() {
    let upstream = Upstream::http().echo().start().await;
    let (aegis, collector) = traced(&upstream).await;

    send_traced(
        &aegis,
        &upstream,
        &format!("00-{TRACE}-0000000000000000-01"),
    )
    .await;

    let span = only(&collector).await;
    assert_ne!(span.trace_id, TRACE);
    assert_eq!(span.parent_id, "");
    let sent = upstream.request();
    let sent = sent.header("traceparent").expect("a trace");
    assert!(
        sent.contains(&span.trace_id) && sent.contains(&span.span_id),
        "{sent}"
    );
}

/// A trace is passed on also where nobody collects it.
#[tokio::test]
async fn without_an_endpoint_there_is_a_trace_but_no_span() {
    let upstream = Upstream::http().echo().start().await;
    let collector = OtlpReceiver::start().await;
    let aegis = payments(&upstream).start().await;

    send_traced(&aegis, &upstream, &format!("00-{TRACE}-{PARENT}-01")).await;
    let received = upstream.request();
    aegis.stop().await;

    let sent = received.header("traceparent").expect("a trace");
    assert!(sent.contains(TRACE) && !sent.contains(PARENT), "{sent}");
    assert!(collector.spans().is_empty());
}

/// Spans are a courtesy: a collector that is away holds nobody up.
#[tokio::test]
async fn a_collector_that_is_away_holds_no_call() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream)
        .settings(|settings| settings.telemetry.otlp_endpoint = Some("http://127.0.0.1:1".into()))
        .start()
        .await;

    for _ in 0..3 {
        assert_eq!(charge(&aegis, &upstream, 7).await.status(), 200);
    }
}

async fn traced(upstream: &Upstream) -> (Aegis, OtlpReceiver) {
    traced_by(&policy(upstream)).await
}

async fn traced_by(policy: &str) -> (Aegis, OtlpReceiver) {
    let collector = OtlpReceiver::start().await;
    let endpoint = collector.endpoint();
    let aegis = under(policy)
        .settings(|settings| settings.telemetry.otlp_endpoint = Some(endpoint.into()))
        .start()
        .await;
    (aegis, collector)
}

async fn send_traced(aegis: &Aegis, upstream: &Upstream, parent: &str) {
    let request = Request::post(charge_url(upstream))
        .header("content-type", "application/json")
        .header("traceparent", parent)
        .header("tracestate", "vendor=1,other@x=2")
        .body(Payload::from(r#"{"amount": 7, "currency": "eur"}"#));
    let mut reply = aegis
        .client("finance-bot")
        .send(request.expect("a URL"))
        .await;
    assert_eq!(reply.status(), 200, "{}", reply.text().await);
    reply.bytes().await;
}

async fn only(collector: &OtlpReceiver) -> Span {
    let mut spans = collector.received(1).await;
    assert_eq!(spans.len(), 1, "{spans:?}");
    spans.remove(0)
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
