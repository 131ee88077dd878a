//! Where an answer's events carry pieces of texts, and when a text is over. It changes nothing.
//!
//! What is no piece of a text here is taken for a text of its own.

use crate::LlmApi;
use crate::json::{Kind, Node};

use super::event::{Event, member, object, objects, text};
use super::places::{is_opaque, is_text};
use super::{AnswerError, messages, responses};

/// One text of an answer, in terms of its API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Channel {
    /// Choice, content block, output item.
    pub(super) group: u64,
    /// Of an output item.
    pub(super) part: u64,
    /// What kind of text it is.
    pub(super) path: String,
}

/// What one event says.
#[derive(Default)]
pub(super) struct Texts<'t> {
    pub(super) pieces: Vec<(Channel, Node<'t>)>,
    pub(super) ends: Vec<End>,
}

/// Which texts are over with an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    All,
    Group(u64),
    One(Channel),
}

impl<'t> Texts<'t> {
    pub(super) fn of(api: LlmApi, event: Event<'t>) -> Result<Self, AnswerError> {
        let mut texts = Self::default();
        match api {
            LlmApi::ChatCompletions => texts.chat(event.root)?,
            LlmApi::Responses => texts.responses(event.root)?,
            LlmApi::Messages => texts.messages(event.root)?,
            LlmApi::Converse => texts.converse(event)?,
            LlmApi::InvokeModel => texts.invoke(event.root)?,
            LlmApi::GenerateContent => texts.gemini(event.root)?,
        }
        Ok(texts)
    }

    fn chat(&mut self, root: Node<'t>) -> Result<(), AnswerError> {
        for choice in objects(root, "choices")? {
            let group = number(choice, "index");
            if let Some(delta) = object(choice, "delta")? {
                self.below(delta, group, "");
            }
            // Of the API before chat.
            self.string(choice, group, "text");
            if said(choice, "finish_reason")? {
                self.ends.push(End::Group(group));
            }
        }
        Ok(())
    }

    fn responses(&mut self, root: Node<'t>) -> Result<(), AnswerError> {
        let kind = text(root, "type")?;
        let group = number(root, "output_index");
        let part = match root.get("content_index") {
            Some(_) => number(root, "content_index"),
            None => number(root, "summary_index"),
        };
        let channel = |path: &str| Channel {
            group,
            part,
            path: path.to_owned(),
        };
        match kind.rsplit_once('.') {
            _ if OVER.contains(&&*kind) => self.ends.push(End::All),
            // Sound is no text, and arguments are judged as a call's.
            Some((path, "delta")) if !path.ends_with("audio") && !responses::is_call(path) => {
                let piece = member(root, "delta")?.filter(|it| it.kind() == Kind::String);
                self.pieces
                    .extend(piece.map(|piece| (channel(path), piece)));
            }
            Some((path, "done")) if PARTS.contains(&path) => self.ends.push(End::Group(group)),
            Some((path, "done" | "completed" | "failed")) => {
                self.ends.push(End::One(channel(path)));
            }
            _ => {}
        }
        Ok(())
    }

    fn messages(&mut self, root: Node<'t>) -> Result<(), AnswerError> {
        let group = number(root, "index");
        match &*text(root, "type")? {
            "content_block_start" => {
                if let Some(block) = object(root, "content_block")? {
                    self.string(block, group, "text");
                    self.string(block, group, "thinking");
                }
            }
            "content_block_delta" => {
                for piece in object(root, "delta")?.into_iter().flat_map(Node::children) {
                    self.piece(piece, group, "");
                }
            }
            "content_block_stop" => self.ends.push(End::Group(group)),
            "message_delta" | "message_stop" | "error" => self.ends.push(End::All),
            _ => {}
        }
        Ok(())
    }

    fn converse(&mut self, event: Event<'t>) -> Result<(), AnswerError> {
        let group = number(event.root, "contentBlockIndex");
        match event.name {
            "contentBlockDelta" => {
                if let Some(delta) = object(event.root, "delta")? {
                    self.below(delta, group, "");
                }
            }
            "contentBlockStop" => self.ends.push(End::Group(group)),
            "messageStop" => self.ends.push(End::All),
            _ => {}
        }
        Ok(())
    }

