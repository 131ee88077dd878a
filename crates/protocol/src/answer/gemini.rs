//! Gemini and Vertex: every call is whole, in a `functionCall` part of one chunk.

use crate::json::Node;

use super::AnswerError;
use super::call::{Form, Head, RunBy, Written};
use super::calls::Calls;
use super::event::{at, member, object, objects, text};
use super::heard::{Counts, Heard};

/// One chunk of a stream, or a whole answer: they look alike.
pub(super) fn chunk(
    root: Node<'_>,
    calls: &mut Calls,
    heard: &mut Heard,
) -> Result<(), AnswerError> {
    facts(root, heard);
    for candidate in objects(root, "candidates")? {
        let Some(content) = object(candidate, "content")? else {
            continue;
        };
        for part in objects(content, "parts")? {
            if let Some(call) = object(part, "functionCall")? {
                propose(call, text(call, "name")?.into_owned(), RunBy::Agent, calls)?;
            }
            if let Some(call) = object(part, "toolCall")? {
                let kind = text(call, "toolType")?;
                let name = if kind.is_empty() { "toolCall" } else { &kind };
                propose(call, name.to_owned(), RunBy::Provider, calls)?;
            }
        }
    }
    Ok(())
}

fn propose(
    call: Node<'_>,
    name: String,
    run_by: RunBy,
    calls: &mut Calls,
) -> Result<(), AnswerError> {
    if member(call, "partialArgs")?.is_some() || member(call, "willContinue")?.is_some() {
        return Err(AnswerError::Malformed("arguments in parts are not read"));
    }
    let head = Head {
        id: text(call, "id")?.into_owned(),
        name,
        namespace: String::new(),
        run_by,
        form: Form::Json,
    };
    let arguments = member(call, "args")?.map_or_else(Written::default, Written::bare);
    calls.whole(head, arguments)
}

fn facts(root: Node<'_>, heard: &mut Heard) {
    heard.id(root.get("responseId"));
    heard.model(root.get("modelVersion"));
    heard.usage(root.get("usageMetadata"), &USAGE);
    heard.error(root.get("error"));
    let blocked = at(root, &["promptFeedback", "blockReason"]);
    heard.declined |= blocked.and_then(Node::text).is_some();
    for candidate in root.get("candidates").into_iter().flat_map(Node::children) {
        heard.finish(candidate.get("finishReason"));
    }
}

const USAGE: Counts = Counts {
    input: &["promptTokenCount"],
    output: &[&["candidatesTokenCount"], &["thoughtsTokenCount"]],
    cached: &["cachedContentTokenCount"],
};
