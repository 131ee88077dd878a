//! WebSocket libraries and the Realtime client of an SDK, unmodified and through the proxy, each with its own compression.

use aegis_testkit::{Aegis, Sockets, TestCa, Upstream, WebSocket};
use serde_json::{Value, json};

use super::environment::Environment;

#[tokio::test(flavor = "multi_thread")]
async fn websockets_for_python_and_ws_for_node() {
    for is_python in [true, false] {
        let world = World::start().await;
        let echo = async {
            let socket = world.sockets.next().await;
            socket.serve(|text| vec![text.to_owned()]).await;
        };
        let drive = async {
            if is_python {
                world.environment.python("websockets_client.py").await
            } else {
                world.environment.node("ws_client.mjs").await
            }
        };
        let (cases, ()) = tokio::join!(drive, echo);
        assert_eq!(
            cases["allow"]["text"], "the same words, the same words",
            "{cases}"
        );
        assert_eq!(
            cases["allow"]["extensions"],
            json!(["permessage-deflate"]),
            "{cases}"
        );
        assert_eq!(
            cases["sanitize"]["text"], "to [REDACTED:EMAIL_ADDRESS], the same words",
            "{cases}"
        );
        assert_eq!(cases["ping"]["answered"], true, "{cases}");
        assert_eq!(cases["again"]["text"], "the same words again", "{cases}");
        assert_eq!(
            (&cases["deny"]["code"], &cases["deny"]["reason"]),
            (&json!(1008), &json!("opaque")),
            "{cases}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_realtime_client_of_openai_for_python() {
    let world = World::start().await;
    let serve = async { converse(world.sockets.next().await).await };
    let (cases, ()) = tokio::join!(world.environment.python("openai_realtime.py"), serve);

    assert_eq!(
        (&cases["allow"]["text"], &cases["allow"]["status"]),
        (&json!("Hello!"), &json!("completed")),
        "{cases}"
    );
    let allowed = &cases["proposed_allowed"];
    assert_eq!(
        allowed["calls"],
        json!([{"name": "get_weather", "arguments": r#"{"city":"Berlin"}"#}]),
        "{cases}"
    );
    assert_eq!(allowed["errors"], json!([]), "{cases}");
    let denied = &cases["proposed_denied"];
    assert_eq!(
        (&denied["calls"], &denied["status"]),
        (&json!([]), &json!("failed")),
        "{cases}"
    );
    assert_eq!(denied["errors"][0]["code"], "tool", "{cases}");
    let refused = &cases["deny"];
    assert_eq!(refused["errors"][0]["code"], "data.SECRET_AWS", "{cases}");
    assert_eq!(
        refused["status"], "completed",
        "the conversation goes on: {cases}"
    );
    let handshake = &cases["deny_handshake"];
    assert!(handshake["message"].to_string().contains("403"), "{cases}");
}

/// A model that speaks of the weather, or of worse.
async fn converse(socket: WebSocket) {
    let (mut prompt, mut answers) = (String::new(), 0);
    socket
        .serve(|text| {
            let event: Value = serde_json::from_str(text).expect("an event");
            match event["type"].as_str().expect("a type") {
                "conversation.item.create" => {
                    prompt = event["item"]["content"][0]["text"].to_string();
                    Vec::new()
                }
                "response.create" => {
                    answers += 1;
                    let events = match std::mem::take(&mut prompt) {
                        it if it.contains("weather") => {
                            called(answers, "get_weather", r#"{"city":"Berlin"}"#)
                        }
                        it if it.contains("delete") => {
                            called(answers, "delete_everything", r#"{"path":"/"}"#)
                        }
                        _ => spoken(answers),
                    };
                    events.iter().map(Value::to_string).collect()
                }
                _ => Vec::new(),
            }
        })
        .await;
}

fn spoken(number: u64) -> Vec<Value> {
    let (response, item) = (format!("r{number}"), format!("i{number}"));
    let done =
        json!({"id": response, "object": "realtime.response", "status": "completed", "output": []});
    vec![
        json!({"type": "response.created", "event_id": "e", "response": {"id": response, "status": "in_progress", "output": []}}),
        json!({"type": "response.output_text.delta", "event_id": "e", "response_id": response, "item_id": item, "output_index": 0, "content_index": 0, "delta": "Hello!"}),
        json!({"type": "response.done", "event_id": "e", "response": done}),
    ]
}

fn called(number: u64, name: &str, arguments: &str) -> Vec<Value> {
    let (response, id) = (format!("r{number}"), format!("i{number}"));
    let item = |arguments: &str, status: &str| json!({"id": id, "object": "realtime.item", "type": "function_call", "status": status, "name": name, "call_id": "c1", "arguments": arguments});
    let whole = item(arguments, "completed");
    let part = |kind: &str, member: &str| {
        json!({"type": format!("response.function_call_arguments.{kind}"), "event_id": "e", "response_id": response, "item_id": id,
            "output_index": 0, "call_id": "c1", "name": name, member: arguments})
    };
    vec![
        json!({"type": "response.output_item.added", "event_id": "e", "response_id": response, "output_index": 0, "item": item("", "in_progress")}),
        json!({"type": "conversation.item.added", "event_id": "e", "item": item("", "in_progress")}),
        part("delta", "delta"),
        part("done", "arguments"),
        json!({"type": "conversation.item.done", "event_id": "e", "item": whole}),
        json!({"type": "response.output_item.done", "event_id": "e", "response_id": response, "output_index": 0, "item": whole}),
        json!({"type": "response.done", "event_id": "e", "response": {"id": response, "object": "realtime.response", "status": "completed", "output": [whole]}}),
    ]
}

/// A server behind TLS that accepts each `WebSocket`, and a proxy in front of it.
struct World {
    /// Kept, so that it serves.
    _aegis: Aegis,
    _upstream: Upstream,
    sockets: Sockets,
    environment: Environment,
}

impl World {
    async fn start() -> Self {
        let ca = TestCa::new();
        let sockets = Sockets::new().compressing();
        let accepting = sockets.clone();
        let upstream = Upstream::https(&ca, &["ws.test", "openai.test"])
            .answer(move |request| accepting.accept(request))
            .start()
            .await;
        let aegis = Aegis::with_policy(POLICY)
            .agent("acme", "bot")
            .hosts(&["ws.test", "openai.test"])
            .upstream_ca(&ca)
            .start()
            .await;
        let websocket = upstream
            .url_as("ws.test", "/chat")
            .replace("https://", "wss://");
        let environment = Environment::of(&aegis, &ca)
            .await
            .with("WEBSOCKET_URL", websocket)
            .with("REALTIME_URL", upstream.url_as("openai.test", "/v1"))
            .with("LLM_MODEL", "gpt-realtime")
            .with("LLM_DENIED_MODEL", "gpt-expensive");
        Self {
            _aegis: aegis,
            _upstream: upstream,
            sockets,
            environment,
        }
    }
}

const POLICY: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: bot}
profiles:
  bot:
    hosts: [ws.test]
    data: {EMAIL_ADDRESS: sanitize, SECRET_AWS: deny}
    tools:
      http: {get: {}, message: {}}
      openai: {chat: {model: {enum: [gpt-realtime]}}}
    proposed: {tools: {get_weather: {city: {required: true}}}}
catalogue:
  openai: {hosts: [openai.test], protocol: openai}
";
