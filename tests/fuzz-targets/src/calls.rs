//! Whether an answer proposes a call, found in a way of its own: what SDKs look for, without any care. It judges no parser.

use aegis_protocol::LlmApi;
use aegis_protocol::answer::Framing;
use serde_json::Value;

/// Whether an SDK would find a function that it should call.
pub(crate) fn proposes(api: LlmApi, framing: Framing, body: &[u8]) -> bool {
    let events = match framing {
        Framing::Document => vec![body.to_vec()],
        Framing::ServerSentEvents => server_sent(body),
        Framing::JsonArray => {
            let all: Vec<Value> = serde_json::from_slice(body).unwrap_or_default();
            all.iter()
                .map(|event| event.to_string().into_bytes())
                .collect()
        }
        Framing::AwsEventStream => payloads(body),
    };
    let events = events.iter();
    let mut events = events.filter_map(|event| serde_json::from_slice::<Value>(event).ok());
    events.any(|event| has_call(api, framing, &event))
}

fn has_call(api: LlmApi, framing: Framing, event: &Value) -> bool {
    let whole = framing == Framing::Document;
    let is = |value: &Value, kind: &str| at(value, "/type") == kind;
    match api {
        LlmApi::ChatCompletions => each(event, "/choices").any(|choice| {
            let calls = if whole {
                "/message/tool_calls"
            } else {
                "/delta/tool_calls"
            };
            each(choice, calls).any(|call| at(call, "/function/name").is_string())
        }),
        LlmApi::Responses if whole => each(event, "/output").any(|item| is(item, "function_call")),
        LlmApi::Responses => {
            is(event, "response.output_item.done") && at(event, "/item/type") == "function_call"
        }
        LlmApi::Messages if whole => each(event, "/content").any(|block| is(block, "tool_use")),
        LlmApi::Messages => {
            is(event, "content_block_start") && at(event, "/content_block/type") == "tool_use"
        }
        LlmApi::Converse if whole => {
            each(event, "/output/message/content").any(|block| at(block, "/toolUse").is_object())
        }
        LlmApi::Converse => at(event, "/start/toolUse").is_object(),
        LlmApi::GenerateContent => each(event, "/candidates").any(|candidate| {
            each(candidate, "/content/parts").any(|part| at(part, "/functionCall").is_object())
        }),
        // The body is the model's own.
        LlmApi::InvokeModel => false,
    }
}

/// What a list of completions has, each by itself.
pub(crate) fn listed(body: &[u8]) -> Vec<Value> {
    let list: Value = serde_json::from_slice(body).unwrap_or_default();
    each(&list, "/data").cloned().collect()
}

fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

fn each<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    at(value, pointer).as_array().into_iter().flatten()
}

/// The data of each event, as the HTML standard has it; an event that is cut off is none.
pub(crate) fn server_sent(body: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut data) = (Vec::new(), Vec::new());
    let Some((lines, _)) = text.rsplit_once('\n') else {
        return events;
    };
    for line in lines.split('\n') {
        if line.is_empty() {
            let data: Vec<&str> = std::mem::take(&mut data);
            if !data.is_empty() {
                events.push(data.join("\n").into_bytes());
            }
        } else if let Some(value) = line.strip_prefix("data:") {
            data.push(value.strip_prefix(' ').unwrap_or(value));
        }
    }
    events
}

fn payloads(body: &[u8]) -> Vec<Vec<u8>> {
    let message = |message: &[u8]| {
        let start = number(message, 4).saturating_add(PRELUDE);
        let end = message.len().saturating_sub(CHECKSUM);
        message.get(start..end).unwrap_or_default().to_vec()
    };
    messages(body).into_iter().map(message).collect()
}

/// The same bytes with right checksums in the places where the lengths say that they stand.
pub(crate) fn with_checksums(body: &[u8]) -> Vec<u8> {
    let mut right = Vec::with_capacity(body.len());
    for message in messages(body) {
        let (lengths, rest) = message.split_at(8.min(message.len()));
        let start = right.len();
        right.extend(lengths);
        right.extend(crc32fast::hash(lengths).to_be_bytes());
        let held = rest.len().saturating_sub(CHECKSUM);
        right.extend(rest.get(CHECKSUM..held).unwrap_or_default());
        let sum = crc32fast::hash(right.get(start..).unwrap_or_default());
        right.extend(sum.to_be_bytes());
    }
    let done = right.len();
    right.extend(body.get(done..).unwrap_or_default());
    right
}

/// Whole messages from the front.
fn messages(mut body: &[u8]) -> Vec<&[u8]> {
    let mut messages = Vec::new();
    while let Some((message, rest)) = body.split_at_checked(number(body, 0)) {
        if message.len() < PRELUDE + CHECKSUM {
            break;
        }
        messages.push(message);
        body = rest;
    }
    messages
}

fn number(bytes: &[u8], at: usize) -> usize {
    let four = bytes.get(at..).and_then(<[u8]>::first_chunk::<4>);
    let number = u32::from_be_bytes(four.copied().unwrap_or_default());
    usize::try_from(number).unwrap_or(usize::MAX)
}

const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;
