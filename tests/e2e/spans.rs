//! One span per request at the operator's collector, in the caller's own trace; off until an endpoint is set.

use aegis_testkit::{Aegis, Answer, Feed, OtlpReceiver, Payload, Span, Upstream};
use http::Request;
use serde_json::{Value, json};

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

#[tokio::test]
async fn a_call_of_a_model_is_a_genai_span_with_what_its_answer_said() {
    let feed = Feed::new();
    let llm = Upstream::http();
    let body = feed.clone();
    let llm = llm.answer(move |_| Answer::events(&body)).start().await;
    let (aegis, collector) = traced_agents(&[("llm.test", llm.port())]).await;
    let usage = json!({"prompt_tokens": 12, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 8}});
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        json!({"id": "chatcmpl-7", "object": "chat.completion.chunk", "model": "small-2026-10", "choices": [choice]})
    };
    feed.event(&chunk(json!({"content": "hello"}), Value::Null).to_string());
    feed.event(&chunk(json!({}), json!("stop")).to_string());
    let last = json!({"id": "chatcmpl-7", "object": "chat.completion.chunk", "model": "small-2026-10", "choices": [], "usage": usage});
    feed.event(&last.to_string());
    feed.event("[DONE]");
    feed.end();

    let question =
        json!({"model": "small", "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    let url = llm.url_as("llm.test", "/v1/chat/completions");
    aegis
        .client("bot")
        .post_json(&url, &question)
        .await
        .bytes()
        .await;

    let span = only(&collector).await;
    assert_eq!(span.name, "chat small");
    let expected = json!({
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "acme-models",
        "gen_ai.request.model": "small",
        "gen_ai.request.stream": true,
        "gen_ai.response.id": "chatcmpl-7",
        "gen_ai.response.model": "small-2026-10",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.cache_read.input_tokens": 8,
        "gen_ai.usage.output_tokens": 4,
        "aegis.region": "eu-central-1",
        "cloud.region": "eu-west-1",
    });
    assert_has(&span, &expected);
}

#[tokio::test]
async fn what_a_caller_writes_is_in_no_span_where_it_holds_data_or_is_too_long() {
    let llm = Upstream::http().echo().start().await;
    let (aegis, collector) = traced_agents(&[("llm.test", llm.port())]).await;
    let url = llm.url_as("llm.test", "/v1/chat/completions");
    let client = aegis.client("bot");
    for model in ["jo.doe@mail.example.org".to_owned(), "x".repeat(100_000)] {
        let question = json!({"model": model, "messages": []});
        client.post_json(&url, &question).await.bytes().await;
    }
    let invented = Request::builder().method("INVENTED-4111111111111111");
    let request = invented.uri(&url).body(Payload::from(""));
    client.send(request.expect("a request")).await.bytes().await;
    aegis.stop().await;

    let spans = collector.spans();
    assert_eq!(spans.len(), 3);
    let words = format!("{spans:?}");
    for written in ["jo.doe", "xxx", "4111"] {
        assert!(!words.contains(written), "{written} in {words}");
    }
    assert_eq!(spans[0].attributes["gen_ai.request.model"], "[masked]");
    let other = |span: &Span| span.attributes["http.request.method"] == "_OTHER";
    assert!(spans.iter().any(other), "{words}");
}

#[tokio::test]
async fn a_message_to_an_mcp_server_is_a_span_by_its_method_and_tool() {
    let docs = Upstream::http()
        .answer(|request| {
            let id = request.json()["id"].clone();
            let result = json!({"content": [], "isError": true});
            Answer::json(&json!({"jsonrpc": "2.0", "id": id, "result": result}))
        })
        .start()
        .await;
    let (aegis, collector) = traced_agents(&[("docs.test", docs.port())]).await;
    let url = docs.url_as("docs.test", "/mcp");
    for (method, params) in [
        ("ping", json!({})),
        (
            "tools/call",
            json!({"name": "search", "arguments": {"query": "rego"}}),
        ),
        ("prompts/get", json!({"name": "summary"})),
    ] {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        aegis
            .client("bot")
            .post_json(&url, &message)
            .await
            .bytes()
            .await;
    }
    aegis.stop().await;

    let mut spans = collector.spans();
    spans.sort_by(|a, b| a.name.cmp(&b.name));
    let names: Vec<&str> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["ping", "prompts/get summary", "tools/call search"]);
    assert_has(&spans[0], &json!({"mcp.method.name": "ping"}));
    assert_has(
        &spans[1],
        &json!({"mcp.method.name": "prompts/get", "gen_ai.prompt.name": "summary"}),
    );
    let tool = json!({"mcp.method.name": "tools/call", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search",
        "error.type": "tool_error"});
    assert_has(&spans[2], &tool);
    assert!(!spans[0].attributes.contains_key("gen_ai.operation.name"));
}

fn assert_has(span: &Span, expected: &Value) {
    for (key, value) in expected.as_object().expect("attributes") {
        assert_eq!(
            span.attributes.get(key),
            Some(value),
            "{key} of {}",
            span.name
        );
    }
}

/// An agent with a model and a server of MCP, where they are.
async fn traced_agents(at: &[(&str, u16)]) -> (Aegis, OtlpReceiver) {
    let collector = OtlpReceiver::start().await;
    let endpoint = collector.endpoint();
    let hosts: Vec<&str> = at.iter().map(|(host, _)| *host).collect();
    let aegis = Aegis::with_policy(AGENTS)
        .agent("acme", "bot")
        .hosts(&hosts)
        .settings(|settings| settings.telemetry.otlp_endpoint = Some(endpoint.into()))
        .start()
        .await;
    (aegis, collector)
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

const AGENTS: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: bot}
profiles:
  bot:
    tools:
      llm: {chat: {}}
      docs: {ping: {}}
      docs/search: {call: {}}
      docs/summary: {get: {}}
catalogue:
  llm: {hosts: [llm.test], protocol: openai, provider: acme-models, regions: [eu-west-1]}
  docs: {hosts: [docs.test], protocol: mcp, regions: [eu-central-1]}
";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
