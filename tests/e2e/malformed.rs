//! What two parsers could read differently, and what breaks off, gets a clear answer and a record, and nothing of it is forwarded.

use std::time::Duration;

use aegis_testkit::{Aegis, AegisBuilder, RawClient, RawResponse, TestCa, Upstream, within};
use serde_json::Value;

#[tokio::test]
async fn a_request_that_can_be_framed_in_two_ways_is_refused() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = web(&TestCa::new()).start().await;
    let (port, names) = (upstream.port(), upstream.url_as("plain.test", "/"));
    for (what, bytes) in smuggling() {
        let mut client = aegis.raw().await;
        let head = format!("Host: plain.test:{port}\r\n{PROOF}");
        client.send(fill(&bytes, &names, &head)).await;

        refused_and_closed(&aegis, client, what).await;
        assert_eq!(upstream.count(), 0, "{what}");
    }
    let good = aegis.client("web-bot").get(&names).await;
    assert_eq!(good.status(), 200, "the next connection is served");
}

#[tokio::test]
async fn nor_is_it_let_through_inside_a_tunnel() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["plain.test"]).echo().start().await;
    let aegis = web(&ca).start().await;
    let port = upstream.port();
    for (what, bytes) in smuggling() {
        let mut client = inside(&aegis, port).await;
        client
            .send(fill(&bytes, "/", &format!("Host: plain.test:{port}\r\n")))
            .await;

        refused_and_closed(&aegis, client, what).await;
        assert_eq!(upstream.count(), 0, "{what}");
    }
    let good = aegis
        .client("web-bot")
        .get(&upstream.url_as("plain.test", "/"))
        .await;
    assert_eq!(good.status(), 200, "the next tunnel is served");
}

#[tokio::test]
async fn a_second_request_hidden_behind_the_first_is_judged_like_any_other() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = web(&TestCa::new()).hosts(&["denied.example"]).start().await;
    let mut client = aegis.raw().await;
    let request = |host: &str| {
        let url = upstream.url_as(host, "/");
        format!(
            "GET {url} HTTP/1.1\r\nHost: {host}:{}\r\n{PROOF}\r\n",
            upstream.port()
        )
    };

    client
        .send(request("plain.test") + &request("denied.example") + &request("plain.test"))
        .await;

    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(client.read_response().await.status);
    }
    assert_eq!(statuses, [200, 403, 200]);
    assert_eq!(upstream.count(), 2);
}

#[tokio::test]
async fn a_connect_with_a_body_or_bytes_before_the_refusal_is_refused() {
    let aegis = web(&TestCa::new()).start().await;
    let head =
        format!("CONNECT denied.example:443 HTTP/1.1\r\nHost: denied.example:443\r\n{PROOF}");
    for tail in [
        "Content-Length: 4\r\n\r\nGET ",
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        let mut client = aegis.raw().await;
        client.send(format!("{head}{tail}")).await;
        refused_and_closed(&aegis, client, tail).await;
    }
    let mut early = aegis.raw().await;
    early
        .send(format!(
            "{head}\r\nGET http://plain.test/ HTTP/1.1\r\nHost: plain.test\r\n\r\n"
        ))
        .await;
    assert_eq!(early.read_connect_response().await.status, 403);
    let rest = String::from_utf8_lossy(&early.read_to_end().await).into_owned();
    assert!(
        !rest.contains("200 OK"),
        "what came too early is no request: {rest}"
    );
}

#[tokio::test]
async fn a_head_beyond_the_limits_is_refused() {
    let upstream = Upstream::http().start().await;
    let aegis = web(&TestCa::new())
        .settings(|s| s.limits.header_bytes = 8 * 1024)
        .start()
        .await;
    let url = upstream.url_as("plain.test", "/");
    let host = format!("Host: plain.test:{}\r\n{PROOF}", upstream.port());
    let long = "a".repeat(9 * 1024);
    for head in [
        format!("GET {url}{long} HTTP/1.1\r\n{host}\r\n"),
        format!("GET {url} HTTP/1.1\r\n{host}X-Long: {long}\r\n\r\n"),
        format!(
            "GET {url} HTTP/1.1\r\n{host}{}\r\n",
            "X-Many: 1\r\n".repeat(101)
        ),
        format!("GET {url} HTTP/1.1\r\n{host}X-Endless: {}", long.repeat(20)),
    ] {
        let mut client = aegis.raw().await;
        client.send(head).await;
        let answer = client.read_response().await;
        assert_eq!(answer.status, 431, "{}", answer.text());
        assert_eq!(answer.json()["reasons"][0]["rule"], "http.too_large");
        recorded(&aegis, &answer).await;
    }
    assert_eq!(upstream.connections(), 0);
}

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
    tunnel.send(b"\x16\x03\x01\x02\x00\x01\x00").await;
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
    let bodies = lines
        .iter()
        .filter(|line| line["error"] == "http.body_broken")
        .count();
    let tunnels = lines
        .iter()
        .filter(|line| line["phase"] == "connect")
        .count();
    assert_eq!((bodies, tunnels), (2, 3), "{lines:#?}");
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
    for bytes in [&b""[..], b"\x16\x03\x01\x02\x00\x01\x00"] {
        let mut client = aegis.raw().await;
        client.send(bytes).await;
        client.read_to_end().await;
    }
    nothing_is_open(&aegis).await;
}

