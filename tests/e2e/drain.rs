//! The end of the proxy: nothing new, time for what is open, and a record of what had to be cut.

use std::time::Duration;

use aegis_testkit::{Aegis, Answer, Feed, RawClient, TestCa, Upstream, within};
use http::Uri;
use serde_json::Value;

use crate::floods;

#[tokio::test]
async fn idle_connections_close_at_once_and_nothing_is_cut() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["up.test"]).h2().echo().start().await;
    let aegis = proxy(&ca, HOUR).await;
    let url: Uri = upstream.url_as("up.test", "/").parse().expect("a URL");
    let agent = aegis.client("bot");
    let kept = agent.open(&url).await.expect("a tunnel");
    let kept_too = agent.clone().h2().open(&url).await.expect("a tunnel");
    kept.get(&url.to_string()).await.bytes().await;
    kept_too.get(&url.to_string()).await.bytes().await;
    let silent = aegis.raw().await;
    let silent_tunnel = agent.tunnel("up.test:443").await.expect("a tunnel");

    // The grace period is an hour: only connections that close by themselves let this end.
    let (cut, lines) = aegis.stop().await;

    assert_eq!(cut, 0);
    assert_eq!(lines.last().expect("a last line")["event"], "drained");
    assert_eq!(
        lines
            .iter()
            .filter(|line| line["outcome_detail"] == "drained")
            .count(),
        0
    );
    drop((kept, kept_too, silent, silent_tunnel));
}

#[tokio::test]
async fn an_open_request_may_finish() {
    let feed = Feed::new();
    let body = feed.clone();
    let upstream = Upstream::http()
        .answer(move |_| Answer::events(&body))
        .start()
        .await;
    let aegis = proxy(&TestCa::new(), HOUR).await;
    let address = aegis.forward();
    let mut reply = aegis
        .client("bot")
        .get(&upstream.url_as("up.test", "/"))
        .await;
    feed.event("one");
    reply.chunk().await;

    let stopping = tokio::spawn(aegis.stop());
    refuses_connections(address).await;
    feed.event("two");
    feed.end();

    assert_eq!(reply.text().await, "data: two\n\n");
    let (cut, lines) = stopping.await.expect("it drains");
    assert_eq!(cut, 0);
    assert_eq!(ends(&lines, "forwarded"), 1);
}

#[tokio::test]
async fn what_does_not_finish_is_cut_and_counted() {
    let (ca, feed) = (TestCa::new(), Feed::new());
    let body = feed.clone();
    let upstream = Upstream::https(&ca, &["up.test", "blind.test"])
        .on(http::Method::GET, "/events", move |_| Answer::events(&body))
        .answer(|_| Answer::never())
        .start()
        .await;
    let aegis = proxy(&ca, Duration::from_millis(100)).await;
    let blind = aegis
        .client("bot")
        .tunnel(&format!("blind.test:{}", upstream.port()))
        .await;
    let mut blind = blind
        .expect("a tunnel")
        .tls(ca.pem(), "blind.test", &[])
        .await
        .expect("TLS");
    let agent = aegis.client("bot").h2();
    let mut stream = agent.get(&upstream.url_as("up.test", "/events")).await;
    feed.event("one");
    stream.chunk().await;
    let agent = aegis.client("bot");
    let never = upstream.url_as("up.test", "/never");
    let waiting = tokio::spawn(async move { agent.get(&never).await });
    upstream.received(2).await;

    let (cut, lines) = aegis.stop().await;

    assert!(stream.try_chunk().await.is_err());
    assert!(waiting.await.is_err(), "its connection was cut");
    assert_eq!(blind.read_to_end().await.len(), 0);
    // A stream, a request without an answer, the tunnels of both, and a blind one.
    let drained = ends(&lines, "drained");
    assert_eq!(drained, 5, "{lines:#?}");
    assert_eq!(cut, 5);
    let last = lines.last().expect("a last line");
    assert_eq!(
        (&last["event"], &last["cut"]),
        (&"drained".into(), &5.into())
    );
    assert_eq!(ends(&lines, "aborted"), 0);
}

