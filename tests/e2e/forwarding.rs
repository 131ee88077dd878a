//! What an agent sends in absolute form arrives as it was meant, and so does the answer.

use aegis_testkit::{Aegis, Answer, Payload, RawClient, RawResponse, Upstream};
use http::{Method, Request, Version};

use crate::PLAIN;

#[tokio::test]
async fn a_get_arrives_with_its_path_and_query() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = proxy().await;

    let reply = aegis
        .client("bot")
        .get(&upstream.url_as("up.test", "/a/b?c=d%20e&f"))
        .await;

    assert_eq!(reply.status(), 200);
    let request = upstream.request();
    assert_eq!(request.target, "/a/b?c=d%20e&f");
    assert_eq!(request.authority, format!("up.test:{}", upstream.port()));
}

#[tokio::test]
async fn every_method_arrives_with_its_body() {
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let upstream = Upstream::http().echo().start().await;
        let aegis = proxy().await;
        let request = Request::builder()
            .method(&method)
            .uri(upstream.url_as("up.test", "/thing"))
            .body(Payload::from("a body"))
            .expect("a request");

        let mut reply = aegis.client("bot").send(request).await;

        assert_eq!(reply.json().await["method"], method.as_str());
        assert_eq!(upstream.request().text(), "a body");
    }
}

#[tokio::test]
async fn the_answer_to_head_has_a_length_and_no_body() {
    let upstream = Upstream::http()
        .answer(|_| Answer::large(1234))
        .start()
        .await;
    let aegis = proxy().await;
    let mut client = aegis.raw().await;

    client
        .send(ask("HEAD", &upstream.url_as("up.test", "/"), ""))
        .await;
    let head = client.read_response_head().await;
    // Were there a body, it would be read as the beginning of this answer.
    let next = exchange(
        &mut client,
        ask("GET", &upstream.url_as("up.test", "/"), ""),
    )
    .await;

    assert_eq!(head.header("content-length"), Some("1234"));
    assert_eq!((next.status, next.body.len()), (200, 1234));
}

#[tokio::test]
async fn options_about_the_server_as_a_whole_arrives_as_that() {
    let upstream = Upstream::http()
        .answer(|_| Answer::status(204))
        .start()
        .await;
    let aegis = proxy().await;
    let named = format!("up.test:{}", upstream.port());

    let mut tunnel = aegis.client("bot").tunnel(&named).await.expect("a tunnel");
    let answer = exchange(
        &mut tunnel,
        format!("OPTIONS * HTTP/1.1\r\nhost: {named}\r\n\r\n"),
    )
    .await;

    assert_eq!(
        (answer.status, upstream.request().target.as_str()),
        (204, "*")
    );
}

#[tokio::test]
async fn an_empty_post_says_that_it_is_empty() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = proxy().await;

    let url = upstream.url_as("up.test", "/");
    exchange(
        &mut aegis.raw().await,
        ask("POST", &url, "content-length: 0\r\n"),
    )
    .await;

    assert_eq!(upstream.request().header("content-length"), Some("0"));
}

#[tokio::test]
async fn a_chunked_upload_arrives_whole() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = proxy().await;
    let url = upstream.url_as("up.test", "/");
    let head = ask("POST", &url, "transfer-encoding: chunked\r\n");

    let sent = format!("{head}5\r\nhello\r\n6;note=x\r\n world\r\n0\r\n\r\n");
    let answer = exchange(&mut aegis.raw().await, sent).await;

    assert_eq!(answer.status, 200);
    assert_eq!(upstream.request().text(), "hello world");
}

#[tokio::test]
async fn what_was_judged_of_a_get_is_not_lost_for_its_trailers() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = proxy().await;
    let url = upstream.url_as("up.test", "/");
    let head = ask(
        "GET",
        &url,
        "trailer: x-count\r\ntransfer-encoding: chunked\r\n",
    );

    let sent = format!("{head}5\r\nhello\r\n0\r\nx-count: 1\r\n\r\n");
    let answer = exchange(&mut aegis.raw().await, sent).await;

    assert_eq!(answer.status, 200);
    assert_eq!(upstream.request().text(), "hello");
}

#[tokio::test]
async fn headers_of_the_agent_s_hop_stay_on_it() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = proxy().await;
    let headers = "connection: keep-alive, x-private\r\nx-private: 1\r\nkeep-alive: timeout=5\r\n\
        proxy-connection: keep-alive\r\nte: gzip\r\nx-forwarded-for: 192.0.2.1\r\n\
        x-agent: admin\r\naegis-decision: allow\r\nx-mine: 2\r\nauthorization: Bearer theirs\r\n";

    let url = upstream.url_as("up.test", "/");
    exchange(&mut aegis.raw().await, ask("GET", &url, headers)).await;

    let request = upstream.request();
    for stays in [
        "connection",
        "x-private",
        "keep-alive",
        "proxy-connection",
        "te",
        "proxy-authorization",
        "x-forwarded-for",
        "x-agent",
        "aegis-decision",
    ] {
        assert_eq!(request.header(stays), None, "{stays}");
    }
    assert_eq!(request.header("x-mine"), Some("2"));
    assert_eq!(request.header("authorization"), Some("Bearer theirs"));
}

