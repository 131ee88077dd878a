//! Through CONNECT every request is seen and judged, unless policy says that a tunnel stays blind.

use aegis_testkit::{
    Aegis, AegisBuilder, ProxyClient, RawClient, Session, TestCa, Upstream, Validity,
};
use http::{Uri, Version};
use serde_json::Value;

#[tokio::test]
async fn both_versions_meet_both_versions() {
    for (client_h2, upstream_h2) in [(false, false), (false, true), (true, false), (true, true)] {
        let ca = TestCa::new();
        let mut upstream = Upstream::https(&ca, &["up.test"]).echo();
        if upstream_h2 {
            upstream = upstream.h2();
        }
        let upstream = upstream.start().await;
        let aegis = proxy(&ca).start().await;
        let agent = aegis.client("bot");
        let agent = if client_h2 { agent.h2() } else { agent };

        let reply = agent
            .post_json(&upstream.url_as("up.test", "/a?b=c"), &1.into())
            .await;

        let spoken = if client_h2 {
            Version::HTTP_2
        } else {
            Version::HTTP_11
        };
        assert_eq!((reply.status(), reply.version()), (200, spoken));
        assert_eq!(upstream.alpn(), [Some(alpn(upstream_h2).to_owned())]);
        let request = upstream.request();
        assert_eq!(
            (request.target.as_str(), request.text().as_str()),
            ("/a?b=c", "1")
        );
        assert_eq!(request.authority, format!("up.test:{}", upstream.port()));
        let (_, end) = aegis.lines_of(&reply).await;
        let recorded = if upstream_h2 { "h2" } else { "http/1.1" };
        assert_eq!(end["route"]["protocol"], recorded);
    }
}

#[tokio::test]
async fn each_request_in_a_tunnel_is_a_call_of_its_own() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["up.test"]).echo().start().await;
    let aegis = proxy(&ca).start().await;
    let url = upstream.url_as("up.test", "/");

    let session = aegis
        .client("bot")
        .open(&uri(&url))
        .await
        .expect("a tunnel");
    let first = call(&aegis, &session, &url).await;
    let second = call(&aegis, &session, &url).await;

    let (tunnel, _) = ended_tunnel(&aegis, session).await;
    assert_eq!(
        (&tunnel["tool"], &tunnel["action"]),
        (&"tunnel".into(), &"connect".into())
    );
    assert_ne!(first["id"], second["id"]);
    for call in [first, second] {
        assert_eq!(call["tunnel"], tunnel["id"]);
        assert_eq!(
            (&call["agent"], &call["action"]),
            (&"bot".into(), &"get".into())
        );
    }
}

#[tokio::test]
async fn a_tunnel_to_an_address_is_intercepted_under_that_address() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["127.0.0.1"]).echo().start().await;
    let aegis = proxy(&ca).start().await;

    let reply = aegis.client("bot").get(&upstream.url("/")).await;

    assert_eq!(reply.status(), 200);
    assert_eq!(upstream.request().authority, upstream.address().to_string());
}

#[tokio::test]
async fn a_tunnel_may_carry_plain_http() {
    let upstream = Upstream::http().echo().start().await;
    let ca = TestCa::new();
    let aegis = proxy(&ca).start().await;
    let named = format!("up.test:{}", upstream.port());

    let mut tunnel = aegis.client("bot").tunnel(&named).await.expect("a tunnel");
    for _ in 0..2 {
        tunnel
            .send(format!("GET /plain HTTP/1.1\r\nhost: {named}\r\n\r\n"))
            .await;
        assert_eq!(tunnel.read_response().await.status, 200);
    }

    assert_eq!((upstream.count(), upstream.connections()), (2, 1));
    let (decision, _) = aegis.lines(|line| line["action"] == "get").await;
    assert_eq!(decision["destination"]["scheme"], "http");
}

