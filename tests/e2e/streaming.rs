//! Bodies pass as they come, in both directions, and nobody is made to wait for their end.

use aegis_testkit::{Aegis, AegisBuilder, Answer, Feed, Payload, Upstream};
use http::Request;

use crate::PLAIN;

#[tokio::test]
async fn an_event_arrives_before_the_next_one_is_sent() {
    let feed = Feed::new();
    let body = feed.clone();
    let upstream = Upstream::http()
        .answer(move |_| Answer::events(&body))
        .start()
        .await;
    let aegis = proxy(STRICT).start().await;

    let mut reply = aegis
        .client("bot")
        .get(&upstream.url_as("up.test", "/"))
        .await;

    for event in ["one", "two", "three"] {
        feed.event(event);
        let expected = format!("data: {event}\n\n");
        assert_eq!(reply.chunk().await.as_deref(), Some(expected.as_bytes()));
    }
    feed.end();
    assert_eq!(reply.chunk().await, None);
    let (_, end) = aegis.lines_of(&reply).await;
    assert_eq!(end["outcome_detail"], "forwarded");
}

#[tokio::test]
async fn a_large_answer_arrives_whole_and_is_counted() {
    let upstream = Upstream::http()
        .answer(|_| Answer::large(LARGE))
        .start()
        .await;
    let aegis = proxy(STRICT).start().await;

    let mut reply = aegis
        .client("bot")
        .get(&upstream.url_as("up.test", "/"))
        .await;
    let mut received = 0;
    while let Some(chunk) = reply.chunk().await {
        received += chunk.len() as u64;
    }

    assert_eq!(received, LARGE);
    let (_, end) = aegis.lines_of(&reply).await;
    assert_eq!(end["bytes_out"], LARGE);
}

#[tokio::test]
async fn what_the_agent_does_not_read_is_not_fetched() {
    let upstream = Upstream::http()
        .answer(|_| Answer::large(ENDLESS))
        .start()
        .await;
    let aegis = proxy(STRICT).start().await;
    let url = upstream.url_as("up.test", "/");

    let mut reply = aegis.client("bot").get(&url).await;
    let first = reply.chunk().await.expect("it begins");
    // While others are served, an eager proxy would fetch on.
    for _ in 0..20 {
        aegis.client("bot").get(&url).await.chunk().await;
    }
    let id = reply.header("aegis-decision-id").map(str::to_owned);
    drop(reply);

    let (_, end) = aegis
        .lines(|line| line["id"].as_str() == id.as_deref())
        .await;
    assert_eq!(end["outcome_detail"], "aborted");
    let relayed = end["bytes_out"].as_u64().expect("a number");
    assert!(
        relayed >= first.len() as u64 && relayed < LARGE,
        "{relayed} bytes were fetched"
    );
}

#[tokio::test]
async fn an_upstream_is_abandoned_with_the_agent_that_asked() {
    let feed = Feed::new();
    let body = feed.clone();
    let upstream = Upstream::http()
        .answer(move |_| Answer::events(&body))
        .start()
        .await;
    let aegis = proxy(STRICT).start().await;

    let mut reply = aegis
        .client("bot")
        .get(&upstream.url_as("up.test", "/"))
        .await;
    feed.event("one");
    reply.chunk().await;
    drop(reply);

    feed.abandoned().await;
    upstream.abandoned().await;
    let (_, end) = aegis.lines(|_| true).await;
    assert_eq!(end["outcome_detail"], "aborted");
    assert_eq!(end["error"], "client.gone");
}

#[tokio::test]
async fn an_agent_that_leaves_before_the_answer_ends_its_call() {
    let upstream = Upstream::http().answer(|_| Answer::never()).start().await;
    let aegis = proxy(STRICT).start().await;
    let mut client = aegis.raw().await;

    let (url, port) = (upstream.url_as("up.test", "/"), upstream.port());
    let head = format!("GET {url} HTTP/1.1\r\nhost: up.test:{port}\r\n{CREDENTIAL}\r\n");
    client.send(head).await;
    upstream.received(1).await;
    drop(client);

    upstream.abandoned().await;
    let (_, end) = aegis.lines(|_| true).await;
    assert_eq!(end["outcome_detail"], "aborted");
}

