//! A search that fails in the middle of a stream ends it: with an event that its client can read, and without what was held back.

use aegis_testkit::{Answer, Feed};
use serde_json::json;

use super::{ask, events, joined, model, piece, site};

#[tokio::test]
async fn an_event_that_cannot_be_read_ends_a_models_stream_with_its_error() {
    for broken in [
        r#"{"choices": [{"index""#,
        r#"{"choices": 1, "choices": 2}"#,
    ] {
        let feed = Feed::new();
        let (aegis, llm) = model(&feed, "sanitize").await;
        let mut reply = ask(&aegis, &llm).await;
        feed.event(&piece("Write to ann@corp.exa").to_string());
        feed.event(broken);
        feed.event(&piece("mple soon").to_string());
        feed.end();

        let received = reply.text().await;

        assert_eq!(joined(&received), "Write to ", "{received}");
        assert!(!received.contains("corp") && !received.contains("soon"));
        let last = events(&received).last().expect("an event");
        assert!(last["error"]["code"].is_string(), "{last}");
        let (_, end) = aegis.lines_of(&reply).await;
        assert_eq!(end["outcome_detail"], "refused", "{end}");
    }
}

#[tokio::test]
async fn an_event_that_is_too_long_ends_a_tools_stream_with_its_error() {
    let feed = Feed::new();
    let body = feed.clone();
    let (aegis, site) = site(move || Answer::events(&body), "sanitize").await;
    let call =
        json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "find"}});
    let url = site.url_as("mcp.test", "/mcp");
    let mut reply = aegis.client("bot").post_json(&url, &call).await;
    let note =
        json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "go"}});
    feed.event(&note.to_string());
    let text = "ann@corp.example ".repeat(600_000);
    let result = json!({"content": [{"type": "text", "text": text}]});
    feed.event(&json!({"jsonrpc": "2.0", "id": 7, "result": result}).to_string());
    feed.end();

    let received = reply.text().await;

    assert!(!received.contains("corp"), "{} bytes", received.len());
    let heard: Vec<_> = events(&received).collect();
    assert_eq!(heard.first(), Some(&note));
    let last = heard.last().expect("an event");
    assert_eq!(last["id"], 7, "{last}");
    assert!(last["error"]["code"].is_i64(), "{last}");
}
