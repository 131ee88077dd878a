//! What a server asks of its agent reaches it, and what the agent answers is data that leaves: judged and on record like any call.

use aegis_testkit::{Aegis, Answer, Feed, Payload, Reply, Upstream};
use http::Request;
use serde_json::{Value, json};

use super::{ask, call, data_plane, message};
use crate::finance::rules;

#[tokio::test]
async fn what_a_model_says_to_a_server_goes_without_the_data_that_policy_takes_out() {
    let (aegis, upstream, feed) = world().await;
    let mut waiting = ask(&aegis, &upstream, &call(1, "search", &json!({}))).await;
    feed.event(&message(7, "sampling/createMessage", &json!({"messages": []})).to_string());
    let asked = waiting.chunk().await.expect("what the server asks");
    assert!(String::from_utf8_lossy(&asked).contains("sampling/createMessage"));

    let reply = ask(&aegis, &upstream, &said("Write to ann@corp.example.")).await;

    assert_eq!(reply.status(), 202);
    let received = upstream.requests().pop().expect("the answer");
    let redacted = said("Write to [REDACTED:EMAIL_ADDRESS].");
    assert_eq!(received.json(), redacted);
    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(decision["outcome"], "sanitize");
    let known = ["kind", "tool", "action"].map(|name| &decision[name]);
    assert_eq!(known, ["mcp", "docs", "response"]);
    assert!(!format!("{decision}{end}").contains("Write"), "{decision}");

    let done = json!({"jsonrpc": "2.0", "id": 1, "result": {"content": []}});
    feed.event(&done.to_string());
    feed.end();
    assert!(waiting.text().await.contains("\"content\""));
}

#[tokio::test]
async fn what_an_agent_must_not_answer_does_not_reach_its_server() {
    let result = |result: Value| json!({"jsonrpc": "2.0", "id": 7, "result": result});
    let nested = json!({"key": SECRET}).to_string();
    let error = json!({"code": -1, "message": "failed", "data": {"environment": [SECRET]}});
    for (answered, rule) in [
        (said(SECRET), "data.SECRET_AWS"),
        (said(&nested), "data.SECRET_AWS"),
        (
            json!({"jsonrpc": "2.0", "id": 7, "error": error}),
            "data.SECRET_AWS",
        ),
        (
            result(json!({"roots": [{"uri": format!("file:///home/{SECRET}")}]})),
            "data.SECRET_AWS",
        ),
        (
            result(json!({"action": "accept", "content": {"size": "XL"}})),
            "parameter.enum",
        ),
        (said("Call 198.51.100.7."), "data.IP_ADDRESS"),
    ] {
        let (aegis, upstream, _) = world().await;
        let mut reply = ask(&aegis, &upstream, &answered).await;
        assert_eq!(reply.status(), 403);
        let told = reply.json().await;
        assert_eq!(told["id"], Value::Null);
        assert_eq!(rules(&told["error"]["data"]["reasons"]), [rule], "{told}");
        let outcome = if rule == "data.IP_ADDRESS" {
            "approval_needed"
        } else {
            "deny"
        };
        let (decision, _) = aegis.lines_of(&reply).await;
        assert_eq!(decision["outcome"], outcome, "{decision}");
        assert_eq!(upstream.count(), 0);
    }
}

#[tokio::test]
async fn an_agent_that_may_call_a_server_may_not_therefore_answer_it() {
    for (granted, rule) in [
        ("other: {}", "tool"),
        ("response: {role: {forbidden: true}}", "parameter.forbidden"),
    ] {
        let policy = POLICY.replace(ANSWERS, granted);
        let upstream = Upstream::http().answer(|_| Answer::status(202));
        let upstream = upstream.start().await;
        let aegis = data_plane(&policy).start().await;

        let mut reply = ask(&aegis, &upstream, &said("yes")).await;

        assert_eq!(reply.status(), 403);
        let told = reply.json().await;
        assert_eq!(rules(&told["error"]["data"]["reasons"]), [rule], "{told}");
        assert_eq!(upstream.count(), 0);
    }
}

