//! Each message of a batch is a call of its own, and the batch goes as a whole or not at all.

use aegis_testkit::{Aegis, Answer, Feed, Payload, Reply, Upstream};
use http::Request;
use serde_json::{Value, json};

use super::{ask, call, data_plane, message, names, server, tool};
use crate::finance::rules;

#[tokio::test]
async fn each_message_is_judged_and_recorded_by_itself() {
    let upstream = echoing().start().await;
    let aegis = data_plane(POLICY).start().await;
    let batch = json!([
        call(1, "search", &json!({"query": "a"})),
        call(2, "pay", &json!({"amount": 5}))
    ]);

    let mut reply = ask(&aegis, &upstream, &batch).await;

    let answers = reply.json().await;
    assert_eq!(ids(&answers), [1, 2]);
    assert_eq!(upstream.request().json(), batch);
    let (carrier, its_end) = aegis.lines_of(&reply).await;
    assert_eq!(
        (&carrier["tool"], &carrier["action"]),
        (&json!("docs"), &json!("batch"))
    );
    assert_eq!(carrier["outcome"], "allow");
    assert_eq!(carrier["messages"], 2);
    assert_eq!(its_end["outcome_detail"], "forwarded");
    for tool in ["docs/search", "docs/pay"] {
        let (decision, end) = of_message(&aegis, &reply, tool).await;
        assert_eq!(decision["outcome"], "allow");
        assert_ne!(decision["id"], carrier["id"]);
        assert_eq!(end["outcome_detail"], "forwarded");
        assert_eq!(end["status"], 200);
    }
}

#[tokio::test]
async fn one_message_that_is_denied_keeps_all_of_them_back() {
    let upstream = echoing().start().await;
    let aegis = data_plane(POLICY).start().await;
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let batch = json!([
        call(1, "search", &json!({})),
        notification,
        call(2, "delete", &json!({}))
    ]);

    let mut reply = ask(&aegis, &upstream, &batch).await;

    let answers = reply.json().await;
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.header("aegis-decision"), Some("deny"));
    assert_eq!(ids(&answers), [1, 2]);
    assert_eq!(refused(&answers[0]), ["mcp.batch"]);
    assert_eq!(refused(&answers[1]), ["tool"]);
    assert_eq!(upstream.count(), 0);
    let (carrier, _) = aegis.lines_of(&reply).await;
    assert_eq!(carrier["outcome"], "deny");
    assert_eq!(rules(&carrier["rules"]), ["tool"]);
    let (held, its_end) = of_message(&aegis, &reply, "docs/search").await;
    assert_eq!(held["outcome"], "allow");
    assert_eq!(its_end["error"], "mcp.batch");
    assert_eq!(answers[0]["error"]["data"]["decision_id"], held["id"]);
    let (denied, _) = of_message(&aegis, &reply, "docs/delete").await;
    assert_eq!(denied["outcome"], "deny");
    assert_eq!(answers[1]["error"]["data"]["decision_id"], denied["id"]);
}

