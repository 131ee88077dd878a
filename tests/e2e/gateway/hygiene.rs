//! Headers of one hop or of one origin stay there; all services share the gateway's origin.

use aegis_testkit::{Answer, RawClient, Received};
use serde_json::json;

use super::Llm;

#[tokio::test]
async fn an_answer_loses_what_is_meant_for_the_services_own_origin() {
    let llm = Llm::answering(
        |it| {
            it.answer(|request| {
                let port = request.authority.rsplit(':').next().unwrap_or_default();
                Answer::json(&json!({"id": "c1", "choices": []}))
                    .header("set-cookie", "session=1")
                    .header("alt-svc", "h3=\":443\"")
                    .header("strict-transport-security", "max-age=1")
                    .header("server", "llm/1")
                    .header("aegis-decision", "deny")
                    .header("content-location", "https://evil.test/v1")
                    .header("location", &format!("https://llm.test:{port}/v1/jobs/7"))
                    .header("x-request-id", "r-1")
            })
        },
        |it| it,
    )
    .await;

    let reply = llm.chat("small").await;

    for name in [
        "set-cookie",
        "alt-svc",
        "strict-transport-security",
        "server",
        "content-location",
    ] {
        assert_eq!(reply.header(name), None, "{name}");
    }
    assert_eq!(reply.header("location"), Some("/openai/jobs/7"));
    assert_eq!(reply.header("x-request-id"), Some("r-1"));
    assert_eq!(reply.header("aegis-decision"), Some("allow"));
}

#[tokio::test]
async fn a_request_loses_cookies_and_claims() {
    let llm = Llm::start().await;

    llm.show(&[
        ("authorization", "Bearer secret-of-bot"),
        ("cookie", "session=1"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-stainless-lang", "python"),
    ])
    .await;

    let received = llm.upstream.request();
    assert_eq!(received.header("cookie"), None);
    assert_eq!(received.header("x-forwarded-for"), None);
    assert_eq!(received.header("x-stainless-lang"), Some("python"));
}

/// What is taken from a head would otherwise come back behind the body.
#[tokio::test]
async fn no_trailers_of_a_request_reach_a_service() {
    let llm = Llm::start().await;
    let body = super::chat("small").to_string();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: Bearer secret-of-bot\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\
         Trailer: x-api-key, baggage, x-checksum\r\n\r\n{:x}\r\n{body}\r\n0\r\n",
        super::CHAT,
        body.len()
    );
    let trailers = "X-Api-Key: secret-of-bot\r\nBaggage: aegis-chain=x\r\nX-Checksum: 7\r\n\r\n";
    let mut client = RawClient::connect(llm.aegis.gateway()).await;

    client.send(head + trailers).await;

    assert_eq!(client.read_response().await.status, 200);
    let received = llm.upstream.request();
    assert_eq!(received.json()["model"], "small");
    assert!(received.trailers.is_empty(), "{:?}", received.trailers);
    assert_eq!(received.header("trailer"), None);
}

#[tokio::test]
async fn a_location_that_is_relative_leads_through_the_gateway() {
    for (location, here) in [
        ("completions/7", Some("/openai/chat/completions/7")),
        ("?page=2", Some("/openai/chat/completions?page=2")),
        ("../jobs/7", Some("/openai/jobs/7")),
        ("../../admin", None),
        ("//evil.test/v1/x", None),
    ] {
        let answer = move |_: &Received| Answer::status(307).header("location", location);
        let llm = Llm::answering(|it| it.answer(answer), |it| it).await;

        let reply = llm.chat("small").await;

        assert_eq!(reply.header("location"), here, "{location}");
    }
}

/// The proxy's own clients talk to the destination itself, and keep what it says.
#[tokio::test]
async fn an_answer_on_the_forward_front_keeps_its_cookies() {
    let llm = Llm::answering(
        |it| {
            it.answer(|_| {
                Answer::json(&json!({"id": "c1", "choices": []})).header("set-cookie", "session=1")
            })
        },
        |it| it,
    )
    .await;
    let url = llm.upstream.url_as("llm.test", "/v1/chat/completions");

    let reply = llm
        .aegis
        .client("bot")
        .post_json(&url, &super::chat("small"))
        .await;

    assert_eq!(reply.header("set-cookie"), Some("session=1"));
    let received = llm.upstream.request();
    assert_eq!(received.header("authorization"), None);
}
