//! Anthropic's Messages, as the `anthropic` SDKs receive them.

use super::*;

const API: LlmApi = LlmApi::Messages;
const SSE: Framing = Framing::ServerSentEvents;

fn start() -> Value {
    json!({"type": "message_start", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "content": [],
        "stop_reason": null, "usage": {"input_tokens": 20, "output_tokens": 1,
            "cache_read_input_tokens": 5, "inference_geo": "eu"},
    }})
}

fn block(index: u64, block: Value) -> Value {
    let mut event = json!({"type": "content_block_start", "index": index});
    event["content_block"] = block;
    event
}

fn used(kind: &str, input: Value) -> Value {
    let mut used = json!({"type": kind, "id": "call_secret", "name": "drop_table"});
    used["input"] = input;
    used
}

fn piece(index: u64, text: &str) -> Value {
    json!({"type": "content_block_delta", "index": index,
           "delta": {"type": "input_json_delta", "partial_json": text}})
}

fn stop(index: u64) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

fn text(index: u64) -> [Value; 3] {
    let delta = json!({"type": "content_block_delta", "index": index,
                       "delta": {"type": "text_delta", "text": "Hm."}});
    [
        block(index, json!({"type": "text", "text": ""})),
        delta,
        stop(index),
    ]
}

fn end() -> [Value; 2] {
    let delta = json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"},
                       "usage": {"output_tokens": 42}});
    [delta, json!({"type": "message_stop"})]
}

fn events() -> Vec<Value> {
    let mut events = vec![start(), json!({"type": "ping"})];
    events.extend(text(0));
    events.push(block(1, used("tool_use", json!({}))));
    events.extend([
        piece(1, ""),
        piece(1, "{\"table\": \"led"),
        piece(1, "ger\"}"),
        stop(1),
    ]);
    events.extend(text(2));
    events.extend(end());
    events
}

pub(in super::super) fn stream() -> Vec<u8> {
    named_events(&events())
}

/// As the SDKs do: pieces appended by index, the block's own input where there are none.
fn assembled(sent: &[u8]) -> Vec<Value> {
    let mut blocks: Vec<(Value, String)> = Vec::new();
    for event in sent_events(sent) {
        let at = usize::try_from(event["index"].as_u64().unwrap_or_default()).unwrap();
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                blocks.push((event["content_block"]["input"].clone(), String::new()));
            }
            "content_block_delta" => {
                blocks[at].1 += event["delta"]["partial_json"].as_str().unwrap_or_default();
            }
            _ => {}
        }
    }
    let input = |(input, pieces): &(Value, String)| {
        if pieces.is_empty() {
            input.clone()
        } else {
            serde_json::from_str(pieces).unwrap()
        }
    };
    blocks
        .iter()
        .map(input)
        .filter(|input| !input.is_null())
        .collect()
}

#[test]
fn a_released_stream_is_the_same_bytes() {
    let told = released(API, SSE, &stream());
    assert_eq!(
        told.heard,
        Heard {
            id: Some("msg_1".to_owned()),
            model: Some("claude-x".to_owned()),
            region: Some("eu".to_owned()),
            usage: usage(20, 42, Some(5)),
            finish: vec!["tool_use".to_owned()],
            ..Heard::default()
        }
    );
}

#[test]
fn replaced_arguments_are_what_the_sdk_puts_together() {
    let told = whole(API, SSE, &stream(), &replace());
    assert_eq!(told.error, None);
    assert_eq!(assembled(&told.sent), [safe()]);
    assert!(!contains(&told.sent, "ger"));
}

#[test]
fn arguments_that_come_with_the_beginning_count_and_are_replaced() {
    let stream = named_events(&[
        start(),
        block(0, used("tool_use", json!({"table": "ledger"}))),
        stop(0),
    ]);
    let told = whole(API, SSE, &stream, &Verdict::Release);
    assert_eq!(told.calls[0].arguments, read(json!({"table": "ledger"})));
    let told = whole(API, SSE, &stream, &replace());
    assert_eq!(assembled(&told.sent), [safe()]);
}

#[test]
fn a_refused_stream_ends_with_the_providers_error() {
    let told = whole(API, SSE, &stream(), &Verdict::Refuse);
    assert!(hides_the_call(&told));
    assert!(told.sent.starts_with(&named_events(&events()[..5])));
    let last = sent_events(&told.sent).pop().unwrap();
    assert_eq!(
        (&last["type"], &last["error"]["type"]),
        (&json!("error"), &json!("permission_error"))
    );
    assert!(contains(&told.sent, "event: error\n"));
}

