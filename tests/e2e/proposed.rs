//! What a model proposes is judged before the agent sees it, and everything else of its answer passes as it came.

mod stored;
mod unnamed;

use aegis_testkit::{Aegis, Answer, Feed, Reply, Upstream};
use serde_json::{Value, json};

use crate::finance::rules;

#[tokio::test]
async fn text_flows_on_while_a_proposed_call_waits_for_its_judgement() {
    let feed = Feed::new();
    let (aegis, llm) = data_plane(&feed).await;
    let mut reply = ask(&aegis, &llm, "bot", true).await;

    feed.event(&text("One moment").to_string());
    let first = reply.chunk().await.expect("the text");
    assert!(String::from_utf8_lossy(&first).contains("One moment"));
    let call = call("get_weather", r#"{"city":"Berlin"}"#);
    for event in &call {
        feed.event(&event.to_string());
    }
    feed.event("[DONE]");
    feed.end();

    let rest = reply.text().await;
    let mut sent: Vec<String> = call.iter().map(Value::to_string).collect();
    sent.push("[DONE]\n\n".to_owned());
    assert_eq!(rest, format!("data: {}", sent.join("\n\ndata: ")));
}

#[tokio::test]
async fn a_call_that_no_policy_lets_a_model_propose_ends_the_stream_with_an_error() {
    let feed = Feed::new();
    let (aegis, llm) = data_plane(&feed).await;
    let mut reply = ask(&aegis, &llm, "bot", true).await;
    feed.event(&text("Deleting").to_string());
    for event in call("delete_everything", r#"{"path":"/srv/secret-plans"}"#) {
        feed.event(&event.to_string());
    }

    let received = reply.text().await;

    assert!(received.contains("Deleting"), "{received}");
    for hidden in ["delete_everything\"", "secret-plans"] {
        assert!(!received.contains(hidden), "{hidden} in {received}");
    }
    let error = last_event(&received);
    assert_eq!(error["error"]["code"], "tool");
    let (asked, end) = aegis.lines_of(&reply).await;
    let (proposed, its_end) = aegis.lines(|line| line["proposed_by"] == asked["id"]).await;
    assert_eq!(error["error"]["aegis"]["decision_id"], proposed["id"]);
    assert_eq!(proposed["phase"], "proposed_call");
    assert_eq!(proposed["tool"], "delete_everything");
    assert_eq!(proposed["outcome"], "deny");
    assert_eq!(its_end["outcome_detail"], "refused");
    assert_eq!(asked["outcome"], "allow");
    assert_eq!(end["outcome_detail"], "refused");
    assert_eq!(end["refusal"]["rules"][0]["rule"], "tool");
}

#[tokio::test]
async fn the_arguments_of_a_proposed_call_are_constrained() {
    let feed = Feed::new();
    let (aegis, llm) = data_plane(&feed).await;
    let mut reply = ask(&aegis, &llm, "bot", true).await;
    for event in call("pay", r#"{"amount":70000}"#) {
        feed.event(&event.to_string());
    }

    let error = last_event(&reply.text().await);

    assert_eq!(error["error"]["code"], "parameter.max");
}

#[tokio::test]
async fn a_call_that_is_longer_than_may_be_held_ends_the_stream_and_none_of_it_is_seen() {
    let feed = Feed::new();
    let (aegis, llm) = data_plane(&feed).await;
    let mut reply = ask(&aegis, &llm, "bot", true).await;
    feed.event(&text("One moment").to_string());
    let first = reply.chunk().await.expect("the text");
    assert!(String::from_utf8_lossy(&first).contains("One moment"));
    let long = "secret-plans ".repeat(5 << 16);
    for event in call("get_weather", &json!({"city": [&long, &long]}).to_string()) {
        feed.event(&event.to_string());
    }

    let rest = reply.text().await;

    assert!(!rest.contains("secret-plans") && !rest.contains("get_weather"));
    let error = last_event(&rest);
    assert_eq!(error["error"]["code"], "protocol.answer_limit", "{error}");
    let (_, end) = aegis.lines_of(&reply).await;
    let reason = &end["refusal"]["rules"][0]["rule"];
    assert_eq!(reason, "protocol.answer_limit", "{end}");
}

#[tokio::test]
async fn a_proposed_call_that_needs_approval_is_refused_with_a_pending_id() {
    let feed = Feed::new();
    let (aegis, llm) = data_plane(&feed).await;
    let mut reply = ask(&aegis, &llm, "bot", true).await;
    for event in call("pay", r#"{"amount":700}"#) {
        feed.event(&event.to_string());
    }

    let error = last_event(&reply.text().await);

    let id = error["error"]["aegis"]["approval_id"].as_str();
    let id = id.expect("a pending id").to_owned();
    let (_, pending) = aegis.admin_get("/approvals").await;
    assert!(pending.contains(&id), "{pending}");
}

#[tokio::test]
async fn sensitive_data_in_proposed_arguments_is_redacted_before_the_agent_sees_it() {
    let feed = Feed::new();
    let (aegis, llm) = data_plane(&feed).await;
    let mut reply = ask(&aegis, &llm, "bot", true).await;
    for event in call("get_weather", r#"{"city":"ann@corp.example"}"#) {
        feed.event(&event.to_string());
    }
    feed.event("[DONE]");
    feed.end();

    let received = reply.text().await;

    assert!(!received.contains("ann@corp.example"), "{received}");
    assert_eq!(
        arguments(&received),
        json!({"city": "[REDACTED:EMAIL_ADDRESS]"})
    );
}

#[tokio::test]
async fn sensitive_data_in_the_name_of_a_proposed_call_refuses_it_and_is_not_on_record() {
    for (agent, rule) in [
        ("bot", "sanitize.impossible"),
        ("open", "data.unclassified"),
    ] {
        let feed = Feed::new();
        let (aegis, llm) = data_plane(&feed).await;
        let mut reply = ask(&aegis, &llm, agent, true).await;
        for event in call("ann@corp.example", "{}") {
            feed.event(&event.to_string());
        }

        let received = reply.text().await;

        assert!(!received.contains("corp"), "{received}");
        let (proposed, end) = aegis.lines(|line| line["phase"] == "proposed_call").await;
        assert_eq!(proposed["tool"], "[masked]");
        assert_eq!(proposed["data"][0]["path"], "name:");
        assert!(!format!("{proposed}{end}").contains("corp"), "{proposed}");
        assert_eq!(last_event(&received)["error"]["code"], rule, "{proposed}");
    }
}

#[tokio::test]
async fn an_answer_in_one_piece_is_refused_with_the_status_of_a_refusal() {
    let (aegis, llm) = answering(|| {
        Answer::json(&json!({
            "id": "c1", "model": "m", "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
                "role": "assistant", "content": null,
                "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "rm", "arguments": "{}"}}],
            }}],
        }))
    })
    .await;

    let mut reply = ask(&aegis, &llm, "bot", false).await;

    assert_eq!(reply.status(), 403);
    assert_eq!(reply.header("aegis-decision"), Some("deny"));
    assert_eq!(reply.json().await["error"]["code"], "tool");
}

