//! Which request each message of an answer is for. Of what it answers, it reads only whether a tool failed.
//!
//! A result may be long, deep, or cut off within a character, and is the agent's business; so only the
//! outermost members are read, and what stands below them is stepped over.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::FollowError;
use super::expected::Asked;
use crate::answer::event::spells;
use crate::json;

/// Whether a tool has failed. A result or an error for a request that was not made here is refused:
/// clients match answers by their ids, wherever they come from.
pub(super) fn check(text: &[u8], requests: &[(Value, Asked)]) -> Result<bool, FollowError> {
    let Answers(answers) = serde_json::from_slice(text)
        .map_err(|_| FollowError::Malformed("it is no message, or its members are not clear"))?;
    let mut failed = false;
    for answer in answers {
        match (asked(&answer, requests)?, answer.result) {
            (Some(Asked::Call), Some(result)) => failed |= says_error(result),
            (None, Some(_)) => return Err(FollowError::Unasked),
            _ => {}
        }
    }
    Ok(failed)
}

/// The requests that a message answers, as far as it can be read.
pub(super) fn ids(text: &[u8]) -> Vec<Value> {
    let Ok(Answers(answers)) = serde_json::from_slice(text) else {
        return Vec::new();
    };
    let ids = answers.iter().filter_map(|answer| answer.id);
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

/// The messages that answer something.
struct Answers<'a>(Vec<Answer<'a>>);

struct Answer<'a> {
    id: Option<&'a RawValue>,
    /// `None` where it is an error.
    result: Option<&'a RawValue>,
}

/// A message that answers nothing is `None`.
struct Message<'a>(Option<Answer<'a>>);

impl<'de> Deserialize<'de> for Answers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMore)
    }
}

impl<'de> Deserialize<'de> for Message<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(One)
    }
}

struct OneOrMore;
struct One;

impl<'de> Visitor<'de> for OneOrMore {
    type Value = Answers<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message, or several in an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        let Message(answer) = One.visit_map(members)?;
        Ok(Answers(answer.into_iter().collect()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut messages: A) -> Result<Self::Value, A::Error> {
        let mut answers = Vec::new();
        while let Some(Message(answer)) = messages.next_element()? {
            answers.extend(answer);
            if answers.len() > MOST_ANSWERS {
                return Err(serde::de::Error::custom("more answers than requests"));
            }
        }
        Ok(Answers(answers))
    }
}

impl<'de> Visitor<'de> for One {
    type Value = Message<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    /// Some clients read the first of two members of one name, some the last, and some do not tell
    /// upper from lower case.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let names = ["id", "result", "error", "jsonrpc"];
        let mut found: [Option<&'de RawValue>; 4] = [None; 4];
        while let Some(key) = members.next_key::<Cow<'de, str>>()? {
            let mut slots = names.iter().zip(&mut found);
            let Some((name, slot)) = slots.find(|(name, _)| spells(&key, name)) else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            if key != *name || slot.is_some() {
                return Err(serde::de::Error::custom("a member that stands there twice"));
            }
            *slot = Some(members.next_value()?);
        }
        let found = found.map(|value| value.filter(|value| value.get() != "null"));
        let [id, result, error, version] = found;
        // What web servers say of their own errors looks like one, and is no message.
        let answers = result.is_some() || (error.is_some() && version.is_some());
        Ok(Message(answers.then_some(Answer { id, result })))
    }
}

/// In one event. A batch has fewer requests.
const MOST_ANSWERS: usize = 64;
