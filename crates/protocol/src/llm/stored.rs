//! Generations that a provider has stored: what a request asks of them. It reads no body.
//!
//! What it fetches is the answer to an earlier generation, with the calls that it proposes.

use std::fmt;

use http::Method;

use super::LlmApi;
use super::endpoint::is;
use crate::inspected::{Described, Place};
use crate::{RequestView, paths, urlencoded};

/// A request whose answer tells generations that are stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    pub api: LlmApi,
    /// The answer is asked for as a stream.
    pub streams: bool,
    /// And not from its beginning.
    pub resumes: bool,
    /// The catalogue says that the host speaks this API; elsewhere the answer has to show it.
    pub is_declared: bool,
    action: &'static str,
    /// `None` of a list.
    id: Option<String>,
}

impl Stored {
    /// Lenient, like [`super::Endpoint::of`].
    pub(crate) fn of(view: &RequestView<'_>) -> Option<Self> {
        if view.opens_websocket {
            return None;
        }
        let at = |segments: &[&str]| asked(view.method, segments);
        let ((api, action, id), _) = paths::find(view.path, at)?;
        let query = urlencoded::pairs(view.query.unwrap_or_default());
        let says = |name: &str, is: fn(&str) -> bool| {
            let mut pairs = query.iter();
            pairs.any(|pair| pair.name.eq_ignore_ascii_case(name) && is(&pair.value))
        };
        Some(Self {
            api,
            streams: says("stream", |value| {
                !NO.iter().any(|no| no.eq_ignore_ascii_case(value))
            }),
            resumes: says("starting_after", |_| true),
            is_declared: false,
            action,
            id,
        })
    }

    /// At a host that the catalogue declares: an action of its own.
    pub(crate) fn add_to(self, described: &mut Described) {
        self.action.clone_into(&mut described.action);
        if let Some(id) = &self.id {
            described.set("id", id.as_str().into(), Place::Fixed);
        }
        if self.streams {
            described.stream = true;
            described.set("stream", true.into(), Place::Fixed);
        }
        described.stored = Some(Box::new(Self {
            is_declared: true,
            ..self
        }));
    }
}

/// Not which one.
impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("api", &self.api)
            .field("action", &self.action)
            .field("streams", &self.streams)
            .finish_non_exhaustive()
    }
}

fn asked(method: &Method, path: &[&str]) -> Option<(LlmApi, &'static str, Option<String>)> {
    let (chats, responses) = (LlmApi::ChatCompletions, LlmApi::Responses);
    let (api, action, id) = match (method.as_str(), path) {
        ("GET", [.., chat, completions]) if is_chat(chat, completions) => (chats, RETRIEVE, None),
        ("GET", [.., chat, completions, id]) if is_chat(chat, completions) => {
            (chats, RETRIEVE, Some(id))
        }
        // Of xAI.
        ("GET", [.., chat, deferred, id]) if is(chat, "chat") && is(deferred, DEFERRED) => {
            (chats, RETRIEVE, Some(id))
        }
        ("POST", [.., chat, completions, id]) if is_chat(chat, completions) => {
            (chats, "update", Some(id))
        }
        ("GET", [.., collection, id]) if is(collection, "responses") => {
            (responses, RETRIEVE, Some(id))
        }
        ("POST", [.., collection, id, cancel])
            if is(collection, "responses") && is(cancel, "cancel") =>
        {
            (responses, "cancel", Some(id))
        }
        _ => return None,
    };
    Some((api, action, id.map(|id| (*id).to_owned())))
}

fn is_chat(chat: &str, completions: &str) -> bool {
    is(chat, "chat") && is(completions, "completions")
}

const RETRIEVE: &str = "retrieve";
const DEFERRED: &str = "deferred-completion";
/// What servers take for a no in a query.
const NO: [&str; 7] = ["", "false", "0", "no", "off", "f", "n"];
