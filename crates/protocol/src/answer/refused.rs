//! The end of a refused answer, in the provider's language: what makes its SDKs raise their normal error.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{Dialect, LlmApi, RefusalDocument, render};

use super::{Framing, aws};

/// `begun`: bytes of the answer have gone out. `sequence`: the next number, where events are counted.
pub(super) fn ending(
    api: LlmApi,
    framing: Framing,
    refusal: &RefusalDocument<'_>,
    begun: bool,
    sequence: u64,
) -> Bytes {
    let error = error(refusal);
    let object = match api {
        // The first members are the API's own event, the last is what its SDKs raise.
        LlmApi::Responses if framing != Framing::Document => json!({
            "type": "error",
            "code": error.get("code"),
            "message": error.get("message"),
            "param": null,
            "sequence_number": sequence,
            "error": error,
        }),
        LlmApi::ChatCompletions | LlmApi::Responses => json!({"error": error}),
        LlmApi::Messages => json!({
            "type": "error",
            "error": {
                "type": "permission_error",
                "message": error.get("message"),
                "aegis": error.get("aegis"),
            },
        }),
        LlmApi::Converse | LlmApi::InvokeModel => json!({
            "message": error.get("message"),
            "aegis": error.get("aegis"),
        }),
        // Its SDK looks for an error in the first member.
        LlmApi::GenerateContent => json!({
            "error": {
                "code": refusal.status,
                "message": error.get("message"),
                "status": "PERMISSION_DENIED",
                "aegis": error.get("aegis"),
            },
        }),
    };
    framed(api, framing, &object.to_string(), begun)
}

fn framed(api: LlmApi, framing: Framing, object: &str, begun: bool) -> Bytes {
    Bytes::from(match (framing, api) {
        (Framing::Document, _) => object.to_owned().into_bytes(),
        (Framing::ServerSentEvents, LlmApi::Messages | LlmApi::Responses) => {
            format!("event: error\ndata: {object}\n\n").into_bytes()
        }
        (Framing::ServerSentEvents, _) => format!("data: {object}\n\n").into_bytes(),
        (Framing::JsonArray, _) if begun => format!(",\n{object}]").into_bytes(),
        (Framing::JsonArray, _) => format!("[{object}]").into_bytes(),
        (Framing::AwsEventStream, _) => aws::message(&EXCEPTION, object.as_bytes()),
    })
}

/// Message, code and problem document, in the words that every refusal has.
fn error(refusal: &RefusalDocument<'_>) -> Value {
    let body = render(&Dialect::OpenAi, refusal).body;
    let mut body: Value = serde_json::from_slice(&body).unwrap_or_default();
    body.get_mut("error").map(Value::take).unwrap_or_default()
}

/// Modelled in both streams, and nothing that SDKs would try again.
const EXCEPTION: [(&str, &str); 3] = [
    (":exception-type", "validationException"),
    (":content-type", "application/json"),
    (":message-type", "exception"),
];
