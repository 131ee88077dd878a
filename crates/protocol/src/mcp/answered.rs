//! What each message of an answer is: the answer to a request, or a question to the client. Of answers, it reads only whether a
//! tool failed and what they ask.
//!
//! A result may be long, deep, or cut off within a character, and is the agent's business; so only the
//! outermost members are read, and what stands below them is stepped over.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::expected::Asked;
use super::{Expected, FollowError, Question};
use crate::answer::event::spells;
use crate::json;

/// What the messages of one event, or of one document, come to.
#[derive(Default)]
pub(super) struct Said {
    pub(super) tool_error: bool,
    pub(super) questions: Vec<Question>,
}

/// A result or an error for a request that was not made here is refused: clients match answers by
/// their ids, wherever they come from.
pub(super) fn read(text: &[u8], expected: &Expected) -> Result<Said, FollowError> {
    let messages = messages(text)
        .map_err(|_| FollowError::Malformed("it is no message, or its members are not clear"))?;
    let mut said = Said::default();
    for Message { answer, question } in messages {
        if let Some(Asking { id, method, params }) = question {
            let question = Question::read(&expected.server, (method, params), id)?;
            said.questions.extend(question);
        }
        let Some(answer) = answer else {
            continue;
        };
        if let Some(result) = answer.result {
            let asked = questions(result)
                .map_err(|_| FollowError::Malformed("the members of a result are not clear"))?;
            if let Some(asked) = asked {
                let asked = Question::within(&expected.server, asked)?;
                said.questions.extend(asked);
            }
        }
        if let Some(requests) = &expected.requests {
            said.tool_error |= has_failed(&answer, requests)?;
        }
    }
    Ok(said)
}

/// What a result asks instead of being one.
fn questions(result: &RawValue) -> serde_json::Result<Option<&RawValue>> {
    if !result.get().starts_with('{') {
        return Ok(None);
    }
    let [questions] = members(result.get(), ["inputRequests"])?;
    Ok(questions.filter(|value| value.get() != "null"))
}

fn has_failed(answer: &Answer<'_>, requests: &[(Value, Asked)]) -> Result<bool, FollowError> {
    match (asked(answer, requests)?, answer.result) {
        (Some(Asked::Call), Some(result)) => Ok(says_error(result)),
        (None, Some(_)) => Err(FollowError::Unasked),
        _ => Ok(false),
    }
}

/// The requests that a message answers, as far as it can be read.
pub(super) fn ids(text: &[u8]) -> Vec<Value> {
    let messages = messages(text).unwrap_or_default();
    let ids = messages
        .iter()
        .filter_map(|message| message.answer.as_ref()?.id);
    let ids = ids.filter_map(|id| json::value(id.get().as_bytes()).ok());
    ids.filter(|id| id.is_string() || id.is_number()).collect()
}

/// Ids are compared as JSON, so `"1"` is not `1`. `None` without one, as errors may be.
fn asked(answer: &Answer<'_>, requests: &[(Value, Asked)]) -> Result<Option<Asked>, FollowError> {
    let Some(id) = answer.id else {
        return Ok(None);
    };
    let id = json::value(id.get().as_bytes())?;
    let request = requests.iter().find(|(asked, _)| *asked == id);
    let (_, asked) = request.ok_or(FollowError::Unasked)?;
    Ok(Some(*asked))
}

fn says_error(result: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct OfTool {
        #[serde(rename = "isError")]
        is_error: bool,
    }
    serde_json::from_str(result.get()).is_ok_and(|result: OfTool| result.is_error)
}

/// A notification neither answers nor asks.
struct Message<'a> {
    answer: Option<Answer<'a>>,
    question: Option<Asking<'a>>,
}

struct Answer<'a> {
    id: Option<&'a RawValue>,
    /// `None` where it is an error.
    result: Option<&'a RawValue>,
}

struct Asking<'a> {
    id: Option<&'a RawValue>,
    method: &'a RawValue,
    params: Option<&'a RawValue>,
}

/// One, or those of several in an array that answer or ask something.
fn messages(text: &[u8]) -> serde_json::Result<Vec<Message<'_>>> {
    let text = serde_json::from_slice::<&RawValue>(text)?.get();
    if text.starts_with('[') {
        serde_json::Deserializer::from_str(text).deserialize_seq(Several)
    } else {
        Ok(vec![Message::read(text)?])
    }
}

impl<'de> Deserialize<'de> for Message<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        Self::read(text).map_err(serde::de::Error::custom)
    }
}

impl<'de> Message<'de> {
    fn read(text: &'de str) -> serde_json::Result<Self> {
        let names = ["id", "result", "error", "jsonrpc", "method", "params"];
        let members = members(text, names)?;
        // Whoever asks waits for an answer, whatever the id is.
        let [asks, ..] = members.map(|value| value.is_some());
        let [id, result, error, version, method, params] =
            members.map(|value| value.filter(|value| value.get() != "null"));
        // What web servers say of their own errors looks like one, and is no message.
        let answers = result.is_some() || (error.is_some() && version.is_some());
        let method = method.filter(|_| asks);
        Ok(Self {
            answer: answers.then_some(Answer { id, result }),
            question: method.map(|method| Asking { id, method, params }),
        })
    }
}

/// Those of these names, as they stand there.
fn members<'a, const N: usize>(
    object: &'a str,
    names: [&'static str; N],
) -> serde_json::Result<[Option<&'a RawValue>; N]> {
    serde_json::Deserializer::from_str(object).deserialize_map(Members(names))
}

struct Several;
struct Members<const N: usize>([&'static str; N]);

impl<'de> Visitor<'de> for Several {
    type Value = Vec<Message<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("messages in an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut messages = Vec::new();
        while let Some(message) = elements.next_element::<Message<'de>>()? {
            if message.answer.is_some() || message.question.is_some() {
                messages.push(message);
            }
            if messages.len() > MOST_MESSAGES {
                return Err(serde::de::Error::custom("more messages than requests"));
            }
        }
        Ok(messages)
    }
}

impl<'de, const N: usize> Visitor<'de> for Members<N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    /// Some clients read the first of two members of one name, some the last, and some do not tell
    /// upper from lower case.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(key) = members.next_key::<Cow<'de, str>>()? {
            let mut slots = self.0.iter().zip(&mut found);
            let Some((name, slot)) = slots.find(|(name, _)| spells(&key, name)) else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            if key != *name || slot.is_some() {
                return Err(serde::de::Error::custom("a member that stands there twice"));
            }
            *slot = Some(members.next_value()?);
        }
        Ok(found)
    }
}

/// In one event. A batch has fewer requests.
const MOST_MESSAGES: usize = 64;
