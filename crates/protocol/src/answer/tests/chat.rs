//! Chat Completions, as the `openai` SDKs receive them.

use super::*;

const API: LlmApi = LlmApi::ChatCompletions;
const SSE: Framing = Framing::ServerSentEvents;

fn chunk(delta: Value, finish: Value) -> Value {
    let mut choice = json!({"index": 0, "logprobs": null});
    choice["delta"] = delta;
    choice["finish_reason"] = finish;
    json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-x-2026",
        "choices": [choice], "usage": null,
    })
}

fn tool(index: u64, id: Value, name: Value, arguments: &str) -> Value {
    let mut call =
        json!({"index": index, "type": "function", "function": {"arguments": arguments}});
    call["id"] = id;
    call["function"]["name"] = name;
    json!({"tool_calls": [call]})
}

fn piece(index: u64, arguments: &str) -> Value {
    json!({"tool_calls": [{"index": index, "function": {"arguments": arguments}}]})
}

fn events() -> Vec<Value> {
    vec![
        chunk(json!({"role": "assistant", "content": ""}), Value::Null),
        chunk(json!({"content": "Let me see"}), Value::Null),
        chunk(
            tool(0, json!("call_secret"), json!("drop_table"), ""),
            Value::Null,
        ),
        chunk(piece(0, "{\"tab"), Value::Null),
        chunk(piece(0, "le\":\"ledger\"}"), Value::Null),
        chunk(json!({}), json!("tool_calls")),
        json!({"id": "chatcmpl-1", "model": "gpt-x-2026", "choices": [], "usage": {
            "prompt_tokens": 9, "completion_tokens": 4,
            "prompt_tokens_details": {"cached_tokens": 3},
        }}),
    ]
}

pub(in super::super) fn stream() -> Vec<u8> {
    let mut stream = data_events(&events());
    stream.extend(b"data: [DONE]\n\n");
    stream
}

/// As the SDKs do: by index, arguments appended.
fn assembled(sent: &[u8]) -> Vec<(String, Value)> {
    let mut calls: Vec<(String, String)> = Vec::new();
    for event in sent_events(sent) {
        let parts = event["choices"][0]["delta"]["tool_calls"]
            .as_array()
            .cloned();
        for part in parts.unwrap_or_default() {
            let at = usize::try_from(part["index"].as_u64().unwrap()).unwrap();
            calls.resize(calls.len().max(at + 1), Default::default());
            calls[at].0 += part["function"]["name"].as_str().unwrap_or_default();
            calls[at].1 += part["function"]["arguments"].as_str().unwrap_or_default();
        }
    }
    let read = |text: &str| serde_json::from_str(text).expect("arguments");
    calls
        .iter()
        .map(|(name, text)| (name.clone(), read(text)))
        .collect()
}

#[test]
fn a_released_stream_is_the_same_bytes() {
    let told = released(API, SSE, &stream());
    assert_eq!(
        told.heard,
        Heard {
            id: Some("chatcmpl-1".to_owned()),
            model: Some("gpt-x-2026".to_owned()),
            usage: usage(9, 4, Some(3)),
            finish: vec!["tool_calls".to_owned()],
            ..Heard::default()
        }
    );
}

#[test]
fn text_goes_out_before_the_call_is_complete() {
    let mut guard = Guard::new(API, SSE, LIMITS);
    let events = events();
    guard.feed(&data_events(&events[..4]));
    assert_eq!(
        guard.step(),
        Ok(Step::Forward(data_events(&events[..2]).into()))
    );
    assert_eq!(guard.step(), Ok(Step::Wait));
}

#[test]
fn replaced_arguments_are_what_the_sdk_puts_together() {
    let told = whole(API, SSE, &stream(), &replace());
    assert_eq!(told.error, None);
    assert_eq!(assembled(&told.sent), [("drop_table".to_owned(), safe())]);
    assert!(!contains(&told.sent, "ledger"));
    assert!(told.sent.ends_with(b"data: [DONE]\n\n"));
}

