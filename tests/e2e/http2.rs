//! HTTP/2 on either side: many calls on one connection, and what the versions say differently is translated.

use aegis_testkit::{Aegis, AegisBuilder, Answer, Feed, Payload, Session, TestCa, Upstream};
use http::{HeaderMap, Request, Uri};

use crate::PLAIN;

#[tokio::test]
async fn calls_of_one_connection_do_not_wait_for_each_other() {
    let (ca, feed) = (TestCa::new(), Feed::new());
    let body = feed.clone();
    let upstream = Upstream::https(&ca, &["up.test"])
        .h2()
        .on(http::Method::GET, "/slow", move |_| Answer::events(&body))
        .echo()
        .start()
        .await;
    let aegis = proxy(&ca).start().await;
    let session = open(&aegis, &upstream).await;

    let mut slow = session.get(&upstream.url_as("up.test", "/slow")).await;
    let mut quick = session.get(&upstream.url_as("up.test", "/quick")).await;
    assert_eq!(quick.json().await["target"], "/quick");
    feed.event("at last");

    assert_eq!(
        slow.chunk().await.as_deref(),
        Some(&b"data: at last\n\n"[..])
    );
    assert_eq!((upstream.count(), upstream.connections()), (2, 1));
    let (slow, quick) = (
        slow.header("aegis-decision-id"),
        quick.header("aegis-decision-id"),
    );
    assert_ne!(slow, quick);
}

#[tokio::test]
async fn a_connection_that_only_answers_pings_is_closed_as_idle() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["up.test"]).h2().echo().start().await;
    let brief = |settings: &mut aegis_config::Settings| {
        settings.limits.idle_timeout = std::time::Duration::from_millis(200);
    };
    let aegis = proxy(&ca).settings(brief).start().await;
    let session = open(&aegis, &upstream).await;
    let reply = session.get(&upstream.url_as("up.test", "/")).await;
    assert_eq!(reply.status(), 200);

    let (_, end) = aegis.lines(|line| line["action"] == "connect").await;

    assert_eq!(end["outcome_detail"], "forwarded", "{end}");
    drop(session);
}

#[tokio::test]
async fn an_upstream_connection_that_nobody_uses_is_closed_as_idle() {
    for h2 in [false, true] {
        let ca = TestCa::new();
        let upstream = Upstream::https(&ca, &["up.test"]).echo();
        let upstream = if h2 { upstream.h2() } else { upstream }.start().await;
        let brief = |settings: &mut aegis_config::Settings| {
            settings.upstream.idle_timeout = std::time::Duration::from_millis(100);
        };
        let aegis = proxy(&ca).settings(brief).start().await;
        let session = open(&aegis, &upstream).await;

        let mut reply = session.get(&upstream.url_as("up.test", "/")).await;
        reply.json().await;

        upstream.abandoned().await;
        let reply = session.get(&upstream.url_as("up.test", "/")).await;
        assert_eq!((reply.status(), upstream.connections()), (200, 2));
    }
}

#[tokio::test]
async fn split_cookies_are_one_field_for_http_1() {
    for h2 in [false, true] {
        let ca = TestCa::new();
        let upstream = Upstream::https(&ca, &["up.test"]).echo();
        let upstream = if h2 { upstream.h2() } else { upstream }.start().await;
        let aegis = proxy(&ca).start().await;

        let request = Request::get(upstream.url_as("up.test", "/"))
            .header("cookie", "a=1")
            .header("cookie", "b=2; c=3")
            .body(Payload::from(""));
        open(&aegis, &upstream)
            .await
            .send(request.expect("a request"))
            .await;

        let request = upstream.request();
        let cookies: Vec<_> = request.headers.get_all("cookie").iter().collect();
        let expected: &[&str] = if h2 {
            &["a=1", "b=2; c=3"]
        } else {
            &["a=1; b=2; c=3"]
        };
        assert_eq!(cookies, expected);
    }
}

