//! Whatever ends a WebSocket, both sides are told in a close frame, and the record says why.

use std::time::Duration;

use aegis_testkit::{Sockets, WebSocket};
use serde_json::{Value, json};

use super::{POLICY, World};

#[tokio::test]
async fn a_frame_that_is_not_valid_closes_with_its_code_and_is_on_record() {
    let unmasked: &[u8] = &[0x81, 0x01, b'a'];
    let not_utf8: &[u8] = &[0x81, 0x81, 0, 0, 0, 0, 0xff];
    let undecodable: &[u8] = &[0xc1, 0x81, 0, 0, 0, 0, 0x07];
    let too_long: &[u8] = &[0x81, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0];
    for (bytes, code, rule) in [
        (unmasked, 1002, "websocket.malformed"),
        (not_utf8, 1007, "websocket.not_utf8"),
        (undecodable, 1007, "websocket.undecodable"),
        (too_long, 1009, "websocket.too_long"),
    ] {
        let world = World::compressing().await;
        let (mut client, mut server) = world.open("ws.test", "/chat").await;
        client.send_bytes(bytes).await;
        assert_eq!(client.read_close().await, (code, rule.to_owned()));
        assert_eq!(server.read_close().await, (1001, String::new()));
        let (_, end) = world.aegis.lines(|line| line["action"] == "get").await;
        assert_eq!(end["error"], "websocket.invalid", "{end}");
        assert_eq!(end["refusal"]["rules"][0]["rule"], rule, "{end}");
    }
}

/// They pass unjudged, so that there must not be many.
#[tokio::test]
async fn a_client_that_sends_pings_without_end_is_closed() {
    let world = World::start().await;
    let (mut client, mut server) = world.open("ws.test", "/chat").await;
    let ping = [0x89, 0x80, 0, 0, 0, 0];
    client.send_bytes(&ping.repeat(5_000)).await;
    let rule = "websocket.too_many_pings";
    assert_eq!(client.read_close().await, (1008, rule.to_owned()));
    for _ in 0..100 {
        assert_eq!(server.read_frame().await.expect("a ping").first, 0x89);
    }
    assert_eq!(server.read_close().await, (1001, String::new()));
    let (_, end) = world.aegis.lines(|line| line["action"] == "get").await;
    assert_eq!(end["error"], "websocket.invalid", "{end}");
    assert_eq!(end["refusal"]["rules"][0]["rule"], rule, "{end}");
}

#[tokio::test]
async fn a_compressed_message_is_bounded_when_it_is_decoded() {
    let world = World::with(Sockets::new().compressing(), |it| {
        it.settings(|settings| settings.limits.inspected_body_bytes = 64 * 1024)
    })
    .await;
    let (mut client, mut server) = world.open("ws.test", "/chat").await;
    client.send_compressed(&"a".repeat(65 * 1024)).await;
    assert_eq!(client.read_close().await.0, 1009);
    assert_eq!(server.read_close().await.0, 1001);
}

/// It holds memory that is for all.
#[tokio::test]
async fn a_message_that_does_not_end_in_time_gives_back_its_room() {
    let world = World::with(Sockets::new(), |it| {
        it.settings(|settings| {
            settings.limits.inspected_body_bytes = 1024;
            settings.limits.body_timeout = Duration::from_millis(300);
        })
    })
    .await;
    let (mut stalled, mut its_server) = world.open("ws.test", "/chat").await;
    let (mut stays, mut other) = world.open("ws.test", "/chat").await;
    // In parts, which must not begin the time anew; pings do not either.
    stalled.send_frame(0x01, &[b'a'; 1000]).await;
    stalled.send_frame(0x00, b"b").await;
    stalled.send_frame(0x89, b"").await;

    assert_eq!(its_server.read_frame().await.expect("a ping").first, 0x89);
    let told = (1008, "http.body_stalled".to_owned());
    assert_eq!(stalled.read_close().await, told);
    assert_eq!(its_server.read_close().await, (1001, String::new()));
    // Who has begun no message has all the time that there is.
    exchange(&mut stays, &mut other).await;
    let (_, end) = world.aegis.lines(|line| line["action"] == "get").await;
    assert_eq!(end["error"], "http.body_stalled", "{end}");
}

