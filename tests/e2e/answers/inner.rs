//! JSON that a tool's result has in its strings is read as JSON: nothing hides behind its escapes, and it stays what it is.

use serde_json::{Value, json};

use super::{said, site};

#[tokio::test]
async fn json_in_the_result_of_a_tool_is_read_as_json_and_stays_it() {
    let inner = r#"{"to": "\u0061nn@corp.example", "say": "\"ann\u0040corp.example\"", "url": "https:\/\/h.example\/?m=ann\u0040corp.example"}"#;
    let twice = json!({"page": inner}).to_string();
    let result =
        json!({"content": [{"type": "text", "text": inner}, {"type": "text", "text": twice}]});
    let body = json!({"jsonrpc": "2.0", "id": 7, "result": result});
    for events in [false, true] {
        let (aegis, site) = site(said(&body, events), "sanitize").await;
        let call =
            json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "find"}});
        let url = site.url_as("mcp.test", "/mcp");

        let mut reply = aegis.client("bot").post_json(&url, &call).await;
        let received = reply.text().await;

        let outer: Value = if events {
            super::events(&received).next().expect("an event")
        } else {
            serde_json::from_str(&received).expect("JSON")
        };
        let text = |at: usize| {
            outer["result"]["content"][at]["text"]
                .as_str()
                .unwrap_or_default()
        };
        let read = |text: &str| serde_json::from_str::<Value>(text).expect("JSON in it");
        let label = "[REDACTED:EMAIL_ADDRESS]";
        let expected = json!({
            "to": label,
            "say": format!("\"{label}\""),
            "url": format!("https://h.example/?m={label}"),
        });
        assert_eq!(read(text(0)), expected);
        assert_eq!(
            read(read(text(1))["page"].as_str().unwrap_or_default()),
            expected
        );
        let (_, end) = aegis.lines_of(&reply).await;
        assert_eq!(end["answer_data"][0]["count"], 6, "{end}");
    }
}