#[tokio::test]
async fn a_body_beyond_the_inspection_limit_is_denied() {
    let upstream = Upstream::http().start().await;
    let aegis = proxy(STRICT).start().await;

    let mut reply = aegis
        .client("bot")
        .send(upload(&upstream, Payload::large(LARGE)))
        .await;

    assert_eq!(reply.status(), 403);
    assert_eq!(reply.json().await["reasons"][0]["rule"], "truncated");
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn who_is_refused_while_still_sending_can_read_why() {
    let aegis = proxy(STRICT).start().await;
    let mut client = aegis.raw().await;
    let head = "POST http://up.test/ HTTP/1.1\r\nhost: up.test\r\ncontent-length: 99999999\r\n";

    client.send(format!("{head}{CREDENTIAL}\r\n")).await;
    // More than all buffers on the way hold.
    client.send(vec![b'x'; 32 * 1024 * 1024]).await;

    assert_eq!(
        client.read_response().await.json()["reasons"][0]["rule"],
        "truncated"
    );
}

#[tokio::test]
async fn a_body_beyond_the_inspection_limit_streams_on_where_policy_says_so() {
    let feed = Feed::new();
    let upstream = Upstream::http()
        .answer(|_| Answer::text("done"))
        .start()
        .await;
    let aegis = proxy(LENIENT).start().await;
    let client = aegis.client("bot");

    let sending = tokio::spawn({
        let request = upload(&upstream, feed.payload());
        async move { client.send(request).await }
    });
    feed.send(vec![b'x'; 2 * LIMIT]);
    // It is on its way although its end is not known yet.
    upstream.received_body_bytes(2 * LIMIT as u64).await;
    feed.send("the end");
    feed.end();

    let reply = sending.await.expect("it was sent");
    assert_eq!(reply.status(), 200);
    assert_eq!(upstream.request().body.len(), 2 * LIMIT + 7);
    assert!(upstream.request().body.ends_with(b"the end"));
    let (decision, end) = aegis.lines_of(&reply).await;
    assert_eq!(decision["truncated"], true);
    assert_eq!(end["bytes_in"], 2 * LIMIT as u64 + 7);
}

#[tokio::test]
async fn a_large_upload_with_a_stated_length_arrives_with_it() {
    let upstream = Upstream::http()
        .answer(|_| Answer::text("done"))
        .start()
        .await;
    let aegis = proxy(LENIENT).start().await;

    let reply = aegis
        .client("bot")
        .send(upload(&upstream, Payload::large(LARGE)))
        .await;

    assert_eq!(reply.status(), 200);
    let request = upstream.request();
    assert_eq!(
        request.header("content-length"),
        Some(LARGE.to_string().as_str())
    );
    assert_eq!(request.body.len() as u64, LARGE);
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_not_taken_for_whole() {
    let feed = Feed::new();
    let upstream = Upstream::http()
        .answer(|_| Answer::text("done"))
        .start()
        .await;
    let aegis = proxy(LENIENT).start().await;
    let client = aegis.client("bot");
    let request = upload(&upstream, feed.payload());
    let session = client.open(request.uri()).await.expect("a session");

    let sending = tokio::spawn(async move { session.send(request).await });
    feed.send(vec![b'x'; 2 * LIMIT]);
    upstream.received_body_bytes(2 * LIMIT as u64).await;
    feed.cut();

    assert!(sending.await.is_err(), "the agent's own connection broke");
    assert!(!upstream.received(1).await[0].complete);
    let (_, end) = aegis.lines(|_| true).await;
    assert_ne!(end["outcome_detail"], "forwarded");
}

fn upload(upstream: &Upstream, body: Payload) -> Request<Payload> {
    let url = upstream.url_as("up.test", "/upload");
    let request = Request::post(url).header("content-type", "application/octet-stream");
    request.body(body).expect("a request")
}

fn proxy(truncated: &str) -> AegisBuilder {
    Aegis::with_policy(&format!("{PLAIN}    truncated: {truncated}\n"))
        .agent("acme", "bot")
        .hosts(&["up.test"])
        .settings(|settings| settings.limits.inspected_body_bytes = LIMIT)
}

/// Bytes.
const LIMIT: usize = 64 * 1024;
const LARGE: u64 = 64 * 1024 * 1024;
const ENDLESS: u64 = 1 << 40;
const STRICT: &str = "deny";
const LENIENT: &str = "allow";
const CREDENTIAL: &str = "proxy-authorization: Bearer secret-of-bot\r\n";
