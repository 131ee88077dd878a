//! Conversations with a model: what is released passes as it came, nothing is shown unjudged, and a refused call never is.

use aegis_protocol::answer::{AnswerError, Arguments, Conversation, Limits, ProposedCall, Turn};
use aegis_protocol::websocket::Message;
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::limits::{LIMITS, WIDE};
use crate::refusal::REFUSAL;

/// One event of the server in each line.
pub fn conversation(input: &[u8]) -> bool {
    let lines = input.split(|byte| *byte == b'\n');
    let said: Vec<Message> = lines.map(message).collect();
    let released = told(&said, &Verdict::Release, LIMITS);
    assert!(said.starts_with(&released.passed) && released.changed.is_empty());
    for (name, arguments) in released.passed.iter().flat_map(calls_in) {
        let judged = |call: &ProposedCall| is_called(call, &name, &arguments);
        assert!(released.calls.iter().any(judged), "{name}");
    }
    let refused = told(&said, &Verdict::Refuse, LIMITS);
    for message in refused.passed.iter().chain(&refused.changed) {
        assert_eq!(calls_in(message), []);
    }
    replaces(&said, &released);
    released.error.is_none() && released.passed.len() == said.len()
}

enum Verdict {
    Release,
    Refuse,
    Replace(Map<String, Value>),
}

/// What the client gets.
struct Told {
    /// As they came.
    passed: Vec<Message>,
    /// In the place of others.
    changed: Vec<Message>,
    /// Both, in their order.
    all: Vec<Message>,
    calls: Vec<ProposedCall>,
    error: Option<AnswerError>,
}

fn told(said: &[Message], verdict: &Verdict, limits: Limits) -> Told {
    let mut conversation = Conversation::new(limits);
    let mut told = Told {
        passed: Vec::new(),
        changed: Vec::new(),
        all: Vec::new(),
        calls: Vec::new(),
        error: None,
    };
    for message in said {
        let heard = conversation.hear(message.clone());
        let answered = heard.and_then(|()| told.turns(&mut conversation, verdict));
        if let Err(error) = answered {
            told.error = Some(error);
            break;
        }
    }
    told
}

impl Told {
    fn turns(
        &mut self,
        conversation: &mut Conversation,
        verdict: &Verdict,
    ) -> Result<(), AnswerError> {
        loop {
            match conversation.turn()? {
                Turn::Wait => return Ok(()),
                Turn::Dropped => {}
                Turn::Pass(message) => {
                    self.all.push(message.clone());
                    self.passed.push(message);
                }
                Turn::Instead(message) => {
                    self.all.push(message.clone());
                    self.changed.push(message);
                }
                Turn::Judge(call) => {
                    self.calls.push(call);
                    match verdict {
                        Verdict::Release => conversation.release()?,
                        Verdict::Replace(arguments) => conversation.replace(arguments)?,
                        // What the client is told now is no part of the answer.
                        Verdict::Refuse => drop(conversation.refuse(&REFUSAL)?),
                    }
                }
            }
        }
    }
}

/// Whoever hears the rest finds the same calls with the new arguments, and no other.
fn replaces(said: &[Message], released: &Told) {
    let clean = Map::from_iter([("note".to_owned(), Value::from("\"clean\"\n"))]);
    let replaced = told(said, &Verdict::Replace(clean.clone()), LIMITS);
    if replaced.error.is_some() || released.error.is_some() {
        return;
    }
    let again = told(&replaced.all, &Verdict::Release, WIDE);
    assert_eq!(again.error, None);
    let known = |call: &ProposedCall| {
        let mut calls = released.calls.iter();
        calls.any(|it| it.name == call.name && it.id == call.id)
    };
    for call in &again.calls {
        assert!(known(call) && call.arguments == Arguments::Read(clean.clone()));
    }
}

/// The calls that an SDK would find whole in an event, found in a way of its own: name and arguments.
fn calls_in(message: &Message) -> Vec<(String, String)> {
    let Ok(event) = serde_json::from_slice::<Value>(&message.payload) else {
        return Vec::new();
    };
    let begins = ["added", "created"].iter().any(|end| {
        let kind = event.get("type").and_then(Value::as_str);
        kind.is_some_and(|kind| kind.ends_with(end))
    });
    let item = event.get("item").filter(|_| !begins);
    let output = event.pointer("/response/output").and_then(Value::as_array);
    let items = item.into_iter().chain(output.into_iter().flatten());
    let calls = items.filter(|item| item.get("type").is_some_and(|kind| kind == "function_call"));
    let text = |item: &Value, name: &str| Some(item.get(name)?.as_str()?.to_owned());
    calls
        .filter_map(|item| Some((text(item, "name")?, text(item, "arguments")?)))
        .collect()
}

fn is_called(call: &ProposedCall, name: &str, arguments: &str) -> bool {
    let same = match &call.arguments {
        Arguments::Read(read) => {
            let written = serde_json::from_str::<Map<String, Value>>(arguments);
            arguments.trim().is_empty() || written.is_ok_and(|written| written == *read)
        }
        _ => true,
    };
    same && (call.name == name || call.name.ends_with(&format!(".{name}")))
}

fn message(line: &[u8]) -> Message {
    Message::text(Bytes::copy_from_slice(line), None)
}
