//! What of an LLM's answer is searched goes by its place: what people, pages and tools have put there as a whole, and nothing that is for
//! programs.

use aegis_testkit::{Aegis, Answer, Reply, Upstream};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::typed;

const DATA: &str = "ann@corp.example";
const KEPT: &str = "bob@corp.example";

#[tokio::test]
async fn what_people_and_pages_have_put_into_an_answer_is_searched_and_what_is_for_programs_stays()
{
    for (path, body) in answers() {
        let (aegis, llm) = model(body.clone(), "sanitize").await;

        let mut reply = ask(&aegis, &llm, path, false).await;
        let received = reply.text().await;

        assert_eq!(reply.status(), 200, "{path} {received}");
        assert!(!received.contains(DATA), "{path} {received}");
        assert!(!received.contains(&packed(DATA)), "{path} {received}");
        let kept = |text: &str| text.matches(KEPT).count() + text.matches(&packed(KEPT)).count();
        assert_eq!(
            kept(&received),
            kept(&body.to_string()),
            "{path} {received}"
        );
        let (_, end) = aegis.lines_of(&reply).await;
        assert_eq!(end["answer_data"][0]["type"], "EMAIL_ADDRESS", "{end}");
    }
}

#[tokio::test]
async fn none_of_it_passes_where_policy_denies_it() {
    for (path, body) in answers() {
        let (aegis, llm) = model(body, "deny").await;
        let mut reply = ask(&aegis, &llm, path, false).await;
        assert_eq!(reply.status(), 403, "{path}");
        assert!(!reply.text().await.contains(DATA), "{path}");
    }
}

#[tokio::test]
async fn a_page_that_a_model_has_fetched_is_searched_in_a_stream() {
    for (effect, ends) in [("sanitize", "message_stop"), ("deny", "error")] {
        let block = fetched(&json!({"type": "text", "media_type": "text/plain", "data": DATA}));
        let events = [
            json!({"type": "message_start", "message": {"id": "m", "role": "assistant", "content": []}}),
            json!({"type": "content_block_start", "index": 0, "content_block": block}),
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "message_stop"}),
        ];
        let events = events.map(|event| {
            format!(
                "event: {}\ndata: {event}\n\n",
                event["type"].as_str().expect("a type")
            )
        });
        let body = events.concat();
        let answer = move |_: &_| typed("text/event-stream", &body);
        let llm = Upstream::http().answer(answer).start().await;
        let aegis = aegis(effect).await;

        let mut reply = ask(&aegis, &llm, ANTHROPIC, true).await;
        let received = reply.text().await;

        assert!(!received.contains(DATA), "{received}");
        assert!(received.contains(&format!("event: {ends}\n")), "{received}");
    }
}

/// By the paths that are asked.
fn answers() -> Vec<(&'static str, Value)> {
    let free = json!({"name": DATA, "data": DATA, "id": DATA, "status": DATA, DATA: 1});
    vec![
        (
            ANTHROPIC,
            json!({"id": KEPT, "type": "message", "role": "assistant", "stop_reason": "end_turn", "content": [
                fetched(&json!({"type": "text", "media_type": "text/plain", "data": DATA})),
                fetched(&json!({"type": "base64", "media_type": "text/plain", "data": packed(DATA)})),
                fetched(&json!({"type": "base64", "media_type": "image/png", "data": packed(KEPT)})),
                {"type": "thinking", "thinking": DATA, "signature": KEPT},
            ]}),
        ),
        (
            "openai.test/v1/responses",
            json!({"id": KEPT, "object": "response", "status": "completed", "metadata": free, "output": [
                {"type": "file_search_call", "id": KEPT, "status": "completed", "results": [{"file_id": KEPT, "attributes": free}]},
                {"type": "reasoning", "id": "r", "encrypted_content": KEPT},
            ]}),
        ),
        (
            "openai.test/v1/chat/completions",
            json!({"id": KEPT, "metadata": {DATA: "x"}, "usage": {"prompt_tokens": 1, "by": {DATA: 3}}, "choices": [
                {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x", "annotations": [{DATA: 1}]}},
            ]}),
        ),
        (
            "gemini.test/v1beta/models/g:generateContent",
            json!({"responseId": KEPT, "candidates": [{"content": {"role": "model", "parts": [
                {"inlineData": {"mimeType": "text/csv", "data": packed(DATA)}},
                {"inlineData": {"mimeType": "image/png", "data": packed(KEPT)}},
                {"text": "x", "thoughtSignature": KEPT},
            ]}}]}),
        ),
        (
            "bedrock.test/model/m/converse",
            json!({"additionalModelResponseFields": free, "stopReason": "end_turn", "output": {"message": {"role": "assistant", "content": [
                {"document": {"format": "txt", "name": DATA, "source": {"bytes": packed(DATA)}}},
                {"image": {"format": "png", "source": {"bytes": packed(KEPT)}}},
            ]}}}),
        ),
    ]
}

fn fetched(source: &Value) -> Value {
    json!({"type": "web_fetch_tool_result", "tool_use_id": "t", "content": {
        "type": "web_fetch_result", "url": "https://page.example", "content": {"type": "document", "source": source}}})
}

fn packed(text: &str) -> String {
    STANDARD.encode(format!("it is {text} since then"))
}

async fn model(body: Value, effect: &str) -> (Aegis, Upstream) {
    let llm = Upstream::http()
        .answer(move |_| Answer::json(&body))
        .start()
        .await;
    (aegis(effect).await, llm)
}

async fn aegis(effect: &str) -> Aegis {
    Aegis::with_policy(&POLICY.replace("EFFECT", effect))
        .agent("acme", "bot")
        .hosts(&[
            "openai.test",
            "anthropic.test",
            "gemini.test",
            "bedrock.test",
        ])
        .start()
        .await
}

async fn ask(aegis: &Aegis, llm: &Upstream, path: &str, stream: bool) -> Reply {
    let (host, path) = path.split_once('/').expect("a host and a path");
    let go = json!([{"role": "user", "content": "go"}]);
    let request = match host {
        "gemini.test" => json!({"contents": [{"role": "user", "parts": [{"text": "go"}]}]}),
        "bedrock.test" => json!({"messages": [{"role": "user", "content": [{"text": "go"}]}]}),
        "anthropic.test" => {
            json!({"model": "m", "max_tokens": 5, "stream": stream, "messages": go})
        }
        _ if path.ends_with("responses") => json!({"model": "m", "input": "go"}),
        _ => json!({"model": "m", "messages": go}),
    };
    let url = llm.url_as(host, &format!("/{path}"));
    aegis.client("bot").post_json(&url, &request).await
}

const ANTHROPIC: &str = "anthropic.test/v1/messages";
const POLICY: &str = "
tenants:
  acme: {}
agents:
  bot: {tenant: acme, profile: careful}
profiles:
  careful:
    tools: {openai: {chat: {}}, anthropic: {chat: {}}, gemini: {chat: {}}, bedrock: {chat: {}}}
    answers: {EMAIL_ADDRESS: EFFECT}
catalogue:
  openai: {hosts: [openai.test], protocol: openai}
  anthropic: {hosts: [anthropic.test], protocol: anthropic}
  gemini: {hosts: [gemini.test], protocol: gemini}
  bedrock: {hosts: [bedrock.test], protocol: bedrock}
";
