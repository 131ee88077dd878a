//! Sensitive data in answers: redacted while they stream, or the end of them; and the evidence of it.

mod agents;
mod beside;
mod endings;
mod inner;
mod places;
mod silence;

use aegis_testkit::{Aegis, Answer, Feed, Reply, Upstream};
use serde_json::{Value, json};

#[tokio::test]
async fn an_address_that_a_model_says_in_pieces_never_reaches_the_agent() {
    let feed = Feed::new();
    let (aegis, llm) = model(&feed, "sanitize").await;
    let mut reply = ask(&aegis, &llm).await;

    for text in ["Write to an", "n@corp", ".exam", "ple or call. "] {
        feed.event(&piece(text).to_string());
    }
    feed.event("[DONE]");
    feed.end();
    let received = reply.text().await;

    assert_eq!(
        joined(&received),
        "Write to [REDACTED:EMAIL_ADDRESS] or call. "
    );
    assert!(!received.contains("corp"), "{received}");
    let (_, end) = aegis.lines_of(&reply).await;
    let found = json!([{
        "type": "EMAIL_ADDRESS", "class": "pii", "count": 1, "confidence": 0.9, "effect": "sanitize",
    }]);
    assert_eq!(
        without_confidence(&end["answer_data"]),
        without_confidence(&found)
    );
    assert_eq!(end["outcome_detail"], "forwarded");
    let (_, metrics) = aegis.admin_get("/metrics").await;
    for counted in [
        r#"aegis_data_found_total{type="EMAIL_ADDRESS",in="answer"} 1"#,
        r#"aegis_redactions_total{type="EMAIL_ADDRESS",action="label"} 1"#,
    ] {
        assert!(metrics.contains(counted), "{metrics}");
    }
}

#[tokio::test]
async fn text_flows_on_while_a_word_of_it_waits() {
    let feed = Feed::new();
    let (aegis, llm) = model(&feed, "sanitize").await;
    let mut reply = ask(&aegis, &llm).await;

    feed.event(&piece("One moment, please").to_string());
    let first = reply.chunk().await.expect("the text");

    assert_eq!(joined(&String::from_utf8_lossy(&first)), "One moment, ");
    feed.event("[DONE]");
    feed.end();
    assert_eq!(joined(&reply.text().await), "please");
}

#[tokio::test]
async fn data_that_is_denied_ends_the_stream_before_it_with_the_providers_error() {
    let feed = Feed::new();
    let (aegis, llm) = model(&feed, "deny").await;
    let mut reply = ask(&aegis, &llm).await;

    for text in ["Write to an", "n@corp.example", " soon"] {
        feed.event(&piece(text).to_string());
    }
    let received = reply.text().await;

    assert!(
        !received.contains("corp") && !received.contains("soon"),
        "{received}"
    );
    let error = events(&received).last().expect("an event");
    assert_eq!(error["error"]["code"], "data.EMAIL_ADDRESS");
    let (asked, end) = aegis.lines_of(&reply).await;
    assert_eq!(asked["outcome"], "allow");
    assert_eq!(end["outcome_detail"], "refused");
    assert_eq!(end["refusal"]["rules"][0]["rule"], "data.EMAIL_ADDRESS");
    assert_eq!(end["answer_data"][0]["effect"], "deny");
}

#[tokio::test]
async fn what_waits_of_a_stream_that_breaks_off_is_not_released() {
    let feed = Feed::new();
    let (aegis, llm) = model(&feed, "sanitize").await;
    let mut reply = ask(&aegis, &llm).await;

    feed.event(&piece("Write to ann@corp.exa").to_string());
    let first = reply.chunk().await.expect("the text");
    feed.cut();

    let text = String::from_utf8_lossy(&first).into_owned();
    assert_eq!(joined(&text), "Write to ");
    while let Ok(Some(chunk)) = reply.try_chunk().await {
        assert!(!String::from_utf8_lossy(&chunk).contains("corp"));
    }
}

