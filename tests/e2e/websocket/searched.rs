//! What a WebSocket's server says is searched where the profile asks for it: messages whole, a model's texts while they go on.

use aegis_testkit::{Aegis, Sockets};
use serde_json::{Value, json};

use super::{POLICY, World};

#[tokio::test]
async fn data_in_a_message_of_the_server_is_redacted_and_on_record() {
    let world = searching("{EMAIL_ADDRESS: sanitize}").await;
    let (mut client, mut server) = world.open("ws.test", "/chat").await;

    server.send_compressed("write to ann@corp.example").await;
    let told = client.read_text().await;
    assert_eq!(told, "write to [REDACTED:EMAIL_ADDRESS]");
    server
        .send_compressed(r#"{"to": "ann@corp.example", "n": 1}"#)
        .await;
    let told = client.read_json().await;
    assert_eq!(told, json!({"to": "[REDACTED:EMAIL_ADDRESS]", "n": 1}));
    // No JSON, though it begins like it.
    server
        .send_compressed("[12:00] ann@corp.example left")
        .await;
    let told = client.read_text().await;
    assert_eq!(told, "[12:00] [REDACTED:EMAIL_ADDRESS] left");
    server.send_compressed("fine").await;
    assert_eq!(client.read_text().await, "fine");
    server.send_frame(0x82, &[0, 159, 146]).await;
    let binary = client.read_frame().await.expect("a frame");
    assert_eq!(&*binary.payload, [0, 159, 146]);

    client.send_frame(0x88, &[3, 232]).await;
    server.read_close().await;
    server.send_frame(0x88, &[3, 232]).await;
    client.read_close().await;
    let (_, end) = world.aegis.lines(|line| line["action"] == "get").await;
    let found = &end["answer_data"][0];
    assert_eq!(
        (&found["type"], &found["count"], &found["effect"]),
        (&json!("EMAIL_ADDRESS"), &json!(3), &json!("sanitize"))
    );
}

#[tokio::test]
async fn data_that_is_denied_closes_the_connection_before_it() {
    let world = searching("{EMAIL_ADDRESS: deny}").await;
    let (mut client, mut server) = world.open("ws.test", "/chat").await;
    server.send_text("write to ann@corp.example").await;
    let close = client.read_close().await;
    assert_eq!(close, (1008, "data.EMAIL_ADDRESS".to_owned()));
}

#[tokio::test]
async fn control_frames_of_the_server_say_no_data() {
    for (host, path) in [("ws.test", "/chat"), ("llm.test", PATH)] {
        let world = searching("{EMAIL_ADDRESS: sanitize}").await;
        let (mut client, mut server) = world.open(host, path).await;
        for (sent, told) in [("hello", "hello"), ("ann@corp.example", "")] {
            server.send_frame(0x89, sent.as_bytes()).await;
            let ping = client.read_frame().await.expect("a frame");
            assert_eq!((ping.first, &*ping.payload), (0x89, told.as_bytes()));
        }
        let reason = [&[3, 232], &b"ask ann@corp.example"[..]].concat();
        server.send_frame(0x88, &reason).await;
        assert_eq!(client.read_close().await, (1000, String::new()));
        client.send_frame(0x88, &[3, 232]).await;
        server.read_close().await;
        let (_, end) = world.aegis.lines(|line| line["agent"] == "bot").await;
        assert_eq!(end["answer_data"][0]["count"], 2, "{end}");
    }

    let world = searching("{EMAIL_ADDRESS: deny}").await;
    let (mut client, mut server) = world.open("ws.test", "/chat").await;
    server.send_frame(0x89, b"ann@corp.example").await;
    let close = client.read_close().await;
    assert_eq!(close, (1008, "data.EMAIL_ADDRESS".to_owned()));
}

#[tokio::test]
async fn what_a_model_says_in_pieces_is_searched_as_one_text_for_each_answer() {
    let world = searching("{EMAIL_ADDRESS: sanitize}").await;
    let (mut client, mut server) = world.open("llm.test", PATH).await;
    let delta = |response: &str, text: &str| {
        json!({"type": "response.output_text.delta", "response_id": response,
            "item_id": format!("i-{response}"), "output_index": 0, "content_index": 0, "delta": text})
    };
    let done = |response: &str| {
        json!({"type": "response.done", "response": {"id": response, "status": "completed", "output": [
            {"id": format!("i-{response}"), "type": "message", "role": "assistant",
             "content": [{"type": "output_text", "text": "write to ann@corp.example"}]}]}})
    };
    for event in [
        delta("r1", "write to ann"),
        delta("r2", "write to ann@co"),
        delta("r1", "@corp.exa"),
        json!({"type": "error", "error": {"message": "something else"}}),
        delta("r2", "rp.example"),
        delta("r1", "mple"),
        done("r1"),
        done("r2"),
    ] {
        server.send_compressed(&event.to_string()).await;
    }
    let mut told = Vec::new();
    while told.iter().filter(|event| is_done(event)).count() < 2 {
        told.push(client.read_json().await);
    }

    for response in ["r1", "r2"] {
        let own = told.iter().filter(|event| event["response_id"] == response);
        let text: String = own.filter_map(|event| event["delta"].as_str()).collect();
        assert_eq!(text, "write to [REDACTED:EMAIL_ADDRESS]", "{told:?}");
    }
    let all = Value::from(told).to_string();
    assert!(!all.contains("corp"), "{all}");
}

#[tokio::test]
async fn a_token_becomes_its_value_again_in_what_the_server_says() {
    let policy = POLICY.replace(
        "EMAIL_ADDRESS: sanitize",
        "EMAIL_ADDRESS: {sanitize: token}",
    );
    let world = world(&policy).await;
    let (mut client, mut server) = world.open("ws.test", "/chat").await;

    client.send_compressed("mail ann@corp.example").await;
    let got = server.read_text().await;
    let token = got.strip_prefix("mail ").expect("the rest of it");
    assert!(token.starts_with("[EMAIL_ADDRESS:"), "{got}");
    server.send_compressed(&format!("sent to {token}")).await;
    assert_eq!(client.read_text().await, "sent to ann@corp.example");

    let (mut client, mut server) = world.open("llm.test", PATH).await;
    for piece in token.chars() {
        let delta = json!({"type": "response.output_text.delta", "response_id": "r1",
            "item_id": "i1", "output_index": 0, "content_index": 0, "delta": piece});
        server.send_compressed(&delta.to_string()).await;
    }
    let done = json!({"type": "response.done",
        "response": {"id": "r1", "status": "completed", "output": []}});
    server.send_compressed(&done.to_string()).await;
    let mut said = String::new();
    loop {
        let event = client.read_json().await;
        said.push_str(event["delta"].as_str().unwrap_or_default());
        if is_done(&event) {
            break;
        }
    }
    assert_eq!(said, "ann@corp.example");
}

async fn searching(answers: &str) -> World {
    let policy = POLICY.replace(
        "hosts: [ws.test]",
        &format!("hosts: [ws.test]\n    answers: {answers}"),
    );
    world(&policy).await
}

async fn world(policy: &str) -> World {
    let sockets = Sockets::new().compressing();
    World::with(sockets, |_| {
        Aegis::with_policy(policy)
            .agent("acme", "bot")
            .hosts(&["ws.test", "llm.test"])
    })
    .await
}

fn is_done(event: &Value) -> bool {
    event["type"] == "response.done"
}

const PATH: &str = "/v1/realtime?model=gpt-realtime";