#[tokio::test]
async fn the_end_line_says_what_the_answer_cost() {
    let (aegis, llm) = answering(|| {
        Answer::json(&json!({
            "id": "c1", "model": "m-2026", "usage": {"prompt_tokens": 12, "completion_tokens": 3},
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}],
        }))
    })
    .await;

    let mut reply = ask(&aegis, &llm, "bot", false).await;

    assert_eq!(reply.json().await["choices"][0]["message"]["content"], "hi");
    let (_, end) = aegis.lines_of(&reply).await;
    let expected = json!({
        "response_id": "c1", "model": "m-2026", "input_tokens": 12, "output_tokens": 3, "finish_reasons": ["stop"],
    });
    assert_eq!(end["llm"], expected);
}

#[tokio::test]
async fn an_answer_that_cannot_be_followed_is_not_passed_on() {
    for (compressed, rule) in [
        (true, "protocol.answer"),
        (false, "protocol.answer_malformed"),
    ] {
        let answer = move || {
            if compressed {
                Answer::json(&json!({"id": "c1"})).header("content-encoding", "gzip")
            } else {
                Answer::text("data: {\"choices\": []}\n\n")
            }
        };
        let (aegis, llm) = answering(answer).await;
        let mut reply = ask(&aegis, &llm, "bot", false).await;
        assert_eq!(reply.status(), 502);
        assert_eq!(
            rules(&reply.json().await["error"]["aegis"]["reasons"]),
            [rule]
        );
    }
}

