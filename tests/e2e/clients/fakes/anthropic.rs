//! Anthropic's Messages, as its SDKs read them.

use aegis_testkit::{Answer, Received};
use serde_json::{Value, json};

use super::{Call, TEXT, named_events, not_found};

pub(super) fn messages(request: &Received) -> Answer {
    if request.path() != "/v1/messages" {
        return not_found(request);
    }
    if request.json()["stream"] != true {
        return Answer::json(&whole());
    }
    streamed(request)
}

/// The path says there which model is asked, and whether it streams.
pub(super) fn on_vertex(request: &Received) -> Answer {
    let model = "/v1/projects/demo/locations/europe-west4/publishers/anthropic/models/demo-model";
    match request.path().strip_prefix(model) {
        Some(":rawPredict") => Answer::json(&whole()),
        Some(":streamRawPredict") => streamed(request),
        _ => not_found(request),
    }
}

fn streamed(request: &Received) -> Answer {
    named_events(&events(Call::asked_for(request)))
}

pub(super) fn whole() -> Value {
    let content = json!([{"type": "text", "text": TEXT.concat()}]);
    message(&content, Some("end_turn"))
}

pub(super) fn events(call: Option<Call>) -> Vec<Value> {
    let mut events = vec![json!({"type": "message_start", "message": message(&json!([]), None)})];
    let text = TEXT.map(|text| json!({"type": "text_delta", "text": text}));
    events.extend(block(0, &json!({"type": "text", "text": ""}), &text));
    if let Some(call) = call {
        let start = json!({"type": "tool_use", "id": "toolu_1", "name": call.name, "input": {}});
        let pieces = call
            .arguments
            .map(|piece| json!({"type": "input_json_delta", "partial_json": piece}));
        events.extend(block(1, &start, &pieces));
    }
    let reason = call.map_or("end_turn", |_| "tool_use");
    events.extend([
        json!({
            "type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null},
            "usage": {"output_tokens": 2},
        }),
        json!({"type": "message_stop"}),
    ]);
    events
}

fn message(content: &Value, stop_reason: Option<&str>) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "demo-model", "content": content,
        "stop_reason": stop_reason, "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1},
    })
}

fn block(index: usize, start: &Value, deltas: &[Value]) -> Vec<Value> {
    let mut events =
        vec![json!({"type": "content_block_start", "index": index, "content_block": start})];
    let delta = |delta| json!({"type": "content_block_delta", "index": index, "delta": delta});
    events.extend(deltas.iter().map(delta));
    events.push(json!({"type": "content_block_stop", "index": index}));
    events
}
