//! What is searched of an answer goes by the place: users' own objects as a whole, and nothing that is for programs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::texts::{SSE, clean, message, rules, searched};
use super::*;
use crate::Denied;

/// Stands where data is looked for.
const DATA: &str = "ann@corp.example";
/// Stands where every byte is needed.
const KEPT: &str = "bob@corp.example";

fn packed(text: &str) -> String {
    STANDARD.encode(format!("it is {text} since then"))
}

/// Each with how often [`KEPT`], or [`packed`] of it, is in it.
fn answers() -> Vec<(LlmApi, usize, Value)> {
    let free = json!({"name": DATA, "data": DATA, "id": DATA, "status": DATA, "type": DATA, "signature": DATA,
        "list": [{"id": DATA}], "deep": {"content": {"id": DATA}}, DATA: "x"});
    let file = |id: &str| json!({"type": "file_search_call", "id": id, "status": "completed", "results": [{"file_id": "f", "text": DATA, "attributes": free}]});
    vec![
        (
            LlmApi::ChatCompletions,
            4,
            json!({"id": KEPT, "model": "m", "metadata": free, "usage": {"prompt_tokens": 1, "by": {DATA: 3}}, "choices": [{
                "index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x",
                    "annotations": [{DATA: 1}, {"type": "url_citation", "url_citation": {"title": DATA}}],
                    "reasoning_details": [{"type": "reasoning.encrypted", "data": KEPT, "id": KEPT}, {"type": "reasoning.text", "text": DATA}],
                    "audio": {"id": "a", "data": KEPT, "transcript": DATA}}}]}),
        ),
        (
            LlmApi::Responses,
            3,
            json!({"id": KEPT, "status": "completed", "metadata": free, "prompt": {"variables": free}, "output": [
                file("f1"), {"type": "reasoning", "id": "r", "encrypted_content": KEPT},
                {"type": "image_generation_call", "id": "i", "result": KEPT},
                {"type": "mcp_list_tools", "id": "l", "tools": [{"name": DATA}]}]}),
        ),
        (
            LlmApi::Messages,
            6,
            json!({"id": KEPT, "role": "assistant", "content": [
                {"type": "thinking", "thinking": DATA, "signature": KEPT},
                {"type": "redacted_thinking", "data": KEPT},
                fetched(&json!({"type": "text", "media_type": "text/plain", "data": DATA})),
                fetched(&json!({"type": "base64", "media_type": "text/plain", "data": packed(DATA)})),
                fetched(&json!({"type": "base64", "media_type": "application/json; charset=utf-8", "data": packed(DATA)})),
                fetched(&json!({"type": "base64", "data": packed(DATA)})),
                fetched(&json!({"type": "base64", "media_type": "image/png", "data": packed(KEPT)})),
                {"type": "web_search_tool_result", "tool_use_id": KEPT, "content": [
                    {"type": "web_search_result", "title": DATA, "encrypted_content": KEPT}]},
                {"type": "mcp_tool_result", "tool_use_id": "t", "content": [{"type": "json", "json": free}, {"type": "text", "name": DATA}]}]}),
        ),
        (
            LlmApi::Converse,
            4,
            json!({"additionalModelResponseFields": free, "stopReason": "end_turn", "output": {"message": {"role": "assistant", "content": [
                {"reasoningContent": {"reasoningText": {"text": DATA, "signature": KEPT}}},
                {"reasoningContent": {"redactedContent": KEPT}},
                {"image": {"format": "png", "source": {"bytes": packed(KEPT)}}},
                {"document": {"format": "txt", "name": DATA, "source": {"bytes": packed(DATA)}}},
                {"document": {"format": "txt", "name": "n", "source": {"text": DATA}}},
                {"toolResult": {"toolUseId": KEPT, "content": [{"json": free}], "status": "success"}}]}}}),
        ),
        (
            LlmApi::GenerateContent,
            2,
            json!({"responseId": "r", "modelVersion": "g", "candidates": [{"content": {"role": "model", "parts": [
                {"text": DATA, "thoughtSignature": KEPT},
                {"inlineData": {"mimeType": "text/csv", "data": packed(DATA)}},
                {"inlineData": {"mimeType": "image/jpeg", "data": packed(KEPT)}},
                {"functionResponse": {"id": "f", "name": DATA, "response": free}},
                {"executableCode": {"language": "PYTHON", "code": DATA, "data": DATA}}]}}]}),
        ),
    ]
}

fn fetched(source: &Value) -> Value {
    json!({"type": "web_fetch_tool_result", "tool_use_id": "t", "content": {
        "type": "web_fetch_result", "url": "https://page.example", "content": {"type": "document", "source": source}}})
}

