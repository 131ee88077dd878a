//! A call that needs a human waits under one id for as long as it is the same call, and under another as soon as it is not.

use aegis_testkit::{Aegis, AegisBuilder, Upstream};
use serde_json::{Value, json};

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
    data: {{email: approval_needed}}
    tools:
      http: {{post: {{}}}}
      bank/pay: {{call: {{amount: {{approve_above: 1}}}}}}
catalogue:
  bank: {{hosts: ['bank.test:{port}'], protocol: mcp}}
"
    ))
    .agent("acme", "one")
    .agent("acme", "two")
    .hosts(&["plain.test", "bank.test"])
}
