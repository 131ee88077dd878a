//! What breaks off, never comes or cannot be understood is refused with a record, and nothing of it is forwarded.

use std::time::Duration;

use aegis_testkit::{Aegis, AegisBuilder, TestCa, Upstream, within};
use serde_json::Value;

use crate::malformed::{PROOF, WEB_BOT, inside, recorded, web, who};

#[tokio::test]
async fn a_body_that_cannot_be_understood_is_not_forwarded() {
    let upstream = Upstream::http().start().await;
    let aegis = web(&TestCa::new()).start().await;
    for (what, content_type, body) in bodies() {
        let head = post(
            &upstream,
            &format!(
                "Content-Type: {content_type}\r\nContent-Length: {}",
                body.len()
            ),
        );
        let mut client = aegis.raw().await;
        client.send([head.as_bytes(), &body].concat()).await;

        let answer = client.read_response().await;
        assert_eq!(answer.status, 403, "{what}: {}", answer.text());
        let (decision, end) = recorded(&aegis, &answer).await;
        let rule = decision["rules"][0]["rule"]
            .as_str()
            .expect("a rule")
            .to_owned();
        assert!(rule.starts_with("protocol."), "{what}: {rule}");
        assert_eq!(end["outcome_detail"], "refused");
        assert!(
            !decision.to_string().contains(SECRET),
            "{what}: nothing of a body is written down"
        );
        assert!(!answer.text().contains(SECRET), "{what}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_body_that_ends_early_is_refused_and_nothing_of_it_is_forwarded() {
    let upstream = Upstream::http().start().await;
    let aegis = web(&TestCa::new()).start().await;
    for framing in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
        let mut client = aegis.raw().await;
        client
            .send(post(&upstream, framing) + "20\r\n{\"amount\"")
            .await;
        client.finish_sending().await;

        let answer = client.read_response().await;
        assert_eq!(answer.status, 400, "{framing}");
        assert_eq!(answer.json()["reasons"][0]["rule"], "http.body_broken");
        recorded(&aegis, &answer).await;
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_client_may_stop_anywhere_and_leaves_a_record_where_a_request_had_begun() {
    let upstream = Upstream::http().start().await;
    let aegis = web(&TestCa::new()).start().await;
    let begun = post(&upstream, "Content-Length: 100");
    for bytes in [
        "",
        "GET http://plain",
        "\r\n",
        &begun,
        &format!("{begun}{{\"amount\""),
    ] {
        let mut client = aegis.raw().await;
        client.send(bytes).await;
    }
    let tunnel = aegis
        .client("web-bot")
        .tunnel("plain.test:443")
        .await
        .expect("a tunnel");
    drop(tunnel);
    let mut tunnel = aegis
        .client("web-bot")
        .tunnel("plain.test:443")
        .await
        .expect("a tunnel");
    tunnel.send(HALF_A_GREETING).await;
    drop(tunnel);
    let mut tunnel = inside(&aegis, 443).await;
    tunnel.send("GET / HTTP/1.1\r\nHost: pla").await;
    drop(tunnel);

    nothing_is_open(&aegis).await;
    let lines = within("an end line for each decision line", async {
        loop {
            let lines = aegis.audit();
            let count = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
            if count("decision") == count("end") {
                return lines;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let count = |error: &str| lines.iter().filter(|line| line["error"] == error).count();
    let (heads, bodies) = (count("http.head_cut"), count("http.body_broken"));
    let tunnels = lines
        .iter()
        .filter(|line| line["phase"] == "connect")
        .count();
    assert_eq!((heads, bodies, tunnels), (2, 2, 3), "{lines:#?}");
    let inside = lines
        .iter()
        .find(|line| line["rules"][0]["rule"] == "http.head_cut" && line["tunnel"].is_string());
    assert_eq!(who(inside.expect("a record")), WEB_BOT);
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_client_that_goes_away_in_an_http2_request_leaves_both_lines() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["plain.test"]).start().await;
    let aegis = web(&ca).start().await;
    let mut client = crate::floods::http2(&aegis, "plain.test", upstream.port()).await;

    client
        .send(crate::floods::post(
            1,
            &format!("plain.test:{}", upstream.port()),
        ))
        .await;
    within("the request's arrival", async {
        while !aegis
            .admin_get("/metrics")
            .await
            .1
            .contains("aegis_requests_in_flight 2")
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    client.send(crate::floods::reset(1)).await;

    let (decision, end) = aegis.lines(|line| line["phase"] == "request").await;
    assert_eq!(decision["outcome"], "deny");
    assert_ne!(end["outcome_detail"], "forwarded");
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_head_that_does_not_end_is_given_up() {
    let aegis = impatient().start().await;
    for bytes in ["G", "GET http://plain.test/ HTTP/1.1\r\nHost: pl"] {
        let mut client = aegis.raw().await;
        client.send(bytes).await;

        let answer = client.read_response().await;
        assert_eq!(answer.status, 408);
        assert_eq!(answer.json()["reasons"][0]["rule"], "http.head_stalled");
        recorded(&aegis, &answer).await;
        assert!(client.read_to_end().await.is_empty());
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let upstream = Upstream::http().start().await;
    let aegis = impatient().start().await;
    for framing in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
        let mut client = aegis.raw().await;
        client.send(post(&upstream, framing) + "20\r\n{").await;

        let answer = client.read_response().await;
        assert_eq!(answer.status, 408, "{framing}");
        assert_eq!(answer.json()["reasons"][0]["rule"], "http.body_stalled");
        recorded(&aegis, &answer).await;
        assert!(
            client.read_to_end().await.is_empty(),
            "the connection cannot be used again"
        );
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn who_says_nothing_is_let_go_without_a_word() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = impatient().start().await;
    let mut silent = aegis.raw().await;
    assert!(silent.read_to_end().await.is_empty());
    assert!(aegis.audit().is_empty());

    let mut kept = aegis.raw().await;
    let url = upstream.url_as("plain.test", "/");
    kept.send(format!(
        "GET {url} HTTP/1.1\r\nHost: plain.test:{}\r\n{PROOF}\r\n",
        upstream.port()
    ))
    .await;
    assert_eq!(kept.read_response().await.status, 200);
    assert!(kept.read_to_end().await.is_empty());

    let mut tunnel = aegis
        .client("web-bot")
        .tunnel("plain.test:443")
        .await
        .expect("a tunnel");
    assert!(tunnel.read_to_end().await.is_empty());
    let (_, end) = aegis.lines(|line| line["phase"] == "connect").await;
    assert_eq!(end["error"], "tunnel.stalled");
}

#[tokio::test]
async fn a_tls_handshake_that_does_not_end_is_given_up() {
    let clients = TestCa::new();
    let own = clients.issue_client("ops-bot");
    let aegis = impatient()
        .agent_with_certificate("acme", "ops-bot", &own, &clients)
        .start()
        .await;
    let mut silent = aegis.raw().await;
    silent.read_to_end().await;
    drop(aegis.raw().await);
    nothing_is_open(&aegis).await;
    assert!(
        aegis.audit().is_empty(),
        "who says nothing asks for nothing"
    );
    for (bytes, rule) in [
        (&HALF_A_GREETING[..], "tls.stalled"),
        (b"GET http://plain.test/ HTTP/1.1\r\n\r\n", "tls.handshake"),
    ] {
        let mut client = aegis.raw().await;
        client.send(bytes).await;
        client.read_to_end().await;
        not_greeted(&aegis, rule).await;
    }
    nothing_is_open(&aegis).await;
}

#[tokio::test]
async fn a_greeting_that_does_not_end_in_a_tunnel_is_on_record() {
    for (bytes, stays, rule) in [
        (&HALF_A_GREETING[..], true, "tls.stalled"),
        (&HALF_A_GREETING, false, "tls.handshake"),
        (b"\x16GET / HTTP/1.1\r\n\r\n", true, "tls.handshake"),
    ] {
        let aegis = impatient().start().await;
        let mut tunnel = aegis
            .client("web-bot")
            .tunnel("plain.test:443")
            .await
            .expect("a tunnel");
        tunnel.send(bytes).await;
        if stays {
            tunnel.read_to_end().await;
        }
        drop(tunnel);

        let decision = not_greeted(&aegis, rule).await;
        assert_eq!(who(&decision), WEB_BOT);
        let (tunnel, _) = aegis.lines(|line| line["phase"] == "connect").await;
        assert_eq!(decision["tunnel"], tunnel["id"]);
        nothing_is_open(&aegis).await;
    }
}

/// Both lines of a handshake that failed; nobody saw a status.
async fn not_greeted(aegis: &Aegis, rule: &str) -> Value {
    let (decision, end) = aegis.lines(|line| line["rules"][0]["rule"] == rule).await;
    assert_eq!(decision["outcome"], "deny");
    assert_eq!(end["outcome_detail"], "refused");
    assert_eq!(end["error"], rule);
    assert_eq!(end.get("status"), None);
    decision
}

async fn nothing_is_open(aegis: &Aegis) {
    within("the end of all connections, tunnels and requests", async {
        loop {
            let (_, metrics) = aegis.admin_get("/metrics").await;
            let zero = |name: &str| metrics.lines().any(|line| line == format!("{name} 0"));
            if [
                "aegis_connections",
                "aegis_tunnels_open",
                "aegis_requests_in_flight",
            ]
            .into_iter()
            .all(zero)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

fn post(upstream: &Upstream, headers: &str) -> String {
    let (url, port) = (
        upstream.url_as("plain.test", "/v1/charges"),
        upstream.port(),
    );
    format!("POST {url} HTTP/1.1\r\nHost: plain.test:{port}\r\n{PROOF}{headers}\r\n\r\n")
}

fn bodies() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let json = "application/json";
    let secret = |text: &str| text.replace('$', SECRET).into_bytes();
    vec![
        ("no JSON", json, secret("{\"amount\": $")),
        ("two values", json, secret("{\"note\": \"$\"} {}")),
        (
            "a key twice",
            json,
            secret("{\"amount\": 1, \"note\": \"$\", \"amount\": 2}"),
        ),
        (
            "a key twice by escapes",
            json,
            secret("{\"amount\": 1, \"\\u0061mount\": \"$\"}"),
        ),
        ("deep nesting", json, "[".repeat(10_000).into_bytes()),
        (
            "bytes that are no UTF-8",
            json,
            [&secret("{\"note\": \"$")[..], b"\xff\"}"].concat(),
        ),
        ("a lone surrogate", json, secret("{\"note\": \"$\\ud800\"}")),
        (
            "a byte order mark",
            json,
            [b"\xef\xbb\xbf", &secret("{\"note\": \"$\"}")[..]].concat(),
        ),
        (
            "another charset",
            "application/json; charset=utf-16le",
            secret("{\"note\": \"$\"}"),
        ),
        ("a comment", json, secret("{/* $ */}")),
        (
            "not a number",
            json,
            secret("{\"amount\": NaN, \"note\": \"$\"}"),
        ),
        (
            "a form key twice",
            "application/x-www-form-urlencoded",
            secret("amount=1&note=$&amount=2"),
        ),
        (
            "a bad escape",
            "application/x-www-form-urlencoded",
            secret("amount=1&note=$%zz"),
        ),
    ]
}

fn impatient() -> AegisBuilder {
    web(&TestCa::new()).settings(|settings| {
        let limits = &mut settings.limits;
        limits.header_timeout = Duration::from_millis(150);
        limits.body_timeout = Duration::from_millis(150);
        limits.idle_timeout = Duration::from_millis(150);
        limits.tls_handshake_timeout = Duration::from_millis(150);
    })
}

/// The first bytes of a TLS record of 512 bytes with a handshake in it.
const HALF_A_GREETING: [u8; 7] = *b"\x16\x03\x01\x02\x00\x01\x00";
const SECRET: &str = "do-not-write-this-down";
