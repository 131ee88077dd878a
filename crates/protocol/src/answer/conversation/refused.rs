//! Answers that were refused in the middle: what of them is not told any more, and how they end. It judges nothing.

use std::collections::VecDeque;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::super::AnswerError;
use super::events::{Item, Said};
use crate::websocket::Message;
use crate::{Dialect, RefusalDocument, json, render};

#[derive(Debug, Default)]
pub(super) struct RefusedAnswers {
    /// Ids of answers that have not ended yet.
    responses: VecDeque<String>,
    /// Ids of items that servers may repeat outside their answers.
    items: VecDeque<String>,
    /// What the last refusal said.
    error: Value,
}

impl RefusedAnswers {
    pub(super) fn add(&mut self, item: Option<&Item>, refusal: &RefusalDocument<'_>) {
        self.error = body(refusal).get("error").cloned().unwrap_or_default();
        let Some(item) = item else { return };
        remember(&mut self.items, &item.id);
        if let Some(response) = &item.response {
            remember(&mut self.responses, response);
        }
    }

    /// Whether an event belongs to what was refused.
    pub(super) fn covers(&self, said: &Said) -> bool {
        let known = |ids: &VecDeque<String>, id: &Option<String>| {
            id.as_ref().is_some_and(|id| ids.contains(id))
        };
        known(&self.responses, &said.response) || known(&self.items, &said.item)
    }

    /// The last event of an answer as one that has failed; `None` for all its others.
    pub(super) fn ending(
        &mut self,
        message: &Message,
        said: &Said,
    ) -> Result<Option<Message>, AnswerError> {
        if !said.ends {
            return Ok(None);
        }
        self.responses
            .retain(|id| Some(id) != said.response.as_ref());
        let event = json::value(&message.payload)?;
        let own = |name: &str| self.error.get(name).cloned().unwrap_or_default();
        let error = json!({"type": own("type"), "code": own("code"), "message": own("message")});
        let realtime = said.kind == "response.done";
        let mut response = some(event.get("response"), &OF_ANSWERS);
        response.insert("output".to_owned(), json!([]));
        response.insert("status".to_owned(), "failed".into());
        if realtime {
            let details = json!({"type": "failed", "error": error});
            response.insert("status_details".to_owned(), details);
        } else {
            response.insert("error".to_owned(), error);
        }
        let kind = if realtime {
            &said.kind
        } else {
            "response.failed"
        };
        let mut ending = some(Some(&event), &OF_EVENTS);
        ending.insert("type".to_owned(), kind.into());
        ending.insert("response".to_owned(), response.into());
        Ok(Some(message.with(Value::from(ending).to_string().into())))
    }

    /// What the client is told at once.
    pub(super) fn event(refusal: &RefusalDocument<'_>) -> Message {
        Message::text(Bytes::from(body(refusal).to_string()), None)
    }
}

fn body(refusal: &RefusalDocument<'_>) -> Value {
    let rendered = render(&Dialect::Realtime { event: None }, refusal);
    serde_json::from_slice(&rendered.body).unwrap_or_default()
}

/// Nothing but these members: the others may repeat what the answer has said, and nobody has searched them.
fn some(object: Option<&Value>, names: &[&str]) -> Map<String, Value> {
    let members = object.and_then(Value::as_object).into_iter().flatten();
    let kept = members.filter(|(name, _)| names.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The oldest goes: who repeats it has it judged again.
fn remember(ids: &mut VecDeque<String>, id: &str) {
    if ids.len() == MOST {
        ids.pop_front();
    }
    ids.push_back(id.to_owned());
}

const OF_EVENTS: [&str; 2] = ["event_id", "sequence_number"];
const OF_ANSWERS: [&str; 7] = [
    "id",
    "object",
    "created_at",
    "model",
    "conversation_id",
    "output_modalities",
    "usage",
];
const MOST: usize = 256;
