//! What a server asks of its agent is judged before the agent sees it: a call that is proposed, with a record of its own.

use aegis_testkit::{Aegis, Answer, Feed, Payload, Reply, Upstream};
use http::Request;
use serde_json::{Value, json};

use super::{ask, call, data_plane, message, names, tool};
use crate::finance::rules;

#[tokio::test]
async fn a_question_that_policy_names_reaches_the_agent_as_it_came() {
    let (aegis, upstream, feed) = streaming(POLICY).await;
    let mut reply = ask(&aegis, &upstream, &call(1, "search", &json!({}))).await;
    let asked = r#"{"jsonrpc":"2.0", "id":"q", "method":"sampling/createMessage", "params":{"maxTokens":100}}"#;
    feed.event(asked);

    let seen = reply.chunk().await.expect("the question");
    assert_eq!(seen, format!("data: {asked}\n\n"));

    feed.end();
    reply.text().await;
    let (call, _) = aegis.lines(|line| line["tool"] == "docs/search").await;
    let (decision, end) = aegis.lines(|line| line["action"] == "propose").await;
    let known = ["kind", "tool", "outcome"].map(|name| &decision[name]);
    assert_eq!(known, ["mcp", "docs/sampling/createMessage", "allow"]);
    assert_eq!(decision["proposed_by"], call["id"]);
    assert_eq!(end["outcome_detail"], "forwarded", "{end}");
}

#[tokio::test]
async fn one_that_it_does_not_ends_the_answer_with_an_error_for_the_call() {
    let asked = |method: &str, params: &Value| message(9, method, params);
    for (question, rule, outcome) in [
        (
            asked("elicitation/create", &json!({"message": "secret-plans"})),
            "tool",
            "deny",
        ),
        (
            asked("sampling/createMessage", &json!({"maxTokens": 1000})),
            "parameter.max",
            "deny",
        ),
        (
            asked("sampling/createMessage", &json!({"maxTokens": 101})),
            "parameter.approve_above",
            "approval_needed",
        ),
    ] {
        let (aegis, upstream, feed) = streaming(POLICY).await;
        let mut reply = ask(&aegis, &upstream, &call(1, "search", &json!({}))).await;
        feed.event(&question.to_string());

        let rest = reply.text().await;
        assert!(
            !rest.contains("createMessage") && !rest.contains("secret-plans"),
            "{rest}"
        );
        let error = rest.lines().find_map(|line| line.strip_prefix("data: "));
        let error: Value = serde_json::from_str(error.expect("an event")).expect("JSON");
        assert_eq!(error["id"], 1);
        let told = &error["error"]["data"];
        assert_eq!(rules(&told["reasons"]), [rule], "{error}");
        assert_eq!(told["outcome"], outcome);
        assert_eq!(
            told["approval_id"].is_string(),
            outcome == "approval_needed"
        );
        let (decision, end) = aegis.lines(|line| line["action"] == "propose").await;
        assert_eq!(decision["outcome"], outcome);
        assert_eq!(end["outcome_detail"], "refused", "{end}");
        assert_eq!(told["decision_id"], decision["id"]);
    }
}

#[tokio::test]
async fn one_that_would_have_to_be_rewritten_does_not_go_on() {
    let (aegis, upstream, feed) = streaming(POLICY).await;
    let mut reply = ask(&aegis, &upstream, &call(1, "search", &json!({}))).await;
    let asked = json!({"systemPrompt": "secret-plans"});
    feed.event(&message(9, "sampling/createMessage", &asked).to_string());

    let rest = reply.text().await;
    assert!(
        rest.contains("sanitize.impossible") && !rest.contains("secret-plans"),
        "{rest}"
    );
    let (_, end) = aegis.lines(|line| line["action"] == "propose").await;
    assert_eq!(
        end["refusal"]["rules"][0]["rule"], "sanitize.impossible",
        "{end}"
    );
}