#[tokio::test]
async fn trailers_reach_upstreams_of_both_versions() {
    for h2 in [false, true] {
        let ca = TestCa::new();
        let upstream = Upstream::https(&ca, &["up.test"])
            .answer(|_| Answer::text("ok").trailers(&[("x-sum", "2"), ("aegis-route", "none")]));
        let upstream = if h2 { upstream.h2() } else { upstream }.start().await;
        let aegis = proxy(&ca).start().await;
        let session = open(&aegis, &upstream).await;

        let mut reply = session.send(with_trailers(&upstream)).await;
        reply.bytes().await;

        let request = upstream.request();
        assert_eq!(request.text(), "hello");
        assert_eq!(request.trailers.get("x-count").expect("it crossed"), "1");
        assert_eq!(request.trailers.get("x-tenant"), None);
        assert_eq!(reply.trailers().get("x-sum").expect("it crossed"), "2");
        assert_eq!(reply.trailers().get("aegis-route"), None);
    }
}

#[tokio::test]
async fn a_large_answer_crosses_in_both_versions() {
    for h2 in [false, true] {
        let ca = TestCa::new();
        let upstream = Upstream::https(&ca, &["up.test"]).answer(|_| Answer::large(LARGE));
        let upstream = if h2 { upstream.h2() } else { upstream }.start().await;
        let aegis = proxy(&ca).start().await;

        let session = open(&aegis, &upstream).await;
        let mut reply = session.get(&upstream.url_as("up.test", "/")).await;

        assert_eq!(reply.bytes().await.len() as u64, LARGE);
    }
}

#[tokio::test]
async fn a_stream_that_the_agent_gives_up_is_given_up_at_the_upstream() {
    let (ca, feed) = (TestCa::new(), Feed::new());
    let body = feed.clone();
    let upstream = Upstream::https(&ca, &["up.test"])
        .h2()
        .on(http::Method::GET, "/events", move |_| Answer::events(&body))
        .echo()
        .start()
        .await;
    let aegis = proxy(&ca).start().await;
    let session = open(&aegis, &upstream).await;

    let mut events = session.get(&upstream.url_as("up.test", "/events")).await;
    feed.event("one");
    events.chunk().await;
    let id = events.header("aegis-decision-id").map(str::to_owned);
    drop(events);
    feed.abandoned().await;
    let next = session.get(&upstream.url_as("up.test", "/next")).await;

    assert_eq!((next.status(), upstream.connections()), (200, 1));
    let (_, end) = aegis
        .lines(|line| line["id"].as_str() == id.as_deref())
        .await;
    assert_eq!(end["outcome_detail"], "aborted");
}

#[tokio::test]
async fn an_upstream_that_breaks_a_stream_breaks_only_that_one() {
    let (ca, feed) = (TestCa::new(), Feed::new());
    let body = feed.clone();
    let upstream = Upstream::https(&ca, &["up.test"])
        .h2()
        .on(http::Method::GET, "/events", move |_| Answer::events(&body))
        .echo()
        .start()
        .await;
    let aegis = proxy(&ca).start().await;
    let session = open(&aegis, &upstream).await;

    let mut events = session.get(&upstream.url_as("up.test", "/events")).await;
    feed.cut();
    assert!(events.try_chunk().await.is_err());
    let next = session.get(&upstream.url_as("up.test", "/next")).await;

    assert_eq!(next.status(), 200);
    let (_, end) = aegis.lines_of(&events).await;
    assert_eq!(
        (&end["outcome_detail"], &end["error"]),
        (&"failed".into(), &"upstream.broken".into())
    );
}

fn with_trailers(upstream: &Upstream) -> Request<Payload> {
    let feed = Feed::new();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-count", "1".parse().expect("a value"));
    trailers.insert("x-tenant", "globex".parse().expect("a value"));
    feed.send("hello");
    feed.trailers(trailers);
    let request = Request::post(upstream.url_as("up.test", "/")).header("te", "trailers");
    request.body(feed.payload()).expect("a request")
}

async fn open(aegis: &Aegis, upstream: &Upstream) -> Session {
    let origin: Uri = upstream.url_as("up.test", "/").parse().expect("a URL");
    aegis
        .client("bot")
        .h2()
        .open(&origin)
        .await
        .expect("a tunnel")
}

fn proxy(upstream_ca: &TestCa) -> AegisBuilder {
    Aegis::with_policy(PLAIN)
        .agent("acme", "bot")
        .hosts(&["up.test"])
        .upstream_ca(upstream_ca)
}

/// Bytes.
const LARGE: u64 = 16 * 1024 * 1024;
