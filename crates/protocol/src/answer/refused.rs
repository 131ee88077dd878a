//! The end of a refused answer, in the provider's language: what makes its SDKs raise their normal error.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{LlmApi, RefusalDocument, render};

use super::{Framing, aws};

/// `begun`: bytes of the answer have gone out. `sequence`: the next number, where events are counted.
pub(super) fn ending(
    api: LlmApi,
    framing: Framing,
    refusal: &RefusalDocument<'_>,
    begun: bool,
    sequence: u64,
) -> Bytes {
    let body = render(&api.dialect(), refusal).body;
    let object = if api == LlmApi::Responses && framing != Framing::Document {
        numbered(&body, sequence)
    } else {
        String::from_utf8_lossy(&body).into_owned()
    };
    framed(api, framing, &object, begun)
}

/// As an event of Responses: the first members are the API's own, the last is what its SDKs raise.
fn numbered(body: &[u8], sequence: u64) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = body.get("error");
    let part = |name: &str| error.and_then(|error| error.get(name));
    let event = json!({
        "type": "error",
        "code": part("code"),
        "message": part("message"),
        "param": null,
        "sequence_number": sequence,
        "error": error,
    });
    event.to_string()
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

/// Modelled in both streams, and nothing that SDKs would try again.
const EXCEPTION: [(&str, &str); 3] = [
    (":exception-type", "validationException"),
    (":content-type", "application/json"),
    (":message-type", "exception"),
];
