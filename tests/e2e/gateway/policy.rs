//! Policy decides behind the gateway as it does behind the proxy.

use aegis_testkit::{Answer, Feed, Payload, RawClient};
use http::Request;
use serde_json::json;

use super::{CHAT, Llm, chat};

#[tokio::test]
async fn a_denied_model_is_denied_on_both_fronts_by_the_same_rule() {
    let llm = Llm::start().await;
    let url = llm.upstream.url_as("llm.test", "/v1/chat/completions");

    let mut here = llm.chat("huge").await;
    let mut there = llm.aegis.client("bot").post_json(&url, &chat("huge")).await;

    assert_eq!((here.status(), there.status()), (403, 403));
    let (here, there) = (here.json().await, there.json().await);
    assert_eq!(here["error"]["code"], "parameter.enum", "{here}");
    assert_eq!(
        here["error"]["aegis"]["reasons"],
        there["error"]["aegis"]["reasons"]
    );
    assert_eq!(llm.upstream.count(), 0);
}

#[tokio::test]
async fn data_is_redacted_before_it_leaves() {
    let llm = Llm::start().await;
    let body = json!({"model": "small", "messages": [{"role": "user", "content": "write to ann@example.org"}]});

    let reply = llm.aegis.post_as("bot", CHAT, &body).await;

    assert_eq!(reply.header("aegis-decision"), Some("sanitize"));
    let received = llm.upstream.request();
    assert!(
        !received.text().contains("ann@example.org"),
        "{}",
        received.text()
    );
    assert_eq!(received.header("authorization"), Some("Bearer sk-real"));
}

#[tokio::test]
async fn a_call_that_a_human_must_approve_is_refused_with_its_id() {
    let llm = Llm::start().await;
    let mut body = chat("small");
    body["seed"] = json!(50);

    let mut reply = llm.aegis.post_as("bot", CHAT, &body).await;

    assert_eq!(reply.header("aegis-decision"), Some("approval_needed"));
    let answer = reply.json().await;
    assert!(
        answer["error"]["aegis"]["approval_id"].is_string(),
        "{answer}"
    );
    assert_eq!(llm.upstream.count(), 0);
}

#[tokio::test]
async fn events_pass_as_they_come() {
    let feed = Feed::new();
    let body = feed.clone();
    let llm = Llm::answering(|it| it.answer(move |_| Answer::events(&body)), |it| it).await;

    let mut request = chat("small");
    request["stream"] = true.into();
    let mut reply = llm.aegis.post_as("bot", CHAT, &request).await;

    for text in ["one", "two"] {
        let delta = json!({"index": 0, "delta": {"content": text}, "finish_reason": null});
        let event = json!({"id": "c1", "choices": [delta]}).to_string();
        feed.event(&event);
        let expected = format!("data: {event}\n\n");
        assert_eq!(reply.chunk().await.as_deref(), Some(expected.as_bytes()));
    }
    feed.end();
    assert_eq!(reply.chunk().await, None);
}

#[tokio::test]
async fn an_upgrade_is_denied_where_nothing_allows_it() {
    let llm = Llm::start().await;
    let mut client = RawClient::connect(llm.aegis.gateway()).await;
    client
        .send(
            "GET /openai/echo HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer secret-of-bot\r\n\
             connection: upgrade\r\nupgrade: echo\r\n\r\n",
        )
        .await;

    let answer = client.read_response().await;

    assert_eq!(answer.status, 403, "{}", answer.text());
    assert_eq!(llm.upstream.connections(), 0);
}

#[tokio::test]
async fn an_address_that_must_not_be_reached_is_not_reached_by_a_service() {
    let llm = Llm::answering(
        |it| it,
        |it| it.settings(|settings| settings.upstream.allow_addresses.clear()),
    )
    .await;

    let mut reply = llm.chat("small").await;

    let answer = reply.json().await;
    assert_eq!(answer["error"]["code"], "address.loopback", "{answer}");
    assert_eq!(llm.upstream.connections(), 0);
}

#[tokio::test]
async fn an_agent_that_policy_has_forgotten_is_denied() {
    let llm = Llm::start().await;
    llm.aegis.change_policy("tenants: {acme: {}}").await;
    let request = Request::post(llm.aegis.gateway_url(CHAT))
        .header("x-api-key", "secret-of-bot")
        .body(Payload::from(chat("small").to_string()));

    let reply = llm.aegis.ask_gateway(request.expect("a URL")).await;

    assert_eq!(reply.status(), 403);
    assert_eq!(llm.upstream.count(), 0);
}
