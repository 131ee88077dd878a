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
    InvokeModel,
    GenerateContent,
    /// `OpenAI`'s, at a deployment of Azure.
    AzureChat,
    AzureResponses,
    /// Gemini's, on Vertex AI.
    VertexContent,
    /// Anthropic's, on Vertex AI.
    VertexMessages,
}

impl Api {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ChatCompletions => "Chat Completions",
            Self::Responses => "Responses",
            Self::Messages => "Messages",
            Self::Converse => "Converse",
            Self::InvokeModel => "InvokeModel",
            Self::GenerateContent => "generateContent",
            Self::AzureChat => "Chat Completions, Azure",
            Self::AzureResponses => "Responses, Azure",
            Self::VertexContent => "generateContent, Vertex AI",
            Self::VertexMessages => "Messages, Vertex AI",
        }
    }

    /// As the catalogue has it.
    pub(super) fn protocol(self) -> &'static str {
        match self {
            Self::ChatCompletions | Self::Responses | Self::AzureChat | Self::AzureResponses => {
                "openai"
            }
            Self::Messages => "anthropic",
            Self::Converse | Self::InvokeModel => "bedrock",
            Self::GenerateContent | Self::VertexContent | Self::VertexMessages => "gemini",
        }
    }

    /// Bedrock's have a colon, which its SDKs escape.
    pub(super) fn model(self) -> &'static str {
        match self {
            Self::Converse | Self::InvokeModel => "demo-model-v1:0",
            _ => "demo-model",
        }
    }

    /// What its SDKs expect at the end of a base URL.
    pub(super) fn base_path(self) -> &'static str {
        match self {
            Self::ChatCompletions | Self::Responses | Self::VertexMessages => "/v1",
            _ => "",
        }
    }

    /// The variable in which its SDKs look for a base URL, as `docs/gateway.md` has it.
    pub(super) const fn base_url(self) -> &'static str {
        match self {
            Self::ChatCompletions | Self::Responses => "OPENAI_BASE_URL",
            Self::Messages => "ANTHROPIC_BASE_URL",
            Self::Converse | Self::InvokeModel => "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
            Self::GenerateContent => "GOOGLE_GEMINI_BASE_URL",
            Self::AzureChat | Self::AzureResponses => "AZURE_OPENAI_ENDPOINT",
            Self::VertexContent => "GOOGLE_VERTEX_BASE_URL",
            Self::VertexMessages => "ANTHROPIC_VERTEX_BASE_URL",
        }
    }

    /// The variable in which they look for a key that they show as it is. Those of Vertex look in
    /// none: their driver does, and hands it over.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::ChatCompletions | Self::Responses => "OPENAI_API_KEY",
            Self::Messages => "ANTHROPIC_API_KEY",
            Self::Converse | Self::InvokeModel => "AWS_BEARER_TOKEN_BEDROCK",
            Self::GenerateContent => "GEMINI_API_KEY",
            Self::AzureChat | Self::AzureResponses => "AZURE_OPENAI_API_KEY",
            Self::VertexContent | Self::VertexMessages => "VERTEX_TOKEN",
        }
    }

    /// Where its provider looks for the key.
    pub(super) fn key_header(self) -> &'static str {
        match self {
            Self::Messages => "x-api-key",
            Self::GenerateContent => "x-goog-api-key",
            Self::AzureChat | Self::AzureResponses => "api-key",
            _ => "authorization",
        }
    }

    pub(super) fn answer(self, request: &Received) -> Answer {
        match self {
            Self::ChatCompletions => openai::chat(request, "/v1/chat/completions"),
            Self::AzureChat => openai::chat(request, openai::DEPLOYMENT),
            Self::Responses => openai::responses(request, "/v1/responses"),
            Self::AzureResponses => openai::responses(request, "/openai/responses"),
            Self::Messages => anthropic::messages(request),
            Self::VertexMessages => anthropic::on_vertex(request),
            Self::Converse => bedrock::converse(request),
            Self::InvokeModel => bedrock::invoke(request),
            Self::GenerateContent => gemini::generate(request),
            Self::VertexContent => gemini::on_vertex(request),
        }
    }
}

/// What a model says in pieces, before it proposes anything.
pub(super) const TEXT: [&str; 3] = ["hello, an", "n@corp.exam", "ple!"];
/// What the agent hears of it.
pub(super) const HEARD: &str = "hello, [REDACTED:EMAIL_ADDRESS]!";
/// What it must not.
pub(super) const SECRET_TEXT: &str = "corp";
pub(super) const ALLOWED_CALL: Call = Call {
    name: "get_weather",
    arguments: [r#"{"city":"#, r#""Berlin"}"#],
};
pub(super) const DENIED_CALL: Call = Call {
    name: "delete_everything",
    arguments: [r#"{"path":"/srv/"#, r#"secret-plans"}"#],
};

pub(super) const DOUBTED_CALL: Call = Call {
    name: "transfer_money",
    arguments: [r#"{"amount":700,"#, r#""to":"secret-plans"}"#],
};

/// What an agent asks about, and only its server must not see.
pub(super) const PLACE: &str = "198.51.100.7";

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
        if let Some(place) = Self::place_in(&text) {
            return Some(Self {
                arguments: [r#"{"city":"[IP_ADDR"#, place],
                ..ALLOWED_CALL
            });
        }
        let proposed = [
            ("how is the weather?", ALLOWED_CALL),
            ("delete everything", DENIED_CALL),
            ("pay the bill", DOUBTED_CALL),
        ];
        let asked = proposed.iter().find(|(prompt, _)| text.contains(prompt))?;
        Some(asked.1)
    }

    /// The rest of the arguments that name the place by its token, where the prompt does.
    fn place_in(text: &str) -> Option<&'static str> {
        let (_, token) = text.split_once("weather at [IP_ADDR")?;
        let (token, _) = token.split_once(']')?;
        Some(format!("{token}]\"}}").leak())
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
