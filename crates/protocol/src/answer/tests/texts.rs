//! The texts of answers while they stream: an SDK puts together what the whole text would be without the data.

use aegis_policy::{Action, AnswerEffect, AnswerRules};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::aws;
use super::super::frames::{Frames, Payload};
use super::*;
use crate::Denied;
use crate::testing::scanner;

pub(super) const SSE: Framing = Framing::ServerSentEvents;

/// Every API with texts in pieces, as it streams them.
pub(super) const VOICES: [(LlmApi, Framing); 8] = [
    (LlmApi::ChatCompletions, SSE),
    (LlmApi::Responses, SSE),
    (LlmApi::Messages, SSE),
    (LlmApi::GenerateContent, SSE),
    (LlmApi::GenerateContent, Framing::JsonArray),
    (LlmApi::Converse, Framing::AwsEventStream),
    (LlmApi::InvokeModel, Framing::AwsEventStream),
    (LlmApi::InvokeModel, Framing::Document),
];

fn texts() -> Vec<String> {
    vec![
        "Write to ann@corp.example, please. Thanks".to_owned(),
        "été: ann@corp.example".to_owned(),
        "paid with 4000 1234 1234 1234 and AKIAQ7Q7Q7Q7Q7Q7Q7Q7".to_owned(),
        "nothing to see \"here\"\n".to_owned(),
        "ann@corp.example".to_owned(),
    ]
}

pub(super) fn rules(redact: &[&'static str], deny: &[&'static str]) -> AnswerRules {
    let with = |types: &[&'static str], effect| {
        let types = types.iter();
        types
            .map(|kind| ((*kind).into(), effect))
            .collect::<Vec<_>>()
    };
    let redact = with(redact, AnswerEffect::Sanitize(Action::Label)).into_iter();
    AnswerRules {
        data: redact.chain(with(deny, AnswerEffect::Deny)).collect(),
        ..AnswerRules::default()
    }
}

pub(super) fn everything() -> Vec<&'static str> {
    scanner().kinds().collect()
}

fn redacted(text: &str) -> String {
    let redacted = scanner().redact(text, &everything());
    redacted.unwrap_or_else(|| text.to_owned())
}

/// The answer, and its error.
pub(super) fn searched(
    api: LlmApi,
    framing: Framing,
    body: &[u8],
    size: usize,
    rules: &AnswerRules,
) -> (Vec<u8>, Option<AnswerError>) {
    let cleaner = Cleaner::new(scanner(), rules);
    let mut guard = Guard::new(api, framing, LIMITS).searching(cleaner);
    let mut pieces = body.chunks(size.max(1));
    let mut sent = Vec::new();
    loop {
        match guard.step() {
            Ok(Step::Forward(bytes)) => sent.extend(bytes),
            Ok(Step::Judge(_)) => guard.release().unwrap(),
            Ok(Step::Wait) => match pieces.next() {
                Some(piece) => guard.feed(piece),
                None => guard.finish(),
            },
            Ok(Step::End) => return (sent, None),
            Err(error) => {
                sent.extend(guard.refuse(&refusal()));
                return (sent, Some(error));
            }
        }
    }
}

pub(super) fn clean(api: LlmApi, framing: Framing, body: &[u8], size: usize) -> Vec<u8> {
    let (sent, error) = searched(api, framing, body, size, &rules(&everything(), &[]));
    assert_eq!(error, None, "{api:?}");
    sent
}