#[test]
fn a_refused_stream_ends_with_the_providers_error() {
    let told = whole(API, SSE, &stream(), &Verdict::Refuse);
    assert!(hides_the_call(&told));
    assert!(told.sent.starts_with(&data_events(&events()[..2])));
    let last = sent_events(&told.sent).pop().unwrap();
    assert_eq!(last["error"]["type"], "policy_refusal");
    assert_eq!(last["error"]["code"], "tools.denied");
    assert_eq!(last["error"]["aegis"]["decision_id"], "d-1");
}

#[test]
fn parallel_calls_are_judged_one_by_one() {
    let stream = data_events(&[
        chunk(tool(0, json!("a"), json!("one"), "{\"n\":1}"), Value::Null),
        chunk(tool(1, json!("b"), json!("two"), ""), Value::Null),
        chunk(piece(1, ""), Value::Null),
        chunk(json!({}), json!("tool_calls")),
    ]);
    let told = whole(API, SSE, &stream, &Verdict::Release);
    assert_eq!(
        told.calls,
        [
            call("a", "one", json!({"n": 1})),
            call("b", "two", json!({}))
        ]
    );
    assert_eq!(told.sent, stream);
    let told = whole(API, SSE, &stream, &replace());
    let expected = [("one".to_owned(), safe()), ("two".to_owned(), safe())];
    assert_eq!(assembled(&told.sent), expected);
}

#[test]
fn each_choice_and_the_legacy_form_have_calls_of_their_own() {
    let legacy = |index: u64, delta: Value, finish: Value| json!({"choices": [{"index": index, "delta": {"function_call": delta}, "finish_reason": finish}]});
    let stream = data_events(&[
        legacy(
            0,
            json!({"name": "one", "arguments": "{\"n\":"}),
            Value::Null,
        ),
        legacy(
            1,
            json!({"name": "two", "arguments": "{}"}),
            json!("function_call"),
        ),
        legacy(0, json!({"arguments": "1}"}), json!("function_call")),
    ]);
    let told = whole(API, SSE, &stream, &Verdict::Release);
    assert_eq!(
        told.calls,
        [call("", "two", json!({})), call("", "one", json!({"n": 1}))]
    );
    assert_eq!(told.sent, stream);
}

#[test]
fn a_whole_answer_is_judged_replaced_and_refused() {
    let answer = json!({
        "id": "chatcmpl-2", "model": "m",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": null, "tool_calls": [
                {"id": "call_secret", "type": "function",
                 "function": {"name": "drop_table", "arguments": "{\"table\": \"ledger\"}"}},
                {"id": "c", "type": "custom", "custom": {"name": "shell", "input": "rm -r"}},
            ],
        }}],
    });
    let body = answer.to_string().into_bytes();
    let told = whole(API, Framing::Document, &body, &Verdict::Release);
    assert_eq!(told.sent, body);
    assert_eq!(
        told.calls,
        [
            call("call_secret", "drop_table", json!({"table": "ledger"})),
            call("c", "shell", json!({"input": "rm -r"})),
        ]
    );

    let told = whole(
        API,
        Framing::Document,
        &body,
        &Verdict::Replace(json!({"input": "ls"})),
    );
    let sent: Value = serde_json::from_slice(&told.sent).unwrap();
    let calls = &sent["choices"][0]["message"]["tool_calls"];
    assert_eq!(calls[0]["function"]["arguments"], "{\"input\":\"ls\"}");
    assert_eq!(calls[1]["custom"]["input"], "ls");

    let told = whole(API, Framing::Document, &body, &Verdict::Refuse);
    assert!(hides_the_call(&told));
    let sent: Value = serde_json::from_slice(&told.sent).unwrap();
    assert_eq!(sent["error"]["type"], "policy_refusal");
}

#[test]
fn free_text_takes_free_text_only() {
    let body = json!({"choices": [{"message": {"tool_calls": [
        {"id": "c", "custom": {"name": "shell", "input": "rm"}},
    ]}}]});
    let told = whole(
        API,
        Framing::Document,
        body.to_string().as_bytes(),
        &replace(),
    );
    assert_eq!(told.error, Some(AnswerError::Fixed));
    assert!(!contains(&told.sent, "shell"));
}

