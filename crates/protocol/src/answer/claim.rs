//! Whether an answer tells a stored generation, on a host of which nobody knows that it speaks an LLM's API. It judges nothing.
//!
//! Many a service has a path `/responses/5`. What a client of the API would read as the API's is
//! followed; everything else is anybody's, and passes.

use http::{HeaderMap, header};

use super::sse::ends_a_line_for_some;
use super::{AnswerError, Framing};
use crate::LlmApi;
use crate::body::are_records;
use crate::json::{self, Kind, Node, Tree};
use crate::llm::Stored;
use crate::media_type::MediaType;

use super::event::spells;

/// What an answer is, as far as it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// More of it has to be read.
    Open,
    /// A generation, or a stream that may tell one: see [`super::Guard::doubting`].
    Generation(Framing),
    /// Of nothing that a client of the API would read.
    Other,
}

impl Stored {
    /// `body` is the beginning of a successful answer, in no content coding; `limit` the most that is
    /// read of a document, in bytes.
    pub fn claim(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        ended: bool,
        limit: usize,
    ) -> Result<Claim, AnswerError> {
        let tells_events = self.streams || says_events(headers);
        let before = body.iter().take_while(|byte| BEFORE.contains(byte)).count();
        // Behind any number of blanks may stand a document.
        if before > limit {
            return Err(AnswerError::EventTooLong);
        }
        let Some(first) = body.get(before) else {
            return Ok(if ended { Claim::Other } else { Claim::Open });
        };
        if *first != b'{' {
            return Ok(if tells_events {
                Claim::Generation(Framing::ServerSentEvents)
            } else {
                Claim::Other
            });
        }
        let blank = |byte: &u8| byte.is_ascii_whitespace();
        if !body.iter().take(before).all(blank) {
            return Err(AnswerError::Ambiguous(
                "a document in an encoding that only some clients read",
            ));
        }
        match () {
            () if body.len() > limit => Err(AnswerError::EventTooLong),
            () if !ended => Ok(Claim::Open),
            () => document(self.api, body, tells_events),
        }
    }
}

/// Who expects events may find some in what is no JSON, or where only few see the end of a line.
fn document(api: LlmApi, body: &[u8], tells_events: bool) -> Result<Claim, AnswerError> {
    let tree = match Tree::parse(body) {
        Ok(tree) => tree,
        Err(_) if !tells_events && (are_records(body) || !nearly_json(body)) => {
            return Ok(Claim::Other);
        }
        Err(error) => return Err(error.into()),
    };
    if tree.root().is_some_and(|root| is_generation(api, root)) {
        return Ok(Claim::Generation(Framing::Document));
    }
    if tells_events && ends_a_line_for_some(body) {
        return Err(AnswerError::Ambiguous(
            "a character at which some clients end a line",
        ));
    }
    Ok(Claim::Other)
}

/// Whether a client may read this event as one of the API's.
pub(super) fn is_event(api: LlmApi, name: &str, data: &[u8]) -> bool {
    let is_word = |word: &str| api == LlmApi::Responses && word.starts_with("response.");
    let Ok(tree) = Tree::parse(data) else {
        return is_word(name) || nearly_json(data);
    };
    let typed =
        |root: Node<'_>| named(root, "type").any(|it| it.text().is_some_and(|it| is_word(&it)));
    let root = tree.root();
    is_word(name) || root.is_some_and(|root| typed(root) || is_generation(api, root))
}

/// Whether a client would find in it what a model has said.
fn is_generation(api: LlmApi, root: Node<'_>) -> bool {
    match api {
        LlmApi::Responses => {
            says(root, |object| object == "response")
                || lists(root, "output", |item| named(item, "type").next().is_some())
        }
        _ => is_completion(root) || lists(root, "data", is_completion),
    }
}

fn is_completion(root: Node<'_>) -> bool {
    says(root, |object| object.starts_with("chat.completion")) || lists(root, "choices", |_| true)
}

fn says(root: Node<'_>, is: impl Fn(&str) -> bool) -> bool {
    named(root, "object").any(|it| it.text().is_some_and(|it| is(&it)))
}

/// Whether an object in the list of this name is such.
fn lists(root: Node<'_>, name: &str, is: impl Fn(Node<'_>) -> bool) -> bool {
    let lists = named(root, name).filter(|list| list.kind() == Kind::Array);
    let mut items = lists.flat_map(Node::children);
    items.any(|item| item.kind() == Kind::Object && is(item))
}

/// In any spelling: a reader refuses those that only some clients take for the name.
fn named<'t>(node: Node<'t>, name: &str) -> impl Iterator<Item = Node<'t>> {
    let is_object = node.kind() == Kind::Object;
    let children = is_object.then(|| node.children()).into_iter().flatten();
    children.filter(move |child| child.key().is_some_and(|key| spells(&key, name)))
}

fn nearly_json(text: &[u8]) -> bool {
    json::begins_as_object(&String::from_utf8_lossy(text))
}

fn says_events(headers: &HeaderMap) -> bool {
    let types = headers.get_all(header::CONTENT_TYPE).iter();
    let mut types = types.filter_map(|value| MediaType::parse(value.to_str().ok()?));
    types.any(|media| media.essence() == "text/event-stream")
}

/// Before the first sign of a document: blanks, byte order marks, and what UTF-16 and UTF-32 have.
const BEFORE: [u8; 10] = [b' ', b'\t', b'\r', b'\n', 0, 0xef, 0xbb, 0xbf, 0xfe, 0xff];

#[cfg(test)]
mod tests;
