//! A conversation with a model: events are judged, proposed calls held and judged, and a refusal ends neither.

use aegis_testkit::{Aegis, Sockets, WebSocket};
use serde_json::{Value, json};

use super::{POLICY, World};

const PATH: &str = "/v1/realtime?model=gpt-realtime";

#[tokio::test]
async fn the_handshake_names_the_model_and_every_event_is_a_chat_with_it() {
    let world = World::start().await;
    let refused = world.ask("llm.test", "/v1/realtime?model=other", "").await;
    let refused = refused.unwrap_err();
    assert_eq!(
        (refused.status, &refused.json()["error"]["code"]),
        (403, &json!("parameter.enum"))
    );

    let (mut client, mut server) = world.open("llm.test", PATH).await;
    let update = json!({"type": "session.update", "session": {"type": "realtime", "instructions": "write to ann@example.org"}});
    client.send_json(&update).await;
    let received = server.read_json().await;
    assert_eq!(
        received["session"]["instructions"],
        "write to [REDACTED:EMAIL_ADDRESS]"
    );
    let (message, _) = world
        .aegis
        .lines(|line| line["outcome"] == "sanitize")
        .await;
    assert_eq!(
        (&message["kind"], &message["tool"], &message["action"]),
        (&json!("llm"), &json!("llm"), &json!("chat"))
    );
}

#[tokio::test]
async fn a_refused_event_is_answered_with_an_error_event_and_the_conversation_goes_on() {
    let world = World::start().await;
    let (mut client, mut server) = world.open("llm.test", PATH).await;
    let secret = json!({"type": "conversation.item.create", "event_id": "mine", "item": {"type": "message", "role": "user",
        "content": [{"type": "input_text", "text": "my key is AKIAIOSFODNN7EXAMPLF"}]}});
    client.send_json(&secret).await;
    let error = client.read_json().await;
    assert_eq!(
        (&error["type"], &error["error"]["event_id"]),
        (&json!("error"), &json!("mine"))
    );
    assert_eq!(error["error"]["code"], "data.SECRET_AWS");
    assert_eq!(error["error"]["aegis"]["outcome"], "deny");

    client.send_text("{\"type\":\"a\",\"type\":\"b\"}").await;
    assert_eq!(
        client.read_json().await["error"]["code"],
        "protocol.malformed"
    );
    client.send_json(&json!({"type": "session.erase"})).await;
    assert_eq!(client.read_json().await["error"]["code"], "tool");

    client.send_json(&json!({"type": "response.create"})).await;
    assert_eq!(server.read_json().await, json!({"type": "response.create"}));
}

