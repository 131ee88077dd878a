//! One name for policy, resolver, dial, SNI and `Host`: where two differ, the request is judged anew or refused.

use aegis_testkit::{Aegis, AegisBuilder, Payload, RawClient, RawResponse, TestCa, Upstream};
use http::Request;
use serde_json::Value;

#[tokio::test]
async fn a_url_and_a_host_header_must_agree() {
    let upstream = Upstream::http().start().await;
    let aegis = web(&TestCa::new()).start().await;
    let target = upstream.url_as("tunnel.test", "/");
    for host in [
        "other.test",
        "tunnel.test",
        "tunnel.test:1",
        "tunnel.test.other.test",
        "127.0.0.1",
    ] {
        let answer = say(
            &aegis,
            &format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{PROOF}\r\n"),
        )
        .await;

        refused(&aegis, &answer, "name.disagreement").await;
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_tunnel_and_its_host_header_must_agree() {
    let aegis = web(&TestCa::new()).start().await;
    let answer = say(
        &aegis,
        &format!("CONNECT tunnel.test:443 HTTP/1.1\r\nHost: other.test:443\r\n{PROOF}\r\n"),
    )
    .await;

    refused(&aegis, &answer, "name.disagreement").await;
}

#[tokio::test]
async fn several_host_headers_are_refused_even_if_they_agree() {
    let upstream = Upstream::http().start().await;
    let aegis = web(&TestCa::new()).start().await;
    let target = upstream.url_as("tunnel.test", "/");
    let host = format!("Host: tunnel.test:{}\r\n", upstream.port());
    let answer = say(
        &aegis,
        &format!("GET {target} HTTP/1.1\r\n{host}{host}{PROOF}\r\n"),
    )
    .await;

    refused(&aegis, &answer, "http.malformed").await;
    assert_eq!(upstream.connections(), 0);
}

/// Policy allows 127.0.0.1 and every name in `.test`: whoever guessed what is meant would let them through.
#[tokio::test]
async fn a_host_that_can_be_read_in_two_ways_is_refused() {
    let upstream = Upstream::http().start().await;
    let aegis = web(&TestCa::new()).start().await;
    let port = upstream.port();
    for host in AMBIGUOUS {
        let requests = [
            format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{PROOF}\r\n"),
            format!("GET http://{host}:{port}/ HTTP/1.1\r\nHost: {host}:{port}\r\n{PROOF}\r\n"),
        ];
        for request in requests {
            let answer = say(&aegis, &request).await;
            assert_eq!(answer.status, 400, "{request}");
            recorded(&aegis, &answer).await;
        }
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_port_is_a_number_from_1_to_65535_and_a_tunnel_names_it() {
    let aegis = web(&TestCa::new()).start().await;
    let targets = [
        "tunnel.test",
        "tunnel.test:",
        "tunnel.test:0",
        "tunnel.test:65536",
        "tunnel.test:-1",
        "tunnel.test:+443",
        "tunnel.test:443:443",
        "tunnel.test:https",
        ":443",
        "/",
        "*",
        "http://tunnel.test:443",
        "tunnel.test:443/",
    ];
    for target in targets {
        let request = format!("CONNECT {target} HTTP/1.1\r\nHost: tunnel.test:443\r\n{PROOF}\r\n");
        let answer = say(&aegis, &request).await;
        assert_eq!(answer.status, 400, "{target}");
        recorded(&aegis, &answer).await;
    }
}

#[tokio::test]
async fn upper_case_and_a_final_dot_make_no_other_host() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = web(&TestCa::new()).start().await;
    let port = upstream.port();
    let request = format!(
        "GET http://TUNNEL.Test.:{port}/ HTTP/1.1\r\nHost: tunnel.TEST:{port}\r\n{PROOF}\r\n"
    );

    let answer = say(&aegis, &request).await;

    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(upstream.request().authority, format!("tunnel.test:{port}"));
    let (decision, _) = recorded(&aegis, &answer).await;
    assert_eq!(decision["destination"]["host"], "tunnel.test");
}

#[tokio::test]
async fn only_http_urls_may_be_sent_to_a_forward_proxy() {
    let aegis = web(&TestCa::new()).start().await;
    for scheme in ["https", "ftp", "file", "gopher", "ws", "wss", "httpx"] {
        let request =
            format!("GET {scheme}://tunnel.test/ HTTP/1.1\r\nHost: tunnel.test\r\n{PROOF}\r\n");
        let answer = say(&aegis, &request).await;
        refused(&aegis, &answer, "http.not_proxy_form").await;
    }
}

#[tokio::test]
async fn who_takes_the_proxy_for_a_web_server_is_told_what_it_is() {
    let aegis = web(&TestCa::new()).start().await;
    let answer = say(
        &aegis,
        &format!("GET /v1/charges HTTP/1.1\r\nHost: tunnel.test\r\n{PROOF}\r\n"),
    )
    .await;

    refused(&aegis, &answer, "http.not_proxy_form").await;
    assert!(answer.text().contains("forward proxy"), "{}", answer.text());
}

#[tokio::test]
async fn a_tls_name_that_policy_denies_closes_the_tunnel() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["denied.example"]).start().await;
    let aegis = web(&ca).hosts(&["denied.example"]).start().await;
    let tunnel = tunnel(&aegis, "tunnel.test", upstream.port()).await;

    let handshake = tunnel.tls(aegis.ca_pem(), "denied.example", &[]).await;

    let told = handshake.expect_err("no certificate is made for it");
    assert!(told.to_string().contains("AccessDenied"), "{told}");
    let (decision, end) = aegis
        .lines(|line| line["destination"]["host"] == "denied.example")
        .await;
    assert_eq!(decision["outcome"], "deny");
    assert_eq!(decision["phase"], "connect");
    assert_eq!(end["outcome_detail"], "refused");
    assert_eq!(upstream.connections(), 0);
}

/// CONNECT's own name leads to an address that must not be dialled.
#[tokio::test]
async fn a_tls_name_that_policy_allows_is_where_the_request_goes() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["other.test"]).echo().start().await;
    let aegis = web(&ca).host("nowhere.test", "10.0.0.1").start().await;
    let port = upstream.port();
    let tunnel = tunnel(&aegis, "nowhere.test", port).await;
    let mut client = tunnel
        .tls(aegis.ca_pem(), "other.test", &[])
        .await
        .expect("it is judged and allowed");

    client
        .send(format!("GET / HTTP/1.1\r\nHost: other.test:{port}\r\n\r\n"))
        .await;

    assert_eq!(client.read_response().await.status, 200);
    assert_eq!(upstream.request().authority, format!("other.test:{port}"));
    let (renamed, _) = aegis
        .lines(|line| line["phase"] == "connect" && line["destination"]["host"] == "other.test")
        .await;
    let (request, _) = aegis.lines(|line| line["phase"] == "request").await;
    assert_eq!(request["tunnel"], renamed["id"]);
}

