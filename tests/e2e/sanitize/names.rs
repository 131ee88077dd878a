//! What both sides go by cannot be redacted: the names of tools, and what tells which answer belongs to which message.

use aegis_testkit::{Aegis, Upstream};
use serde_json::{Value, json};

const DATA: &str = "ann@corp.example";

#[tokio::test]
async fn the_name_of_a_tool_with_data_in_it_refuses_the_call() {
    let go = json!([{"role": "user", "content": "go"}]);
    let parts = json!([{"role": "user", "parts": [{"text": "go"}]}]);
    let blocks = json!([{"role": "user", "content": [{"text": "go"}]}]);
    for (host, path, body) in [
        (
            "openai.test",
            "/v1/chat/completions",
            json!({"model": "m", "messages": go, "tools": [{"type": "function", "function": {"name": DATA}}]}),
        ),
        (
            "openai.test",
            "/v1/responses",
            json!({"model": "m", "input": "go", "tools": [{"type": "function", "name": DATA}]}),
        ),
        (
            "anthropic.test",
            "/v1/messages",
            json!({"model": "m", "max_tokens": 5, "messages": go, "tools": [{"name": DATA, "input_schema": {}}]}),
        ),
        (
            "gemini.test",
            "/v1beta/models/g:generateContent",
            json!({"contents": parts, "tools": [{"functionDeclarations": [{"name": DATA}]}]}),
        ),
        (
            "bedrock.test",
            "/model/m/converse",
            json!({"messages": blocks, "toolConfig": {"tools": [{"toolSpec": {"name": DATA, "inputSchema": {"json": {}}}}]}}),
        ),
    ] {
        refused(host, path, &body).await;
        let described = body.to_string().replace(DATA, "find");
        let described = described.replace("go", &format!("write to {DATA}"));
        let described = serde_json::from_str(&described).expect("JSON");
        assert!(
            sent(host, path, &described)
                .await
                .contains("write to [REDACTED")
        );
    }
}

/// A name that was changed would be another tool's.
#[tokio::test]
async fn the_name_of_a_tool_that_was_called_or_is_to_be_refuses_the_call() {
    let call =
        json!({"id": "t", "type": "function", "function": {"name": DATA, "arguments": "{}"}});
    for (host, path, body) in [
        (
            "openai.test",
            "/v1/chat/completions",
            json!({"model": "m", "messages": [{"role": "assistant", "tool_calls": [call]}]}),
        ),
        (
            "openai.test",
            "/v1/chat/completions",
            json!({"model": "m", "messages": [], "tool_choice": {"type": "function", "function": {"name": DATA}}}),
        ),
        (
            "openai.test",
            "/v1/responses",
            json!({"model": "m", "input": [{"type": "function_call", "call_id": "c", "name": DATA, "arguments": "{}"}]}),
        ),
        (
            "anthropic.test",
            "/v1/messages",
            json!({"model": "m", "max_tokens": 5, "messages": [
                {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": DATA, "input": {}}]},
            ]}),
        ),
        (
            "anthropic.test",
            "/v1/messages",
            json!({"model": "m", "max_tokens": 5, "messages": [], "tool_choice": {"type": "tool", "name": DATA}}),
        ),
        (
            "gemini.test",
            "/v1beta/models/g:generateContent",
            json!({"contents": [{"role": "model", "parts": [{"functionCall": {"name": DATA, "args": {}}}]}]}),
        ),
        (
            "bedrock.test",
            "/model/m/converse",
            json!({"messages": [{"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": DATA, "input": {}}}]}]}),
        ),
    ] {
        refused(host, path, &body).await;
    }
    let asked =
        json!({"model": "m", "messages": [{"role": "user", "name": DATA, "content": "go"}]});
    let received = sent("openai.test", "/v1/chat/completions", &asked).await;
    assert!(received.contains("[REDACTED:EMAIL_ADDRESS]"), "{received}");
}

#[tokio::test]
async fn what_tells_which_answer_belongs_to_a_message_refuses_it() {
    let call = |id: Value, token: Value| {
        json!({"jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": {"name": "find", "arguments": {"to": DATA}, "_meta": {"progressToken": token}}})
    };
    for (id, token) in [(json!(DATA), json!("p")), (json!(7), json!(DATA))] {
        refused("mcp.test", "/mcp", &call(id, token)).await;
    }
    let received = sent("mcp.test", "/mcp", &call(json!(7), json!("p"))).await;
    assert!(received.contains("[REDACTED:EMAIL_ADDRESS]"), "{received}");
}

async fn refused(host: &str, path: &str, body: &Value) {
    let upstream = Upstream::http().echo().start().await;
    let aegis = aegis().await;
    let reply = aegis
        .client("bot")
        .post_json(&upstream.url_as(host, path), body)
        .await;
    assert_eq!(upstream.count(), 0, "{body}");
    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(end["error"], "sanitize.impossible", "{body}");
    assert!(!decision.to_string().contains("corp"), "{decision}");
}

async fn sent(host: &str, path: &str, body: &Value) -> String {
    let upstream = Upstream::http().echo().start().await;
    let aegis = aegis().await;
    aegis
        .client("bot")
        .post_json(&upstream.url_as(host, path), body)
        .await;
    upstream.request().text().clone()
}

async fn aegis() -> Aegis {
    Aegis::with_policy(POLICY)
        .agent("acme", "bot")
        .hosts(&[
            "openai.test",
            "anthropic.test",
            "gemini.test",
            "bedrock.test",
            "mcp.test",
        ])
        .start()
        .await
}

const POLICY: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: careful}
profiles:
  careful:
    tools: {openai: {chat: {}}, anthropic: {chat: {}}, gemini: {chat: {}}, bedrock: {chat: {}}, mcp/find: {call: {}}}
    data: {EMAIL_ADDRESS: sanitize}
catalogue:
  openai: {hosts: [openai.test], protocol: openai}
  anthropic: {hosts: [anthropic.test], protocol: anthropic}
  gemini: {hosts: [gemini.test], protocol: gemini}
  bedrock: {hosts: [bedrock.test], protocol: bedrock}
  mcp: {hosts: [mcp.test], protocol: mcp}
";
