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
        let mut known = false;
        let kind = member(root, "type")?.and_then(Node::text);
        if kind.is_some_and(|kind| messages::STRUCTURE.contains(&&*kind)) {
            known = true;
            let event = Event { name: "", root };
            self.messages.event(event, calls, heard)?;
        }
        if member(root, "choices")?.is_some() {
            known = true;
            chat::event(Event { name: "", root }, calls, heard)?;
        }
        for name in CONVERSE {
            if let Some(root) = member(root, name)? {
                known = true;
                converse::event(Event { name, root }, calls, heard)?;
            }
        }
        refuse_unless(known, root)
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
    if content {
        messages::document(root, calls, heard)?;
    }
    if choices {
        chat::document(root, calls, heard)?;
    }
    if output {
        converse::document(root, calls, heard)?;
    }
    refuse_unless(content || choices || output, root)
}

/// Text of any model may pass; a call only where it was read.
fn refuse_unless(known: bool, root: Node<'_>) -> Result<(), AnswerError> {
    if known || !names_a_call(root) {
        Ok(())
    } else {
        Err(AnswerError::Malformed("a call in a shape that is not read"))
    }
}

fn names_a_call(node: Node<'_>) -> bool {
    let named = node
        .key()
        .is_some_and(|key| CALLS.iter().any(|name| spells(&key, name)));
    named || node.children().any(names_a_call)
}

/// Events of Converse, which its own models name within the JSON.
pub(super) const CONVERSE: [&str; 5] = [
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
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