#[tokio::test]
async fn what_a_profile_does_not_judge_it_can_let_through() {
    let feed = Feed::new();
    let (aegis, llm) = data_plane(&feed).await;
    let mut reply = ask(&aegis, &llm, "open", true).await;
    for event in call("anything_at_all", r#"{"x":1}"#) {
        feed.event(&event.to_string());
    }
    feed.event("[DONE]");
    feed.end();

    assert_eq!(arguments(&reply.text().await), json!({"x": 1}));
    let (proposed, _) = aegis.lines(|line| line["phase"] == "proposed_call").await;
    assert_eq!(proposed["outcome"], "allow");
}

/// A model that streams what the test feeds it.
async fn data_plane(feed: &Feed) -> (Aegis, Upstream) {
    let feed = feed.clone();
    answering(move || Answer::events(&feed)).await
}

async fn answering(answer: impl Fn() -> Answer + Send + Sync + 'static) -> (Aegis, Upstream) {
    let llm = Upstream::http().answer(move |_| answer()).start().await;
    let aegis = Aegis::with_policy(POLICY)
        .agent("acme", "bot")
        .agent("acme", "open")
        .hosts(&["llm.test"])
        .start()
        .await;
    (aegis, llm)
}

async fn ask(aegis: &Aegis, llm: &Upstream, agent: &str, stream: bool) -> Reply {
    let request = json!({
        "model": "m", "stream": stream, "messages": [{"role": "user", "content": "go"}],
    });
    let url = llm.url_as("llm.test", "/v1/chat/completions");
    aegis.client(agent).post_json(&url, &request).await
}

fn chunk(delta: &Value, finish: Option<&str>) -> Value {
    json!({
        "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    })
}

fn text(text: &str) -> Value {
    chunk(&json!({"role": "assistant", "content": text}), None)
}

/// Its name first, its arguments in two pieces, then the end.
fn call(name: &str, arguments: &str) -> Vec<Value> {
    let (begin, rest) = arguments.split_at(arguments.len() / 2);
    let piece = |arguments: &str| json!({"tool_calls": [{"index": 0, "function": {"arguments": arguments}}]});
    let head = json!({"tool_calls": [{"index": 0, "id": "t1", "type": "function", "function": {"name": name, "arguments": ""}}]});
    vec![
        chunk(&head, None),
        chunk(&piece(begin), None),
        chunk(&piece(rest), None),
        chunk(&json!({}), Some("tool_calls")),
    ]
}

fn events(received: &str) -> impl Iterator<Item = Value> {
    let lines = received
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    lines.filter_map(|data| serde_json::from_str(data).ok())
}

fn last_event(received: &str) -> Value {
    events(received).last().expect("an event")
}

/// As an SDK puts them together.
fn arguments(received: &str) -> Value {
    let pieces = events(received).filter_map(|event| {
        let piece = event.pointer("/choices/0/delta/tool_calls/0/function/arguments")?;
        piece.as_str().map(str::to_owned)
    });
    serde_json::from_str(&pieces.collect::<String>()).expect("arguments in JSON")
}

const POLICY: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: careful}
  open: {tenant: acme, profile: trusting}
profiles:
  careful:
    tools: {llm: {chat: {}}}
    data: {EMAIL_ADDRESS: sanitize}
    proposed:
      tools:
        get_weather: {city: {required: true}}
        pay: {amount: {max: 50000, approve_above: 500}}
        ann@corp.example: {}
  trusting:
    tools: {llm: {chat: {}}}
    proposed: {unnamed: allow}
catalogue:
  llm: {hosts: [llm.test], protocol: openai}
";
