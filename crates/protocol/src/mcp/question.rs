//! What a server asks of its client: a method, and what it wants of it. It reads no answer to it.

use std::fmt;

use aegis_policy::Parameters;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{FollowError, tool};
use crate::answer::event::spells;
use crate::json;

/// A request of a server's, before its client has seen any of it.
#[derive(Clone, PartialEq)]
pub struct Question {
    /// What policy calls it: `SERVER/METHOD`.
    pub name: String,
    /// Without `_meta`.
    pub params: Parameters,
    /// By which it is answered; `None` where a result asks, which is answered by another call.
    pub id: Option<Value>,
}

impl Question {
    /// `None` where nothing is asked for but a sign of life.
    pub(super) fn read(
        server: &str,
        (method, params): (&RawValue, Option<&RawValue>),
        id: Option<&RawValue>,
    ) -> Result<Option<Self>, FollowError> {
        let value = |raw: &RawValue| json::value(raw.get().as_bytes());
        let id = id.map(value).transpose()?;
        let question = Self::of(server, &value(method)?, params.map(value).transpose()?)?;
        Ok(question.map(|question| Self { id, ..question }))
    }

    /// Those that a result asks instead of being one (2026-07-28).
    pub(super) fn within(server: &str, asked: &RawValue) -> Result<Vec<Self>, FollowError> {
        let Value::Object(asked) = json::value(asked.get().as_bytes())? else {
            return Err(UNCLEAR);
        };
        if asked.len() > MOST_QUESTIONS {
            return Err(FollowError::TooLong);
        }
        let mut questions = Vec::new();
        for (_, question) in asked {
            let Value::Object(mut members) = question else {
                return Err(UNCLEAR);
            };
            let known = ["method", "params"];
            let other = |name: &String| known.iter().any(|it| spells(name, it) && it != name);
            if members.keys().any(other) {
                return Err(UNCLEAR);
            }
            let method = members.remove("method").ok_or(UNCLEAR)?;
            questions.extend(Self::of(server, &method, members.remove("params"))?);
        }
        Ok(questions)
    }

    fn of(
        server: &str,
        method: &Value,
        params: Option<Value>,
    ) -> Result<Option<Self>, FollowError> {
        let method = method.as_str().ok_or(UNCLEAR)?;
        let mut params = match params {
            None | Some(Value::Null) => Parameters::new(),
            Some(Value::Object(params)) => params,
            Some(_) => return Err(UNCLEAR),
        };
        params.remove("_meta");
        if method == "ping" && params.is_empty() {
            return Ok(None);
        }
        let name = tool(server, method);
        Ok(Some(Self {
            name,
            params,
            id: None,
        }))
    }
}

/// Without what it wants: that is the server's own text.
impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// In one result: each takes a decision and a record.
const MOST_QUESTIONS: usize = 64;

const UNCLEAR: FollowError = FollowError::Malformed("what it asks of its client is not clear");
