//! Bedrock's Converse and `InvokeModel`, with the binary event stream that AWS's SDKs read.

use aegis_testkit::{Answer, Feed, Received};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Crc;
use serde_json::{Value, json};

use super::{Call, TEXT, anthropic, not_found};

pub(super) fn converse(request: &Received) -> Answer {
    match request.path() {
        "/model/demo-model-v1%3A0/converse" => whole(),
        "/model/demo-model-v1%3A0/converse-stream" => stream(Call::asked_for(request)),
        _ => not_found(request),
    }
}

/// Of one of Anthropic's models, whose own events are within those of the stream.
pub(super) fn invoke(request: &Received) -> Answer {
    // SDKs differ in whether they escape the colon.
    match &*request.path().replace("%3A", ":") {
        "/model/demo-model-v1:0/invoke" => Answer::json(&anthropic::whole()),
        "/model/demo-model-v1:0/invoke-with-response-stream" => {
            let feed = Feed::new();
            for event in anthropic::events(Call::asked_for(request)) {
                let bytes = BASE64_STANDARD.encode(event.to_string());
                feed.send(message("chunk", &json!({"bytes": bytes})));
            }
            event_stream(&feed)
        }
        _ => not_found(request),
    }
}

fn whole() -> Answer {
    let message = json!({"role": "assistant", "content": [{"text": TEXT.concat()}]});
    Answer::json(&json!({
        "output": {"message": message}, "stopReason": "end_turn", "usage": usage(), "metrics": {"latencyMs": 1},
    }))
}

fn stream(call: Option<Call>) -> Answer {
    let delta = |index: usize, delta: Value| {
        let payload = json!({"contentBlockIndex": index, "delta": delta});
        message("contentBlockDelta", &payload)
    };
    let stop = |index: usize| message("contentBlockStop", &json!({"contentBlockIndex": index}));
    let feed = Feed::new();
    feed.send(message("messageStart", &json!({"role": "assistant"})));
    for text in TEXT {
        feed.send(delta(0, json!({"text": text})));
    }
    feed.send(stop(0));
    if let Some(call) = call {
        let tool = json!({"toolUse": {"toolUseId": "tooluse_1", "name": call.name}});
        let start = json!({"contentBlockIndex": 1, "start": tool});
        feed.send(message("contentBlockStart", &start));
        for piece in call.arguments {
            feed.send(delta(1, json!({"toolUse": {"input": piece}})));
        }
        feed.send(stop(1));
    }
    let reason = call.map_or("end_turn", |_| "tool_use");
    feed.send(message("messageStop", &json!({"stopReason": reason})));
    let metadata = json!({"usage": usage(), "metrics": {"latencyMs": 1}});
    feed.send(message("metadata", &metadata));
    event_stream(&feed)
}

/// All that was sent, and its end.
fn event_stream(feed: &Feed) -> Answer {
    feed.end();
    Answer::status(200)
        .header("content-type", "application/vnd.amazon.eventstream")
        .body(feed.payload())
}

fn usage() -> Value {
    json!({"inputTokens": 1, "outputTokens": 1, "totalTokens": 2})
}

/// One message of the event stream: lengths, their checksum, headers, payload, checksum of it all.
fn message(event: &str, payload: &Value) -> Vec<u8> {
    let headers = [
        (":event-type", event),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    let headers: Vec<u8> = headers.iter().flat_map(header).collect();
    let payload = payload.to_string();
    let length = |bytes: usize| u32::try_from(bytes).expect("short").to_be_bytes();

    let mut message = Vec::new();
    message.extend(length(12 + headers.len() + payload.len() + 4));
    message.extend(length(headers.len()));
    message.extend(checksum(&message));
    message.extend(headers);
    message.extend(payload.as_bytes());
    message.extend(checksum(&message));
    message
}

/// A header whose value is a string, which is type 7.
fn header((name, value): &(&str, &str)) -> Vec<u8> {
    let mut header = vec![u8::try_from(name.len()).expect("short")];
    header.extend(name.as_bytes());
    header.push(7);
    header.extend(u16::try_from(value.len()).expect("short").to_be_bytes());
    header.extend(value.as_bytes());
    header
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum().to_be_bytes()
}
