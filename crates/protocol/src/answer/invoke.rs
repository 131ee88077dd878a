//! Bedrock's `InvokeModel`: the body is the model's own, so that its shape tells which API it follows.

use crate::json::{Kind, Node};

use super::AnswerError;
use super::calls::Calls;
use super::event::{Event, member, spells};
use super::heard::{Counts, Heard};
use super::{chat, converse, messages};

/// One stream.
#[derive(Debug, Default)]
pub(super) struct Stream {
    messages: messages::Stream,
}

impl Stream {
    pub(super) fn event(
        &mut self,
        root: Node<'_>,
        calls: &mut Calls,
        heard: &mut Heard,
    ) -> Result<(), AnswerError> {
        heard.usage(root.get("amazon-bedrock-invocationMetrics"), &METRICS);
        let mut read = Vec::new();
        let kind = member(root, "type")?.and_then(Node::text);
        if kind.is_some_and(|kind| messages::STRUCTURE.contains(&&*kind)) {
            read.push(MESSAGES_EVENT);
            let event = Event { name: "", root };
            self.messages.event(event, calls, heard)?;
        }
        if member(root, "choices")?.is_some() {
            read.extend(CHAT_EVENT);
            chat::event(Event { name: "", root }, calls, heard)?;
        }
        for name in CONVERSE {
            if let Some(root) = member(root, name)? {
                converse::event(Event { name, root }, calls, heard)?;
            }
        }
        read.extend(CONVERSE_EVENTS);
        refuse_unread(root, &read)
    }
}

/// A whole answer.
pub(super) fn document(
    root: Node<'_>,
    calls: &mut Calls,
    heard: &mut Heard,
) -> Result<(), AnswerError> {
    let is = |name, kind| member(root, name).map(|it| it.is_some_and(|it| it.kind() == kind));
    let content = is("content", Kind::Array)?;
    let choices = is("choices", Kind::Array)?;
    let output = is("output", Kind::Object)?;
    let mut read = Vec::new();
    if content {
        read.push(MESSAGES);
        messages::document(root, calls, heard)?;
    }
    if choices {
        read.extend(CHAT);
        chat::document(root, calls, heard)?;
    }
    if output {
        read.push(OUTPUT);
        converse::document(root, calls, heard)?;
    }
    refuse_unread(root, &read)
}

/// Text of any model may pass; a call only where it was read.
fn refuse_unread(root: Node<'_>, read: &[&[&str]]) -> Result<(), AnswerError> {
    if names_a_call(root, read) {
        Err(AnswerError::Malformed("a call in a shape that is not read"))
    } else {
        Ok(())
    }
}

/// Beside the paths that were read, of which each is one of keys: a list has none.
fn names_a_call(node: Node<'_>, read: &[&[&str]]) -> bool {
    node.children().any(|child| {
        let Some(key) = child.key() else {
            return names_a_call(child, read);
        };
        let below = read.iter().filter_map(|path| path.split_first());
        let below = below.filter(|(first, _)| ***first == *key);
        let below: Vec<&[&str]> = below.map(|(_, rest)| rest).collect();
        if below.iter().any(|rest| rest.is_empty()) {
            return false;
        }
        let named = CALLS.iter().any(|name| spells(&key, name));
        named && !is_empty(child) || names_a_call(child, &below)
    })
}

fn is_empty(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::Null => true,
        Kind::String => node.text().is_none_or(|text| text.is_empty()),
        Kind::Array | Kind::Object => node.children().next().is_none(),
        Kind::Bool(_) | Kind::Number => false,
    }
}

/// Events of Converse, which its own models name within the JSON.
pub(super) const CONVERSE: [&str; 5] = [
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
];

/// Where each reader finds calls, or what stands in one.
const MESSAGES: &[&str] = &["content", "input"];
const MESSAGES_EVENT: &[&str] = &["content_block", "input"];
const CHAT: [&[&str]; 2] = [
    &["choices", "message", "tool_calls"],
    &["choices", "message", "function_call"],
];
const CHAT_EVENT: [&[&str]; 2] = [
    &["choices", "delta", "tool_calls"],
    &["choices", "delta", "function_call"],
];
const OUTPUT: &[&str] = &["output", "message", "content", "toolUse"];
const CONVERSE_EVENTS: [&[&str]; 2] = [
    &["contentBlockStart", "start", "toolUse"],
    &["contentBlockDelta", "delta", "toolUse"],
];

/// Members that hold calls in some model's own language.
const CALLS: [&str; 5] = [
    "tool_calls",
    "tool_call",
    "tool_use",
    "function_call",
    "function_calls",
];

const METRICS: Counts = Counts {
    input: &["inputTokenCount"],
    output: &[&["outputTokenCount"]],
    cached: &["cacheReadInputTokenCount"],
};