#[tokio::test]
async fn what_was_found_before_the_agent_left_is_on_record() {
    let feed = Feed::new();
    let (aegis, llm) = model(&feed, "sanitize").await;
    let mut reply = ask(&aegis, &llm).await;
    feed.event(&piece("Write to ann@corp.example or").to_string());
    reply.chunk().await.expect("the text");
    let id = reply.header("aegis-decision-id").map(str::to_owned);

    drop(reply);

    let (_, end) = aegis
        .lines(|line| line["id"].as_str() == id.as_deref())
        .await;
    assert_eq!(end["outcome_detail"], "aborted");
    assert_eq!(end["answer_data"][0]["type"], "EMAIL_ADDRESS");
    drop(feed);
}

#[tokio::test]
async fn a_json_document_loses_its_data_and_has_the_length_of_what_is_left() {
    let body = json!({"users": [{"mail": "ann@corp.example", "id": 7}], "next": null});
    let (aegis, site) = site(move || Answer::json(&body), "sanitize").await;

    let mut reply = get(&aegis, &site).await;

    assert_eq!(reply.status(), 200);
    let length = reply.header("content-length").map(str::to_owned);
    let received = reply.text().await;
    assert_eq!(length, Some(received.len().to_string()));
    let received: Value = serde_json::from_str(&received).expect("json");
    let users = json!([{"mail": "[REDACTED:EMAIL_ADDRESS]", "id": 7}]);
    assert_eq!(received, json!({"users": users, "next": null}));
}

#[tokio::test]
async fn a_document_with_data_that_is_denied_is_refused_as_a_whole() {
    let body = json!({"mail": "ann@corp.example"});
    let (aegis, site) = site(move || Answer::json(&body), "deny").await;

    let mut reply = get(&aegis, &site).await;

    assert_eq!(reply.status(), 403);
    assert_eq!(reply.header("aegis-decision"), Some("deny"));
    assert!(!reply.text().await.contains("corp"));
}

#[tokio::test]
async fn other_text_is_redacted_as_it_comes() {
    let page = "<p>Write to ann@corp.example</p>".repeat(1000);
    let answer = move || typed("text/html; charset=utf-8", &page);
    let (aegis, site) = site(answer, "sanitize").await;

    let received = get(&aegis, &site).await.text().await;

    assert_eq!(
        received,
        "<p>Write to [REDACTED:EMAIL_ADDRESS]</p>".repeat(1000)
    );
}

#[tokio::test]
async fn what_is_no_text_passes_and_text_that_cannot_be_read_is_refused() {
    let image = || typed("image/png", "ann@corp.example");
    let (aegis, upstream) = site(image, "sanitize").await;
    assert_eq!(
        get(&aegis, &upstream).await.text().await,
        "ann@corp.example"
    );

    let packed = || {
        let answer = typed("text/plain", "ann@corp.example");
        answer.header("content-encoding", "gzip")
    };
    let (aegis, upstream) = site(packed, "sanitize").await;
    let reply = get(&aegis, &upstream).await;
    assert_eq!(reply.status(), 502);
    let (_, end) = aegis.lines_of(&reply).await;
    assert_eq!(end["refusal"]["rules"][0]["rule"], "data.unread");
}

#[tokio::test]
async fn an_answer_is_asked_for_whole_and_plain() {
    let (aegis, site) = site(|| Answer::text("ok"), "sanitize").await;
    let url = site.url_as("site.test", "/");
    let request = http::Request::get(&url)
        .header("range", "bytes=4-")
        .header("accept-encoding", "gzip, br");
    let request = request
        .body(aegis_testkit::Payload::from(""))
        .expect("a request");
    aegis.client("bot").send(request).await;

    let sent = site.requests().remove(0);

    assert_eq!(sent.header("accept-encoding"), Some("identity"));
    assert_eq!(sent.header("range"), None);
}

#[tokio::test]
async fn the_result_of_a_tool_is_redacted_and_still_answers_its_request() {
    let result = json!({"content": [{"type": "text", "text": "ann@corp.example"}]});
    let body = json!({"jsonrpc": "2.0", "id": 7, "result": result});
    for events in [false, true] {
        let (aegis, site) = site(said(&body, events), "sanitize").await;
        let call =
            json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "find"}});
        let url = site.url_as("mcp.test", "/mcp");

        let received = aegis
            .client("bot")
            .post_json(&url, &call)
            .await
            .text()
            .await;

        assert!(received.contains(r#""id":7"#), "{received}");
        assert!(received.contains("[REDACTED:EMAIL_ADDRESS]"), "{received}");
        assert!(!received.contains("corp"), "{received}");
    }
}