#[test]
fn arguments_that_readers_differ_on_are_unreadable() {
    for arguments in [
        "{\"a\":1,\"a\":2}",
        "{",
        "{\"a\":1e999}",
        "{\"a\":NaN}",
        "{\"a\":\"\\ud800\"}",
    ] {
        let stream = data_events(&[chunk(
            tool(0, json!("a"), json!("t"), arguments),
            json!("stop"),
        )]);
        let told = whole(API, SSE, &stream, &Verdict::Refuse);
        assert!(
            matches!(told.calls[0].arguments, Arguments::Unreadable(_)),
            "{arguments}"
        );
    }
    let stream = data_events(&[chunk(tool(0, json!("a"), json!("t"), "[1]"), json!("stop"))]);
    let told = whole(API, SSE, &stream, &Verdict::Refuse);
    assert_eq!(told.calls[0].arguments, Arguments::NotAnObject);
}

#[test]
fn what_clients_would_put_together_differently_is_an_error() {
    let begin = || chunk(tool(0, json!("a"), json!("t"), "{}"), Value::Null);
    let end = || chunk(json!({}), json!("tool_calls"));
    let spelled = |name: &str| json!({"choices": [{"index": 0, "delta": {name: [{"index": 0}]}}]});
    let message =
        json!({"choices": [{"index": 0, "delta": {}, "message": {"tool_calls": [{"id": "x"}]}}]});
    for (case, events) in [
        (
            "named again",
            vec![
                begin(),
                chunk(tool(0, Value::Null, json!("u"), ""), Value::Null),
            ],
        ),
        (
            "another id",
            vec![
                begin(),
                chunk(tool(0, json!("b"), Value::Null, ""), Value::Null),
            ],
        ),
        (
            "after its end",
            vec![begin(), end(), chunk(piece(0, " "), Value::Null)],
        ),
        ("no name", vec![chunk(piece(0, "{}"), Value::Null)]),
        (
            "no index",
            vec![chunk(
                json!({"tool_calls": [{"id": "a", "function": {"name": "t"}}]}),
                Value::Null,
            )],
        ),
        (
            "not a list",
            vec![chunk(json!({"tool_calls": {"index": 0}}), Value::Null)],
        ),
        ("another case", vec![spelled("Tool_Calls")]),
        ("camel case", vec![spelled("toolCalls")]),
        ("a message in a stream", vec![message]),
        (
            "an index beyond what all clients tell apart",
            vec![chunk(
                tool(1 << 53, json!("a"), json!("t"), "{}"),
                json!("stop"),
            )],
        ),
        ("never ends", vec![begin()]),
    ] {
        let told = whole(API, SSE, &data_events(&events), &Verdict::Release);
        assert!(told.error.is_some(), "{case}");
    }
}

#[test]
fn a_call_in_a_named_event_is_an_error() {
    let event = chunk(tool(0, json!("a"), json!("t"), "{}"), json!("stop"));
    for (name, passes) in [("message", true), ("thread.run", false), ("chunk", false)] {
        let stream = format!("event: {name}\ndata: {event}\n\n");
        let told = whole(API, SSE, stream.as_bytes(), &Verdict::Release);
        assert_eq!(told.error.is_none(), passes, "{name}");
    }
}

#[test]
fn escapes_hide_nothing() {
    let stream = br#"data: {"choices":[{"index":0,"delta":{"\u0074ool_calls":[{"index":0,"id":"a","function":{"n\u0061me":"t","arguments":"{}"}}]},"finish_reason":"stop"}]}

"#;
    let told = whole(API, SSE, stream, &Verdict::Release);
    assert_eq!(told.calls, [call("a", "t", json!({}))]);
    assert_eq!(told.sent, stream);
}

#[test]
fn an_error_and_a_filter_are_heard() {
    let stream = data_events(&[
        chunk(json!({}), json!("content_filter")),
        json!({"error": {"type": "server_error", "message": "x"}}),
    ]);
    let heard = whole(API, SSE, &stream, &Verdict::Release).heard;
    assert!(heard.declined);
    assert_eq!(heard.error.as_deref(), Some("server_error"));
}