/// The same as streams have them.
fn streams() -> Vec<(LlmApi, usize, Vec<u8>, Framing)> {
    let mut streams = vec![];
    for (api, kept, answer) in answers() {
        let (framing, stream) = match api {
            LlmApi::Messages => {
                let mut events = vec![
                    json!({"type": "message_start", "message": {"id": KEPT, "role": "assistant", "content": []}}),
                ];
                for (at, block) in answer["content"].as_array().unwrap().iter().enumerate() {
                    events.push(
                        json!({"type": "content_block_start", "index": at, "content_block": block}),
                    );
                    events.push(json!({"type": "content_block_stop", "index": at}));
                }
                events.push(json!({"type": "message_stop"}));
                (SSE, named_events(&events))
            }
            LlmApi::Responses => {
                let items = answer["output"].as_array().unwrap();
                let mut events = vec![];
                for (at, item) in items.iter().enumerate().take(1) {
                    events.push(json!({"type": "response.output_item.done", "output_index": at, "item": item}));
                }
                events.push(json!({"type": "response.completed", "response": answer}));
                (SSE, named_events(&events))
            }
            LlmApi::Converse => {
                let mut content = answer["output"]["message"]["content"].clone();
                // In a stream each comes by itself.
                content[0] = json!({"reasoningContent": {"signature": KEPT}});
                let delta = |(at, block)| {
                    message(
                        "contentBlockDelta",
                        &json!({"contentBlockIndex": at, "delta": block, "p": "abc"}),
                    )
                };
                let blocks = content.as_array().unwrap().iter().enumerate();
                let mut stream: Vec<u8> = blocks.flat_map(delta).collect();
                let free = &answer["additionalModelResponseFields"];
                let stop = json!({"stopReason": "end_turn", "additionalModelResponseFields": free});
                stream.extend(message("messageStop", &stop));
                (Framing::AwsEventStream, stream)
            }
            LlmApi::ChatCompletions => {
                let mut chunk = answer.clone();
                let choice = &mut chunk["choices"][0];
                choice["delta"] = choice["message"].take();
                (SSE, data_events(&[chunk]))
            }
            _ => (SSE, data_events(&[answer])),
        };
        streams.push((api, kept, stream, framing));
    }
    streams
}

#[test]
fn objects_of_users_are_searched_whole_and_what_is_for_programs_stays() {
    let documents = answers().into_iter().map(|(api, kept, answer)| {
        (
            api,
            kept,
            answer.to_string().into_bytes(),
            Framing::Document,
        )
    });
    for (api, kept, body, framing) in documents.chain(streams()) {
        for size in [usize::MAX, 7] {
            let sent = clean(api, framing, &body, size);
            let text = String::from_utf8_lossy(&sent);
            let hidden = [DATA.to_owned(), packed(DATA)];
            for data in &hidden {
                assert!(!text.contains(data.as_str()), "{api:?} {framing:?}: {text}");
            }
            let left = text.matches(KEPT).count() + text.matches(&packed(KEPT)).count();
            assert_eq!(left, kept, "{api:?} {framing:?}: {text}");
        }
    }
}

#[test]
fn an_answer_that_holds_denied_data_anywhere_in_them_ends() {
    let denied = Some(AnswerError::Data(Denied::Data("EMAIL_ADDRESS")));
    for (api, _, body, framing) in streams() {
        let (sent, error) = searched(api, framing, &body, 64, &rules(&[], &["EMAIL_ADDRESS"]));
        assert_eq!(error, denied, "{api:?}");
        assert!(!contains(&sent, DATA), "{api:?}");
    }
}

#[test]
fn numbers_of_users_are_searched_and_counts_are_not() {
    let card = 4_000_123_412_341_234_u64;
    let answer = |attributes: u64, tokens: u64| {
        json!({"id": "r", "usage": {"input_tokens": tokens}, "output": [{"type": "file_search_call", "id": "f",
            "results": [{"file_id": "f", "attributes": {"card": attributes}}]}]})
    };
    for (body, error) in [
        (
            answer(card, 1),
            Some(AnswerError::Data(Denied::Number("CREDIT_CARD"))),
        ),
        (answer(1, card), None),
    ] {
        let rules = rules(&["CREDIT_CARD"], &[]);
        let body = body.to_string().into_bytes();
        let (sent, told) = searched(LlmApi::Responses, Framing::Document, &body, 64, &rules);
        assert_eq!(told, error);
        assert_eq!(sent == body, error.is_none());
    }
}

/// The rest of a text is told by an event like the one that brought it.
#[test]
fn what_is_taken_out_of_an_event_is_not_in_the_next_one() {
    let event = json!({"id": "c", "note": DATA, DATA: 1, "choices": [{"index": 0, "delta": {"content": "something, word"}}]});
    let stream = [data_events(&[event]), b"data: [DONE]\n\n".to_vec()].concat();
    let sent = clean(LlmApi::ChatCompletions, SSE, &stream, usize::MAX);
    let events = sent_events(&sent);
    let said = |at: usize| events[at]["choices"][0]["delta"]["content"].as_str();
    assert_eq!([said(0), said(1)], [Some("something, "), Some("word")]);
    assert!(!contains(&sent, DATA), "{events:?}");
}

#[test]
fn what_stands_beside_an_event_is_searched_alike_however_it_is_cut() {
    for end in ["\n", "\r\n", "\r"] {
        let chunk = json!({"choices": [{"index": 0, "delta": {"content": "something, word"}}]});
        let stream = format!(
            ": ping\n: {DATA}\nid: 7\ndata: {chunk}\n\n:{DATA}\n\nretry: {DATA}\ndata: [DONE]\n\n"
        );
        let stream = stream.replace('\n', end).into_bytes();
        let whole = clean(LlmApi::ChatCompletions, SSE, &stream, usize::MAX);
        assert!(contains(&whole, ": ping") && contains(&whole, "id: 7"));
        assert!(!contains(&whole, DATA), "{end:?}");
        for size in 1..40 {
            let cut = clean(LlmApi::ChatCompletions, SSE, &stream, size);
            assert_eq!(cut, whole, "{end:?} {size}");
        }
    }
}

#[test]
fn an_id_or_a_name_with_data_ends_the_stream_before_it() {
    for line in ["id", "event"] {
        let stream = format!("data: {{}}\n\n{line}: {DATA}\ndata: {{}}\n\n");
        let rules = rules(&["EMAIL_ADDRESS"], &[]);
        for size in [1, 7, usize::MAX] {
            let (sent, error) = searched(
                LlmApi::ChatCompletions,
                SSE,
                stream.as_bytes(),
                size,
                &rules,
            );
            assert_eq!(
                error,
                Some(AnswerError::Data(Denied::Event("EMAIL_ADDRESS")))
            );
            assert!(contains(&sent, "data: {}") && !contains(&sent, DATA));
        }
    }
}