/// Every answer of the proxy to a broken request: an error with a record, then the end.
async fn refused_and_closed(aegis: &Aegis, mut client: RawClient, what: &str) {
    let answer = match client.try_read_response().await {
        Ok(answer) => answer,
        Err(error) => panic!("{what}: no answer: {error}"),
    };
    assert!(
        (400..500).contains(&answer.status),
        "{what}: {}",
        answer.status
    );
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{what}"
    );
    let (decision, _) = recorded(aegis, &answer).await;
    assert_eq!(decision["outcome"], "deny", "{what}");
    let rest = client.read_to_end().await;
    assert!(
        rest.is_empty(),
        "{what}: more was answered: {}",
        String::from_utf8_lossy(&rest)
    );
    let calls = aegis.audit().into_iter().filter(|line| {
        line["event"] == "decision"
            && line["connection"] == decision["connection"]
            && line["phase"] == "request"
    });
    assert_eq!(calls.count(), 1, "{what}: one request, one record");
}

async fn recorded(aegis: &Aegis, answer: &RawResponse) -> (Value, Value) {
    let id = answer
        .header("aegis-decision-id")
        .expect("the answer names its decision");
    aegis.lines(|line| line["id"] == id).await
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

async fn inside(aegis: &Aegis, port: u16) -> RawClient {
    let tunnel = aegis
        .client("web-bot")
        .tunnel(&format!("plain.test:{port}"))
        .await
        .expect("a tunnel");
    tunnel
        .tls(aegis.ca_pem(), "plain.test", &[])
        .await
        .expect("the interception CA is trusted")
}

fn post(upstream: &Upstream, headers: &str) -> String {
    let (url, port) = (
        upstream.url_as("plain.test", "/v1/charges"),
        upstream.port(),
    );
    format!("POST {url} HTTP/1.1\r\nHost: plain.test:{port}\r\n{PROOF}{headers}\r\n\r\n")
}

/// `URL` and `HEAD` stand for what a good request has in their place.
fn fill(bytes: &[u8], url: &str, head: &str) -> Vec<u8> {
    let mut filled = Vec::new();
    let mut rest = bytes;
    while let Some(first) = rest.first() {
        if let Some(after) = rest.strip_prefix(b"URL") {
            filled.extend_from_slice(url.as_bytes());
            rest = after;
        } else if let Some(after) = rest.strip_prefix(b"HEAD") {
            filled.extend_from_slice(head.as_bytes());
            rest = after;
        } else {
            filled.push(*first);
            rest = &rest[1..];
        }
    }
    filled
}

fn smuggling() -> Vec<(&'static str, Vec<u8>)> {
    let post = |headers: &str, body: &str| {
        format!("POST URL HTTP/1.1\r\nHEAD{headers}\r\n\r\n{body}").into_bytes()
    };
    let chunked = |body: &str| post("Transfer-Encoding: chunked", body);
    let head = |line: &str| format!("GET URL HTTP/1.1\r\nHEAD{line}\r\n\r\n").into_bytes();
    vec![
        (
            "content-length and chunked",
            post(
                "Content-Length: 5\r\nTransfer-Encoding: chunked",
                "0\r\n\r\n",
            ),
        ),
        (
            "chunked and content-length",
            post(
                "Transfer-Encoding: chunked\r\nContent-Length: 5",
                "0\r\n\r\n",
            ),
        ),
        (
            "two lengths",
            post("Content-Length: 2\r\nContent-Length: 3", "hi!"),
        ),
        (
            "the same length twice",
            post("Content-Length: 2\r\nContent-Length: 2", "hi"),
        ),
        ("a list of lengths", post("Content-Length: 2, 2", "hi")),
        ("a negative length", post("Content-Length: -1", "hi")),
        ("a signed length", post("Content-Length: +2", "hi")),
        ("a hexadecimal length", post("Content-Length: 0x2", "hi")),
        ("an empty length", post("Content-Length:", "hi")),
        (
            "a length that overflows",
            post("Content-Length: 18446744073709551618", "hi"),
        ),
        ("identity", post("Transfer-Encoding: identity", "hi")),
        (
            "chunked twice",
            post("Transfer-Encoding: chunked, chunked", "0\r\n\r\n"),
        ),
        (
            "two codings",
            post(
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
                "0\r\n\r\n",
            ),
        ),
        (
            "gzip, chunked",
            post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"),
        ),
        (
            "chunked after a tab",
            post("Transfer-Encoding:\tchunked", "0\r\n\r\n"),
        ),
        (
            "chunked before a vertical tab",
            post("Transfer-Encoding: chunked\x0b", "0\r\n\r\n"),
        ),
        (
            "capital chunked",
            post("Transfer-Encoding: Chunked", "0\r\n\r\n"),
        ),
        (
            "quoted chunked",
            post("Transfer-Encoding: \"chunked\"", "0\r\n\r\n"),
        ),
        (
            "chunked with a parameter",
            post("Transfer-Encoding: chunked;q=1", "0\r\n\r\n"),
        ),
        (
            "a space before the colon",
            post("Transfer-Encoding : chunked", "0\r\n\r\n"),
        ),
        ("a tab before the colon", head("X-A\t: 1")),
        ("an empty header name", head(": 1")),
        ("a folded header", head("X-A: 1\r\n 2")),
        (
            "a folded coding",
            post("Transfer-Encoding:\r\n chunked", "0\r\n\r\n"),
        ),
        (
            "a first header that begins with a space",
            b"GET URL HTTP/1.1\r\n X-A: 1\r\nHEAD\r\n".to_vec(),
        ),
        ("a header without a colon", head("X-A")),
        ("a bare LF", b"GET URL HTTP/1.1\nHEAD\r\n".to_vec()),
        ("a bare LF after a header", head("X-A: 1\nX-B: 2")),
        ("a bare CR in a header", head("X-A: 1\rX-B: 2")),
        ("a NUL in a header", head("X-A: \0")),
        (
            "a NUL in the target",
            b"GET URL\0 HTTP/1.1\r\nHEAD\r\n".to_vec(),
        ),
        (
            "two spaces in the request line",
            b"GET  URL HTTP/1.1\r\nHEAD\r\n".to_vec(),
        ),
        (
            "a tab in the request line",
            b"GET\tURL HTTP/1.1\r\nHEAD\r\n".to_vec(),
        ),
        (
            "an unknown version",
            b"GET URL HTTP/1.2\r\nHEAD\r\n".to_vec(),
        ),
        (
            "a version in lower case",
            b"GET URL http/1.1\r\nHEAD\r\n".to_vec(),
        ),
        ("HTTP/0.9", b"GET URL\r\n".to_vec()),
        ("an empty method", b" URL HTTP/1.1\r\nHEAD\r\n".to_vec()),
        (
            "the HTTP/2 preface",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        ),
        ("no host", b"GET URL HTTP/1.1\r\nX-A: 1\r\n\r\n".to_vec()),
        (
            "chunked in HTTP/1.0",
            b"POST URL HTTP/1.0\r\nHEADTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
        ),
        (
            "a chunk size that is no number",
            chunked("x\r\nhi\r\n0\r\n\r\n"),
        ),
        ("a chunk size with a sign", chunked("+2\r\nhi\r\n0\r\n\r\n")),
        ("a chunk size with 0x", chunked("0x2\r\nhi\r\n0\r\n\r\n")),
        (
            "a chunk size with a space",
            chunked("2 \r\nhi\r\n0\r\n\r\n"),
        ),
        ("an empty chunk size", chunked("\r\nhi\r\n0\r\n\r\n")),
        (
            "a chunk size that overflows",
            chunked("10000000000000002\r\nhi\r\n0\r\n\r\n"),
        ),
        (
            "a chunk that is longer than it says",
            chunked("2\r\nhi!\r\n0\r\n\r\n"),
        ),
        (
            "a chunk that ends with a bare LF",
            chunked("2\r\nhi\n0\r\n\r\n"),
        ),
        (
            "a chunk size that ends with a bare LF",
            chunked("2\nhi\r\n0\r\n\r\n"),
        ),
        (
            "an endless chunk extension",
            chunked(&format!("2;{}", "x".repeat(1000))),
        ),
        (
            "a length in the trailers",
            chunked("0\r\nContent-Length: 5\r\n\r\n"),
        ),
        (
            "a coding in the trailers",
            chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ),
        ("a folded trailer", chunked("0\r\nX-A: 1\r\n 2\r\n\r\n")),
    ]
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

fn web(upstreams: &TestCa) -> AegisBuilder {
    Aegis::with_policy(POLICY)
        .agent("acme", "web-bot")
        .hosts(&["plain.test"])
        .upstream_ca(upstreams)
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

const PROOF: &str = "Proxy-Authorization: Bearer secret-of-web-bot\r\n";
const SECRET: &str = "do-not-write-this-down";

const POLICY: &str = "
tenants:
  acme: {}
agents:
  web-bot: {tenant: acme, profile: web}
profiles:
  web:
    hosts: [plain.test]
    tools:
      http: {'*': {}}
      payments: {'*': {}}
catalogue:
  payments:
    hosts: [plain.test]
    protocol: rest
    operations: [{action: charge, method: POST, path: /v1/charges, recordable: [amount, note]}]
";