#[tokio::test]
async fn a_server_that_takes_nothing_does_not_keep_the_room_of_messages() {
    let world = World::with(Sockets::new(), |it| {
        it.settings(|settings| settings.limits.body_timeout = Duration::from_millis(300))
    })
    .await;
    let (mut client, server) = world.open("ws.test", "/chat").await;
    let text = "a".repeat(1 << 20);
    let told = async {
        for _ in 0..64 {
            client.send_text(&text).await;
        }
        client.read_close().await
    };
    assert_eq!(told.await, (1014, "upstream.timeout".to_owned()));
    let (_, end) = world.aegis.lines(|line| line["action"] == "get").await;
    assert_eq!(
        (&end["outcome_detail"], &end["error"]),
        (&json!("failed"), &json!("upstream.timeout"))
    );
    // What was let through and not taken is not on record as forwarded.
    let lines = world.aegis.audit();
    let count = |key: &str, value: &str| lines.iter().filter(|line| line[key] == value).count();
    let unsent = count("error", "upstream.timeout") - 1;
    assert!(unsent > 0);
    assert!(count("outcome_detail", "forwarded") + unsent <= count("action", "message"));
    drop(server);
}

#[tokio::test]
async fn a_server_s_fault_is_the_server_s() {
    let world = World::start().await;
    let (mut client, mut server) = world.open("ws.test", "/chat").await;
    server.send_bytes(&[0x83, 0]).await;
    assert_eq!(
        server.read_close().await,
        (1002, "websocket.malformed".to_owned())
    );
    assert_eq!(
        client.read_close().await,
        (1014, "websocket.malformed".to_owned())
    );
    let (_, end) = world.aegis.lines(|line| line["action"] == "get").await;
    assert_eq!(
        (&end["outcome_detail"], &end["error"]),
        (&json!("failed"), &json!("websocket.malformed"))
    );
}

#[tokio::test]
async fn a_websocket_ends_with_its_permission_and_others_stay() {
    let world = World::start().await;
    let (mut gone, mut its_server) = world.open("raw.test", "/chat").await;
    let (mut stays, mut other) = world.open("ws.test", "/chat").await;

    world
        .aegis
        .change_policy(&POLICY.replace("upgrades: [raw.test]", ""))
        .await;

    assert_eq!(gone.read_close().await, (1008, "policy.revoked".to_owned()));
    assert_eq!(its_server.read_close().await, (1001, String::new()));
    assert_eq!(
        (gone.read_frame().await, its_server.read_frame().await),
        (None, None)
    );
    let to_raw = |line: &Value| line["destination"]["host"] == "raw.test";
    let (_, end) = world.aegis.lines(to_raw).await;
    assert_eq!(end["outcome_detail"], "closed_by_policy");
    exchange(&mut stays, &mut other).await;
}

#[tokio::test]
async fn each_message_is_judged_by_the_policy_in_force_now() {
    let world = World::start().await;
    let (mut client, mut server) = world.open("ws.test", "/chat").await;
    exchange(&mut client, &mut server).await;

    world
        .aegis
        .change_policy(&POLICY.replace("get: {}, message: {}", "get: {}"))
        .await;

    client.send_text("hello").await;
    assert_eq!(client.read_close().await, (1008, "tool".to_owned()));
    assert_eq!(server.read_close().await.0, 1001);
}

#[tokio::test]
async fn a_drain_says_that_it_goes_away() {
    let world = World::with(Sockets::new(), |it| {
        it.settings(|settings| settings.limits.drain_grace = Duration::from_millis(100))
    })
    .await;
    let (mut client, mut server) = world.open("ws.test", "/chat").await;
    let (stopped, client_close, server_close) =
        tokio::join!(world.aegis.stop(), client.read_close(), server.read_close());
    assert_eq!(client_close, (1001, "draining".to_owned()));
    assert_eq!(server_close, (1001, String::new()));
    let end = stopped.1.iter().rfind(|line| line["event"] == "end");
    assert_eq!(end.expect("an end line")["outcome_detail"], "drained");
}

#[tokio::test]
async fn a_close_frame_passes_from_either_side_with_its_reason() {
    let world = World::start().await;
    let (mut client, mut server) = world.open("ws.test", "/chat").await;
    server.send_frame(0x88, b"\x0f\xa1enough").await;
    assert_eq!(client.read_close().await, (4001, "enough".to_owned()));
    client.send_frame(0x88, b"\x0f\xa1enough").await;
    assert_eq!(server.read_close().await, (4001, "enough".to_owned()));
}

#[tokio::test]
async fn a_side_that_goes_without_a_close_frame_takes_the_other_along() {
    let world = World::start().await;
    let (client, mut server) = world.open("ws.test", "/chat").await;
    drop(client);
    assert_eq!(server.read_frame().await, None);
    drop(server);
    let (_, end) = world.aegis.lines(|line| line["action"] == "get").await;
    assert_eq!(end["outcome_detail"], "forwarded", "{end}");
}

async fn exchange(client: &mut WebSocket, server: &mut WebSocket) {
    client.send_text("ping").await;
    assert_eq!(server.read_text().await, "ping");
    server.send_text("pong").await;
    assert_eq!(client.read_text().await, "pong");
}
