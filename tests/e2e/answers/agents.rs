//! What another agent answers is searched as well: its messages, and the events of its stream.

use aegis_testkit::{Aegis, Answer, Feed, Payload, Upstream};
use http::Request;
use serde_json::{Value, json};

use super::events;

#[tokio::test]
async fn a_message_and_the_events_of_an_agent_lose_their_data() {
    for stream in [false, true] {
        let feed = Feed::new();
        let body = feed.clone();
        let said = answer();
        let agent = Upstream::http()
            .answer(move |_| {
                if stream {
                    Answer::events(&body)
                } else {
                    Answer::json(&said)
                }
            })
            .start()
            .await;
        let aegis = Aegis::with_policy(&POLICY.replace("PORT", &agent.port().to_string()))
            .agent("acme", "bot")
            .hosts(&["helper.test"])
            .start()
            .await;
        feed.event(&answer().to_string());
        feed.end();
        let method = if stream {
            "message/stream"
        } else {
            "message/send"
        };
        let message = json!({
            "role": "user", "messageId": "m-1", "kind": "message",
            "parts": [{"kind": "text", "text": "who is it?"}],
        });
        let call =
            json!({"jsonrpc": "2.0", "id": 3, "method": method, "params": {"message": message}});

        let request = Request::post(agent.url_as("helper.test", "/"))
            .header("a2a-version", "0.3")
            .header("content-type", "application/json")
            .body(Payload::from(call.to_string()));
        let request = request.expect("a request");
        let mut reply = aegis.client("bot").send(request).await;
        let received = reply.text().await;

        let heard: Value = if stream {
            events(&received).next().expect("an event")
        } else {
            serde_json::from_str(&received).expect("JSON")
        };
        let parts = &heard["result"]["parts"];
        assert_eq!(heard["id"], 3, "{received}");
        assert_eq!(parts[0]["text"], "it is [REDACTED:EMAIL_ADDRESS]");
        assert_eq!(parts[1]["data"]["mail"], "[REDACTED:EMAIL_ADDRESS]");
        let (_, end) = aegis.lines_of(&reply).await;
        assert_eq!(end["answer_data"][0]["count"], 2, "{end}");
    }
}

fn answer() -> Value {
    json!({"jsonrpc": "2.0", "id": 3, "result": {
        "role": "agent", "messageId": "m-2", "kind": "message",
        "parts": [
            {"kind": "text", "text": "it is ann@corp.example"},
            {"kind": "data", "data": {"mail": "bob@corp.example"}},
        ],
    }})
}

const POLICY: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: careful}
profiles:
  careful:
    tools: {helper: {send: {}, stream: {}}}
    answers: {EMAIL_ADDRESS: sanitize}
catalogue:
  helper: {hosts: ['helper.test:PORT'], protocol: a2a}
";
