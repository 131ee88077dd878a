//! What two parsers could frame differently gets a clear answer and a record, and nothing of it is forwarded.

mod behind;
mod contents;
mod smuggling;

use aegis_testkit::{Aegis, AegisBuilder, RawClient, RawResponse, TestCa, Upstream};
use serde_json::Value;

use smuggling::smuggling;

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

        let decision = refused_and_closed(&aegis, client, what).await;
        assert_eq!(who(&decision), WEB_BOT, "{what}: the tunnel's caller");
        assert_eq!(upstream.count(), 0, "{what}");
    }
    let good = aegis
        .client("web-bot")
        .get(&upstream.url_as("plain.test", "/"))
        .await;
    assert_eq!(good.status(), 200, "the next tunnel is served");
}

/// What hyper's parser and the wire below it refuse has no caller on a plain connection: nobody has read the head.
#[tokio::test]
async fn who_asks_is_on_record_also_where_the_request_cannot_be_understood() {
    let aegis = web(&TestCa::new()).start().await;
    for head in [
        "GET http://plain.test/ HTTP/1.1\r\nHost: other.test\r\n",
        "GET /v1/charges HTTP/1.1\r\nHost: plain.test\r\n",
        "GET https://plain.test/ HTTP/1.1\r\nHost: plain.test\r\n",
        "CONNECT plain.test:443 HTTP/1.1\r\nHost: other.test:443\r\n",
        "CONNECT plain.test HTTP/1.1\r\nHost: plain.test\r\n",
    ] {
        let mut client = aegis.raw().await;
        client.send(format!("{head}{PROOF}\r\n")).await;
        let answer = client.read_connect_response().await;
        assert_eq!(answer.status, 400, "{head}");
        assert_eq!(who(&recorded(&aegis, &answer).await.0), WEB_BOT, "{head}");

        let mut stranger = aegis.raw().await;
        let guessed = "Proxy-Authorization: Bearer guessed";
        stranger.send(format!("{head}{guessed}\r\n\r\n")).await;
        let answer = stranger.read_connect_response().await;
        assert_eq!(answer.status, 400, "{head}");
        assert_eq!(who(&recorded(&aegis, &answer).await.0), ["", "", ""]);
    }
}

#[tokio::test]
async fn a_tls_name_that_is_no_host_closes_the_tunnel_with_a_record() {
    let aegis = web(&TestCa::new()).start().await;
    let tunnel = aegis.client("web-bot").tunnel("plain.test:443").await;
    let tunnel = tunnel.expect("a tunnel");

    let handshake = tunnel.tls(aegis.ca_pem(), "0x7f000001", &[]).await;

    assert!(handshake.is_err(), "no certificate is made for it");
    let (decision, end) = aegis
        .lines(|line| line["rules"][0]["rule"] == "name.invalid")
        .await;
    assert_eq!(who(&decision), WEB_BOT);
    assert_eq!(end["outcome_detail"], "refused");
    assert_eq!(end.get("status"), None, "nobody saw one");
}

#[tokio::test]
async fn a_client_certificate_says_who_sent_what_cannot_be_read() {
    let clients = TestCa::new();
    let own = clients.issue_client("ops-bot");
    let aegis = web(&TestCa::new())
        .agent_with_certificate("acme", "ops-bot", &own, &clients)
        .start()
        .await;
    let raw = aegis.raw().await;
    let client = raw.tls_as(aegis.ca_pem(), "localhost", &[], Some(&own));
    let mut client = client.await.expect("the certificate is good");

    client
        .send("GET http://plain.test/ HTTP/1.1\r\nHost: plain.test\r\nX-A : 1\r\n\r\n")
        .await;

    let decision = refused_and_closed(&aegis, client, "a space before the colon").await;
    assert_eq!(who(&decision), ["acme", "ops-bot", "certificate"]);
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
async fn refused_and_closed(aegis: &Aegis, mut client: RawClient, what: &str) -> Value {
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
    decision
}

/// Tenant, agent, and how proven.
pub(crate) fn who(decision: &Value) -> [&str; 3] {
    ["tenant", "agent", "auth"].map(|name| decision[name].as_str().expect("a text"))
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

pub(crate) fn web(upstreams: &TestCa) -> AegisBuilder {
    Aegis::with_policy(POLICY)
        .agent("acme", "web-bot")
        .hosts(&["plain.test"])
        .upstream_ca(upstreams)
}

pub(crate) const WEB_BOT: [&str; 3] = ["acme", "web-bot", "credential"];

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
