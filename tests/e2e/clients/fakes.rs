//! Models that say hello and then what their prompt asks for, each in its provider's own language. They judge nothing.

mod anthropic;
mod bedrock;
mod gemini;
mod openai;

use aegis_testkit::{Answer, Feed, Received};
use serde_json::{Value, json};

/// An API that SDKs speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    ChatCompletions,
    Responses,
    Messages,
    Converse,
    GenerateContent,
}

impl Api {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ChatCompletions => "Chat Completions",
            Self::Responses => "Responses",
            Self::Messages => "Messages",
            Self::Converse => "Converse",
            Self::GenerateContent => "generateContent",
        }
    }

    /// As the catalogue has it.
    pub(super) fn protocol(self) -> &'static str {
        match self {
            Self::ChatCompletions | Self::Responses => "openai",
            Self::Messages => "anthropic",
            Self::Converse => "bedrock",
            Self::GenerateContent => "gemini",
        }
    }

    /// What its SDKs expect at the end of a base URL.
    pub(super) fn base_path(self) -> &'static str {
        match self {
            Self::ChatCompletions | Self::Responses => "/v1",
            Self::Messages | Self::Converse | Self::GenerateContent => "",
        }
    }

    pub(super) fn answer(self, request: &Received) -> Answer {
        match self {
            Self::ChatCompletions => openai::chat(request),
            Self::Responses => openai::responses(request),
            Self::Messages => anthropic::messages(request),
            Self::Converse => bedrock::converse(request),
            Self::GenerateContent => gemini::generate(request),
        }
    }
}

/// What a model says in pieces, before it proposes anything.
pub(super) const TEXT: [&str; 2] = ["hel", "lo"];
pub(super) const ALLOWED_CALL: Call = Call {
    name: "get_weather",
    arguments: [r#"{"city":"#, r#""Berlin"}"#],
};
pub(super) const DENIED_CALL: Call = Call {
    name: "delete_everything",
    arguments: [r#"{"path":"/srv/"#, r#"secret-plans"}"#],
};

/// A call that a model proposes, its arguments in pieces.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) arguments: [&'static str; 2],
}

impl Call {
    /// What the prompt of this request asks for.
    fn asked_for(request: &Received) -> Option<Self> {
        let text = request.text();
        if text.contains("how is the weather?") {
            return Some(ALLOWED_CALL);
        }
        text.contains("delete everything").then_some(DENIED_CALL)
    }

    pub(super) fn whole(self) -> Value {
        serde_json::from_str(&self.arguments.concat()).expect("arguments in JSON")
    }
}

/// Events that have their type beside the data, as it is within.
fn named_events(events: &[Value]) -> Answer {
    let feed = Feed::new();
    for event in events {
        let name = event["type"].as_str().expect("a type");
        feed.send(format!("event: {name}\ndata: {event}\n\n"));
    }
    feed.end();
    Answer::events(&feed)
}

fn not_found(request: &Received) -> Answer {
    let message = format!("no such endpoint: {} {}", request.method, request.target);
    Answer::status(404).body(json!({"error": {"message": message}}).to_string())
}