/// There the client waits for nothing in particular, and the stream is for whatever comes.
#[tokio::test]
async fn on_a_stream_by_get_a_refused_question_is_left_out_and_the_stream_goes_on() {
    let (aegis, upstream, feed) = streaming(POLICY).await;
    let opened = Request::get(upstream.url_as("mcp.test", "/mcp"))
        .header("accept", "text/event-stream")
        .body(Payload::from(""))
        .expect("a request");
    let mut reply = aegis.client("worker").send(opened).await;
    for (at, method) in ["elicitation/create", "ping", "sampling/createMessage"]
        .iter()
        .enumerate()
    {
        feed.event(&message(at as u64, method, &json!({})).to_string());
    }
    feed.event(r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"x"}}"#);
    feed.end();

    let seen = reply.text().await;
    let events = seen.lines().filter_map(|line| line.strip_prefix("data: "));
    let events = events.map(|data| serde_json::from_str::<Value>(data).expect("JSON"));
    let methods: Vec<_> = events.map(|event| event["method"].clone()).collect();
    assert_eq!(
        methods,
        ["ping", "sampling/createMessage", "notifications/message"]
    );
    let denied = |line: &Value| line["tool"] == "docs/elicitation/create";
    let (decision, _) = aegis.lines(denied).await;
    assert_eq!(decision["outcome"], "deny");
}

/// Since 2026-07-28 a server asks by the result of the call that it cannot answer yet.
#[tokio::test]
async fn what_a_result_asks_is_judged_as_well() {
    for (method, shown) in [
        ("sampling/createMessage", true),
        ("elicitation/create", false),
    ] {
        let asked = json!({"q": {"method": method, "params": {"message": "secret-plans"}}});
        let result = json!({"resultType": "input_required", "inputRequests": asked});
        let answer = json!({"jsonrpc": "2.0", "id": 1, "result": result});
        let sent = answer.to_string();
        let upstream = Upstream::http().answer(move |_| {
            Answer::status(200)
                .header("content-type", "application/json")
                .body(sent.clone())
        });
        let upstream = upstream.start().await;
        let aegis = data_plane(POLICY).start().await;

        let mut reply: Reply = ask(&aegis, &upstream, &call(1, "search", &json!({}))).await;

        let seen = reply.json().await;
        if shown {
            assert_eq!(seen, answer);
        } else {
            assert_eq!(seen["id"], 1);
            assert_eq!(rules(&seen["error"]["data"]["reasons"]), ["tool"], "{seen}");
            assert!(!seen.to_string().contains("secret-plans"), "{seen}");
        }
    }
}

#[tokio::test]
async fn a_batch_with_a_list_and_a_question_shows_what_may_be_seen_of_both() {
    let policy = POLICY.replace("docs: {stream", "docs: {tools/list: {}, stream");
    let (aegis, upstream, feed) = streaming(&policy).await;
    let mut reply = ask(&aegis, &upstream, &message(1, "tools/list", &json!({}))).await;
    let list =
        json!({"jsonrpc": "2.0", "id": 1, "result": {"tools": [tool("drop"), tool("search")]}});
    let asked = message(2, "sampling/createMessage", &json!({}));
    feed.event(&json!([list, asked]).to_string());
    feed.end();

    let seen = reply.text().await;
    let seen = seen.lines().find_map(|line| line.strip_prefix("data: "));
    let seen: Value = serde_json::from_str(seen.expect("an event")).expect("JSON");
    assert_eq!(names(&seen[0]["result"]["tools"]), ["search"]);
    assert_eq!(seen[1], asked);
}

#[tokio::test]
async fn a_question_is_judged_by_the_policy_that_is_in_force_then() {
    let (aegis, upstream, feed) = streaming(POLICY).await;
    let mut reply = ask(&aegis, &upstream, &call(1, "search", &json!({}))).await;
    let asked = message(9, "elicitation/create", &json!({}));
    let allowing = POLICY.replace("proposed:", "proposed:\n      unnamed: allow");
    aegis.change_policy(&allowing).await;
    feed.event(&asked.to_string());
    let seen = reply.chunk().await.expect("the question");
    assert_eq!(seen, format!("data: {asked}\n\n"));
}

/// A server that answers with events, as the test says.
async fn streaming(policy: &str) -> (Aegis, Upstream, Feed) {
    let feed = Feed::new();
    let events = feed.clone();
    let upstream = Upstream::http().answer(move |_| Answer::events(&events));
    let upstream = upstream.start().await;
    (data_plane(policy).start().await, upstream, feed)
}

const POLICY: &str = "
tenants: {acme: {}}
agents: {worker: {tenant: acme, profile: worker}}
profiles:
  worker:
    tools:
      docs: {stream: {}}
      docs/search: {call: {}}
    proposed:
      tools:
        docs/sampling/createMessage: {maxTokens: {max: 500, approve_above: 100}, systemPrompt: {redact: true}}
catalogue:
  docs: {hosts: [mcp.test], protocol: mcp}
";
