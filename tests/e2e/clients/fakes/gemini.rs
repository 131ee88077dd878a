//! Gemini's generateContent and streamGenerateContent, as Google's SDK reads them.

use aegis_testkit::{Answer, Feed, Received};
use serde_json::{Value, json};

use super::{Call, TEXT, not_found};

pub(super) fn generate(request: &Received) -> Answer {
    // SDKs differ in the version that they put before.
    match request.path().rsplit('/').next() {
        Some("demo-model:generateContent") => {
            Answer::json(&response(&json!({"text": TEXT.concat()}), Some("STOP")))
        }
        Some("demo-model:streamGenerateContent") => stream(Call::asked_for(request)),
        _ => not_found(request),
    }
}

/// Of one project, and one place.
pub(super) fn on_vertex(request: &Received) -> Answer {
    let place = "/projects/demo/locations/europe-west4/publishers/google/models/";
    let path = ["/v1beta1", "/v1"].map(|version| request.path().strip_prefix(version));
    if path
        .into_iter()
        .flatten()
        .any(|path| path.starts_with(place))
    {
        generate(request)
    } else {
        not_found(request)
    }
}

fn stream(call: Option<Call>) -> Answer {
    let feed = Feed::new();
    for text in TEXT {
        feed.event(&response(&json!({"text": text}), None).to_string());
    }
    let last = call.map_or_else(
        || json!({"text": ""}),
        |call| json!({"functionCall": {"name": call.name, "args": call.whole()}}),
    );
    feed.event(&response(&last, Some("STOP")).to_string());
    feed.end();
    Answer::events(&feed)
}

fn response(part: &Value, finish: Option<&str>) -> Value {
    let mut candidate = json!({"index": 0, "content": {"role": "model", "parts": [part]}});
    if let Some(finish) = finish {
        candidate["finishReason"] = finish.into();
    }
    json!({
        "candidates": [candidate], "modelVersion": "demo-model", "responseId": "r-1",
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
    })
}
