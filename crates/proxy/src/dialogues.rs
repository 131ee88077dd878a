//! What MCP servers have asked, and whether policy let their clients see it: an answer belongs to a question. It judges nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aegis_policy::{Authority, Caller};
use aegis_protocol::Reading;
use aegis_protocol::mcp::digest;
use http::HeaderValue;
use serde_json::{Value, json};

use crate::refusal::{Cause, Refusal};

/// The sessions of all agents with servers over HTTP.
#[derive(Debug, Default)]
pub(crate) struct Dialogues(Mutex<HashMap<Arc<str>, Arc<Memory>>>);

/// One session of an agent with a server, or one WebSocket.
#[derive(Clone, Debug)]
pub(crate) struct Dialogue {
    memory: Arc<Memory>,
    name: Arc<str>,
    /// All that the server asks in it passes here. A session over HTTP may have streams elsewhere.
    whole: bool,
}

/// Questions that count, by what they are known by; the oldest are forgotten first.
#[derive(Debug, Default)]
struct Memory(Mutex<VecDeque<Key>>);

type Key = [u8; 32];

impl Dialogues {
    /// `session` is what the server has named it, where it has.
    pub(crate) fn of(
        &self,
        caller: &Caller,
        server: &Authority,
        session: Option<&HeaderValue>,
    ) -> Dialogue {
        let session = session.map(|it| String::from_utf8_lossy(it.as_bytes()));
        let name = json!([caller.agent.as_ref(), server.to_string(), session]);
        let mut tenants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let memory = tenants.entry(Arc::clone(&caller.tenant)).or_default();
        Dialogue {
            memory: Arc::clone(memory),
            name: name.to_string().into(),
            whole: false,
        }
    }
}

impl Dialogue {
    /// Over a WebSocket, from its beginning on.
    pub(crate) fn over_websocket() -> Self {
        Self {
            memory: Arc::default(),
            name: "".into(),
            whole: true,
        }
    }

    /// The server has asked this, and its client is shown the question, or not.
    pub(crate) fn asked(&self, id: &Value, shown: bool) {
        self.memory.keep(self.key(id), shown == self.whole);
    }

    /// Why what a client says is no answer to be passed on: of a whole dialogue, what was shown may be
    /// answered and nothing else, of any other, all but what was not shown.
    pub(crate) fn unasked(&self, reading: &Reading) -> Option<Refusal> {
        let known = self.memory.has(&self.key(reading.answers()?));
        (known != self.whole).then(|| Refusal::because(Cause::Uninspectable, UNASKED, WHY))
    }

    fn key(&self, id: &Value) -> Key {
        digest(&json!([self.name.as_ref(), id]))
    }
}

impl Memory {
    fn keep(&self, key: Key, counts: bool) {
        let mut known = self.known();
        known.retain(|it| *it != key);
        if counts {
            if known.len() == MOST_QUESTIONS {
                known.pop_front();
            }
            known.push_back(key);
        }
    }

    fn has(&self, key: &Key) -> bool {
        self.known().contains(key)
    }

    fn known(&self) -> MutexGuard<'_, VecDeque<Key>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of one tenant over HTTP, and of one WebSocket.
const MOST_QUESTIONS: usize = 1024;

const UNASKED: &str = "protocol.unasked";
const WHY: &str = "it answers what the server has not asked, or policy did not let it ask";

#[cfg(test)]
mod tests {
    use super::*;

    fn may_answer(dialogue: &Dialogue, id: &Value) -> bool {
        dialogue.memory.has(&dialogue.key(id)) == dialogue.whole
    }

    #[test]
    fn of_more_questions_than_are_kept_the_oldest_are_forgotten() {
        let dialogue = Dialogue::over_websocket();
        for id in 0..=MOST_QUESTIONS {
            dialogue.asked(&json!(id), true);
        }
        assert!(!may_answer(&dialogue, &json!(0)));
        assert!(may_answer(&dialogue, &json!(1)));
        assert!(may_answer(&dialogue, &json!(MOST_QUESTIONS)));
        assert!(!may_answer(&dialogue, &json!("1")));
    }

    #[test]
    fn a_question_that_is_asked_again_is_known_by_its_last_verdict() {
        let dialogue = Dialogue::over_websocket();
        for shown in [true, false, true] {
            dialogue.asked(&json!(7), shown);
            assert_eq!(may_answer(&dialogue, &json!(7)), shown);
        }
    }
}