#[test]
fn what_the_provider_runs_is_seen_and_marked() {
    for kind in ["server_tool_use", "mcp_tool_use"] {
        let stream = named_events(&[
            start(),
            block(0, used(kind, json!({}))),
            piece(0, "{}"),
            stop(0),
        ]);
        let told = whole(API, SSE, &stream, &Verdict::Release);
        assert_eq!(told.calls[0].run_by, RunBy::Provider, "{kind}");
        assert_eq!(told.sent, stream);
    }
}

#[test]
fn a_whole_answer_is_judged_and_replaced() {
    let mut answer = start()["message"].clone();
    answer["content"] =
        json!([{"type": "text", "text": "Hm."}, used("tool_use", json!({"table": "ledger"}))]);
    answer["stop_reason"] = json!("tool_use");
    let body = answer.to_string().into_bytes();
    let told = whole(API, Framing::Document, &body, &Verdict::Release);
    assert_eq!(told.sent, body);
    assert_eq!(told.calls[0].arguments, read(json!({"table": "ledger"})));
    let told = whole(API, Framing::Document, &body, &replace());
    answer["content"][1]["input"] = safe();
    assert_eq!(serde_json::from_slice::<Value>(&told.sent).unwrap(), answer);
    let told = whole(API, Framing::Document, &body, &Verdict::Refuse);
    assert!(hides_the_call(&told));
}

#[test]
fn what_clients_would_put_together_differently_is_an_error() {
    let call = || block(0, used("tool_use", json!({})));
    let mut early = start();
    early["message"]["content"] = json!([used("tool_use", json!({}))]);
    for (case, events) in [
        ("content before its events", vec![early]),
        (
            "out of order",
            vec![start(), block(1, used("tool_use", json!({})))],
        ),
        (
            "the same index again",
            vec![start(), call(), stop(0), call()],
        ),
        (
            "a piece for text",
            vec![
                start(),
                block(0, json!({"type": "text", "text": ""})),
                piece(0, "{}"),
            ],
        ),
        ("a piece for nothing", vec![start(), piece(3, "{}")]),
        (
            "a piece behind the end",
            vec![start(), call(), stop(0), piece(0, "{}")],
        ),
        (
            "two inputs",
            vec![
                start(),
                block(0, used("tool_use", json!({"a": 1}))),
                piece(0, "{}"),
                stop(0),
            ],
        ),
        ("never ends", vec![start(), call(), piece(0, "{}")]),
    ] {
        let told = whole(API, SSE, &named_events(&events), &Verdict::Release);
        assert!(told.error.is_some(), "{case}");
    }
}

#[test]
fn the_name_of_an_event_is_its_type() {
    for name in [
        "event: ping\n",
        "event: content_block_delta\n",
        "event: error\n",
        "event: message\n",
    ] {
        let stream = format!("{name}data: {}\n\n", block(0, used("tool_use", json!({}))));
        let told = whole(API, SSE, stream.as_bytes(), &Verdict::Release);
        assert!(
            matches!(told.error, Some(AnswerError::Ambiguous(_))),
            "{name}"
        );
        assert!(hides_the_call(&told));
    }
}

#[test]
fn a_stream_without_names_is_followed_by_its_types() {
    released(API, SSE, &data_events(&events()));
    let told = whole(API, SSE, &data_events(&events()), &Verdict::Refuse);
    assert!(hides_the_call(&told));
}

#[test]
fn a_stream_of_which_only_some_events_have_names_is_ambiguous() {
    let (named, bare) = (named_events(&events()), data_events(&events()));
    let event = |stream: &[u8], at: usize| {
        let text = String::from_utf8(stream.to_vec()).expect("utf-8");
        let event = text.split_inclusive("\n\n").nth(at).expect("an event");
        event.to_owned()
    };
    for at in 0..events().len() {
        let is_part = event(&bare, at).contains("message") || event(&bare, at).contains("block");
        let mixed = |of: &[u8], one: &[u8]| {
            let events = 0..events().len();
            let events = events.map(|place| event(if place == at { one } else { of }, place));
            events.collect::<String>()
        };
        for stream in [mixed(&named, &bare), mixed(&bare, &named)] {
            let told = whole(API, SSE, stream.as_bytes(), &Verdict::Release);
            let ambiguous = matches!(told.error, Some(AnswerError::Ambiguous(_)));
            // A ping without a name says nothing to anybody.
            assert_eq!(
                ambiguous,
                is_part || stream.starts_with("data:"),
                "{stream}"
            );
        }
    }
}
