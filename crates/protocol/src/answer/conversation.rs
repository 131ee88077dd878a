//! Follows what a model's server says in a conversation over a WebSocket, and holds back each call that it proposes.
//!
//! `OpenAI`'s Realtime, and Responses over a WebSocket. Like [`super::Guard`] it is pure, but a
//! conversation has many answers, and goes on after a refused one.

mod events;
mod refused;
mod spoken;

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;

use serde_json::{Map, Value};

use super::call::{Form, Mark, ProposedCall};
use super::calls::Calls;
use super::voices::Changes;
use super::{AnswerError, Heard, Limits};
use crate::json::{Kind, Tree};
use crate::websocket::Message;
use crate::{Cleaner, Found, RefusalDocument};
use events::{Items, Said};
use refused::RefusedAnswers;
use spoken::Spoken;

/// What is to be done next.
#[derive(Clone, PartialEq)]
pub enum Turn {
    /// This message goes to the client, as it came.
    Pass(Message),
    /// This one takes the place of one that must not be seen.
    Instead(Message),
    /// A message was kept from the client.
    Dropped,
    /// Answer with [`Conversation::release`], [`Conversation::replace`] or [`Conversation::refuse`];
    /// until then this turn repeats.
    Judge(ProposedCall),
    /// Nothing to do before the next message is told.
    Wait,
}

/// Everything that one server says.
pub struct Conversation {
    limits: Limits,
    items: Items,
    calls: Calls,
    refused: RefusedAnswers,
    heard: Heard,
    /// None where texts are not searched.
    spoken: Option<Spoken>,
    held: VecDeque<Held>,
    held_bytes: usize,
}

/// A message that waits for a verdict, or behind one that does.
struct Held {
    /// `None` where nobody is to see it.
    message: Option<Message>,
    marks: Vec<Mark>,
    /// What else in it is replaced.
    edits: Vec<(Range<usize>, String)>,
    said: Said,
    from: From,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Server,
    /// The rest of a text of the server's.
    Text,
    /// In the place of one of the server's.
    Refusal,
}

