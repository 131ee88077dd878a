//! A refusal comes in the caller's own protocol, so that its SDK raises a normal error.

use aegis_testkit::{Aegis, AegisBuilder, Reply, Upstream};
use serde_json::{Value, json};

use crate::finance::{payments, post, rules};

#[tokio::test]
async fn an_mcp_call_is_refused_by_a_json_rpc_error_with_its_id() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;

    for id in [json!(7), json!("a-b")] {
        let call =
            json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "drop"}});
        let mut reply = ask(&aegis, &upstream, "/mcp", &call.to_string()).await;

        // MCP's SDKs read the error of a call only from a successful answer.
        assert_eq!(reply.status(), 200);
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("aegis-decision"), Some("deny"));
        let answer = reply.json().await;
        assert_eq!(answer["jsonrpc"], "2.0");
        assert_eq!(answer["id"], id);
        assert!(answer["error"]["code"].is_i64() && answer["error"]["message"].is_string());
        let problem = &answer["error"]["data"];
        assert!(rules(&problem["reasons"]).contains(&"tool"), "{answer}");
        assert_eq!(
            problem["decision_id"].as_str(),
            reply.header("aegis-decision-id")
        );
        let (_, end) = aegis.lines_of(&reply).await;
        assert_eq!(end["status"], 200);
        assert_eq!(end["outcome_detail"], "refused");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn an_mcp_message_that_cannot_be_read_is_still_refused_in_json_rpc() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;

    let mut reply = ask(&aegis, &upstream, "/mcp", r#"{"jsonrpc": "2.0", "id": 7, "#).await;

    assert_eq!(reply.status(), 403);
    let answer = reply.json().await;
    assert_eq!(answer["id"], Value::Null);
    assert_eq!(
        rules(&answer["error"]["data"]["reasons"]),
        ["protocol.malformed"]
    );
}

#[tokio::test]
async fn a_notification_has_no_id_so_its_status_speaks() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let message = json!({"jsonrpc": "2.0", "method": "notifications/cancelled"});

    let mut reply = ask(&aegis, &upstream, "/mcp", &message.to_string()).await;

    assert_eq!(reply.status(), 403);
    assert_eq!(reply.json().await["id"], Value::Null);
}

#[tokio::test]
async fn a_chat_completion_is_refused_in_the_providers_error_shape() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;

    let version = aegis.policy_version().await;
    let chat = r#"{"model": "gpt-huge", "messages": []}"#;
    for (body, rule) in [
        (chat, "parameter.enum"),
        (r#"{"model": "#, "protocol.malformed"),
    ] {
        let mut reply = ask(&aegis, &upstream, "/v1/chat/completions", body).await;

        assert_eq!(reply.status(), 403);
        assert_eq!(reply.header("content-type"), Some("application/json"));
        let error = &reply.json().await["error"];
        assert_eq!(error["code"], rule);
        assert_eq!(error["type"], "policy_refusal");
        assert!(error["message"].is_string());
        assert_eq!(rules(&error["aegis"]["reasons"]), [rule]);
        assert_eq!(reply.header("aegis-policy-version"), Some(&*version));
        assert_eq!(error["aegis"]["policy_version"], *version);
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn anything_else_that_cannot_be_read_is_refused_by_a_problem() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = payments(&upstream).start().await;
    let url = upstream.url_as("payments.test", "/v1/charges");

    let mut reply = aegis
        .client("finance-bot")
        .send(post(&url, "application/json", r#"{"secret-word": tru"#))
        .await;

    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
    let problem = reply.json().await;
    assert_eq!(rules(&problem["reasons"]), ["protocol.malformed"]);
    assert!(!problem.to_string().contains("secret-word"), "{problem}");
    let (decision, _) = aegis.lines_of(&reply).await;
    assert!(!decision.to_string().contains("secret-word"), "{decision}");
    assert_eq!(decision["agent"], "finance-bot");
    assert_eq!(decision["destination"]["host"], "payments.test");
}

/// An upstream that is away is no verdict on the call.
#[tokio::test]
async fn an_upstream_that_fails_is_told_apart_from_a_refusal() {
    let upstream = Upstream::http().wire_then_close("garbage").start().await;
    let aegis = payments(&upstream).start().await;

    let mut reply = crate::finance::charge(&aegis, &upstream, 7).await;

    assert_eq!(reply.status(), 502);
    let problem = reply.json().await;
    assert_eq!(rules(&problem["reasons"]), ["upstream.broken"]);
    // It had the charge, and may have made it.
    assert_eq!(problem["retryable"], false);
    let next = problem["next_step"].as_str().expect("a text");
    assert!(next.starts_with("find out"), "{next}");
    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(decision["outcome"], "allow");
    assert_eq!(reply.header("aegis-decision"), Some("allow"));
    assert_eq!(end["outcome_detail"], "failed");
    assert_eq!(end["error"], "upstream.broken");
}

async fn ask(aegis: &Aegis, upstream: &Upstream, path: &str, body: &str) -> Reply {
    let host = if path == "/mcp" {
        "mcp.test"
    } else {
        "llm.test"
    };
    let request = post(&upstream.url_as(host, path), "application/json", body);
    aegis.client("bot").send(request).await
}

fn data_plane(upstream: &Upstream) -> AegisBuilder {
    let port = upstream.port();
    Aegis::with_policy(&format!(
        "
tenants: {{acme: {{}}}}
agents: {{bot: {{tenant: acme, profile: p}}}}
profiles:
  p: {{tools: {{llm: {{chat: {{model: {{enum: [gpt-small]}}}}}}, docs: {{tools/list: {{}}}}}}}}
catalogue:
  llm: {{hosts: ['llm.test:{port}'], protocol: openai}}
  docs: {{hosts: ['mcp.test:{port}'], protocol: mcp}}
"
    ))
    .agent("acme", "bot")
    .hosts(&["llm.test", "mcp.test"])
}