#[tokio::test]
async fn headers_of_the_upstream_s_hop_stay_on_it() {
    let upstream = Upstream::http()
        .wire(
            "HTTP/1.1 200 OK\r\nconnection: x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\n\
             proxy-authenticate: Basic\r\nupgrade: h2c\r\naegis-region: nowhere\r\n\
             set-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 2\r\n\r\nok",
        )
        .start()
        .await;
    let aegis = proxy().await;

    let mut reply = aegis
        .client("bot")
        .get(&upstream.url_as("up.test", "/"))
        .await;

    for stays in [
        "connection",
        "x-hop",
        "keep-alive",
        "proxy-authenticate",
        "upgrade",
    ] {
        assert_eq!(reply.header(stays), None, "{stays}");
    }
    assert_eq!(reply.header("aegis-region"), Some("eu-central-1"));
    assert_eq!(reply.headers().get_all("set-cookie").iter().count(), 2);
    assert_eq!(reply.text().await, "ok");
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_an_answer_that_ends_with_the_connection() {
    let upstream = Upstream::http()
        .wire("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nold\r\n0\r\n\r\n")
        .start()
        .await;
    let aegis = proxy().await;
    let mut client = aegis.raw().await;
    let url = upstream.url_as("up.test", "/");

    client
        .send(format!("GET {url} HTTP/1.0\r\n{CREDENTIAL}\r\n"))
        .await;

    let answer = String::from_utf8(client.read_to_end().await.to_vec()).expect("text");
    assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
    assert!(answer.ends_with("\r\n\r\nold"), "{answer}");
    assert_eq!(
        upstream.request().authority,
        format!("up.test:{}", upstream.port())
    );
}

#[tokio::test]
async fn an_upstream_of_http_1_0_does_not_take_the_agent_back_to_it() {
    let upstream = Upstream::http()
        .wire_then_close("HTTP/1.0 200 OK\r\n\r\nold")
        .start()
        .await;
    let aegis = proxy().await;

    let mut reply = aegis
        .client("bot")
        .get(&upstream.url_as("up.test", "/"))
        .await;

    assert_eq!(reply.version(), Version::HTTP_11);
    assert_eq!(reply.text().await, "old");
}

#[tokio::test]
async fn who_expects_100_continue_gets_it_before_the_body_is_sent() {
    let upstream = Upstream::http().echo().start().await;
    let aegis = proxy().await;
    let mut client = aegis.raw().await;
    let headers = "expect: 100-continue\r\ncontent-length: 5\r\n";

    client
        .send(ask("POST", &upstream.url_as("up.test", "/"), headers))
        .await;
    let interim = client.read_response().await;
    client.send("hello").await;
    let answer = client.read_response().await;

    assert_eq!((interim.status, answer.status), (100, 200));
    assert_eq!(upstream.request().text(), "hello");
    assert_eq!(upstream.request().header("expect"), None);
}

#[tokio::test]
async fn who_is_refused_by_the_head_alone_is_not_asked_for_the_body() {
    let upstream = Upstream::http().start().await;
    let aegis = proxy().await;
    let url = upstream.url_as("up.test", "/");
    let expecting = "expect: 100-continue\r\ncontent-length: 2000000\r\n";
    let stranger = "proxy-authorization: Bearer stranger\r\n";
    let unknown = format!(
        "POST {url} HTTP/1.1\r\nhost: {}\r\n{stranger}{expecting}\r\n",
        host(&url)
    );

    let unknown = exchange(&mut aegis.raw().await, unknown).await;
    let too_long = exchange(&mut aegis.raw().await, ask("POST", &url, expecting)).await;

    assert_eq!((unknown.status, too_long.status), (407, 403));
}

#[tokio::test]
async fn trailers_cross_both_ways_and_claim_nothing() {
    let upstream = Upstream::http()
        .answer(|_| Answer::text("ok").trailers(&[("x-sum", "2"), ("aegis-region", "nowhere")]))
        .start()
        .await;
    let aegis = proxy().await;
    let url = upstream.url_as("up.test", "/");
    let headers = "te: trailers\r\ntrailer: x-count, x-agent\r\ntransfer-encoding: chunked\r\n";
    let head = ask("POST", &url, headers);

    let sent = format!("{head}2\r\nhi\r\n0\r\nx-count: 1\r\nx-agent: admin\r\n\r\n");
    let answer = exchange(&mut aegis.raw().await, sent).await;

    let request = upstream.request();
    assert_eq!(request.trailers.get("x-count").expect("it crossed"), "1");
    assert_eq!(request.trailers.get("x-agent"), None);
    assert_eq!(answer.trailers.get("x-sum").expect("it crossed"), "2");
    assert_eq!(answer.trailers.get("aegis-region"), None);
}

#[tokio::test]
async fn an_interim_answer_of_the_upstream_does_not_disturb() {
    let upstream = Upstream::http()
        .wire(
            "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n\
             HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
        )
        .start()
        .await;
    let aegis = proxy().await;

    let mut reply = aegis
        .client("bot")
        .get(&upstream.url_as("up.test", "/"))
        .await;

    assert_eq!((reply.status(), reply.text().await.as_str()), (200, "ok"));
}

async fn proxy() -> Aegis {
    Aegis::with_policy(PLAIN)
        .agent("acme", "bot")
        .hosts(&["up.test"])
        .start()
        .await
}

/// A request's head in absolute form, with more header lines.
fn ask(method: &str, url: &str, headers: &str) -> String {
    format!(
        "{method} {url} HTTP/1.1\r\nhost: {}\r\n{CREDENTIAL}{headers}\r\n",
        host(url)
    )
}

fn host(url: &str) -> &str {
    let named = url.trim_start_matches("http://");
    named.split('/').next().unwrap_or(named)
}

async fn exchange(client: &mut RawClient, request: String) -> RawResponse {
    client.send(request).await;
    client.read_response().await
}

const CREDENTIAL: &str = "proxy-authorization: Bearer secret-of-bot\r\n";
