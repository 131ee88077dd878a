//! A path names a service, or nothing at all.

use aegis_testkit::{Payload, RawClient};
use http::Request;
use serde_json::json;

use super::{CHAT, Llm, chat, rule};

#[tokio::test]
async fn an_unknown_service_is_not_found_and_nobody_learns_which_there_are() {
    let llm = Llm::start().await;

    let mut reply = llm
        .aegis
        .post_as("bot", "/anthropic/v1/messages", &chat("small"))
        .await;

    assert_eq!(reply.status(), 404);
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
    let problem = reply.json().await;
    assert_eq!(problem["reasons"][0]["rule"], "gateway.unknown_service");
    assert!(!problem.to_string().contains("openai"), "{problem}");
    let (decision, end) = llm.aegis.lines_of(&reply).await;
    assert_eq!(
        (&decision["agent"], &decision["outcome"]),
        (&json!("bot"), &json!("deny"))
    );
    assert_eq!(
        (&end["status"], &end["error"]),
        (&json!(404), &json!("gateway.unknown_service"))
    );
}

#[tokio::test]
async fn a_path_that_leaves_its_service_is_refused() {
    let llm = Llm::start().await;
    for path in [
        "/",
        "//openai/chat/completions",
        "/openai%2Fchat/completions",
        "/openai/../admin",
        "/openai/%2e%2e/admin",
        "/openai/a/..%2f..%2fadmin",
    ] {
        let mut reply = llm.aegis.post_as("bot", path, &chat("small")).await;

        assert_eq!(reply.status(), 400, "{path}");
        assert_eq!(rule(&mut reply).await, "gateway.path", "{path}");
    }
    assert_eq!(llm.upstream.connections(), 0);
}

#[tokio::test]
async fn percent_encoding_and_query_arrive_untouched() {
    let llm = Llm::start().await;
    let path = "/openai/embeddings/a%3Ab?x=%C3%A4&y=1%2B1";

    llm.aegis.post_as("bot", path, &chat("small")).await;

    let target = "/v1/embeddings/a%3Ab?x=%C3%A4&y=1%2B1";
    assert_eq!(llm.upstream.request().target, target);
}

#[tokio::test]
async fn a_gateway_is_no_proxy() {
    let llm = Llm::start().await;
    for head in [
        "GET http://llm.test/v1/models HTTP/1.1\r\nhost: llm.test\r\n\r\n",
        "CONNECT llm.test:443 HTTP/1.1\r\nhost: llm.test:443\r\n\r\n",
    ] {
        let mut client = RawClient::connect(llm.aegis.gateway()).await;
        client.send(head).await;
        let answer = client.read_response().await;

        assert_eq!(answer.status, 400, "{head}");
        assert_eq!(answer.json()["reasons"][0]["rule"], "http.not_gateway_form");
    }
    let forward = format!("http://{}{CHAT}", llm.aegis.forward());
    let request = Request::get(&forward)
        .body(Payload::from(""))
        .expect("a URL");
    let client = RawClient::connect(llm.aegis.forward()).await;
    let mut reply = aegis_testkit::Session::inside(client)
        .await
        .send(request)
        .await;
    assert_eq!(rule(&mut reply).await, "http.not_proxy_form");
    assert_eq!(llm.upstream.connections(), 0);
}

#[tokio::test]
async fn a_client_may_begin_with_http_2_at_once() {
    let llm = Llm::start().await;
    let client = RawClient::connect(llm.aegis.gateway()).await;
    let session = aegis_testkit::Session::h2c(client).await;
    for _ in 0..2 {
        let request = Request::post(llm.aegis.gateway_url(CHAT))
            .header("authorization", "Bearer secret-of-bot")
            .header("content-type", "application/json")
            .body(Payload::from(chat("small").to_string()));
        let reply = session.send(request.expect("a URL")).await;

        assert_eq!(
            (reply.status(), reply.version()),
            (200, http::Version::HTTP_2)
        );
    }
    assert_eq!(llm.upstream.count(), 2);
}

#[tokio::test]
async fn a_head_that_stops_halfway_is_told_so_on_this_port_too() {
    let brief = |settings: &mut aegis_config::Settings| {
        settings.limits.header_timeout = std::time::Duration::from_millis(100);
    };
    let llm = Llm::answering(|it| it, |it| it.settings(brief)).await;
    for begun in ["PRI * HT", "POST /openai/chat HTTP/1.1\r\nhost"] {
        let mut client = RawClient::connect(llm.aegis.gateway()).await;
        client.send(begun).await;
        let answer = client.read_response().await;
        assert_eq!(
            answer.json()["reasons"][0]["rule"],
            "http.head_stalled",
            "{begun}"
        );
    }
}
