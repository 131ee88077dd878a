//! A switch to a protocol that Aegis does not read is opaque from then on, so it is denied unless policy allows it for the host.

use aegis_testkit::{Aegis, AegisBuilder, Answer, RawClient, RawResponse, TestCa, Upstream};

#[tokio::test]
async fn an_upgrade_is_denied_where_nothing_allows_it() {
    let upstream = Upstream::http().start().await;
    let aegis = proxy().start().await;
    let mut client = aegis.raw().await;

    let answer = ask(&mut client, &upstream.url_as("up.test", "/chat"), ECHO).await;

    assert_eq!(answer.status, 403);
    assert_eq!(answer.json()["reasons"][0]["rule"], "opaque");
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn what_only_resembles_a_websocket_is_as_opaque() {
    let upstream = Upstream::http().start().await;
    let aegis = proxy().start().await;
    for odd in [
        "upgrade: websocket\r\n",
        "upgrade: websocket, echo\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "upgrade: websocket\r\nsec-websocket-version: 8\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    ] {
        let mut client = aegis.raw().await;
        let headers = format!("connection: Upgrade\r\n{odd}");
        let answer = ask(&mut client, &upstream.url_as("up.test", "/chat"), &headers).await;
        assert_eq!(answer.json()["reasons"][0]["rule"], "opaque", "{odd}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_denied_upgrade_leaves_the_connection_usable() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = proxy().start().await;
    let mut client = aegis.raw().await;
    let url = upstream.url_as("up.test", "/");

    ask(&mut client, &url, ECHO).await;
    let next = ask(&mut client, &url, "").await;

    assert_eq!((next.status, upstream.count()), (200, 1));
}

#[tokio::test]
async fn an_allowed_upgrade_carries_bytes_both_ways() {
    let upstream = Upstream::http()
        .answer(|_| Answer::upgrade("echo"))
        .start()
        .await;
    let aegis = proxy().start().await;
    let mut client = aegis.raw().await;

    let answer = ask(&mut client, &upstream.url_as("ws.test", "/chat"), ECHO).await;
    assert_eq!(answer.status, 101);
    assert_eq!(answer.header("upgrade"), Some("echo"));
    for word in ["GET / HTTP/1.1\r\n", "\0\u{1}\r\n\r\n"] {
        client.send(word).await;
        assert_eq!(client.read_exactly(word.len()).await, word.as_bytes());
    }
    client.finish_sending().await;
    assert_eq!(client.read_to_end().await.len(), 0);

    assert_eq!(upstream.request().header("upgrade"), Some("echo"));
    assert_eq!(upstream.request().header("x-echo"), Some("once"));
    let (decision, end) = aegis.lines(|_| true).await;
    assert_eq!(
        (&decision["outcome"], &end["outcome_detail"]),
        (&"allow".into(), &"forwarded".into())
    );
    assert_eq!(
        (&end["status"], &end["bytes_in"], &end["bytes_out"]),
        (&101.into(), &22.into(), &22.into())
    );
}

#[tokio::test]
async fn an_upgrade_that_the_upstream_declines_leaves_the_connection_usable() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = proxy().start().await;
    let mut client = aegis.raw().await;
    let url = upstream.url_as("ws.test", "/");

    let declined = ask(&mut client, &url, ECHO).await;
    let next = ask(&mut client, &url, "").await;

    assert_eq!((declined.status, next.status), (200, 200));
    assert_eq!(upstream.count(), 2);
}

#[tokio::test]
async fn an_upgrade_works_inside_an_intercepted_tunnel() {
    let ca = TestCa::new();
    // It could speak HTTP/2, which has no such upgrade.
    let upstream = Upstream::https(&ca, &["ws.test"])
        .h2()
        .answer(|_| Answer::upgrade("echo"))
        .start()
        .await;
    let aegis = proxy().upstream_ca(&ca).start().await;
    let named = format!("ws.test:{}", upstream.port());

    let tunnel = aegis.client("bot").tunnel(&named).await.expect("a tunnel");
    let mut inside = tunnel
        .tls(aegis.ca_pem(), "ws.test", &["http/1.1"])
        .await
        .expect("TLS");
    inside
        .send(format!("GET /chat HTTP/1.1\r\nhost: {named}\r\n{ECHO}\r\n"))
        .await;
    assert_eq!(inside.read_response().await.status, 101);
    inside.send("ping").await;

    assert_eq!(&inside.read_exactly(4).await[..], b"ping");
    assert_eq!(upstream.alpn(), [Some("http/1.1".to_owned())]);
}

#[tokio::test]
async fn an_offer_of_http_2_in_clear_text_is_ignored() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = proxy().start().await;
    let mut client = aegis.raw().await;
    let url = upstream.url_as("up.test", "/");
    let offer =
        "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n";

    let answer = ask(&mut client, &url, offer).await;
    let next = ask(&mut client, &url, "").await;

    assert_eq!((answer.status, next.status), (200, 200));
    for request in upstream.requests() {
        assert_eq!(
            (request.header("upgrade"), request.header("http2-settings")),
            (None, None)
        );
    }
}

#[tokio::test]
async fn a_client_of_http_1_0_cannot_ask_for_an_upgrade() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = proxy().start().await;
    let mut client = aegis.raw().await;
    let url = upstream.url_as("ws.test", "/");

    client
        .send(format!("GET {url} HTTP/1.0\r\n{CREDENTIAL}{ECHO}\r\n"))
        .await;

    assert_eq!(client.read_response().await.status, 200);
    assert_eq!(upstream.request().header("upgrade"), None);
}

async fn ask(client: &mut RawClient, url: &str, headers: &str) -> RawResponse {
    let host = url
        .trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap_or_default();
    client
        .send(format!(
            "GET {url} HTTP/1.1\r\nhost: {host}\r\n{CREDENTIAL}{headers}\r\n"
        ))
        .await;
    client.read_response().await
}

fn proxy() -> AegisBuilder {
    Aegis::with_policy(POLICY)
        .agent("acme", "bot")
        .hosts(&["up.test", "ws.test"])
}

const ECHO: &str = "connection: Upgrade\r\nupgrade: echo\r\nx-echo: once\r\n";
const CREDENTIAL: &str = "proxy-authorization: Bearer secret-of-bot\r\n";
const POLICY: &str = r#"
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: plain}
profiles:
  plain:
    hosts: [up.test]
    upgrades: [ws.test]
    tools: {http: {"*": {}}}
"#;
