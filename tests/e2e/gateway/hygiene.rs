//! Headers of one hop or of one origin stay there; all services share the gateway's origin.

use aegis_testkit::Answer;
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
