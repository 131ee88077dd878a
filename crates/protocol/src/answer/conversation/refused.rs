//! Answers that were refused in the middle: what of them is not told any more, and how they end. It judges nothing.

use std::collections::VecDeque;

use bytes::Bytes;
use serde_json::{Value, json};

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
        let mut event = json::value(&message.payload)?;
        let own = |name: &str| self.error.get(name).cloned().unwrap_or_default();
        let realtime = said.kind == "response.done";
        if let Some(response) = event.get_mut("response").and_then(Value::as_object_mut) {
            response.insert("output".to_owned(), json!([]));
            response.insert("status".to_owned(), "failed".into());
            let error =
                json!({"type": own("type"), "code": own("code"), "message": own("message")});
            if realtime {
                let details = json!({"type": "failed", "error": error});
                response.insert("status_details".to_owned(), details);
            } else {
                response.insert("error".to_owned(), error);
            }
        }
        if let Some(members) = event.as_object_mut().filter(|_| !realtime) {
            members.insert("type".to_owned(), "response.failed".into());
        }
        Ok(Some(message.with(event.to_string().into())))
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

/// The oldest goes: who repeats it has it judged again.
fn remember(ids: &mut VecDeque<String>, id: &str) {
    if ids.len() == MOST {
        ids.pop_front();
    }
    ids.push_back(id.to_owned());
}

const MOST: usize = 256;
