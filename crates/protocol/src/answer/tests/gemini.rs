//! Gemini, as the `google-genai` SDKs receive it: event stream, JSON array, whole answer.

use super::*;

const API: LlmApi = LlmApi::GenerateContent;

fn chunk(parts: Value, finish: Value) -> Value {
    let mut candidate = json!({"content": {"role": "model"}, "index": 0});
    candidate["content"]["parts"] = parts;
    candidate["finishReason"] = finish;
    json!({
        "candidates": [candidate],
        "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 2, "thoughtsTokenCount": 1, "cachedContentTokenCount": 2},
        "modelVersion": "gemini-x", "responseId": "r1",
    })
}

fn called() -> Value {
    json!([
        {"functionCall": {"id": "call_secret", "name": "drop_table", "args": {"table": "ledger"}}, "thoughtSignature": "eA=="},
        {"functionCall": {"name": "now"}},
    ])
}

fn chunks() -> Vec<Value> {
    vec![
        chunk(json!([{"text": "Hm."}]), Value::Null),
        chunk(called(), json!("STOP")),
    ]
}

pub(in super::super) fn array() -> Vec<u8> {
    let chunks: Vec<_> = chunks().iter().map(Value::to_string).collect();
    format!("[{}]\n", chunks.join("\n,\r\n")).into_bytes()
}

fn bodies() -> [(Framing, Vec<u8>); 3] {
    [
        (Framing::ServerSentEvents, data_events(&chunks())),
        (Framing::JsonArray, array()),
        (Framing::Document, chunks()[1].to_string().into_bytes()),
    ]
}

#[test]
fn a_released_answer_is_the_same_bytes() {
    for (framing, body) in bodies() {
        let told = whole(API, framing, &body, &Verdict::Release);
        assert_eq!(told.error, None);
        assert_eq!(told.sent, body);
        assert_eq!(
            told.calls,
            [
                call("call_secret", "drop_table", json!({"table": "ledger"})),
                call("", "now", json!({})),
            ]
        );
        assert_eq!(
            told.heard,
            Heard {
                id: Some("r1".to_owned()),
                model: Some("gemini-x".to_owned()),
                usage: usage(7, 3, Some(2)),
                finish: vec!["STOP".to_owned()],
                ..Heard::default()
            }
        );
    }
}

#[test]
fn arguments_are_replaced_where_they_stand() {
    let parts = json!([{"functionCall": {"name": "drop_table", "args": {"table": "ledger"}}}]);
    let new = json!([{"functionCall": {"name": "drop_table", "args": safe()}}]);
    let array = |parts: &Value| {
        format!(
            "[{} , {}]",
            chunks()[0],
            chunk(parts.clone(), json!("STOP"))
        )
    };
    let told = whole(
        API,
        Framing::JsonArray,
        array(&parts).as_bytes(),
        &replace(),
    );
    assert_eq!(String::from_utf8(told.sent).unwrap(), array(&new));
    let stream = |parts: &Value| data_events(&[chunk(parts.clone(), json!("STOP"))]);
    let told = whole(API, Framing::ServerSentEvents, &stream(&parts), &replace());
    assert_eq!(told.sent, stream(&new));
}

#[test]
fn a_call_without_arguments_takes_none() {
    let stream = data_events(&[chunk(
        json!([{"functionCall": {"name": "now"}}]),
        json!("STOP"),
    )]);
    let told = whole(API, Framing::ServerSentEvents, &stream, &replace());
    assert_eq!(told.error, Some(AnswerError::Fixed));
}

#[test]
fn a_refused_answer_ends_with_the_providers_error() {
    for (framing, body) in bodies() {
        let told = whole(API, framing, &body, &Verdict::Refuse);
        assert!(hides_the_call(&told));
        let last = match framing {
            Framing::JsonArray => serde_json::from_slice::<Value>(&told.sent).unwrap()[1].clone(),
            Framing::Document => serde_json::from_slice(&told.sent).unwrap(),
            _ => sent_events(&told.sent).pop().unwrap(),
        };
        assert_eq!(last["error"]["code"], 403);
        assert_eq!(last["error"]["status"], "PERMISSION_DENIED");
        assert!(last.to_string().starts_with("{\"error\":"));
    }
}

#[test]
fn an_array_that_is_refused_at_once_is_still_an_array() {
    let body = format!("[{}", chunk(called(), Value::Null));
    let told = whole(API, Framing::JsonArray, body.as_bytes(), &Verdict::Refuse);
    assert!(serde_json::from_slice::<Value>(&told.sent).unwrap()[0]["error"].is_object());
}

#[test]
fn what_is_not_read_is_an_error() {
    for part in [
        json!({"function_call": {"name": "t", "args": {}}}),
        json!({"FunctionCall": {"name": "t", "args": {}}}),
        json!({"functionCall": {"name": "t", "partialArgs": [], "willContinue": true}}),
        json!({"functionCall": {"args": {}}}),
        json!({"functionCall": "t"}),
    ] {
        let stream = data_events(&[chunk(json!([part]), Value::Null)]);
        let told = whole(API, Framing::ServerSentEvents, &stream, &Verdict::Release);
        assert!(told.error.is_some(), "{part}");
    }
}

#[test]
fn what_the_provider_runs_is_seen_and_marked() {
    let tools = json!([{"toolCall": {"toolType": "MAPS", "args": {}}}, {"toolCall": {"id": "x"}}]);
    let stream = data_events(&[chunk(tools, Value::Null)]);
    let told = whole(API, Framing::ServerSentEvents, &stream, &Verdict::Release);
    let seen: Vec<_> = told
        .calls
        .iter()
        .map(|call| (&*call.name, call.run_by))
        .collect();
    assert_eq!(
        seen,
        [("MAPS", RunBy::Provider), ("toolCall", RunBy::Provider)]
    );
    assert_eq!(told.sent, stream);
}

#[test]
fn a_blocked_prompt_is_heard() {
    let stream = data_events(&[json!({"promptFeedback": {"blockReason": "SAFETY"}})]);
    let told = whole(API, Framing::ServerSentEvents, &stream, &Verdict::Release);
    assert!(told.heard.declined);
}

#[test]
fn only_one_array_of_objects_is_an_array() {
    for body in [
        "{}",
        "[1]",
        "[{},]",
        "[{}",
        "[{}]x",
        "[{}{}]",
        "",
        "[{}] [",
        "[,{}]",
        "[{\"a\"}]",
    ] {
        let told = whole(API, Framing::JsonArray, body.as_bytes(), &Verdict::Release);
        assert!(told.error.is_some(), "{body}");
    }
    for body in ["[]", " [ ] ", "[{}]\r\n", "[{\"a\":\"]}\\\"{\"},{}]"] {
        let told = whole(API, Framing::JsonArray, body.as_bytes(), &Verdict::Release);
        assert_eq!((told.error, &*told.sent), (None, body.as_bytes()));
    }
}