#[tokio::test]
async fn a_client_of_http_1_0_may_open_a_tunnel() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["up.test"]).echo().start().await;
    let aegis = proxy(&ca).start().await;
    let named = format!("up.test:{}", upstream.port());
    let mut client = aegis.raw().await;

    client
        .send(format!("CONNECT {named} HTTP/1.0\r\n{CREDENTIAL}\r\n"))
        .await;
    assert_eq!(client.read_connect_response().await.status, 200);
    let mut inside = client
        .tls(aegis.ca_pem(), "up.test", &[])
        .await
        .expect("it is intercepted");
    inside
        .send(format!("GET / HTTP/1.1\r\nhost: {named}\r\n\r\n"))
        .await;

    assert_eq!(inside.read_response().await.status, 200);
}

#[tokio::test]
async fn the_answer_to_connect_has_no_body_and_names_its_decision() {
    let ca = TestCa::new();
    let aegis = proxy(&ca).start().await;
    let mut client = aegis.raw().await;

    client
        .send(format!(
            "CONNECT up.test:443 HTTP/1.1\r\nhost: up.test:443\r\n{CREDENTIAL}\r\n"
        ))
        .await;
    let answer = client.read_connect_response().await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-length"), None);
    assert_eq!(answer.header("transfer-encoding"), None);
    assert!(answer.header("aegis-decision-id").is_some());
}

#[tokio::test]
async fn the_name_in_the_tls_greeting_is_judged_where_it_differs() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["up.test", "also.test"])
        .echo()
        .start()
        .await;
    let aegis = proxy(&ca).start().await;
    let named = format!("up.test:{}", upstream.port());
    let agent = aegis.client("bot");

    let tunnel = agent.tunnel(&named).await.expect("a tunnel");
    let mut inside = tunnel
        .tls(aegis.ca_pem(), "also.test", &[])
        .await
        .expect("it is allowed");
    let host = format!("also.test:{}", upstream.port());
    inside
        .send(format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n"))
        .await;
    assert_eq!(inside.read_response().await.status, 200);
    let tunnel = agent.tunnel(&named).await.expect("a tunnel");
    assert!(tunnel.tls(aegis.ca_pem(), "evil.test", &[]).await.is_err());

    assert_eq!(upstream.request().authority, host);
    let (judged, _) = aegis
        .lines(|line| line["destination"]["host"] == "evil.test")
        .await;
    assert_eq!(judged["outcome"], "deny");
}

#[tokio::test]
async fn an_upstream_must_prove_its_name() {
    let (known, unknown) = (TestCa::new(), TestCa::new());
    for certificate in [
        unknown.issue(&["up.test"]),
        known.issue(&["other.test"]),
        known.issue_valid(&["up.test"], Validity::Expired),
        known.issue_valid(&["up.test"], Validity::NotYet),
    ] {
        let upstream = Upstream::http().certificate(certificate).start().await;
        let aegis = proxy(&known).start().await;

        let mut reply = aegis
            .client("bot")
            .get(&upstream.url_as("up.test", "/secret"))
            .await;

        assert_eq!(reply.status(), 502);
        assert_eq!(reply.json().await["reasons"][0]["rule"], "upstream.tls");
        upstream.refused_by_peer().await;
        assert_eq!(upstream.count(), 0);
        let (_, end) = aegis.lines_of(&reply).await;
        assert_eq!(end["error"], "upstream.tls");
    }
}

#[tokio::test]
async fn a_blind_tunnel_shows_the_upstream_s_own_certificate() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["blind.test"])
        .h2()
        .echo()
        .start()
        .await;
    let aegis = proxy(&ca).start().await;
    let url = upstream.url_as("blind.test", "/");
    // It trusts the upstream's authority alone, so interception would show.
    let agent = blind_client(&aegis, &ca).h2();

    let session = agent.open(&uri(&url)).await.expect("a tunnel");
    let mut reply = session.get(&url).await;
    assert_eq!((reply.status(), reply.version()), (200, Version::HTTP_2));
    let received = reply.bytes().await.len() as u64;
    drop(reply);

    let (decision, end) = ended_tunnel(&aegis, session).await;
    assert_eq!(decision["destination"]["host"], "blind.test");
    assert_eq!(
        (&end["outcome_detail"], &end["route"]["protocol"]),
        (&"forwarded".into(), &"tunnel".into())
    );
    assert!(end["bytes_out"].as_u64().expect("a number") > received);
    assert!(end["bytes_in"].as_u64().expect("a number") > 200);
    assert_eq!(upstream.request().header("aegis-decision"), None);
}