#[tokio::test]
async fn a_refused_batch_that_waits_for_no_answer_is_told_by_its_status() {
    let upstream = echoing().start().await;
    let aegis = data_plane(POLICY).start().await;
    let unknown = json!({"jsonrpc": "2.0", "method": "notifications/unknown"});

    let reply = ask(&aegis, &upstream, &json!([unknown])).await;

    assert_eq!(reply.status(), 403);
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn each_message_is_redacted_by_its_own_decision() {
    let upstream = echoing().start().await;
    let aegis = data_plane(POLICY).start().await;
    let secret = json!({"query": "a", "note": "keep this"});
    let batch = json!([
        call(1, "search", &secret),
        call(2, "pay", &json!({"amount": 5, "note": "keep this"}))
    ]);

    let reply = ask(&aegis, &upstream, &batch).await;

    assert_eq!(reply.header("aegis-decision"), Some("sanitize"));
    let sent = upstream.request().json();
    assert_eq!(sent[0]["params"]["arguments"]["note"], "[REDACTED]");
    assert_eq!(sent[1]["params"]["arguments"]["note"], "keep this");
    let (searched, _) = of_message(&aegis, &reply, "docs/search").await;
    assert_eq!(searched["outcome"], "sanitize");
    assert_eq!(searched["redacted"], json!(["note"]));
    assert_eq!(
        of_message(&aegis, &reply, "docs/pay").await.0["outcome"],
        "allow"
    );
}

#[tokio::test]
async fn a_message_that_needs_approval_has_a_pending_id_of_its_own() {
    let upstream = echoing().start().await;
    let aegis = data_plane(POLICY).start().await;
    let batch = json!([
        call(1, "search", &json!({})),
        call(2, "pay", &json!({"amount": 50}))
    ]);

    let mut reply = ask(&aegis, &upstream, &batch).await;

    let answers = reply.json().await;
    assert_eq!(reply.header("aegis-decision"), Some("approval_needed"));
    let id = answers[1]["error"]["data"]["approval_id"].as_str();
    let id = id.expect("a pending id");
    let (_, pending) = aegis.admin_get("/approvals").await;
    assert!(pending.contains(id), "{pending}");
    assert!(answers[0]["error"]["data"].get("approval_id").is_none());
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn lists_in_the_answer_to_a_batch_are_filtered() {
    let upstream = echoing().start().await;
    let aegis = data_plane(POLICY).start().await;
    let batch = json!([
        call(1, "search", &json!({})),
        message(2, "tools/list", &json!({}))
    ]);

    let mut reply = ask(&aegis, &upstream, &batch).await;

    let answers = reply.json().await;
    assert_eq!(names(&answers[1]["result"]["tools"]), ["search"]);
    assert_eq!(answers[0]["result"]["content"], json!([]));
    let (_, end) = aegis.lines_of(&reply).await;
    assert_eq!(end["lists"]["hidden"], 1);
}

#[tokio::test]
async fn every_message_is_told_when_the_server_cannot_be_reached() {
    let upstream = Upstream::http().answer(|_| Answer::hang_up()).start().await;
    let aegis = data_plane(POLICY).start().await;
    let batch = json!([
        call(1, "search", &json!({})),
        call(2, "pay", &json!({"amount": 5}))
    ]);

    let mut reply = ask(&aegis, &upstream, &batch).await;

    let answers = reply.json().await;
    assert_eq!(ids(&answers), [1, 2]);
    for answer in answers.as_array().expect("a list") {
        assert_eq!(refused(answer), ["upstream.broken"]);
    }
    let (_, end) = of_message(&aegis, &reply, "docs/pay").await;
    assert_eq!(end["outcome_detail"], "failed");
}

#[tokio::test]
async fn an_open_batch_ends_when_policy_stops_allowing_one_of_its_messages() {
    let feed = Feed::new();
    let answers = feed.clone();
    let upstream = Upstream::http().answer(move |_| Answer::events(&answers));
    let upstream = upstream.start().await;
    let aegis = data_plane(POLICY).start().await;
    let batch = json!([
        call(1, "search", &json!({})),
        call(2, "pay", &json!({"amount": 5}))
    ]);
    let mut reply = ask(&aegis, &upstream, &batch).await;
    feed.event(r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#);
    reply.chunk().await.expect("the first answer");

    aegis
        .change_policy(&POLICY.replace("approve_above: 10", "max: 1"))
        .await;

    assert!(reply.try_chunk().await.is_err(), "the rest is cut off");
    for tool in ["docs/search", "docs/pay"] {
        let (_, end) = of_message(&aegis, &reply, tool).await;
        assert_eq!(end["outcome_detail"], "closed_by_policy");
    }
}

#[tokio::test]
async fn a_batch_in_a_revision_without_batches_is_refused() {
    let upstream = echoing().start().await;
    let aegis = data_plane(POLICY).start().await;
    let request = Request::post(upstream.url_as("mcp.test", "/mcp"))
        .header("content-type", "application/json")
        .header("mcp-protocol-version", "2025-06-18")
        .body(Payload::from(
            json!([call(1, "search", &json!({}))]).to_string(),
        ))
        .expect("a request");

    let mut reply = aegis.client("worker").send(request).await;

    assert_eq!(refused(&reply.json().await), ["protocol.batch"]);
    assert_eq!(upstream.count(), 0);
}

async fn of_message(aegis: &Aegis, reply: &Reply, tool: &str) -> (Value, Value) {
    let carrier = reply.header("aegis-decision-id").expect("an id");
    aegis
        .lines(|line| line["batched_by"] == carrier && line["tool"] == tool)
        .await
}

fn refused(answer: &Value) -> Vec<&str> {
    rules(&answer["error"]["data"]["reasons"])
}

fn ids(answers: &Value) -> Vec<u64> {
    let answers = answers.as_array().expect("an array").iter();
    answers.filter_map(|answer| answer["id"].as_u64()).collect()
}

fn echoing() -> aegis_testkit::UpstreamBuilder {
    server(|method, _| match method {
        "tools/list" => json!({"tools": [tool("delete"), tool("search")]}),
        _ => json!({"content": []}),
    })
}

const POLICY: &str = r"
tenants: {acme: {}}
agents: {worker: {tenant: acme, profile: worker}}
profiles:
  worker:
    tools:
      docs: {tools/list: {}, notifications/initialized: {}}
      docs/search: {call: {note: {redact: true}}}
      docs/pay: {call: {amount: {approve_above: 10}}}
catalogue:
  docs: {hosts: [mcp.test], protocol: mcp}
";