impl Conversation {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            items: Items::default(),
            calls: Calls::new(true, limits.calls),
            refused: RefusedAnswers::default(),
            heard: Heard::default(),
            spoken: None,
            held: VecDeque::new(),
            held_bytes: 0,
        }
    }

    /// Texts are searched as well, and go on as the rules on them ask.
    #[must_use]
    pub fn searching(mut self, cleaner: Cleaner) -> Self {
        self.spoken = Some(Spoken::new(cleaner, self.limits.calls));
        self
    }

    /// The next message of the server. After an error the conversation cannot be followed any more.
    pub fn hear(&mut self, message: Message) -> Result<(), AnswerError> {
        if message.payload.len() > self.limits.event_bytes {
            return Err(AnswerError::EventTooLong);
        }
        let tree = Tree::parse(&message.payload)?;
        let root = tree.root().filter(|root| root.kind() == Kind::Object);
        let root = root.ok_or(AnswerError::Malformed("an event is not an object"))?;
        let said = Said::of(root)?;
        if self.refused.covers(&said) {
            self.items.pass_over(root, &said, &mut self.heard)?;
            return self.hear_refused(&message, &said);
        }
        self.items
            .read(root, &said, &mut self.calls, &mut self.heard)?;
        let changes = match &mut self.spoken {
            Some(spoken) => {
                spoken.event(&tree, &said, self.items.latest(), &self.calls.places())?
            }
            None => Changes::default(),
        };
        let marks = self.calls.take_marks();
        if !self.calls.lets(&marks) {
            // A refused call is repeated.
            return self.hear_refused(&message, &said);
        }
        for text in changes.before {
            self.hold(Held {
                message: Some(Message::text(text.json.into(), None)),
                from: From::Text,
                ..Held::about(&said)
            })?;
        }
        self.hold(Held {
            message: Some(message),
            marks,
            edits: changes.edits,
            ..Held::about(&said)
        })
    }

    pub fn turn(&mut self) -> Result<Turn, AnswerError> {
        let decided = |held: &Held| self.calls.decided(&held.marks);
        if self.held.front().is_some_and(decided)
            && let Some(held) = self.held.pop_front()
        {
            self.held_bytes -= held.size();
            let turn = self.outgoing(held)?;
            self.forget();
            return Ok(turn);
        }
        Ok(match self.calls.proposed() {
            Some(call) => Turn::Judge(call),
            None => Turn::Wait,
        })
    }

    /// The proposed call may go to the client as it is.
    pub fn release(&mut self) -> Result<(), AnswerError> {
        let cleaner = self.spoken.as_ref().map(Spoken::cleaner);
        self.calls
            .release(|form, text| form.restored(cleaner, text))
    }

    /// The proposed call goes to the client with these arguments. Where that is not possible nothing
    /// is decided: refuse it then.
    pub fn replace(&mut self, arguments: &Map<String, Value>) -> Result<(), AnswerError> {
        let cleaner = self.spoken.as_ref().map(Spoken::cleaner);
        let restore = |form: Form, text: &str| form.restored(cleaner, text);
        self.calls.replace(arguments, restore)
    }

    /// The answer that proposes the call ends here, and the conversation goes on: the message is an
    /// error event, and the answer's last event will say that it failed.
    pub fn refuse(&mut self, refusal: &RefusalDocument<'_>) -> Result<Message, AnswerError> {
        if self.calls.proposed().is_none() {
            return Err(AnswerError::NothingProposed);
        }
        let key = self.calls.waiting();
        let item = key.and_then(|key| self.items.at(key));
        self.refused.add(item, refusal);
        let response = item.and_then(|item| item.response.clone());
        self.calls
            .refuse(&self.items.keys_of(key, response.as_deref()));
        if let Some(spoken) = &mut self.spoken {
            spoken.forget(response);
        }
        let held = std::mem::take(&mut self.held);
        self.held_bytes = 0;
        for held in held {
            let touched = !self.calls.lets(&held.marks) || self.refused.covers(&held.said);
            match held.message {
                Some(message) if touched && held.from == From::Server => {
                    self.hear_refused(&message, &held.said)?;
                }
                _ if touched && held.from == From::Text => {}
                _ => self.hold(held)?,
            }
        }
        Ok(RefusedAnswers::event(refusal))
    }

    /// What the server has said about itself and what the answers have cost so far.
    pub fn heard(&self) -> &Heard {
        &self.heard
    }

    /// What was found in texts so far, where they are searched.
    pub fn found(&self) -> Vec<Found> {
        self.spoken.as_ref().map(Spoken::found).unwrap_or_default()
    }

    /// Of a refused answer only its end goes out, and says that it failed.
    fn hear_refused(&mut self, message: &Message, said: &Said) -> Result<(), AnswerError> {
        let message = self.refused.ending(message, said)?;
        self.hold(Held {
            message,
            from: From::Refusal,
            ..Held::about(said)
        })
    }

    fn hold(&mut self, held: Held) -> Result<(), AnswerError> {
        self.held_bytes += held.size();
        self.held.push_back(held);
        let bytes = self.held_bytes.saturating_add(self.calls.kept_bytes());
        if bytes > self.limits.hold_bytes || self.held.len() > self.limits.hold_events {
            return Err(AnswerError::HoldLimit);
        }
        Ok(())
    }

    fn outgoing(&self, held: Held) -> Result<Turn, AnswerError> {
        let Some(message) = held.message else {
            return Ok(Turn::Dropped);
        };
        if held.from != From::Server {
            return Ok(Turn::Instead(message));
        }
        let json = std::str::from_utf8(&message.payload)
            .map_err(|_| AnswerError::Malformed("an event is not utf-8"))?;
        Ok(match self.calls.rewritten(json, &held.marks, held.edits)? {
            Some(json) => Turn::Instead(message.with(json.into())),
            None => Turn::Pass(message),
        })
    }

    /// Between answers nothing of them is needed any more.
    fn forget(&mut self) {
        if self.held.is_empty() && self.items.are_over() && !self.calls.any_open() {
            self.calls = Calls::new(true, self.limits.calls);
            self.items = Items::default();
        }
    }
}

impl Held {
    fn about(said: &Said) -> Self {
        Self {
            message: None,
            marks: Vec::new(),
            edits: Vec::new(),
            said: said.clone(),
            from: From::Server,
        }
    }

    fn size(&self) -> usize {
        self.message.as_ref().map_or(0, |it| it.payload.len())
    }
}

/// Lengths instead of bytes.
impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass(message) => f.debug_tuple("Pass").field(message).finish(),
            Self::Instead(message) => f.debug_tuple("Instead").field(message).finish(),
            Self::Dropped => f.write_str("Dropped"),
            Self::Judge(call) => f.debug_tuple("Judge").field(call).finish(),
            Self::Wait => f.write_str("Wait"),
        }
    }
}

/// Nothing of what was said.
impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("held", &self.held.len())
            .finish_non_exhaustive()
    }
}
