//! A call that needs a human waits under one id for as long as it is the same call, and under another as soon as it is not.

use aegis_testkit::{Aegis, AegisBuilder, Upstream};
use serde_json::{Value, json};

use crate::finance::{post, rules};

/// A JSON-RPC id and the order of arguments are new each time; the call is not.
#[tokio::test]
async fn an_mcp_call_that_is_tried_again_keeps_its_approval() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let url = upstream.url_as("bank.test", "/mcp");
    let id = async |agent: &str, id: u64, amount: u64| {
        let message = json!({
            "jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": {"name": "pay", "arguments": {"amount": amount}},
        });
        let mut reply = aegis.client(agent).post_json(&url, &message).await;
        let answer = reply.json().await;
        assert_eq!(
            answer["error"]["data"]["outcome"], "approval_needed",
            "{answer}"
        );
        answer["error"]["data"]["approval_id"].clone()
    };

    let first = id("one", 1, 10).await;

    assert_eq!(id("one", 2, 10).await, first);
    assert_ne!(id("one", 3, 11).await, first);
    assert_ne!(
        id("two", 4, 10).await,
        first,
        "another agent is another call"
    );
}

#[tokio::test]
async fn another_body_is_another_approval() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let url = upstream.url_as("plain.test", "/mail");
    let id = async |to: &str| {
        let body = json!({"to": to});
        let mut reply = aegis.client("one").post_json(&url, &body).await;
        reply.json().await["approval_id"].clone()
    };

    let first = id("ann@example.org").await;

    assert!(first.is_string(), "{first}");
    assert_eq!(id("ann@example.org").await, first);
    assert_ne!(id("bob@example.org").await, first);
    let (_, list) = aegis.admin_get("/approvals").await;
    assert!(!list.contains("example.org"), "{list}");
}

/// Nobody knows whether two bodies are the same that nobody has read to their end.
#[tokio::test]
async fn a_body_that_was_not_read_is_approved_with_no_other() {
    let upstream = Upstream::http().echo().start().await;
    let module = r#"approval_needed contains {"rule": "own.mail", "message": "mail is looked at"} if input.call.truncated"#;
    let aegis = data_plane(&upstream)
        .module("own.rego", &format!("package aegis.ext\n{module}\n"))
        .settings(|settings| settings.limits.inspected_body_bytes = 64)
        .start()
        .await;
    let id = async |url: &str, kind: &str, body: &str| {
        let request = post(url, kind, body);
        let mut reply = aegis.client("one").send(request).await;
        let problem = reply.json().await;
        assert_eq!(rules(&problem["reasons"]), ["own.mail"], "{problem}");
        problem["approval_id"].clone()
    };

    let (long, other) = ("a".repeat(100), "b".repeat(100));
    for (host, path) in [("plain.test", "/mail"), ("pay.test", "/v1/charges")] {
        let url = upstream.url_as(host, path);
        let first = id(&url, "text/plain", &long).await;
        assert_ne!(id(&url, "text/plain", &other).await, first, "{path}");
        assert_ne!(id(&url, "text/plain", &long).await, first, "{path}");
        // Read, but not understood: its bytes are known.
        let binary = "application/octet-stream";
        let first = id(&url, binary, "\0a").await;
        assert_eq!(id(&url, binary, "\0a").await, first, "{path}");
        assert_ne!(id(&url, binary, "\0b").await, first, "{path}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn pending_approvals_are_listed_oldest_first() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = data_plane(&upstream).start().await;
    let url = upstream.url_as("plain.test", "/mail");
    let mut ids = Vec::new();
    for to in ["a@example.org", "b@example.org", "c@example.org"] {
        let mut reply = aegis
            .client("one")
            .post_json(&url, &json!({"to": to}))
            .await;
        ids.push(reply.json().await["approval_id"].clone());
    }

    let (_, list) = aegis.admin_get("/approvals").await;

    let list: Value = serde_json::from_str(&list).expect("JSON");
    assert_eq!(list["schema_version"], 1);
    let pending = list["pending"].as_array().expect("a list");
    let listed: Vec<_> = pending.iter().map(|it| it["approval_id"].clone()).collect();
    assert_eq!(listed, ids);
}

fn data_plane(upstream: &Upstream) -> AegisBuilder {
    let port = upstream.port();
    Aegis::with_policy(&format!(
        "
tenants: {{acme: {{}}}}
agents:
  one: {{tenant: acme, profile: p}}
  two: {{tenant: acme, profile: p}}
profiles:
  p:
    hosts: [plain.test]
    data: {{EMAIL_ADDRESS: approval_needed}}
    truncated: allow
    tools:
      http: {{post: {{}}}}
      payments: {{charge: {{}}}}
      bank/pay: {{call: {{amount: {{approve_above: 1}}}}}}
catalogue:
  bank: {{hosts: ['bank.test:{port}'], protocol: mcp}}
  payments:
    hosts: ['pay.test:{port}']
    protocol: rest
    operations: [{{action: charge, method: POST, path: /v1/charges}}]
"
    ))
    .agent("acme", "one")
    .agent("acme", "two")
    .hosts(&["plain.test", "bank.test", "pay.test"])
}
