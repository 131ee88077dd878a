//! Bedrock, as `botocore` receives it: Converse, and `InvokeModel` with a model's own language.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::aws;
use super::*;

const AWS: Framing = Framing::AwsEventStream;

fn event(name: &str, payload: &Value) -> Vec<u8> {
    let headers = [
        (":event-type", name),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    aws::message(&headers, payload.to_string().as_bytes())
}

fn events() -> Vec<Vec<u8>> {
    let delta = |index: u64, delta: Value| {
        event(
            "contentBlockDelta",
            &json!({"contentBlockIndex": index, "delta": delta, "p": "abc"}),
        )
    };
    let piece = |text: &str| delta(1, json!({"toolUse": {"input": text}}));
    vec![
        event("messageStart", &json!({"role": "assistant"})),
        delta(0, json!({"text": "Hm."})),
        event("contentBlockStop", &json!({"contentBlockIndex": 0})),
        event(
            "contentBlockStart",
            &json!({"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "call_secret", "name": "drop_table"}}}),
        ),
        piece(""),
        piece("{\"table\":"),
        piece("\"ledger\"}"),
        event("contentBlockStop", &json!({"contentBlockIndex": 1})),
        event("messageStop", &json!({"stopReason": "tool_use"})),
        event(
            "metadata",
            &json!({"usage": {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7, "cacheReadInputTokens": 4}}),
        ),
    ]
}

pub(in super::super) fn stream() -> Vec<u8> {
    events().concat()
}

fn chunk(inner: &Value) -> Vec<u8> {
    event(
        "chunk",
        &json!({"bytes": STANDARD.encode(inner.to_string()), "p": "abcd"}),
    )
}

/// Headers as text and payload of each message, read in a way of its own.
fn sent_messages(mut sent: &[u8]) -> Vec<(String, Value)> {
    let mut messages = Vec::new();
    while !sent.is_empty() {
        let number = |at: usize| {
            usize::try_from(u32::from_be_bytes(sent[at..at + 4].try_into().unwrap())).unwrap()
        };
        let (length, headers) = (number(0), number(4));
        assert_eq!(
            number(length - 4),
            usize::try_from(crc32fast::hash(&sent[..length - 4])).unwrap()
        );
        let names = String::from_utf8_lossy(&sent[12..12 + headers]).into_owned();
        let payload = serde_json::from_slice(&sent[12 + headers..length - 4]).unwrap();
        messages.push((names, payload));
        sent = &sent[length..];
    }
    messages
}

fn unwrapped(payload: &Value) -> Value {
    serde_json::from_slice(&STANDARD.decode(payload["bytes"].as_str().unwrap()).unwrap()).unwrap()
}

#[test]
fn a_released_stream_is_the_same_bytes() {
    let told = released(LlmApi::Converse, AWS, &stream());
    assert_eq!(told.heard.usage, usage(5, 2, Some(4)));
    assert_eq!(told.heard.finish, ["tool_use"]);
}

#[test]
fn replaced_arguments_are_what_the_client_puts_together() {
    let told = whole(LlmApi::Converse, AWS, &stream(), &replace());
    assert_eq!(told.error, None);
    let messages = sent_messages(&told.sent);
    let pieces: String = messages
        .iter()
        .filter_map(|(_, payload)| payload["delta"]["toolUse"]["input"].as_str())
        .collect();
    assert_eq!(serde_json::from_str::<Value>(&pieces).unwrap(), safe());
    assert_eq!(messages.len(), events().len());
    assert!(messages[4].0.contains("contentBlockDelta"));
}

#[test]
fn a_refused_stream_ends_with_an_exception() {
    let told = whole(LlmApi::Converse, AWS, &stream(), &Verdict::Refuse);
    assert!(hides_the_call(&told));
    let (headers, payload) = sent_messages(&told.sent).pop().unwrap();
    assert!(headers.contains("validationException") && headers.contains("exception"));
    assert!(
        payload["message"]
            .as_str()
            .unwrap()
            .contains("this tool is not for you")
    );
}

#[test]
fn a_whole_answer_is_judged_and_replaced() {
    let mut answer = json!({
        "output": {"message": {"role": "assistant", "content": [
            {"text": "Hm."},
            {"toolUse": {"toolUseId": "call_secret", "name": "drop_table", "input": {"table": "ledger"}}},
        ]}},
        "stopReason": "tool_use", "usage": {"inputTokens": 5, "outputTokens": 2},
    });
    let body = answer.to_string().into_bytes();
    for api in [LlmApi::Converse, LlmApi::InvokeModel] {
        let told = whole(api, Framing::Document, &body, &Verdict::Release);
        assert_eq!((told.calls.len(), &told.sent), (1, &body));
    }
    let told = whole(LlmApi::Converse, Framing::Document, &body, &replace());
    answer["output"]["message"]["content"][1]["toolUse"]["input"] = safe();
    assert_eq!(serde_json::from_slice::<Value>(&told.sent).unwrap(), answer);
    let told = whole(LlmApi::Converse, Framing::Document, &body, &Verdict::Refuse);
    assert!(hides_the_call(&told));
}

#[test]
fn a_models_own_events_are_read_within_their_chunks() {
    let anthropic = sent_events(&messages::stream());
    let stream: Vec<u8> = anthropic.iter().flat_map(chunk).collect();
    let told = whole(LlmApi::InvokeModel, AWS, &stream, &Verdict::Release);
    assert_eq!(told.error, None);
    assert_eq!(told.sent, stream);
    assert_eq!(
        told.calls,
        [call(
            "call_secret",
            "drop_table",
            json!({"table": "ledger"})
        )]
    );
    assert_eq!(told.heard.usage, usage(20, 42, Some(5)));

    let told = whole(LlmApi::InvokeModel, AWS, &stream, &replace());
    let pieces: String = sent_messages(&told.sent)
        .iter()
        .map(|(_, payload)| unwrapped(payload))
        .filter_map(|event| event["delta"]["partial_json"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(serde_json::from_str::<Value>(&pieces).unwrap(), safe());

    let told = whole(LlmApi::InvokeModel, AWS, &stream, &Verdict::Refuse);
    let sent = sent_messages(&told.sent);
    let (last, before) = sent.split_last().unwrap();
    assert!(last.0.contains("validationException"));
    assert!(
        before
            .iter()
            .all(|(_, payload)| !unwrapped(payload).to_string().contains("drop_table"))
    );
}

#[test]
fn other_models_are_read_by_their_shape() {
    let converse = [
        json!({"contentBlockStart": {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "a", "name": "t"}}}}),
        json!({"contentBlockStop": {"contentBlockIndex": 0}}),
    ];
    let chat = [
        json!({"choices": [{"index": 0, "finish_reason": "tool_calls", "delta": {"tool_calls": [
            {"index": 0, "id": "a", "function": {"name": "t", "arguments": "{}"}},
        ]}}]}),
    ];
    for events in [&converse[..], &chat[..]] {
        let stream: Vec<u8> = events.iter().flat_map(chunk).collect();
        let told = whole(LlmApi::InvokeModel, AWS, &stream, &Verdict::Release);
        assert_eq!(told.calls, [call("a", "t", json!({}))]);
        assert_eq!(told.sent, stream);
    }
    let text = chunk(
        &json!({"outputText": "tool_calls", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 3, "outputTokenCount": 1}}),
    );
    let told = whole(LlmApi::InvokeModel, AWS, &text, &Verdict::Release);
    assert_eq!((told.sent, told.heard.usage), (text, usage(3, 1, None)));
    for unread in [
        json!({"event_type": "x", "toolCalls": [{"name": "t"}]}),
        json!({"type": "tool-call-start", "delta": {"message": {"tool_calls": {"name": "t"}}}}),
        json!({"choices": [], "tool_calls": [{"name": "t"}]}),
        json!({"choices": [{"index": 0, "toolCalls": [{"name": "t"}]}]}),
        json!({"metadata": {}, "message": {"tool_calls": [{"name": "t"}]}}),
        json!({"type": "message_delta", "delta": {"tool_use": {"name": "t"}}}),
    ] {
        let told = whole(LlmApi::InvokeModel, AWS, &chunk(&unread), &Verdict::Release);
        let malformed = matches!(told.error, Some(AnswerError::Malformed(_)));
        assert!(malformed, "{unread}");
    }
}

/// Beside what a reader has read, and within it.
#[test]
fn a_call_in_a_shape_that_is_not_read_refuses_the_answer_whatever_else_it_has() {
    let named = json!([{"name": "t", "function": {"name": "t"}}]);
    let empty = json!({"message": {"content": []}});
    let document = |answer: &Value| {
        let body = serde_json::to_vec(answer).unwrap();
        let release = Verdict::Release;
        whole(LlmApi::InvokeModel, Framing::Document, &body, &release)
    };
    for unread in [
        json!({"tool_calls": named}),
        json!({"choices": [], "tool_calls": named}),
        json!({"choices": [{"tool_calls": named}]}),
        json!({"choices": {"message": {"tool_calls": named}}}),
        json!({"content": [], "message": {"tool_calls": named}}),
        json!({"content": [{"type": "text", "text": "x", "toolUse": {"name": "t"}}]}),
        json!({"content": "x", "function_call": {"name": "t"}}),
        json!({"output": empty, "toolCalls": named}),
        json!({"output": {"toolUse": {"name": "t"}}}),
        json!({"outputs": [{"text": "", "tool_calls": named}]}),
    ] {
        let told = document(&unread);
        let malformed = matches!(told.error, Some(AnswerError::Malformed(_)));
        let sent = String::from_utf8_lossy(&told.sent);
        assert!(malformed && !sent.contains(r#""name":"t""#), "{unread}");
    }
    let arguments = json!({"tool_calls": named});
    for read in [
        json!({"text": "hi", "tool_calls": []}),
        json!({"text": "hi", "tool_calls": null, "function_call": {}}),
        json!({"choices": [{"index": 0, "message": {"content": "x", "tool_calls": null}}], "tool_calls": []}),
        json!({"content": [{"type": "tool_use", "id": "a", "name": "t", "input": arguments}]}),
        json!({"output": {"message": {"content": [{"toolUse": {"toolUseId": "a", "name": "t", "input": arguments}}]}}}),
    ] {
        assert_eq!(document(&read).error, None, "{read}");
    }
}

#[test]
fn a_chunk_must_carry_strict_base64() {
    for bytes in [json!("e30"), json!("e3 0="), json!(1), Value::Null] {
        let told = whole(
            LlmApi::InvokeModel,
            AWS,
            &event("chunk", &json!({"bytes": bytes})),
            &Verdict::Release,
        );
        assert!(
            matches!(told.error, Some(AnswerError::Malformed(_))),
            "{bytes}"
        );
    }
}

#[test]
fn an_exception_passes_and_is_heard() {
    let headers = [
        (":exception-type", "throttlingException"),
        (":message-type", "exception"),
    ];
    let stream = aws::message(&headers, b"{\"message\":\"slow down\"}");
    let told = whole(LlmApi::Converse, AWS, &stream, &Verdict::Release);
    assert_eq!(told.heard.error.as_deref(), Some("throttlingException"));
    assert_eq!(told.sent, stream);
}

#[test]
fn a_broken_message_is_an_error() {
    let good = event("contentBlockStop", &json!({"contentBlockIndex": 0}));
    for at in 0..good.len() {
        let mut broken = good.clone();
        broken[at] ^= 0x10;
        let told = whole(LlmApi::Converse, AWS, &broken, &Verdict::Release);
        assert!(told.error.is_some(), "byte {at}");
        assert!(!told.sent.starts_with(&broken));
    }
    let told = whole(
        LlmApi::Converse,
        AWS,
        &good[..good.len() - 1],
        &Verdict::Release,
    );
    assert!(told.error.is_some());
}

#[test]
fn a_message_says_what_it_is_once() {
    for headers in [
        &[(":event-type", "metadata")][..],
        &[(":message-type", "other")],
        &[
            (":message-type", "event"),
            (":event-type", "a"),
            (":event-type", "b"),
        ],
    ] {
        let told = whole(
            LlmApi::Converse,
            AWS,
            &aws::message(headers, b"{}"),
            &Verdict::Release,
        );
        assert!(matches!(told.error, Some(AnswerError::Ambiguous(_))));
    }
}

#[test]
fn a_message_beyond_the_limit_is_refused_by_its_length() {
    let long = event("x", &json!({"text": "a".repeat(LIMITS.event_bytes)}));
    let told = whole(LlmApi::Converse, AWS, &long[..12], &Verdict::Release);
    assert_eq!(told.error, Some(AnswerError::EventTooLong));
}
