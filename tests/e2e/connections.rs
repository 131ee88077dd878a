//! Connections are kept where that is safe and replaced where they broke; nothing is sent twice.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aegis_testkit::{Aegis, AegisBuilder, Answer, Feed, Upstream};
use http::{Method, Uri};

#[tokio::test]
async fn one_connection_to_the_upstream_serves_many_requests() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = proxy().start().await;
    let url = upstream.url_as("up.test", "/");

    let session = aegis
        .client("bot")
        .open(&uri(&url))
        .await
        .expect("a session");
    for _ in 0..5 {
        session.get(&url).await.bytes().await;
        aegis.client("bot").get(&url).await.bytes().await;
    }

    assert_eq!((upstream.count(), upstream.connections()), (10, 1));
    let (_, end) = aegis.lines(|_| true).await;
    assert_eq!(end["route"]["reused"], false);
    let last = aegis.client("bot").get(&url).await;
    assert_eq!(aegis.lines_of(&last).await.1["route"]["reused"], true);
}

#[tokio::test]
async fn tenants_do_not_share_connections() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = proxy().start().await;
    let url = upstream.url_as("up.test", "/");

    aegis.client("bot").get(&url).await.bytes().await;
    aegis.client("other").get(&url).await.bytes().await;

    assert_eq!(upstream.connections(), 2);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_waited_is_replaced() {
    let upstream = Upstream::http()
        .wire_then_close("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        .start()
        .await;
    let aegis = proxy().start().await;
    let url = upstream.url_as("up.test", "/");

    for _ in 0..5 {
        let mut reply = aegis.client("bot").get(&url).await;
        assert_eq!((reply.status(), reply.text().await.as_str()), (200, "ok"));
    }

    assert_eq!((upstream.count(), upstream.connections()), (5, 5));
}

#[tokio::test]
async fn a_request_that_was_sent_is_not_sent_again() {
    let upstream = Upstream::http()
        .on(Method::GET, "/", Answer::echo)
        .on(Method::POST, "/", |_| Answer::hang_up())
        .start()
        .await;
    let aegis = proxy().start().await;
    let url = upstream.url_as("up.test", "/");

    aegis.client("bot").get(&url).await.bytes().await;
    let reply = aegis.client("bot").post_json(&url, &1.into()).await;

    assert_eq!(reply.status(), 502);
    assert_eq!((upstream.count(), upstream.connections()), (2, 1));
}

/// Answers the first request, then closes under as many as this.
async fn closing_under(requests: usize) -> Upstream {
    let asked = AtomicUsize::new(0);
    let upstream = Upstream::http().answer(move |received| {
        let at = asked.fetch_add(1, Ordering::Relaxed);
        if (1..=requests).contains(&at) {
            Answer::hang_up()
        } else {
            Answer::echo(received)
        }
    });
    upstream.start().await
}

#[tokio::test]
async fn a_get_under_which_a_kept_connection_was_closed_is_sent_once_more() {
    let upstream = closing_under(1).await;
    let aegis = proxy().start().await;
    let url = upstream.url_as("up.test", "/");

    aegis.client("bot").get(&url).await.bytes().await;
    let reply = aegis.client("bot").get(&url).await;

    assert_eq!(reply.status(), 200);
    assert_eq!((upstream.count(), upstream.connections()), (3, 2));
    let (_, end) = aegis.lines_of(&reply).await;
    assert_eq!(end["route"]["reused"], false, "on a new connection");
}

#[tokio::test]
async fn it_is_not_sent_a_third_time_and_with_a_body_not_a_second() {
    for (with_body, arrived) in [(false, 3), (true, 2)] {
        let upstream = closing_under(2).await;
        let aegis = proxy().start().await;
        let url = upstream.url_as("up.test", "/");
        aegis.client("bot").get(&url).await.bytes().await;
        let body = if with_body { "7" } else { "" };
        let request = http::Request::builder().method(Method::PUT).uri(&url);
        let request = request.body(body.into()).expect("a request");

        let reply = aegis.client("bot").send(request).await;

        assert_eq!(reply.status(), 502);
        assert_eq!(upstream.count(), arrived);
    }
}

#[tokio::test]
async fn an_agent_that_waits_for_its_answer_is_not_idle() {
    let feed = Feed::new();
    let body = feed.clone();
    let upstream = Upstream::http()
        .answer(move |_| Answer::events(&body))
        .start()
        .await;
    let short = Duration::from_millis(200);
    let aegis = proxy()
        .settings(|settings| settings.limits.idle_timeout = short)
        .start()
        .await;

    let mut waiting = aegis
        .client("bot")
        .get(&upstream.url_as("up.test", "/"))
        .await;
    let tunnel = aegis.client("bot").tunnel("up.test:443").await;
    // Once this later one was closed for idleness, the time of the others would be over, too.
    assert_eq!(aegis.raw().await.read_to_end().await.len(), 0);
    feed.event("late");

    assert_eq!(
        waiting.chunk().await.as_deref(),
        Some(&b"data: late\n\n"[..])
    );
    let stranger = tunnel.expect("a tunnel").tls("", "up.test", &[]).await;
    let why = stranger.expect_err("nothing is trusted").to_string();
    assert!(why.contains("UnknownIssuer"), "{why}");
}

#[tokio::test]
async fn an_agent_that_has_its_answer_and_asks_nothing_more_is_idle() {
    let upstream = Upstream::http().echo().start().await;
    let short = Duration::from_millis(200);
    let aegis = proxy()
        .settings(|settings| settings.limits.idle_timeout = short)
        .start()
        .await;
    let mut client = aegis.raw().await;

    for name in ["up.test", "denied.test"] {
        let (url, port) = (upstream.url_as(name, "/"), upstream.port());
        client
            .send(format!(
                "GET {url} HTTP/1.1\r\nhost: {name}:{port}\r\n{CREDENTIAL}\r\n"
            ))
            .await;
        client.read_response().await;
    }

    assert_eq!(client.read_to_end().await.len(), 0);
}

#[tokio::test]
async fn a_tunnel_keeps_its_place_among_the_connections() {
    let aegis = proxy()
        .settings(|settings| settings.limits.connections = 1)
        .start()
        .await;

    let tunnel = aegis.client("bot").tunnel("up.test:443").await;
    let turned_away = aegis.raw().await.read_response().await;
    drop(tunnel);

    assert_eq!(turned_away.status, 503);
    let (decision, _) = aegis
        .lines(|line| line["rules"][0]["rule"] == "overload")
        .await;
    assert_eq!(decision["outcome"], "deny");
}

fn proxy() -> AegisBuilder {
    Aegis::with_policy(POLICY)
        .agent("acme", "bot")
        .agent("labs", "other")
        .hosts(&["up.test"])
}

fn uri(url: &str) -> Uri {
    url.parse().expect("a URL")
}

const CREDENTIAL: &str = "proxy-authorization: Bearer secret-of-bot\r\n";
const POLICY: &str = r#"
tenants:
  acme: {}
  labs: {}
agents:
  bot: {tenant: acme, profile: plain}
  other: {tenant: labs, profile: plain}
profiles:
  plain:
    hosts: [up.test]
    tools: {http: {"*": {}}}
"#;