#[tokio::test]
async fn an_allowed_call_passes_as_it_came_and_text_does_not_wait_for_it() {
    let world = World::compressing().await;
    let (mut client, mut server) = world.open("llm.test", PATH).await;
    let text = json!({"type": "response.output_text.delta", "response_id": "r0", "item_id": "i0", "delta": "One moment"});
    server.send_compressed(&text.to_string()).await;
    assert_eq!(client.read_json().await, text);
    let events = call("r1", "i1", "get_weather", r#"{"city":"Berlin"}"#);
    for event in &events {
        server.send_compressed(&event.to_string()).await;
    }
    for event in &events {
        assert_eq!(client.read_json().await, *event);
    }
    client.send_frame(0x88, &[3, 232]).await;
    server.read_close().await;
    server.send_frame(0x88, &[3, 232]).await;
    client.read_close().await;
    let (proposed, _) = world
        .aegis
        .lines(|line| line["phase"] == "proposed_call")
        .await;
    assert_eq!(
        (&proposed["outcome"], &proposed["tool"]),
        (&json!("allow"), &json!("get_weather"))
    );
    let (_, end) = world
        .aegis
        .lines(|line| line["id"] == proposed["proposed_by"])
        .await;
    assert_eq!(end["outcome_detail"], "forwarded");
    assert_eq!(
        (&end["llm"]["input_tokens"], &end["llm"]["finish_reasons"]),
        (&json!(12), &json!(["completed"]))
    );
}

#[tokio::test]
async fn a_denied_call_is_never_seen_and_its_answer_fails() {
    let world = World::compressing().await;
    let (mut client, mut server) = world.open("llm.test", PATH).await;
    for event in call(
        "r1",
        "i1",
        "delete_everything",
        r#"{"path":"/srv/secret-plans"}"#,
    ) {
        server.send_compressed(&event.to_string()).await;
    }
    let seen = until_done(&mut client).await;
    let text = Value::from(seen.clone()).to_string();
    assert!(
        !text.contains("delete_everything\"") && !text.contains("secret-plans"),
        "{text}"
    );
    let kinds: Vec<_> = seen.iter().map(|event| &event["type"]).collect();
    assert_eq!(kinds, ["response.created", "error", "response.done"]);
    assert_eq!(seen[1]["error"]["code"], "tool");
    assert_eq!(seen[2]["response"]["status"], "failed");

    // The next answer refers to compressed words that the client has not seen.
    for event in call("r2", "i2", "get_weather", r#"{"city":"ann@example.org"}"#) {
        server.send_compressed(&event.to_string()).await;
    }
    let seen = until_done(&mut client).await;
    let arguments = &seen.last().expect("the end")["response"]["output"][0]["arguments"];
    assert_eq!(*arguments, json!(r#"{"city":"[REDACTED:EMAIL_ADDRESS]"}"#));
    let (denied, _) = world
        .aegis
        .lines(|line| line["tool"] == "delete_everything")
        .await;
    assert_eq!(
        (&denied["phase"], &denied["outcome"]),
        (&json!("proposed_call"), &json!("deny"))
    );
}

#[tokio::test]
async fn a_call_that_needs_approval_is_refused_with_a_pending_id() {
    let world = World::start().await;
    let (mut client, mut server) = world.open("llm.test", PATH).await;
    for event in call("r1", "i1", "pay", r#"{"amount":700}"#) {
        server.send_json(&event).await;
    }
    let seen = until_done(&mut client).await;
    let id = seen[1]["error"]["aegis"]["approval_id"]
        .as_str()
        .expect("a pending id");
    let (_, pending) = world.aegis.admin_get("/approvals").await;
    assert!(pending.contains(id), "{pending}");
}

#[tokio::test]
async fn a_host_that_nobody_declared_is_known_by_what_its_client_says() {
    let world = World::start().await;
    let (mut client, mut server) = world.open("raw.test", "/anything").await;
    server.send_text("no event at all").await;
    assert_eq!(client.read_text().await, "no event at all");
    client.send_json(&json!({"type": "response.create"})).await;
    assert_eq!(client.read_json().await["error"]["code"], "tool");
    server.send_text("still none").await;
    assert_eq!(client.read_text().await, "still none");
}

/// It could end in a call that nobody has judged.
#[tokio::test]
async fn a_message_from_before_the_conversation_does_not_go_on_in_it() {
    let policy = POLICY.replace("      llm:", "      ws.test: {chat: {}}\n      llm:");
    let aegis = |_| {
        Aegis::with_policy(&policy)
            .agent("acme", "bot")
            .hosts(&["ws.test"])
    };
    let world = World::with(Sockets::new(), aegis).await;
    let (mut client, mut server) = world.open("ws.test", "/elsewhere").await;
    server.send_frame(0x01, b"{").await;
    assert_eq!(
        &client.read_frame().await.expect("a part").payload[..],
        b"{"
    );
    client.send_json(&json!({"type": "response.create"})).await;
    server.read_json().await;

    let call = call("r1", "i1", "delete_everything", "{}")
        .pop()
        .expect("an event");
    server
        .send_frame(0x80, &call.to_string().as_bytes()[1..])
        .await;

    let told = (1014, "websocket.malformed".to_owned());
    assert_eq!(client.read_close().await, told);
    let told = (1002, "websocket.malformed".to_owned());
    assert_eq!(server.read_close().await, told);
}

#[tokio::test]
async fn what_cannot_be_followed_is_not_passed_on() {
    let world = World::start().await;
    let (mut client, mut server) = world.open("llm.test", PATH).await;
    server.send_text("{\"type\":\"a\",\"type\":\"b\"}").await;
    assert_eq!(
        client.read_json().await["error"]["code"],
        "protocol.answer_malformed"
    );
    assert_eq!(
        client.read_close().await,
        (1014, "protocol.answer_malformed".to_owned())
    );
    assert_eq!(server.read_close().await.0, 1001);
}

/// Everything up to the end of an answer.
async fn until_done(client: &mut WebSocket) -> Vec<Value> {
    let mut seen = Vec::new();
    loop {
        let event = client.read_json().await;
        let done = event["type"] == "response.done";
        seen.push(event);
        if done {
            return seen;
        }
    }
}

/// As Realtime tells of a function call, from its answer's first event to the last.
fn call(response: &str, id: &str, name: &str, arguments: &str) -> Vec<Value> {
    let (first, second) = arguments.split_at(arguments.len() / 2);
    let part = |kind: &str, member: &str, text: &str| {
        json!({"type": format!("response.function_call_arguments.{kind}"), "event_id": "e", "response_id": response, "item_id": id,
            "output_index": 0, "call_id": format!("call_{id}"), member: text})
    };
    let item = |arguments: &str, status: &str| json!({"id": id, "type": "function_call", "status": status, "name": name, "call_id": format!("call_{id}"), "arguments": arguments});
    let mut done = part("done", "arguments", arguments);
    done["name"] = name.into();
    let (begun, whole) = (item("", "in_progress"), item(arguments, "completed"));
    let usage = json!({"input_tokens": 12, "output_tokens": 3});
    vec![
        json!({"type": "response.created", "response": {"id": response, "status": "in_progress", "output": []}}),
        json!({"type": "response.output_item.added", "response_id": response, "output_index": 0, "item": begun}),
        json!({"type": "conversation.item.added", "previous_item_id": null, "item": begun}),
        part("delta", "delta", first),
        part("delta", "delta", second),
        done,
        json!({"type": "response.output_item.done", "response_id": response, "output_index": 0, "item": whole}),
        json!({"type": "conversation.item.done", "item": whole}),
        json!({"type": "response.done", "response": {"id": response, "status": "completed", "output": [whole], "usage": usage}}),
    ]
}
