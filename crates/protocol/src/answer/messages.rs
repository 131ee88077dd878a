//! Anthropic's Messages: calls are content blocks, in a stream begun, continued and ended by events.

use crate::json::{Kind, Node};

use super::AnswerError;
use super::call::{Form, Head, RunBy, Written};
use super::calls::Calls;
use super::event::{Event, at, index, member, object, objects, string, text, typed};
use super::heard::{Counts, Heard};

/// One stream, from its `message_start`.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Content blocks begun so far. Some clients go by the index, others by the order.
    blocks: u64,
    names: Names,
}

/// Whether the events of a stream have names beside their types. Some compatible servers give none: then only clients
/// that go by the types read the stream, and all of it.
#[derive(Debug, Default, PartialEq, Eq)]
enum Names {
    #[default]
    Unknown,
    Given,
    None,
}

impl Stream {
    pub(super) fn event(
        &mut self,
        event: Event<'_>,
        calls: &mut Calls,
        heard: &mut Heard,
    ) -> Result<(), AnswerError> {
        let root = event.root;
        let kind = text(root, "type")?;
        facts(root, heard);
        match &*kind {
            "message_start" => started(root)?,
            "content_block_start" => self.begin(root, calls)?,
            "content_block_delta" => delta(root, calls)?,
            "content_block_stop" => {
                let key = (0, index(root, "index")?);
                if calls.at(key).is_some() {
                    calls.end(key)?;
                }
            }
            "message_delta" | "message_stop" => {}
            _ => return Ok(()),
        }
        Ok(())
    }

    /// Whether clients that go by the SSE name and clients that go by `type` see the same events, or the
    /// former none at all.
    pub(super) fn agrees(&mut self, name: &str, kind: &str) -> bool {
        let is_part = STRUCTURE.contains(&kind) || STRUCTURE.contains(&name);
        if name.is_empty() {
            if is_part && self.names == Names::Unknown {
                self.names = Names::None;
            }
            return !is_part || self.names == Names::None;
        }
        if self.names == Names::None {
            return false;
        }
        self.names = Names::Given;
        name == kind || !is_part
    }

    fn begin(&mut self, root: Node<'_>, calls: &mut Calls) -> Result<(), AnswerError> {
        let place = index(root, "index")?;
        if place != self.blocks {
            return Err(AnswerError::Ambiguous("content blocks out of their order"));
        }
        self.blocks += 1;
        let block = object(root, "content_block")?
            .ok_or(AnswerError::Malformed("a content block is missing"))?;
        let Some(head) = head(block)? else {
            return Ok(());
        };
        let key = (0, place);
        calls.begin(key, head)?;
        match member(block, "input")? {
            Some(input) => calls.initial(key, Written::bare(input)),
            None => Ok(()),
        }
    }
}

/// A whole answer.
pub(super) fn document(
    root: Node<'_>,
    calls: &mut Calls,
    heard: &mut Heard,
) -> Result<(), AnswerError> {
    message(root, heard);
    heard.error(root.get("error"));
    if member(root, "content")?.is_some_and(|content| content.kind() == Kind::String) {
        return Ok(());
    }
    for block in objects(root, "content")? {
        if let Some(head) = head(block)? {
            let input = member(block, "input")?
                .ok_or(AnswerError::Malformed("a call without arguments"))?;
            calls.whole(head, Written::bare(input))?;
        }
    }
    Ok(())
}

fn delta(root: Node<'_>, calls: &mut Calls) -> Result<(), AnswerError> {
    let Some(delta) = object(root, "delta")? else {
        return Ok(());
    };
    let piece = string(delta, "partial_json")?;
    if text(delta, "type")? != "input_json_delta" {
        return match piece {
            Some(_) => Err(AnswerError::Ambiguous(
                "arguments in a delta of another type",
            )),
            None => Ok(()),
        };
    }
    let key = (0, index(root, "index")?);
    match piece {
        Some(piece) => calls.piece(key, &Written::quoted(piece)),
        None => Ok(()),
    }
}

/// Clients take the content that a message starts with, although none is due.
fn started(root: Node<'_>) -> Result<(), AnswerError> {
    let message = object(root, "message")?;
    let content = message
        .map(|message| typed(message, "content", Kind::Array))
        .transpose()?
        .flatten();
    match content.and_then(|content| content.children().next()) {
        Some(_) => Err(AnswerError::Ambiguous("content before its events")),
        None => Ok(()),
    }
}

/// Who is called, where the block is a call.
fn head(block: Node<'_>) -> Result<Option<Head>, AnswerError> {
    let kind = text(block, "type")?;
    if !kind.to_ascii_lowercase().ends_with("tool_use") {
        return Ok(None);
    }
    Ok(Some(Head {
        id: text(block, "id")?.into_owned(),
        name: text(block, "name")?.into_owned(),
        namespace: String::new(),
        run_by: match &*kind {
            "server_tool_use" | "mcp_tool_use" => RunBy::Provider,
            _ => RunBy::Agent,
        },
        form: Form::Json,
    }))
}

fn facts(root: Node<'_>, heard: &mut Heard) {
    if let Some(started) = root.get("message") {
        message(started, heard);
    }
    heard.usage(root.get("usage"), &USAGE);
    heard.region(at(root, &["usage", "inference_geo"]));
    heard.finish(at(root, &["delta", "stop_reason"]));
    heard.error(root.get("error"));
}

fn message(message: Node<'_>, heard: &mut Heard) {
    heard.id(message.get("id"));
    heard.model(message.get("model"));
    heard.usage(message.get("usage"), &USAGE);
    heard.region(at(message, &["usage", "inference_geo"]));
    heard.finish(message.get("stop_reason"));
}

/// The events that an answer is put together from.
pub(super) const STRUCTURE: [&str; 6] = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
];

const USAGE: Counts = Counts {
    input: &["input_tokens"],
    output: &[&["output_tokens"]],
    cached: &["cache_read_input_tokens"],
};
