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

#[tokio::test]
async fn a_value_that_an_agent_tells_in_two_events_never_reaches_the_caller() {
    let pieces = [
        ("it is an", false),
        ("n@corp.exa", true),
        ("mple or bob@corp.example", true),
    ];
    for (method, version) in [("message/stream", "0.3"), ("SendStreamingMessage", "1.0")] {
        let feed = Feed::new();
        let body = feed.clone();
        let agent = Upstream::http()
            .answer(move |_| Answer::events(&body))
            .start()
            .await;
        let aegis = Aegis::with_policy(&POLICY.replace("PORT", &agent.port().to_string()))
            .agent("acme", "bot")
            .hosts(&["helper.test"])
            .start()
            .await;
        for (text, appends) in pieces {
            feed.event(&update(version, text, appends).to_string());
        }
        let completed = json!({"jsonrpc": "2.0", "id": 3, "result": {
            "kind": "status-update", "taskId": "t", "contextId": "c", "final": true, "status": {"state": "completed"},
        }});
        feed.event(&completed.to_string());
        feed.end();
        let message = json!({"role": "user", "messageId": "m-1", "parts": [{"kind": "text", "text": "who?"}]});
        let call =
            json!({"jsonrpc": "2.0", "id": 3, "method": method, "params": {"message": message}});

        let request = Request::post(agent.url_as("helper.test", "/"))
            .header("a2a-version", version)
            .header("content-type", "application/json")
            .body(Payload::from(call.to_string()));
        let mut reply = aegis.client("bot").send(request.expect("a request")).await;
        let received = reply.text().await;

        assert!(!received.contains("corp"), "{received}");
        let heard: String = events(&received).filter_map(|event| told(&event)).collect();
        assert_eq!(
            heard,
            "it is [REDACTED:EMAIL_ADDRESS] or [REDACTED:EMAIL_ADDRESS]"
        );
        let last = events(&received).last().expect("an event");
        assert_eq!(last, completed, "the rest comes before the end");
        let (_, end) = aegis.lines_of(&reply).await;
        assert_eq!(end["answer_data"][0]["count"], 2, "{end}");
    }
}

/// A piece of an artifact, in the shape of this version.
fn update(version: &str, text: &str, appends: bool) -> Value {
    let mut update = json!({
        "taskId": "t", "contextId": "c", "append": appends,
        "artifact": {"artifactId": "a", "parts": [{"text": text}]},
    });
    if version == "0.3" {
        update["kind"] = "artifact-update".into();
        update["artifact"]["parts"][0]["kind"] = "text".into();
    } else {
        update = json!({"artifactUpdate": update});
    }
    json!({"jsonrpc": "2.0", "id": 3, "result": update})
}

fn told(event: &Value) -> Option<String> {
    let holder = event["result"]
        .get("artifactUpdate")
        .unwrap_or(&event["result"]);
    holder["artifact"]["parts"][0]["text"]
        .as_str()
        .map(str::to_owned)
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
