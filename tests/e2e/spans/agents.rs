//! Spans of models and of servers of MCP are named as OpenTelemetry's conventions for `GenAI` and MCP name them.

use aegis_testkit::{Aegis, Answer, Feed, OtlpReceiver, Payload, Span, Upstream};
use http::Request;
use serde_json::{Value, json};

use super::only;

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
        "gen_ai.provider.name": "openai",
        "aegis.provider": "acme-models",
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

/// The provider says which: it need not be the one that was asked.
#[tokio::test]
async fn the_region_that_did_the_work_is_in_the_span_and_on_record() {
    let claude = Upstream::http().answer(|_| {
        let usage = json!({"input_tokens": 3, "output_tokens": 1, "inference_geo": "us"});
        let content = json!([{"type": "text", "text": "hello"}]);
        Answer::json(
            &json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "content": content, "stop_reason": "end_turn", "usage": usage}),
        )
    });
    let claude = claude.start().await;
    let (aegis, collector) = traced_agents(&[("claude.test", claude.port())]).await;
    let question =
        json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
    let url = claude.url_as("claude.test", "/v1/messages");
    let mut reply = aegis.client("bot").post_json(&url, &question).await;
    reply.bytes().await;

    let span = only(&collector).await;
    let expected = json!({"aegis.region": "eu-central-1", "cloud.region": "eu-west-1",
        "aegis.response_region": "us"});
    assert_has(&span, &expected);
    let (_, end) = aegis.lines_of(&reply).await;
    assert_eq!(end["llm"]["region"], "us", "{end}");
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
async fn a_message_to_an_mcp_server_and_what_that_asks_is_a_span_by_its_method_and_tool() {
    let docs = Upstream::http()
        .answer(|request| {
            let message = request.json();
            let mut result = json!({"content": [], "isError": true});
            if message["method"] == "prompts/get" {
                result["inputRequests"] = json!({"where": {"method": "roots/list"}});
            }
            Answer::json(&json!({"jsonrpc": "2.0", "id": message["id"], "result": result}))
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
    let expected = [
        "ping",
        "prompts/get summary",
        "roots/list",
        "tools/call search",
    ];
    assert_eq!(names, expected);
    assert_has(&spans[0], &json!({"mcp.method.name": "ping"}));
    assert_has(
        &spans[1],
        &json!({"mcp.method.name": "prompts/get", "gen_ai.prompt.name": "summary"}),
    );
    let tool = json!({"mcp.method.name": "tools/call", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search",
        "error.type": "tool_error"});
    assert_has(&spans[3], &tool);
    assert_has(&spans[2], &json!({"mcp.method.name": "roots/list"}));
    assert_eq!(
        spans[2].parent_id, spans[1].span_id,
        "what the prompt's answer asks"
    );
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

const AGENTS: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: bot}
profiles:
  bot:
    proposed: {tools: {docs/roots/list: {}}}
    tools:
      llm: {chat: {}}
      claude: {chat: {}}
      docs: {ping: {}}
      docs/search: {call: {}}
      docs/summary: {get: {}}
catalogue:
  llm: {hosts: [llm.test], protocol: openai, provider: acme-models, regions: [eu-west-1]}
  claude: {hosts: [claude.test], protocol: anthropic, regions: [eu-west-1]}
  docs: {hosts: [docs.test], protocol: mcp, regions: [eu-central-1]}
";