#[tokio::test]
async fn what_had_begun_and_was_no_request_yet_is_cut_and_counted() {
    let aegis = proxy(&TestCa::new(), Duration::from_millis(100)).await;
    let mut head = aegis.raw().await;
    head.send("GET http://up.test/ HTTP/1.1\r\nHo").await;
    let (lines, cut) = cut_with(aegis, head).await;
    assert_eq!(
        (cut, errors(&lines)),
        (1, vec!["http.head_cut"]),
        "{lines:#?}"
    );

    let with_tls = Aegis::with_policy(POLICY)
        .agent("acme", "bot")
        .settings(|settings| {
            settings.limits.drain_grace = Duration::from_millis(100);
            settings.listen.tls = Some(aegis_config::ListenTls::default());
        });
    let aegis = with_tls.start().await;
    let mut greeting = aegis.raw().await;
    greeting.send(&[0x16, 3, 1, 0x40, 0, 1]).await;
    let silent = aegis.raw().await;
    let (lines, cut) = cut_with(aegis, greeting).await;
    assert_eq!(
        (cut, errors(&lines)),
        (1, vec!["tls.handshake"]),
        "{lines:#?}"
    );
    drop(silent);
}

/// Once the proxy has read what was sent, it drains; the client waits for the end.
async fn cut_with(aegis: Aegis, mut client: RawClient) -> (Vec<Value>, u64) {
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (cut, lines) = aegis.stop().await;
    assert!(client.read_to_end().await.is_empty());
    (lines, cut)
}

fn errors(lines: &[Value]) -> Vec<&str> {
    lines
        .iter()
        .filter_map(|line| line["error"].as_str())
        .collect()
}

#[tokio::test]
async fn a_request_that_comes_too_late_is_told_so() {
    let feed = Feed::new();
    let body = feed.clone();
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["up.test"])
        .answer(move |_| Answer::events(&body))
        .start()
        .await;
    let aegis = proxy(&ca, HOUR).await;
    let address = aegis.forward();
    let named = format!("up.test:{}", upstream.port());
    let mut client = floods::http2(&aegis, "up.test", upstream.port()).await;
    client.send(floods::get(1, &named)).await;
    upstream.received(1).await;

    // The open stream keeps the connection, and this client has not heard yet that it will end.
    let stopping = tokio::spawn(aegis.stop());
    refuses_connections(address).await;
    client.send(floods::get(3, &named)).await;
    let told = body_of(&mut client, 3).await;
    feed.end();
    body_of(&mut client, 1).await;
    drop(client);

    let told: Value = serde_json::from_slice(&told).expect("a problem document");
    assert_eq!(told["reasons"][0]["rule"], "draining");
    let (cut, lines) = stopping.await.expect("it drains");
    assert_eq!(cut, 0);
    let late = lines.iter().find(|line| line["id"] == told["decision_id"]);
    assert_eq!(late.expect("its decision line")["outcome"], "deny");
    assert_eq!(ends(&lines, "refused"), 1, "{lines:#?}");
    assert_eq!(
        ends(&lines, "forwarded"),
        2,
        "the first call and the tunnel"
    );
    assert_eq!(upstream.count(), 1);
}

/// The body of the answer on a stream, read to its end (RFC 9113, 4.1).
async fn body_of(client: &mut RawClient, stream: u32) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let head = client.read_exactly(9).await;
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0, |sum, &byte| sum << 8 | usize::from(byte))
        };
        let payload = client.read_exactly(number(&head[..3])).await;
        if number(&head[5..]) != stream as usize {
            continue;
        }
        if head[3] == DATA {
            body.extend_from_slice(&payload);
        }
        if head[4] & END_STREAM != 0 {
            return body;
        }
    }
}

/// Waits until the port is closed, which is the first that a drain does.
async fn refuses_connections(address: std::net::SocketAddr) {
    within("the end of listening", async {
        while std::net::TcpStream::connect(address).is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn ends(lines: &[Value], detail: &str) -> usize {
    lines
        .iter()
        .filter(|line| line["outcome_detail"] == detail)
        .count()
}

async fn proxy(upstream_ca: &TestCa, grace: Duration) -> Aegis {
    Aegis::with_policy(POLICY)
        .agent("acme", "bot")
        .agent("acme", "web-bot")
        .hosts(&["up.test", "blind.test"])
        .upstream_ca(upstream_ca)
        .settings(|settings| settings.limits.drain_grace = grace)
        .start()
        .await
}

const DATA: u8 = 0;
const END_STREAM: u8 = 1;
const HOUR: Duration = Duration::from_hours(1);
const POLICY: &str = r#"
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: plain}
  web-bot: {tenant: acme, profile: plain}
profiles:
  plain:
    hosts: [up.test]
    passthrough: [blind.test]
    tools: {http: {"*": {}}}
"#;
