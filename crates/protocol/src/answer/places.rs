//! What in an answer is for programs, by the place it stands in: ids, signatures, ciphers, media. It changes nothing.
//!
//! A name alone says nothing: whatever a person, a page or a tool has put into an object of their own
//! (metadata, attributes, arguments) is text. So a place counts only where the API has made every
//! object around it.

use crate::json::{Kind, Node};
use crate::{Medium, media_type::MediaType};

use super::responses;

/// Whether this text is for programs, and goes on byte for byte.
pub(super) fn is_opaque(node: Node<'_>) -> bool {
    let Some((key, object)) = node.key().zip(node.parent()) else {
        return false;
    };
    match &*key {
        key if OPAQUE.contains(&key) => is_of_api(object),
        "name" => is_call(object) && is_of_api(object),
        "data" | "bytes" => is_medium(object) && is_of_api(object),
        "result" => says(object, "type", "image_generation_call") && is_of_api(object),
        _ => false,
    }
}

/// Whether the API itself has made this object or list, and all that is around it: what its members
/// are called, and what they count, is its own.
pub(super) fn is_of_api(node: Node<'_>) -> bool {
    let mut around = std::iter::successors(Some(node), |node| node.parent());
    around.all(|node| {
        node.key().is_none_or(|key| match &*key {
            // Gemini has what a function said under the name by which OpenAI has its answer.
            "response" => node.parent().is_some_and(|outer| outer.parent().is_none()),
            key => OBJECTS.contains(&key),
        })
    })
}

/// Whether the API itself calls a member so.
pub(super) fn is_name_of_api(key: &str) -> bool {
    OPAQUE.contains(&key) || OBJECTS.contains(&key) || TEXTS.contains(&key)
}

/// Whether a text is the same under any of these names.
pub(super) fn is_text(name: &str) -> bool {
    TEXTS.contains(&name)
}

/// A call, of which the name is judged.
fn is_call(object: Node<'_>) -> bool {
    let kind = object.get("type").and_then(Node::text).unwrap_or_default();
    let event = kind.rsplit_once('.').map_or("", |(event, _)| event);
    kind.to_ascii_lowercase().ends_with("tool_use")
        || CALLS.contains(&&*kind)
        || responses::is_call(event)
        || object.name().is_some_and(|name| CALLED.contains(&&*name))
}

/// Bytes that are no text: pictures, sound, what only the provider can read.
fn is_medium(object: Node<'_>) -> bool {
    let stands_in =
        |node: Node<'_>, names: &[&str]| node.key().is_some_and(|key| names.contains(&&*key));
    let named = ["media_type", "mimeType", "mime_type"];
    let media = named.iter().find_map(|name| object.get(name)?.text());
    let seen_or_heard = media.is_some_and(|media| is_seen_or_heard(&media));
    let ciphers = ["redacted_thinking", "reasoning.encrypted"];
    let within = object.parent().filter(|_| stands_in(object, &["source"]));
    seen_or_heard
        || ciphers.iter().any(|kind| says(object, "type", kind))
        || stands_in(object, &["audio"])
        || within.is_some_and(|outer| stands_in(outer, &["image", "video", "audio"]))
}

fn is_seen_or_heard(media: &str) -> bool {
    MediaType::parse(media).is_some_and(|media| Medium::named(&media).is_none())
}

fn says(object: Node<'_>, name: &str, value: &str) -> bool {
    let member = object.get(name).filter(|it| it.kind() == Kind::String);
    member
        .and_then(Node::text)
        .is_some_and(|text| text == value)
}

/// Members for programs, in objects of the API.
const OPAQUE: [&str; 38] = [
    "type",
    "object",
    "role",
    "id",
    "index",
    "model",
    "status",
    "phase",
    "call_id",
    "item_id",
    "file_id",
    "tool_use_id",
    "toolUseId",
    "container_id",
    "response_id",
    "responseId",
    "previous_response_id",
    "modelVersion",
    "createTime",
    "service_tier",
    "system_fingerprint",
    "obfuscation",
    "p",
    "signature",
    "thoughtSignature",
    "encrypted_content",
    "encrypted_index",
    "redactedContent",
    "partial_image_b64",
    "partial_json",
    "mimeType",
    "media_type",
    "finish_reason",
    "finishReason",
    "stop_reason",
    "stopReason",
    "completionReason",
    "stop_sequence",
];
/// Objects of the APIs, and lists of them. What is not here is somebody else's.
const OBJECTS: [&str; 68] = [
    // OpenAI.
    "choices",
    "message",
    "delta",
    "tool_calls",
    "function",
    "custom",
    "function_call",
    "audio",
    "annotations",
    "url_citation",
    "file_citation",
    "reasoning_details",
    "usage",
    "error",
    "item",
    "part",
    "output",
    "outputs",
    "content",
    "summary",
    "results",
    "action",
    "conversation",
    "session",
    "incomplete_details",
    "prompt_tokens_details",
    "completion_tokens_details",
    "input_tokens_details",
    "output_tokens_details",
    "input_token_details",
    "output_token_details",
    // Anthropic.
    "content_block",
    "source",
    "citation",
    "citations",
    "container",
    "cache_creation",
    "server_tool_use",
    // Bedrock.
    "start",
    "toolUse",
    "toolResult",
    "reasoningContent",
    "reasoningText",
    "image",
    "video",
    "document",
    "metrics",
    "amazon-bedrock-invocationMetrics",
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStart",
    "messageStop",
    "generations",
    // Gemini.
    "candidates",
    "parts",
    "functionCall",
    "functionResponse",
    "inlineData",
    "fileData",
    "usageMetadata",
    "safetyRatings",
    "promptFeedback",
    "groundingMetadata",
    "groundingChunks",
    "groundingSupports",
    "segment",
    "citationMetadata",
];
/// Members whose object is a call.
const CALLED: [&str; 5] = [
    "function",
    "custom",
    "function_call",
    "toolUse",
    "functionCall",
];
/// Types of items that are calls.
const CALLS: [&str; 4] = [
    "function_call",
    "custom_tool_call",
    "mcp_call",
    "mcp_approval_request",
];
const TEXTS: [&str; 9] = [
    "text",
    "content",
    "delta",
    "refusal",
    "reasoning",
    "reasoning_content",
    "summary",
    "thinking",
    "transcript",
];
