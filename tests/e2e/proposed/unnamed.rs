//! Servers that speak Anthropic's language and give their events no names are followed by the types within.

use aegis_testkit::{Aegis, Answer, Feed, Upstream};
use serde_json::{Value, json};

use super::last_event;

#[tokio::test]
async fn a_call_in_a_stream_without_names_is_judged() {
    let passed = ask(&events("get_weather"), false).await;
    let sent: String = events("get_weather").iter().map(bare).collect();
    assert_eq!(passed, sent);

    let refused = ask(&events("rm"), false).await;
    assert!(!refused.contains("\"rm\""), "{refused}");
    assert_eq!(
        last_event(&refused)["error"]["type"],
        "permission_error",
        "{refused}"
    );
}

#[tokio::test]
async fn a_stream_of_which_one_event_has_a_name_is_refused() {
    let refused = ask(&events("get_weather"), true).await;
    assert!(!refused.contains("get_weather"), "{refused}");
    assert!(refused.contains("protocol.answer_ambiguous"), "{refused}");
}

async fn ask(events: &[Value], named: bool) -> String {
    let feed = Feed::new();
    for (at, event) in events.iter().enumerate() {
        let name = if named && at == 1 {
            "event: content_block_start\n"
        } else {
            ""
        };
        feed.send(format!("{name}{}", bare(event)));
    }
    feed.end();
    let llm = Upstream::http()
        .answer(move |_| Answer::events(&feed))
        .start()
        .await;
    let aegis = Aegis::with_policy(POLICY)
        .agent("acme", "bot")
        .hosts(&["llm.test"])
        .start()
        .await;
    let request = json!({
        "model": "m", "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": "go"}],
    });
    let url = llm.url_as("llm.test", "/v1/messages");
    aegis
        .client("bot")
        .post_json(&url, &request)
        .await
        .text()
        .await
}

fn events(name: &str) -> [Value; 6] {
    let message = json!({"id": "m-1", "type": "message", "role": "assistant", "model": "m", "content": [],
                         "usage": {"input_tokens": 1, "output_tokens": 1}});
    let delta = json!({"type": "input_json_delta", "partial_json": "{}"});
    [
        json!({"type": "message_start", "message": message}),
        json!({"type": "content_block_start", "index": 0,
               "content_block": {"type": "tool_use", "id": "t", "name": name, "input": {}}}),
        json!({"type": "content_block_delta", "index": 0, "delta": delta}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}}),
        json!({"type": "message_stop"}),
    ]
}

fn bare(event: &Value) -> String {
    format!("data: {event}\n\n")
}

const POLICY: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: careful}
profiles:
  careful:
    tools: {llm: {chat: {}}}
    proposed: {tools: {get_weather: {}}}
catalogue:
  llm: {hosts: [llm.test], protocol: anthropic}
";