/// A stream that says the text in these pieces.
pub(super) fn said(api: LlmApi, framing: Framing, pieces: &[&str]) -> Vec<u8> {
    match (api, framing) {
        (LlmApi::ChatCompletions, _) => chat_completion(pieces),
        (LlmApi::Responses, _) => response(pieces),
        (LlmApi::Messages, _) => named_events(&anthropic(pieces)),
        (LlmApi::GenerateContent, framing) => {
            let chunk = |text: &str, finish: Value| {
                json!({"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "finishReason": finish}],
                    "modelVersion": "g"})
            };
            let mut chunks: Vec<Value> =
                pieces.iter().map(|text| chunk(text, Value::Null)).collect();
            if framing == SSE {
                chunks.push(json!({"candidates": [{"finishReason": "STOP"}]}));
                data_events(&chunks)
            } else {
                Value::Array(chunks).to_string().into_bytes()
            }
        }
        (LlmApi::Converse, _) => {
            let delta = |text: &&str| {
                let delta = json!({"contentBlockIndex": 0, "delta": {"text": text}, "p": "ab"});
                message("contentBlockDelta", &delta)
            };
            let mut stream: Vec<u8> = pieces.iter().flat_map(delta).collect();
            stream.extend(message(
                "contentBlockStop",
                &json!({"contentBlockIndex": 0}),
            ));
            stream.extend(message("messageStop", &json!({"stopReason": "end_turn"})));
            stream
        }
        (_, Framing::AwsEventStream) => anthropic(pieces).iter().flat_map(chunk).collect(),
        // The same frame, another model: what it says is in no API's words.
        _ => pieces
            .iter()
            .map(|text| json!({"generation": text, "stop_reason": null}))
            .flat_map(|inner| chunk(&inner))
            .collect(),
    }
}