#[tokio::test]
async fn a_blind_tunnel_for_one_name_is_not_one_for_another() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["blind.test", "up.test"])
        .echo()
        .start()
        .await;
    let aegis = proxy(&ca).start().await;
    let named = format!("blind.test:{}", upstream.port());

    let tunnel = aegis.client("bot").tunnel(&named).await.expect("a tunnel");
    let greeted = tunnel.tls(ca.pem(), "up.test", &[]).await;

    let told = greeted.expect_err("it is refused");
    assert!(told.to_string().contains("AccessDenied"), "{told}");
    let (_, end) = aegis.lines(|line| line["action"] == "connect").await;
    assert_eq!(
        (&end["outcome_detail"], &end["error"]),
        (&"refused".into(), &"name.disagreement".into())
    );
    assert_eq!(end["bytes_in"], 0);
}

#[tokio::test]
async fn a_blind_tunnel_carries_nothing_but_tls() {
    let ca = TestCa::new();
    let upstream = Upstream::http().start().await;
    let aegis = proxy(&ca).start().await;
    let named = format!("blind.test:{}", upstream.port());

    let mut tunnel = aegis.client("bot").tunnel(&named).await.expect("a tunnel");
    tunnel
        .send(format!("GET / HTTP/1.1\r\nhost: {named}\r\n\r\n"))
        .await;

    assert_eq!(tunnel.read_to_end().await.len(), 0);
    let (_, end) = aegis.lines(|line| line["action"] == "connect").await;
    assert_eq!(end["outcome_detail"], "refused");
    assert_eq!(end["error"], "tunnel.not_tls");
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn a_refused_tunnel_leaves_the_connection_usable() {
    let ca = TestCa::new();
    let aegis = proxy(&ca).start().await;
    let mut client = aegis.raw().await;

    refused(&mut client, "evil.test:443").await;
    refused(&mut client, "evil.test:444").await;
}

async fn refused(client: &mut RawClient, named: &str) {
    client
        .send(format!(
            "CONNECT {named} HTTP/1.1\r\nhost: {named}\r\n{CREDENTIAL}\r\n"
        ))
        .await;
    let answer = client.read_connect_response().await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
}

/// The decision line of one request.
async fn call(aegis: &Aegis, session: &Session, url: &str) -> Value {
    let mut reply = session.get(url).await;
    reply.bytes().await;
    aegis.lines_of(&reply).await.0
}

/// Both lines of the only tunnel, which ends with its session.
async fn ended_tunnel(aegis: &Aegis, session: Session) -> (Value, Value) {
    drop(session);
    aegis.lines(|line| line["action"] == "connect").await
}

fn proxy(upstream_ca: &TestCa) -> AegisBuilder {
    Aegis::with_policy(POLICY)
        .agent("acme", "bot")
        .hosts(&["up.test", "also.test", "blind.test", "evil.test"])
        .upstream_ca(upstream_ca)
}

fn blind_client(aegis: &Aegis, ca: &TestCa) -> ProxyClient {
    ProxyClient::new(aegis.forward())
        .credentials("bot", "secret-of-bot")
        .trust(ca.pem())
}

fn alpn(h2: bool) -> &'static str {
    if h2 { "h2" } else { "http/1.1" }
}

fn uri(url: &str) -> Uri {
    url.parse().expect("a URL")
}

const CREDENTIAL: &str = "proxy-authorization: Bearer secret-of-bot\r\n";
const POLICY: &str = r#"
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: plain}
profiles:
  plain:
    hosts: [up.test, also.test, 127.0.0.1]
    passthrough: [blind.test]
    tools: {http: {"*": {}}}
"#;
