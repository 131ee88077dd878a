//! One reader for each API, behind one door.

use crate::LlmApi;
use crate::json::{Kind, Tree};

use super::calls::Calls;
use super::event::{Event, text};
use super::heard::Heard;
use super::{AnswerError, Framing, chat, converse, gemini, invoke, messages, responses};

#[derive(Debug)]
pub(super) enum Reader {
    Chat,
    Responses(responses::Stream),
    Messages(messages::Stream),
    Converse,
    Invoke(invoke::Stream),
    Gemini,
}

impl Reader {
    pub(super) fn new(api: LlmApi) -> Self {
        match api {
            LlmApi::ChatCompletions => Self::Chat,
            LlmApi::Responses => Self::Responses(responses::Stream::default()),
            LlmApi::Messages => Self::Messages(messages::Stream::default()),
            LlmApi::Converse => Self::Converse,
            LlmApi::InvokeModel => Self::Invoke(invoke::Stream::default()),
            LlmApi::GenerateContent => Self::Gemini,
        }
    }

    /// One event of a stream.
    pub(super) fn event(
        &mut self,
        name: &str,
        tree: &Tree<'_>,
        calls: &mut Calls,
        heard: &mut Heard,
    ) -> Result<(), AnswerError> {
        let root = tree.root().filter(|root| root.kind() == Kind::Object);
        let root = root.ok_or(AnswerError::Malformed("an event is not an object"))?;
        let event = Event { name, root };
        match self {
            Self::Chat => chat::event(event, calls, heard),
            Self::Responses(stream) => stream.event(event, calls, heard),
            Self::Messages(stream) => {
                if !stream.agrees(name, &text(root, "type")?) {
                    return Err(AnswerError::Ambiguous(
                        "an event whose name is not its type",
                    ));
                }
                stream.event(event, calls, heard)
            }
            Self::Converse => converse::event(event, calls, heard),
            Self::Invoke(stream) => stream.event(root, calls, heard),
            Self::Gemini => gemini::chunk(root, calls, heard),
        }
    }

    /// A whole answer.
    pub(super) fn document(
        &self,
        tree: &Tree<'_>,
        calls: &mut Calls,
        heard: &mut Heard,
    ) -> Result<(), AnswerError> {
        let Some(root) = tree.root() else {
            return Ok(());
        };
        match (self, root.kind()) {
            (Self::Chat, Kind::Object) => chat::document(root, calls, heard),
            (Self::Responses(_), Kind::Object) => responses::document(root, calls, heard),
            (Self::Messages(_), Kind::Object) => messages::document(root, calls, heard),
            (Self::Converse, Kind::Object) => converse::document(root, calls, heard),
            (Self::Invoke(_), Kind::Object) => invoke::document(root, calls, heard),
            (Self::Gemini, Kind::Object) => gemini::chunk(root, calls, heard),
            // A stream that was sent at once.
            (Self::Gemini, Kind::Array) if root.children().all(|it| it.kind() == Kind::Object) => {
                root.children()
                    .try_for_each(|chunk| gemini::chunk(chunk, calls, heard))
            }
            _ => Err(AnswerError::Malformed("the answer is not an object")),
        }
    }

    /// The number that the next event of this stream has, where the API counts them.
    pub(super) fn next_sequence(&self) -> u64 {
        match self {
            Self::Responses(stream) => stream.next_sequence(),
            _ => 0,
        }
    }
}

/// Whether the API repeats calls that were decided already.
pub(super) fn repeats(api: LlmApi, framing: Framing) -> bool {
    api == LlmApi::Responses && framing != Framing::Document
}