    /// By its shape, as its calls are read; else every text is one that goes on.
    fn invoke(&mut self, root: Node<'t>) -> Result<(), AnswerError> {
        let kind = member(root, "type")?.and_then(Node::text);
        if kind.is_some_and(|kind| messages::STRUCTURE.contains(&&*kind)) {
            return self.messages(root);
        }
        if member(root, "choices")?.is_some() {
            return self.chat(root);
        }
        for name in super::invoke::CONVERSE {
            if let Some(root) = object(root, name)? {
                return self.converse(Event { name, root });
            }
        }
        self.any(root, "");
        Ok(())
    }

    fn gemini(&mut self, root: Node<'t>) -> Result<(), AnswerError> {
        for (at, candidate) in (0..).zip(objects(root, "candidates")?) {
            let group = match candidate.get("index") {
                Some(_) => number(candidate, "index"),
                None => at,
            };
            if let Some(content) = object(candidate, "content")? {
                for part in objects(content, "parts")? {
                    let thought = part.get("thought").map(Node::kind) == Some(Kind::Bool(true));
                    self.string_as(
                        part,
                        "text",
                        group,
                        if thought { "thought" } else { "text" },
                    );
                }
            }
            if said(candidate, "finishReason")? {
                self.ends.push(End::Group(group));
            }
        }
        Ok(())
    }

    /// The texts of a delta: its own members, and further down those that are known to be text.
    fn below(&mut self, node: Node<'t>, group: u64, path: &str) {
        for child in node.children() {
            let key = child.key().unwrap_or_default();
            match child.kind() {
                Kind::String if path.is_empty() || is_text(&key) => {
                    self.piece(child, group, path);
                }
                Kind::Object | Kind::Array if !CALLS.contains(&&*key) => {
                    self.below(child, group, &format!("{path}/{key}"));
                }
                _ => {}
            }
        }
    }

    /// Every text from here down.
    fn any(&mut self, node: Node<'t>, path: &str) {
        for child in node.children() {
            let key = child.key().unwrap_or_default();
            match child.kind() {
                Kind::String => self.piece(child, 0, path),
                _ => self.any(child, &format!("{path}/{key}")),
            }
        }
    }

    fn string(&mut self, node: Node<'t>, group: u64, name: &str) {
        self.string_as(node, name, group, &format!("/{name}"));
    }

    fn string_as(&mut self, node: Node<'t>, name: &str, group: u64, path: &str) {
        let piece = node.get(name).filter(|piece| piece.kind() == Kind::String);
        let channel = Channel {
            group,
            part: 0,
            path: path.to_owned(),
        };
        self.pieces.extend(piece.map(|piece| (channel, piece)));
    }

    fn piece(&mut self, piece: Node<'t>, group: u64, path: &str) {
        let key = piece.key().unwrap_or_default();
        if piece.kind() == Kind::String && !is_opaque(piece) {
            let channel = Channel {
                group,
                part: 0,
                path: format!("{path}/{key}"),
            };
            self.pieces.push((channel, piece));
        }
    }
}

fn said(node: Node<'_>, name: &str) -> Result<bool, AnswerError> {
    let reason = member(node, name)?;
    Ok(reason.is_some_and(|reason| reason.text().is_none_or(|text| !text.is_empty())))
}

/// Nothing stands for the first.
fn number(node: Node<'_>, name: &str) -> u64 {
    let found = node.get(name).filter(|it| it.kind() == Kind::Number);
    found.and_then(|it| it.raw().parse().ok()).unwrap_or(0)
}

/// Events of Responses by which a part of the answer is over.
const PARTS: [&str; 3] = [
    "response.output_item",
    "response.content_part",
    "response.reasoning_summary_part",
];
/// Events of Responses by which the answer is.
const OVER: [&str; 6] = [
    "response.completed",
    "response.incomplete",
    "response.failed",
    "response.cancelled",
    // Of Realtime, whatever became of the answer.
    "response.done",
    "error",
];
const CALLS: [&str; 4] = ["tool_calls", "function_call", "toolUse", "annotations"];
