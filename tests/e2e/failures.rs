//! Whatever an upstream does wrong, the agent gets an answer that says so, and the record tells the same.

use std::time::Duration;

use aegis_testkit::{Aegis, Answer, Feed, Reply, Upstream};

use crate::PLAIN;

#[tokio::test]
async fn an_upstream_that_speaks_no_http_is_a_bad_gateway() {
    let upstream = Upstream::http()
        .wire_then_close("SSH-2.0-something\r\n\r\n")
        .start()
        .await;

    expect_failure(&upstream, 502, "upstream.broken").await;
}

#[tokio::test]
async fn an_upstream_that_closes_without_an_answer_is_a_bad_gateway() {
    let upstream = Upstream::http().answer(|_| Answer::hang_up()).start().await;

    expect_failure(&upstream, 502, "upstream.broken").await;
}

#[tokio::test]
async fn an_upstream_that_closes_in_the_head_is_a_bad_gateway() {
    let upstream = Upstream::http()
        .wire_then_close("HTTP/1.1 200 OK\r\nconte")
        .start()
        .await;

    expect_failure(&upstream, 502, "upstream.broken").await;
}

#[tokio::test]
async fn an_upstream_that_switches_protocols_unasked_is_a_bad_gateway() {
    let upstream = Upstream::http()
        .wire("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n")
        .start()
        .await;

    expect_failure(&upstream, 502, "upstream.broken").await;
}

#[tokio::test]
async fn an_upstream_that_never_answers_is_a_gateway_timeout() {
    let upstream = Upstream::http().answer(|_| Answer::never()).start().await;

    expect_failure(&upstream, 504, "upstream.timeout").await;
    upstream.abandoned().await;
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_a_bad_gateway() {
    let upstream = Upstream::http().start().await;
    let url = upstream.url_as("up.test", "/");
    drop(upstream);
    let aegis = proxy().await;

    let mut reply = aegis.client("bot").get(&url).await;

    expect_problem(&aegis, &mut reply, 502, "upstream.connect").await;
}

#[tokio::test]
async fn a_body_that_the_upstream_breaks_off_arrives_broken() {
    let feed = Feed::new();
    let body = feed.clone();
    let upstream = Upstream::http()
        .answer(move |_| Answer::events(&body))
        .start()
        .await;
    let aegis = proxy().await;

    let mut reply = aegis
        .client("bot")
        .get(&upstream.url_as("up.test", "/"))
        .await;
    feed.event("one");
    assert_eq!(reply.chunk().await.as_deref(), Some(&b"data: one\n\n"[..]));
    feed.cut();

    assert!(reply.try_chunk().await.is_err());
    let (_, end) = aegis.lines_of(&reply).await;
    assert_eq!(end["outcome_detail"], "failed");
    assert_eq!(end["error"], "upstream.broken");
    assert_eq!(end["bytes_out"], 11);
}

#[tokio::test]
async fn a_length_beside_chunks_does_not_reach_the_agent() {
    let upstream = Upstream::http()
        .wire(
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n\
             5\r\nhello\r\n0\r\n\r\n",
        )
        .start()
        .await;
    let aegis = proxy().await;

    let mut reply = aegis
        .client("bot")
        .get(&upstream.url_as("up.test", "/"))
        .await;

    assert_eq!(reply.header("content-length"), None);
    assert_eq!(reply.text().await, "hello");
}

async fn expect_failure(upstream: &Upstream, status: u16, code: &str) {
    let aegis = proxy().await;
    let mut reply = aegis
        .client("bot")
        .get(&upstream.url_as("up.test", "/"))
        .await;
    expect_problem(&aegis, &mut reply, status, code).await;
    assert_eq!(
        upstream.count(),
        1,
        "a request that was sent is not sent again"
    );
}

/// The problem body and both lines of the record tell the same story.
async fn expect_problem(aegis: &Aegis, reply: &mut Reply, status: u16, code: &str) {
    assert_eq!(reply.status(), status);
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
    let problem = reply.json().await;
    assert_eq!(problem["reasons"][0]["rule"], code);
    assert_eq!(problem["retryable"], true, "a GET may be repeated");
    let (decision, end) = aegis.lines_of(reply).await;
    assert_eq!(decision["outcome"], "allow");
    assert_eq!(problem["decision_id"], decision["id"]);
    assert_eq!(end["outcome_detail"], "failed");
    assert_eq!(
        (&end["error"], &end["status"]),
        (&code.into(), &status.into())
    );
}

async fn proxy() -> Aegis {
    Aegis::with_policy(PLAIN)
        .agent("acme", "bot")
        .hosts(&["up.test"])
        .settings(|settings| settings.upstream.response_timeout = Duration::from_secs(1))
        .start()
        .await
}