#[tokio::test]
async fn a_stream_ends_when_more_is_asked_of_it_than_was() {
    let feed = Feed::new();
    let (aegis, llm) = model(&feed, "sanitize").await;
    let mut reply = ask(&aegis, &llm).await;
    feed.event(&piece("One moment, please").to_string());
    reply.chunk().await.expect("the text");

    aegis.change_policy(&POLICY.replace("EFFECT", "deny")).await;

    while let Ok(Some(_)) = reply.try_chunk().await {}
    let (_, end) = aegis.lines_of(&reply).await;
    assert_eq!(end["outcome_detail"], "closed_by_policy");
}

#[tokio::test]
async fn an_agent_in_shadow_gets_answers_as_they_are() {
    let (aegis, site) = site(|| Answer::text("ann@corp.example"), "sanitize").await;
    let url = site.url_as("site.test", "/");
    let mut reply = aegis.client("trial").get(&url).await;
    assert_eq!(reply.text().await, "ann@corp.example");
}

fn typed(content_type: &str, body: &str) -> Answer {
    let answer = Answer::status(200).header("content-type", content_type);
    answer.body(body.to_owned())
}

async fn model(feed: &Feed, effect: &str) -> (Aegis, Upstream) {
    let feed = feed.clone();
    site(move || Answer::events(&feed), effect).await
}

/// An answer that is one document, or one event of a stream.
fn said(body: &Value, event: bool) -> impl Fn() -> Answer + Send + Sync + 'static {
    let body = body.clone();
    move || {
        if event {
            let feed = Feed::new();
            feed.event(&body.to_string());
            feed.end();
            Answer::events(&feed)
        } else {
            Answer::json(&body)
        }
    }
}

async fn site(
    answer: impl Fn() -> Answer + Send + Sync + 'static,
    effect: &str,
) -> (Aegis, Upstream) {
    let upstream = Upstream::http().answer(move |_| answer()).start().await;
    let aegis = Aegis::with_policy(&POLICY.replace("EFFECT", effect))
        .agent("acme", "bot")
        .agent("acme", "trial")
        .hosts(&["llm.test", "site.test", "mcp.test"])
        .start()
        .await;
    (aegis, upstream)
}

async fn ask(aegis: &Aegis, llm: &Upstream) -> Reply {
    let request =
        json!({"model": "m", "stream": true, "messages": [{"role": "user", "content": "go"}]});
    let url = llm.url_as("llm.test", "/v1/chat/completions");
    aegis.client("bot").post_json(&url, &request).await
}

async fn get(aegis: &Aegis, site: &Upstream) -> Reply {
    aegis
        .client("bot")
        .get(&site.url_as("site.test", "/"))
        .await
}

fn piece(text: &str) -> Value {
    json!({
        "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}],
    })
}

fn events(received: &str) -> impl Iterator<Item = Value> {
    let lines = received.lines();
    let data = lines.filter_map(|line| line.strip_prefix("data: "));
    data.filter_map(|data| serde_json::from_str(data).ok())
}

/// As an SDK puts it together.
fn joined(received: &str) -> String {
    let pieces = events(received).filter_map(|event| {
        let piece = event.pointer("/choices/0/delta/content")?;
        piece.as_str().map(str::to_owned)
    });
    pieces.collect()
}

fn without_confidence(found: &Value) -> Value {
    let mut found = found.clone();
    for entry in found.as_array_mut().expect("a list") {
        entry
            .as_object_mut()
            .expect("an entry")
            .remove("confidence");
    }
    found
}

const POLICY: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: careful}
  trial: {tenant: acme, profile: trial}
profiles:
  careful:
    hosts: [site.test]
    tools: {llm: {chat: {}}, http: {'*': {}}, mcp: {'*': {}}, mcp/find: {call: {}}}
    answers: {EMAIL_ADDRESS: EFFECT}
  trial:
    mode: shadow
    tools: {http: {'*': {}}}
    hosts: [site.test]
    answers: {EMAIL_ADDRESS: EFFECT}
catalogue:
  llm: {hosts: [llm.test], protocol: openai}
  mcp: {hosts: [mcp.test], protocol: mcp}
";
