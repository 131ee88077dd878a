//! What an MCP server asks on a WebSocket reaches its client, and what the client answers is judged as it is over HTTP.

use aegis_testkit::{Aegis, Sockets};
use serde_json::{Value, json};

use super::World;

#[tokio::test]
async fn what_a_client_answers_goes_without_the_data_that_policy_takes_out() {
    let world = world(POLICY).await;
    let (mut client, mut server) = world.open("mcp.test", "/mcp").await;
    let params = json!({"message": "Where to?", "requestedSchema": {"type": "object"}});
    let asked =
        json!({"jsonrpc": "2.0", "id": 9, "method": "elicitation/create", "params": params});
    server.send_compressed(&asked.to_string()).await;
    assert_eq!(client.read_json().await, asked);

    let answer = filled_in("ann@corp.example");
    client.send_compressed(&answer.to_string()).await;

    let redacted = filled_in("[REDACTED:EMAIL_ADDRESS]");
    assert_eq!(server.read_json().await, redacted);
    let (decision, end) = world.aegis.lines(|line| line["action"] == "response").await;
    let known = ["kind", "tool", "outcome"].map(|name| &decision[name]);
    assert_eq!(known, ["mcp", "docs", "sanitize"]);
    assert_eq!(end["outcome_detail"], "forwarded", "{end}");
}

/// Nothing tells for which of the client's requests the server asks, so that no request can be refused.
#[tokio::test]
async fn what_a_server_must_not_ask_is_left_out_and_the_connection_goes_on() {
    let world = world(POLICY).await;
    let (mut client, mut server) = world.open("mcp.test", "/mcp").await;
    let asked = |method: &str| json!({"jsonrpc": "2.0", "id": 9, "method": method});
    for method in ["sampling/createMessage", "elicitation/create", "ping"] {
        server.send_compressed(&asked(method).to_string()).await;
    }
    assert_eq!(client.read_json().await, asked("elicitation/create"));
    assert_eq!(client.read_json().await, asked("ping"));
    let denied = |line: &Value| line["tool"] == "docs/sampling/createMessage";
    let (decision, end) = world.aegis.lines(denied).await;
    assert_eq!(decision["outcome"], "deny", "{decision}");
    assert_eq!(end["outcome_detail"], "refused", "{end}");
}

/// A response is answered by nobody, so there is no message that could tell of the refusal.
#[tokio::test]
async fn what_a_client_must_not_answer_ends_the_connection_before_the_server_sees_it() {
    let ungranted = POLICY.replace("response: {}", "other: {}");
    for (policy, said, rule) in [
        (POLICY, "AKIAIOSFODNN7EXAMPLF", "data.SECRET_AWS"),
        (&ungranted, "to Berlin", "tool"),
    ] {
        let world = world(policy).await;
        let (mut client, mut server) = world.open("mcp.test", "/mcp").await;
        client.send_json(&filled_in(said)).await;
        assert_eq!(client.read_close().await, (1008, rule.to_owned()));
        assert_eq!(server.read_close().await, (1001, String::new()));
        let (decision, _) = world.aegis.lines(|line| line["action"] == "response").await;
        assert_eq!(decision["outcome"], "deny", "{decision}");
    }
}

/// Over a WebSocket all that is asked passes here, so that nothing else has an answer.
#[tokio::test]
async fn what_was_not_asked_or_not_shown_is_not_answered() {
    for (id, asked) in [
        (9, json!({"id": 9, "method": "sampling/createMessage"})),
        (9, json!({"id": "9", "method": "elicitation/create"})),
        (9, json!({"method": "notifications/message"})),
    ] {
        let world = world(POLICY).await;
        let (mut client, mut server) = world.open("mcp.test", "/mcp").await;
        for said in [asked.clone(), json!({"id": 1, "method": "ping"})] {
            let mut message = said;
            message["jsonrpc"] = "2.0".into();
            server.send_compressed(&message.to_string()).await;
        }
        // The last of them has come; and who is alive need not prove that it was asked.
        while client.read_json().await["method"] != "ping" {}
        let alive = json!({"jsonrpc": "2.0", "id": 1, "result": {}});
        client.send_json(&alive).await;
        assert_eq!(server.read_json().await, alive);

        let mut answer = filled_in("to Berlin");
        answer["id"] = json!(id);
        client.send_json(&answer).await;

        let closed = (1008, "protocol.unasked".to_owned());
        assert_eq!(client.read_close().await, closed, "{asked}");
        assert_eq!(server.read_close().await, (1001, String::new()));
        let unasked = |line: &Value| line["rules"][0]["rule"] == "protocol.unasked";
        let (decision, _) = world.aegis.lines(unasked).await;
        assert_eq!(decision["outcome"], "deny", "{decision}");
    }
}

/// By a human, in the form that the server has asked for.
fn filled_in(text: &str) -> Value {
    let result = json!({"action": "accept", "content": {"to": text}});
    json!({"jsonrpc": "2.0", "id": 9, "result": result})
}

async fn world(policy: &str) -> World {
    World::with(Sockets::new().compressing(), |_| {
        Aegis::with_policy(policy)
            .agent("acme", "bot")
            .hosts(&["mcp.test"])
    })
    .await
}

const POLICY: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: plain}
profiles:
  plain:
    data: {EMAIL_ADDRESS: sanitize, SECRET_AWS: deny}
    proposed: {tools: {docs/elicitation/create: {}}}
    tools:
      docs: {stream: {}, response: {}}
catalogue:
  docs: {hosts: [mcp.test], protocol: mcp}
";
