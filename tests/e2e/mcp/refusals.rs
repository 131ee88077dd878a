//! A refused or failed tool is told in the way that the policy, or the server, has chosen.

use aegis_testkit::{Answer, Feed, Payload, Upstream};
use http::Request;
use serde_json::json;

use super::{ask, call, data_plane, message, server};
use crate::finance::rules;

#[tokio::test]
async fn a_refused_tool_call_is_an_error_or_a_result_as_the_policy_says() {
    let upstream = server(|_, _| json!({})).start().await;
    for (how, approval) in [
        ("error", false),
        ("tool_result", false),
        ("tool_result", true),
    ] {
        let aegis = data_plane(&POLICY.replace("HOW", how)).start().await;
        let arguments = json!({"amount": if approval { 11 } else { 101 }});

        let mut reply = ask(&aegis, &upstream, &call(7, "pay", &arguments)).await;

        let answer = reply.json().await;
        assert_eq!(reply.status(), 200);
        assert_eq!(answer["id"], 7);
        let told = if how == "error" {
            &answer["error"]["data"]
        } else {
            assert_eq!(answer["result"]["isError"], true);
            let text = answer["result"]["content"][0]["text"].as_str();
            assert!(text.expect("a text").contains("amount"), "{answer}");
            &answer["result"]["_meta"]["aegis.dev/refusal"]
        };
        assert_eq!(told["approval_id"].is_string(), approval);
        let outcome = if approval { "approval_needed" } else { "deny" };
        assert_eq!(told["outcome"], outcome);
    }
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn only_calls_of_tools_are_refused_by_a_result() {
    let upstream = server(|_, _| json!({})).start().await;
    let aegis = data_plane(&POLICY.replace("HOW", "tool_result"))
        .start()
        .await;

    let mut reply = ask(&aegis, &upstream, &message(7, "tools/list", &json!({}))).await;

    assert!(reply.json().await["error"].is_object());
}

#[tokio::test]
async fn headers_that_say_something_else_than_the_message_are_refused_by_its_own_code() {
    let upstream = server(|_, _| json!({})).start().await;
    let aegis = data_plane(&POLICY.replace("HOW", "error")).start().await;
    for (method, name) in [("tools/list", "other"), ("tools/call", "pay")] {
        let request = Request::post(upstream.url_as("mcp.test", "/mcp"))
            .header("content-type", "application/json")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method)
            .header("mcp-name", name)
            .body(Payload::from(call(7, "other", &json!({})).to_string()));
        let mut reply = aegis
            .client("worker")
            .send(request.expect("a request"))
            .await;
        assert_eq!(reply.status(), 400);
        let answer = reply.json().await;
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&json!(7), &json!(-32020)),
            "{answer}"
        );
        let told = rules(&answer["error"]["data"]["reasons"]);
        assert_eq!(told, ["protocol.header_mismatch"]);
    }
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn a_tool_that_fails_is_told_in_the_end_line() {
    let upstream = server(|_, params| json!({"content": [], "isError": params["name"] == "pay"}));
    let upstream = upstream.start().await;
    let aegis = data_plane(&POLICY.replace("HOW", "error")).start().await;

    let failed = ask(&aegis, &upstream, &call(1, "pay", &json!({"amount": 1}))).await;
    let fine = ask(&aegis, &upstream, &call(2, "other", &json!({}))).await;

    let (_, end) = aegis.lines_of(&failed).await;
    assert_eq!(end["error_type"], "tool_error");
    assert_eq!(end["outcome_detail"], "forwarded");
    assert!(aegis.lines_of(&fine).await.1.get("error_type").is_none());
}

#[tokio::test]
async fn a_tool_that_fails_in_a_stream_is_told_and_nothing_is_held() {
    let feed = Feed::new();
    let answers = feed.clone();
    let upstream = Upstream::http().answer(move |_| Answer::events(&answers));
    let upstream = upstream.start().await;
    let aegis = data_plane(&POLICY.replace("HOW", "error")).start().await;
    let mut reply = ask(&aegis, &upstream, &call(1, "other", &json!({}))).await;

    feed.event(r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{}}"#);
    reply.chunk().await.expect("what has come goes on");
    feed.event(r#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}"#);
    feed.end();
    reply.text().await;

    let (_, end) = aegis.lines_of(&reply).await;
    assert_eq!(end["error_type"], "tool_error");
}

const POLICY: &str = r"
tenants: {acme: {}}
agents: {worker: {tenant: acme, profile: worker}}
profiles:
  worker:
    mcp: {refuse_as: HOW}
    tools:
      docs/pay: {call: {amount: {max: 100, approve_above: 10}}}
      docs/other: {call: {}}
catalogue:
  docs: {hosts: [mcp.test], protocol: mcp}
";
