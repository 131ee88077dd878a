//! What two parsers could frame differently gets a clear answer and a record, and nothing of it is forwarded.

use aegis_testkit::{Aegis, AegisBuilder, RawClient, RawResponse, TestCa, Upstream};
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
async fn a_refused_connect_in_a_tunnel_does_not_end_the_watch_over_its_framing() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["plain.test"]).echo().start().await;
    let aegis = web(&ca).start().await;
    let host = format!("plain.test:{}", upstream.port());
    let mut client = inside(&aegis, upstream.port()).await;
    client
        .send(format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
        .await;
    assert_eq!(client.read_response().await.status, 400);

    client
        .send(format!("GET / HTTP/1.1\nHost: {host}\n\n"))
        .await;

    // Closed or refused, but not served.
    let answer = client.try_read_response().await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 400));
    assert_eq!(upstream.count(), 0);
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

pub(crate) async fn recorded(aegis: &Aegis, answer: &RawResponse) -> (Value, Value) {
    let id = answer
        .header("aegis-decision-id")
        .expect("the answer names its decision");
    aegis.lines(|line| line["id"] == id).await
}

pub(crate) async fn inside(aegis: &Aegis, port: u16) -> RawClient {
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

#[expect(clippy::too_many_lines, reason = "a table")]
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

pub(crate) fn web(upstreams: &TestCa) -> AegisBuilder {
    Aegis::with_policy(POLICY)
        .agent("acme", "web-bot")
        .hosts(&["plain.test"])
        .upstream_ca(upstreams)
}

pub(crate) const PROOF: &str = "Proxy-Authorization: Bearer secret-of-web-bot\r\n";

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