#[tokio::test]
async fn a_request_in_a_tunnel_for_another_host_is_judged_under_that_name() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["other.test"]).echo().start().await;
    let aegis = web(&ca)
        .hosts(&["denied.example"])
        .host("nowhere.test", "10.0.0.1")
        .start()
        .await;
    let port = upstream.port();
    let mut client = inside(&aegis, "nowhere.test", port).await;

    client
        .send(format!(
            "GET / HTTP/1.1\r\nHost: denied.example:{port}\r\n\r\n"
        ))
        .await;
    let denied = client.read_response().await;
    assert_eq!(denied.status, 403);
    let (decision, end) = recorded(&aegis, &denied).await;
    assert_eq!(decision["destination"]["host"], "denied.example");
    assert_eq!(end["timings_us"].get("resolve"), None);
    assert_eq!(upstream.connections(), 0, "never dialled");

    client
        .send(format!("GET / HTTP/1.1\r\nHost: other.test:{port}\r\n\r\n"))
        .await;
    let allowed = client.read_response().await;
    assert_eq!(allowed.status, 200);
    assert_eq!(upstream.request().authority, format!("other.test:{port}"));
    assert_eq!(
        recorded(&aegis, &allowed).await.0["destination"]["host"],
        "other.test"
    );
}

#[tokio::test]
async fn in_a_tunnel_url_scheme_and_host_header_must_agree() {
    let upstream = Upstream::http().start().await;
    let aegis = web(&TestCa::new()).start().await;
    let port = upstream.port();
    for (target, host) in [
        (format!("https://tunnel.test:{port}/"), "other.test"),
        (format!("http://tunnel.test:{port}/"), "tunnel.test"),
        (format!("ftp://tunnel.test:{port}/"), "tunnel.test"),
    ] {
        let mut client = inside(&aegis, "tunnel.test", port).await;
        client
            .send(format!(
                "GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"
            ))
            .await;

        refused(&aegis, &client.read_response().await, "name.disagreement").await;
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn in_http2_authority_and_host_must_agree() {
    let ca = TestCa::new();
    let upstream = Upstream::https(&ca, &["tunnel.test"]).start().await;
    let aegis = web(&ca).start().await;
    let request = Request::get(upstream.url_as("tunnel.test", "/")).header("host", "other.test");

    let mut reply = aegis
        .client("web-bot")
        .h2()
        .send(request.body(Payload::from("")).expect("a request"))
        .await;

    assert_eq!(reply.status(), 400);
    assert_eq!(
        reply.json().await["reasons"][0]["rule"],
        "name.disagreement"
    );
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_tunnel_in_a_tunnel_is_refused() {
    let upstream = Upstream::http().start().await;
    let aegis = web(&TestCa::new()).start().await;
    let mut client = inside(&aegis, "tunnel.test", upstream.port()).await;

    client
        .send("CONNECT other.test:443 HTTP/1.1\r\nHost: other.test:443\r\n\r\n")
        .await;

    let answer = client.read_connect_response().await;
    refused(&aegis, &answer, "http.not_proxy_form").await;
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_host_behind_user_information_or_a_fragment_is_never_reached() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = web(&TestCa::new()).hosts(&["denied.example"]).start().await;
    let port = upstream.port();
    for target in [
        format!("http://tunnel.test@denied.example:{port}/"),
        format!("http://tunnel.test:80@denied.example:{port}/"),
        format!("http://tunnel.test:{port}#@denied.example:{port}/"),
        format!("http://tunnel.test:{port}\\@denied.example:{port}/"),
        format!("http://tunnel.test:{port}?@denied.example:{port}/"),
        format!("http:///tunnel.test:{port}/"),
        format!("http://denied.example:{port}/"),
    ] {
        let answer = say(
            &aegis,
            &format!("GET {target} HTTP/1.1\r\nHost: tunnel.test:{port}\r\n{PROOF}\r\n"),
        )
        .await;
        recorded(&aegis, &answer).await;
        assert!(
            answer.status == 200 || answer.status == 400,
            "{target}: {}",
            answer.status
        );
    }
    for request in upstream.requests() {
        assert_eq!(request.authority, format!("tunnel.test:{port}"));
    }
}

async fn say(aegis: &Aegis, request: &str) -> RawResponse {
    let mut client = aegis.raw().await;
    client.send(request).await;
    client.read_response().await
}

async fn tunnel(aegis: &Aegis, host: &str, port: u16) -> RawClient {
    aegis
        .client("web-bot")
        .tunnel(&format!("{host}:{port}"))
        .await
        .expect("a tunnel")
}

async fn inside(aegis: &Aegis, host: &str, port: u16) -> RawClient {
    let tunnel = tunnel(aegis, host, port).await;
    tunnel
        .tls(aegis.ca_pem(), host, &[])
        .await
        .expect("the interception CA is trusted")
}

async fn refused(aegis: &Aegis, answer: &RawResponse, rule: &str) {
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(answer.json()["reasons"][0]["rule"], rule);
    assert_eq!(recorded(aegis, answer).await.0["outcome"], "deny");
}

async fn recorded(aegis: &Aegis, answer: &RawResponse) -> (Value, Value) {
    let id = answer
        .header("aegis-decision-id")
        .expect("the answer names its decision");
    aegis.lines(|line| line["id"] == id).await
}

fn web(upstreams: &TestCa) -> AegisBuilder {
    Aegis::with_policy(POLICY)
        .agent("acme", "web-bot")
        .hosts(&["tunnel.test", "other.test"])
        .upstream_ca(upstreams)
}

const PROOF: &str = "Proxy-Authorization: Bearer secret-of-web-bot\r\n";

const AMBIGUOUS: [&str; 24] = [
    "0177.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "127.0.0.0x1",
    "127.0.0.1..",
    "00000127.0.0.1",
    "tunnel.test..",
    "tunnel..test",
    ".tunnel.test",
    "-tunnel.test",
    "tunnel-.test",
    "user@tunnel.test",
    "user:pass@tunnel.test",
    "tünnel.test",
    "１２７.0.0.1",
    "tunnel%2etest",
    "%31%32%37.0.0.1",
    "tunnel.test%00.test",
    "[fe80::1%25lo]",
    "[::1%25lo]",
    "[::ffff:127.0.0.1",
    "[127.0.0.1]",
];

const POLICY: &str = "
tenants:
  acme: {}
agents:
  web-bot: {tenant: acme, profile: web}
profiles:
  web:
    hosts: [.test, 127.0.0.1]
    tools: {http: {'*': {}}}
";
