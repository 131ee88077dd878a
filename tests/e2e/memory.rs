//! The bodies that are held for judgement have a bound of their own; what is beyond it is refused, never forwarded unread.

use std::time::Duration;

use aegis_testkit::{Aegis, Payload, RawClient, Reply, Upstream, within};
use http::Request;

use crate::PLAIN;

#[tokio::test]
async fn a_body_for_which_there_is_no_room_is_refused_and_room_is_given_back() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = proxy().await;
    let url = upstream.url_as("up.test", "/");
    let mut unfinished = Vec::new();
    for _ in 0..BODIES {
        unfinished.push(all_but_one_byte(&aegis, &url).await);
    }

    let mut refused = sent_until(503, &aegis, &url).await;
    let forwarded = upstream.count();
    let next = post(&aegis, &url).await;

    assert_eq!(next.status(), 503);
    assert_eq!(upstream.count(), forwarded, "it was not forwarded");
    let problem = refused.json().await;
    assert_eq!(problem["reasons"][0]["rule"], "overload.bodies");
    let (decision, end) = aegis.lines_of(&next).await;
    assert_eq!(decision["outcome"], "deny");
    assert_eq!(end["error"], "overload.bodies");
    let without_body = aegis.client("bot").get(&url).await;
    assert_eq!(without_body.status(), 200);

    drop(unfinished);
    sent_until(200, &aegis, &url).await;
}

#[tokio::test]
async fn a_body_takes_room_only_until_it_is_sent() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = proxy().await;
    let url = upstream.url_as("up.test", "/");
    let mut answers = Vec::new();

    // Several times as many as there is room for; none of the answers is read.
    for _ in 0..3 * BODIES {
        answers.push(post(&aegis, &url).await);
    }

    assert!(answers.iter().all(|answer| answer.status() == 200));
}

/// Sends whole bodies until one has this answer.
async fn sent_until(status: u16, aegis: &Aegis, url: &str) -> Reply {
    within("an answer with that status", async {
        loop {
            let reply = post(aegis, url).await;
            if reply.status() == status {
                return reply;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}

async fn post(aegis: &Aegis, url: &str) -> Reply {
    let body = Payload::from(vec![b'x'; LIMIT]);
    let request = Request::post(url).header("content-type", "text/plain");
    let request = request.body(body).expect("a request");
    aegis.client("bot").send(request).await
}

async fn all_but_one_byte(aegis: &Aegis, url: &str) -> RawClient {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let head = format!(
        "POST {url} HTTP/1.1\r\nhost: {host}\r\n{CREDENTIAL}content-length: {LIMIT}\r\n\r\n"
    );
    let mut client = aegis.raw().await;
    client.send(head + &"x".repeat(LIMIT - 1)).await;
    client
}

async fn proxy() -> Aegis {
    Aegis::with_policy(PLAIN)
        .agent("acme", "bot")
        .hosts(&["up.test"])
        .settings(|settings| {
            settings.limits.inspected_body_bytes = LIMIT;
            settings.limits.body_timeout = Duration::from_mins(5);
        })
        .start()
        .await
}

/// Bytes of one body.
const LIMIT: usize = 1024;
/// Bodies of that size for which there is room.
const BODIES: usize = 64;
const CREDENTIAL: &str = "proxy-authorization: Bearer secret-of-bot\r\n";