fn chat_completion(pieces: &[&str]) -> Vec<u8> {
    let chunk = |delta: Value, finish: Value| {
        json!({"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]})
    };
    let mut events = vec![chunk(
        json!({"role": "assistant", "content": "", "refusal": null}),
        Value::Null,
    )];
    events.extend(
        pieces
            .iter()
            .map(|text| chunk(json!({"content": text}), Value::Null)),
    );
    events.push(chunk(json!({}), json!("stop")));
    [data_events(&events), b"data: [DONE]\n\n".to_vec()].concat()
}

fn response(pieces: &[&str]) -> Vec<u8> {
    let whole = pieces.concat();
    let at = json!({"item_id": "msg_1", "output_index": 0, "content_index": 0});
    let event = |kind: &str, number: usize, more: Value| {
        let mut event = at.clone();
        let members = event.as_object_mut().unwrap();
        members.insert("type".to_owned(), kind.into());
        members.insert("sequence_number".to_owned(), number.into());
        members.extend(more.as_object().unwrap().clone());
        event
    };
    let mut events = vec![];
    for (at, text) in pieces.iter().enumerate() {
        let more = json!({"delta": text, "logprobs": [{"token": text}]});
        events.push(event("response.output_text.delta", at, more));
    }
    let part = json!({"type": "output_text", "text": whole, "annotations": []});
    let last = pieces.len();
    events.push(event(
        "response.output_text.done",
        last,
        json!({"text": whole}),
    ));
    events.push(event(
        "response.content_part.done",
        last + 1,
        json!({"part": part}),
    ));
    let item = json!({"type": "message", "id": "msg_1", "content": [part]});
    let response = json!({"id": "r", "status": "completed", "output": [item]});
    events.push(
        json!({"type": "response.completed", "sequence_number": last + 2, "response": response}),
    );
    named_events(&events)
}

fn anthropic(pieces: &[&str]) -> Vec<Value> {
    let mut events = vec![
        json!({"type": "message_start", "message": {"id": "m", "role": "assistant", "content": []}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    ];
    let delta = |text: &&str| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
    events.extend(pieces.iter().map(delta));
    events.push(json!({"type": "content_block_stop", "index": 0}));
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}));
    events.push(json!({"type": "message_stop"}));
    events
}

pub(super) fn message(name: &str, payload: &Value) -> Vec<u8> {
    let headers = [(":event-type", name), (":message-type", "event")];
    aws::message(&headers, payload.to_string().as_bytes())
}

fn chunk(inner: &Value) -> Vec<u8> {
    message(
        "chunk",
        &json!({"bytes": STANDARD.encode(inner.to_string())}),
    )
}

/// What an SDK puts together from the deltas of this stream.
pub(super) fn joined(api: LlmApi, framing: Framing, sent: &[u8]) -> String {
    const DELTAS: [&str; 5] = [
        "/choices/0/delta/content",
        "/delta/text",
        "/generation",
        "/candidates/0/content/parts/0/text",
        "/delta",
    ];
    let mut frames = Frames::new(framing_of(framing), api == LlmApi::InvokeModel, LIMITS);
    let (mut text, mut rest) = (String::new(), sent);
    while let Some(frame) = frames.next(rest, true).unwrap() {
        if let Payload::Json(json) = &frame.payload
            && let Ok(event) = serde_json::from_slice::<Value>(json)
        {
            let piece = DELTAS.iter().find_map(|at| event.pointer(at)?.as_str());
            text.push_str(piece.unwrap_or_default());
        }
        rest = rest.get(frame.length..).unwrap();
    }
    text
}

/// Of the one API that stands in the list twice.
pub(super) fn framing_of(framing: Framing) -> Framing {
    match framing {
        Framing::Document => Framing::AwsEventStream,
        framing => framing,
    }
}

#[test]
fn every_split_of_a_text_is_redacted_like_the_whole() {
    for (api, framing) in VOICES {
        for text in texts() {
            let expected = redacted(&text);
            for (at, _) in text.char_indices() {
                let (left, right) = text.split_at(at);
                let stream = said(api, framing, &[left, right]);
                let sent = clean(api, framing_of(framing), &stream, usize::MAX);
                assert_eq!(joined(api, framing, &sent), expected, "{api:?} at {at}");
            }
        }
    }
}

#[test]
fn pieces_of_any_size_and_bytes_of_any_size_give_the_same() {
    for (api, framing) in VOICES {
        for text in texts() {
            for size in 1..8 {
                let characters: Vec<char> = text.chars().collect();
                let pieces: Vec<String> = characters
                    .chunks(size)
                    .map(|it| it.iter().collect())
                    .collect();
                let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
                let stream = said(api, framing, &pieces);
                let framing = framing_of(framing);
                let sent = clean(api, framing, &stream, usize::MAX);
                assert_eq!(joined(api, framing, &sent), redacted(&text), "{api:?}");
                assert_eq!(clean(api, framing, &stream, size * 7), sent, "{api:?}");
                assert!(!contains(&sent, "corp.example"), "{api:?}");
            }
        }
    }
}

#[test]
fn what_repeats_a_text_says_what_its_pieces_say() {
    let stream = said(LlmApi::Responses, SSE, &["to ann@co", "rp.example"]);
    let sent = clean(LlmApi::Responses, SSE, &stream, usize::MAX);
    let events = sent_events(&sent);
    let text = "to [REDACTED:EMAIL_ADDRESS]";
    assert_eq!(joined(LlmApi::Responses, SSE, &sent), text);
    let repeated = ["/text", "/part/text", "/response/output/0/content/0/text"];
    for at in repeated {
        let found = events.iter().find_map(|event| event.pointer(at));
        assert_eq!(found, Some(&json!(text)), "{at}");
    }
    // Its tokens would tell.
    assert!(!contains(&sent, "token"));
}

#[test]
fn events_stay_numbered_one_by_one_where_one_came_in_between() {
    let stream = said(LlmApi::Responses, SSE, &["something, ", "word"]);
    let events = sent_events(&clean(LlmApi::Responses, SSE, &stream, usize::MAX));
    let numbers: Vec<_> = events
        .iter()
        .map(|event| event["sequence_number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    assert_eq!(events[2]["type"], "response.output_text.delta");
    assert_eq!(events[2]["item_id"], "msg_1");
}

#[test]
fn what_comes_in_between_is_an_event_like_its_neighbours() {
    let stream = said(LlmApi::ChatCompletions, SSE, &["something, ", "word"]);
    let events = sent_events(&clean(LlmApi::ChatCompletions, SSE, &stream, usize::MAX));
    assert_eq!(
        events[3],
        json!({"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "logprobs": null, "finish_reason": null, "delta": {"refusal": null, "content": "word"}}]})
    );
}

#[test]
fn each_text_of_an_answer_is_one_of_its_own() {
    let delta = |choice: u64, delta: Value| json!({"choices": [{"index": choice, "delta": delta}]});
    let events = [
        delta(0, json!({"content": "ann@"})),
        delta(1, json!({"content": "bob@"})),
        delta(0, json!({"reasoning_content": "cat@", "content": "corp"})),
        delta(1, json!({"content": "other.example"})),
        delta(
            0,
            json!({"reasoning_content": "x.example", "content": ".example"}),
        ),
    ];
    let stream = data_events(&events);
    let sent = sent_events(&clean(LlmApi::ChatCompletions, SSE, &stream, usize::MAX));
    let text = |choice: u64, name: &str| {
        let choices = sent.iter().map(|event| &event["choices"][0]);
        let texts = choices
            .filter(|it| it["index"] == choice)
            .filter_map(|it| it["delta"][name].as_str());
        texts.collect::<String>()
    };
    for (choice, name) in [(0, "content"), (1, "content"), (0, "reasoning_content")] {
        assert_eq!(
            text(choice, name),
            "[REDACTED:EMAIL_ADDRESS]",
            "{choice} {name}"
        );
    }
}

#[test]
fn clean_text_goes_out_with_the_event_that_brings_it() {
    let cleaner = Cleaner::new(scanner(), &rules(&everything(), &[]));
    let mut guard = Guard::new(LlmApi::Messages, SSE, LIMITS).searching(cleaner);
    let stream = named_events(&anthropic(&["Good morning, ", "Ann"]));
    let head = stream.len() - named_events(&anthropic(&[])).len();
    guard.feed(&stream[..head + 200]);
    let mut sent = Vec::new();
    while let Ok(Step::Forward(bytes)) = guard.step() {
        sent.extend(bytes);
    }
    assert!(contains(&sent, "Good morning,"));
}

#[test]
fn a_stream_ends_before_data_that_is_denied() {
    for (api, framing) in VOICES {
        let stream = said(api, framing, &["Write to ann@", "corp.example", " soon"]);
        let rules = rules(&["CREDIT_CARD"], &["EMAIL_ADDRESS"]);
        let (sent, error) = searched(api, framing_of(framing), &stream, 64, &rules);
        assert_eq!(
            error,
            Some(AnswerError::Data(Denied::Data("EMAIL_ADDRESS")))
        );
        assert!(
            !contains(&sent, "ann@") && !contains(&sent, "corp"),
            "{api:?}"
        );
        assert!(!contains(&sent, "soon"), "{api:?}");
    }
}

#[test]
fn types_without_a_rule_pass_and_are_counted() {
    let stream = said(
        LlmApi::Messages,
        SSE,
        &["ann@corp.example ", "bob@corp.example"],
    );
    let cleaner = Cleaner::new(scanner(), &rules(&["CREDIT_CARD"], &[]));
    let mut guard = Guard::new(LlmApi::Messages, SSE, LIMITS).searching(cleaner);
    guard.feed(&stream);
    guard.finish();
    let mut sent = Vec::new();
    while let Ok(Step::Forward(bytes)) = guard.step() {
        sent.extend(bytes);
    }
    assert_eq!(
        joined(LlmApi::Messages, SSE, &sent),
        "ann@corp.example bob@corp.example"
    );
    let found = guard.cleaner().unwrap().found();
    let found: Vec<_> = found
        .iter()
        .map(|it| (it.seen.kind, it.seen.count, it.effect))
        .collect();
    assert_eq!(found, [("EMAIL_ADDRESS", 2, AnswerEffect::Allow)]);
}

#[test]
fn arguments_of_calls_are_judged_by_themselves() {
    let arguments = r#"{"to": "ann@corp.example"}"#;
    let call = json!({"index": 0, "id": "c", "function": {"name": "send", "arguments": arguments}});
    let stream = data_events(&[
        json!({"choices": [{"index": 0, "delta": {"content": "To ann@corp.example:", "tool_calls": [call]}}]}),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
    ]);
    let sent = sent_events(&clean(LlmApi::ChatCompletions, SSE, &stream, usize::MAX));
    let delta = &sent[0]["choices"][0]["delta"];
    assert_eq!(delta["tool_calls"][0]["function"]["arguments"], arguments);
    let texts = sent
        .iter()
        .filter_map(|event| event["choices"][0]["delta"]["content"].as_str());
    assert_eq!(texts.collect::<String>(), "To [REDACTED:EMAIL_ADDRESS]:");
    assert_eq!(sent.len(), 3);
    assert_eq!(sent[1]["choices"][0]["delta"].get("tool_calls"), None);
}

#[test]
fn the_rest_of_a_text_goes_out_before_a_call_that_is_refused() {
    let call =
        json!({"index": 0, "id": "c", "function": {"name": "drop_table", "arguments": "{}"}});
    let stream = data_events(&[
        json!({"choices": [{"index": 0, "delta": {"content": "One moment"}}]}),
        json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
    ]);
    let cleaner = Cleaner::new(scanner(), &rules(&everything(), &[]));
    let api = LlmApi::ChatCompletions;
    let mut guard = Guard::new(api, SSE, LIMITS).searching(cleaner);
    guard.feed(&stream);
    let mut sent = Vec::new();
    while let Ok(Step::Forward(bytes)) = guard.step() {
        sent.extend(bytes);
    }
    sent.extend(guard.refuse(&refusal()));
    assert_eq!(joined(api, SSE, &sent), "One moment");
    assert!(!contains(&sent, "drop_table"));
}

#[test]
fn a_whole_answer_is_redacted_where_it_stands() {
    let body = br#"{"id": "ann@id.example", "choices": [{"message": {"content": "ann@corp.example", "x": [1.50]}}]}"#;
    let sent = clean(LlmApi::ChatCompletions, Framing::Document, body, usize::MAX);
    assert_eq!(
        std::str::from_utf8(&sent).unwrap(),
        r#"{"id": "ann@id.example", "choices": [{"message": {"content": "[REDACTED:EMAIL_ADDRESS]", "x": [1.50]}}]}"#
    );
}

#[test]
fn a_stream_of_any_length_holds_back_no_more_than_a_word() {
    let cleaner = Cleaner::new(scanner(), &rules(&everything(), &[]));
    let mut guard = Guard::new(LlmApi::ChatCompletions, SSE, LIMITS).searching(cleaner);
    let event =
        json!({"choices": [{"index": 0, "delta": {"content": "ann@corp.example and more "}}]});
    let mut sent = Vec::new();
    for times in 1..=1000 {
        guard.feed(&data_events(std::slice::from_ref(&event)));
        while let Ok(Step::Forward(bytes)) = guard.step() {
            sent.extend(bytes);
        }
        if times % 100 == 0 {
            let text = joined(LlmApi::ChatCompletions, SSE, &sent);
            let all = "[REDACTED:EMAIL_ADDRESS] and more ".repeat(times);
            assert!(all.starts_with(&text) && text.len() + 64 > all.len());
        }
    }
}

#[test]
fn what_an_answer_holds_back_is_bounded() {
    let open = |index: u64| json!({"choices": [{"index": index, "delta": {"content": "a"}}]});
    let stream = data_events(&(0..9).map(open).collect::<Vec<_>>());
    let every = rules(&everything(), &[]);
    let (_, error) = searched(LlmApi::ChatCompletions, SSE, &stream, usize::MAX, &every);
    assert_eq!(error, Some(AnswerError::TooManyTexts));
}
