//! The LLM APIs that Aegis reads: from a request of any of them to one kind of call. It judges nothing.
//!
//! Messages, inputs and system prompts are looked at for data, never given as parameters.

mod anthropic;
mod bedrock;
mod endpoint;
mod gemini;
mod members;
mod named;
mod openai;
pub(crate) mod realtime;
mod stored;
#[cfg(test)]
mod tests;
mod tools;

use aegis_policy::{CallKind, Protocol};
use serde_json::Value;

use crate::inspected::{Described, Subject};
use crate::{Dialect, InspectError};

use endpoint::Purpose;
pub(crate) use endpoint::{Endpoint, unambiguous};
pub use stored::Stored;

/// One API, not one provider: compatible servers speak another provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LlmApi {
    /// `POST …/chat/completions`, of `OpenAI`, Azure and compatible servers.
    ChatCompletions,
    /// `POST …/responses`, of `OpenAI`, Azure and compatible servers.
    Responses,
    /// `POST …/v1/messages`, of Anthropic.
    Messages,
    /// `POST /model/{model}/converse` and `…/converse-stream`, of Amazon Bedrock.
    Converse,
    /// `POST /model/{model}/invoke` and `…/invoke-with-response-stream`, of Amazon Bedrock: the body is the model's own.
    InvokeModel,
    /// `POST …/models/{model}:generateContent` and `…:streamGenerateContent`, of Google Gemini and Vertex.
    GenerateContent,
}

/// APIs whose bodies are read, and whose callers are refused, in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    OpenAi,
    Anthropic,
    Bedrock,
    Gemini,
}

/// Action `chat` for every generation, `count_tokens` for what only counts, `other` for the remaining
/// endpoints of a catalogued service.
pub(crate) fn describe(
    family: Family,
    mut subject: Subject<'_>,
) -> Result<Described, InspectError> {
    let endpoint = subject.endpoint.take();
    let action = endpoint.as_ref().map_or("other", Endpoint::action);
    let mut described = Described::new(CallKind::Llm, subject.server(), action);
    // Vertex serves models of others, each in its maker's language.
    let language = endpoint.as_ref().map_or(family, |it| it.api.family());
    described.dialect = language.dialect();
    if let Some(service) = subject.service {
        described.recordable = service.recordable.clone();
    }
    if let Some(value) = subject.content.into_json() {
        described.names = named::tools(&value);
        if let Value::Object(body) = value {
            language.read(body, &mut described)?;
        }
    }
    if let Some(endpoint) = endpoint {
        described.llm = (endpoint.purpose == Purpose::Generate).then_some(endpoint.api);
        endpoint.add_to(&mut described)?;
    }
    Ok(described)
}

impl LlmApi {
    fn family(self) -> Family {
        match self {
            Self::ChatCompletions | Self::Responses => Family::OpenAi,
            Self::Messages => Family::Anthropic,
            Self::Converse | Self::InvokeModel => Family::Bedrock,
            Self::GenerateContent => Family::Gemini,
        }
    }

    /// How a caller of this API is refused.
    pub fn dialect(self) -> Dialect {
        self.family().dialect()
    }
}

impl Family {
    /// `None` where the catalogue declares no LLM.
    pub(crate) fn declared(protocol: Protocol) -> Option<Self> {
        match protocol {
            Protocol::Http | Protocol::Rest | Protocol::Mcp | Protocol::A2a | Protocol::Grpc => {
                None
            }
            Protocol::OpenAi => Some(Self::OpenAi),
            Protocol::Anthropic => Some(Self::Anthropic),
            Protocol::Bedrock => Some(Self::Bedrock),
            Protocol::Gemini => Some(Self::Gemini),
        }
    }

    /// As the catalogue spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Bedrock => "bedrock",
            Self::Gemini => "gemini",
        }
    }

    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::OpenAi => Dialect::OpenAi,
            Self::Anthropic => Dialect::Anthropic,
            Self::Bedrock => Dialect::Bedrock,
            Self::Gemini => Dialect::Gemini,
        }
    }
}