/// Since 2026-07-28 the answers come with the request that is made once more.
#[tokio::test]
async fn answers_that_come_with_a_call_are_judged_with_it() {
    let asking = |content: &str| {
        let input = json!({"who": {"action": "accept", "content": {"text": content}}});
        let params = json!({"name": "search", "arguments": {}, "inputResponses": input});
        message(1, "tools/call", &params)
    };
    let (aegis, upstream, feed) = world().await;
    feed.end();
    ask(&aegis, &upstream, &asking("ann@corp.example")).await;
    let received = upstream.requests().pop().expect("the call");
    let redacted = asking("[REDACTED:EMAIL_ADDRESS]");
    assert_eq!(received.json(), redacted);

    let mut reply = ask(&aegis, &upstream, &asking(SECRET)).await;
    let told = reply.json().await;
    let told = rules(&told["error"]["data"]["reasons"]);
    assert_eq!(told, ["data.SECRET_AWS"]);
    assert_eq!(upstream.count(), 1);
}

/// The agent has not seen it: whoever answers it has guessed, or heard of it elsewhere.
#[tokio::test]
async fn a_question_that_policy_refused_is_not_answered_in_its_session() {
    let (aegis, upstream, feed) = world().await;
    let mut waiting = within(&aegis, &upstream, "one", &call(1, "search", &json!({}))).await;
    feed.event(&message(7, "elicitation/create", &json!({"message": "secret-plans"})).to_string());
    let told = waiting.text().await;
    assert!(
        told.contains("(rule tool)") && !told.contains("secret-plans"),
        "{told}"
    );
    let asked = upstream.count();

    let mut reply = within(&aegis, &upstream, "one", &said("yes")).await;

    assert_eq!(reply.status(), 403);
    let told = reply.json().await;
    assert_eq!(
        rules(&told["error"]["data"]["reasons"]),
        ["protocol.unasked"]
    );
    let (decision, _) = aegis.lines_of(&reply).await;
    assert_eq!(decision["outcome"], "deny");
    assert_eq!(decision["action"], "response");
    assert_eq!(rules(&decision["rules"]), ["protocol.unasked"]);
    let batch = json!([said("yes"), said("no")]);
    let reply = within(&aegis, &upstream, "one", &batch).await;
    assert_eq!(reply.header("aegis-decision"), Some("deny"));
    let (decision, _) = aegis.lines(|line| line["batched_by"].is_string()).await;
    assert_eq!(rules(&decision["rules"]), ["protocol.unasked"]);
    assert_eq!(upstream.count(), asked);

    // Another session has questions of its own, and other ids are other questions.
    let mut other = said("yes");
    other["id"] = json!("7");
    for (session, answer) in [("two", said("yes")), ("one", other)] {
        let reply = within(&aegis, &upstream, session, &answer).await;
        assert_eq!(reply.status(), 202, "{session}");
    }
}

async fn within(aegis: &Aegis, server: &Upstream, session: &str, body: &Value) -> Reply {
    let request = Request::post(server.url_as("mcp.test", "/mcp"))
        .header("content-type", "application/json")
        .header("mcp-session-id", session)
        .body(Payload::from(body.to_string()));
    aegis
        .client("worker")
        .send(request.expect("a request"))
        .await
}

/// Of a model, to what the server has asked under the id 7.
fn said(text: &str) -> Value {
    let content = json!({"type": "text", "text": text});
    let result = json!({"role": "assistant", "model": "m", "content": content});
    json!({"jsonrpc": "2.0", "id": 7, "result": result})
}

/// A server that answers calls with events, as the test says, and answers with nothing.
async fn world() -> (Aegis, Upstream, Feed) {
    let feed = Feed::new();
    let events = feed.clone();
    let upstream = Upstream::http().answer(move |request| {
        if request.json()["method"].is_string() {
            Answer::events(&events)
        } else {
            Answer::status(202)
        }
    });
    let aegis = data_plane(POLICY).start().await;
    (aegis, upstream.start().await, feed)
}

const SECRET: &str = "AKIAIOSFODNN7EXAMPLF";

/// Of the policy below.
const ANSWERS: &str = "response: {action: {enum: [decline, cancel]}}";

const POLICY: &str = r"
tenants: {acme: {}}
agents: {worker: {tenant: acme, profile: worker}}
profiles:
  worker:
    data: {EMAIL_ADDRESS: sanitize, IP_ADDRESS: approval_needed, SECRET_AWS: deny}
    proposed: {tools: {docs/sampling/createMessage: {}}}
    tools:
      docs: {response: {action: {enum: [decline, cancel]}}}
      docs/search: {call: {}}
catalogue:
  docs: {hosts: [mcp.test], protocol: mcp}
";
