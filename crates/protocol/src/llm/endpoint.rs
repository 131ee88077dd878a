//! What a path asks of an LLM API, and what it says beside the body: model, stream, region. It reads no body.

use aegis_policy::{AmbiguousPath, decoded_segments};
use serde_json::Value;

use super::{Family, LlmApi, anthropic, bedrock, gemini, openai};
use crate::InspectError;
use crate::inspected::{Described, Place};
use crate::paths;

/// One endpoint that takes messages for a model.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) api: LlmApi,
    pub(crate) purpose: Purpose,
    /// Whose path it is.
    pub(crate) family: Family,
    /// Where the path names the model, and not the body.
    pub(crate) model: Option<String>,
    /// Where the path says it, and not the body.
    pub(crate) stream: Option<bool>,
    /// Where the path says the region, and the name of the parameter for it.
    pub(crate) region: Option<(&'static str, String)>,
    /// Whether only some servers find it in the path.
    pub(crate) resolved: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Generate,
    CountTokens,
}

impl Endpoint {
    /// The endpoint that a POST to this path asks for, under any prefix that a provider or gateway has.
    ///
    /// Lenient on purpose: whatever a server may still take for it is judged as it.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let (endpoint, resolved) = paths::find(path, Self::at)?;
        Some(Self {
            resolved,
            ..endpoint
        })
    }

    fn at(segments: &[&str]) -> Option<Self> {
        openai::endpoint(segments)
            .or_else(|| anthropic::endpoint(segments))
            .or_else(|| bedrock::endpoint(segments))
            .or_else(|| gemini::endpoint(segments))
    }

    /// With everything in the body.
    pub(super) fn new(api: LlmApi, purpose: Purpose) -> Self {
        Self {
            api,
            purpose,
            family: api.family(),
            model: None,
            stream: None,
            region: None,
            resolved: false,
        }
    }

    pub(super) fn action(&self) -> &'static str {
        match self.purpose {
            Purpose::Generate => "chat",
            Purpose::CountTokens => "count_tokens",
        }
    }

    /// Whether the body has the shape that the endpoint takes.
    pub(crate) fn fits(&self, body: &Value) -> bool {
        body.is_object()
            && match self.api {
                LlmApi::ChatCompletions | LlmApi::Responses => openai::fits(self, body),
                LlmApi::Messages => anthropic::fits(body),
                LlmApi::Converse | LlmApi::InvokeModel => bedrock::fits(self, body),
                LlmApi::GenerateContent => gemini::fits(self, body),
            }
    }

    /// Whether the model is known, from the path or from the body.
    pub(crate) fn names_model(&self, body: &Value) -> bool {
        self.model.is_some() || body.get("model").is_some_and(Value::is_string)
    }

    /// What the path says goes before what the body says, and no server must be able to follow the other.
    pub(super) fn add_to(self, described: &mut Described) -> Result<(), InspectError> {
        if let Some(model) = self.model {
            let same = |it: &str| it == model || it.strip_prefix("models/") == Some(&model);
            if described.model.as_deref().is_some_and(|it| !same(it)) {
                return Err(InspectError::Malformed(
                    "the path and the body name different models",
                ));
            }
            described.model = Some(model.as_str().into());
            described.set("model", model.into(), Place::Fixed);
        }
        if let Some(stream) = self.stream {
            described.stream = stream;
            described.set("stream", stream.into(), Place::Fixed);
        }
        if let Some((name, region)) = self.region {
            described.set(name, region.into(), Place::Fixed);
        }
        Ok(())
    }
}

/// Whether every server reads the path in the same way.
///
/// The ARN of a model has a slash, which stands encoded in a path of Bedrock: whoever decodes it
/// first finds the same model.
pub(crate) fn unambiguous(family: Family, path: &str) -> Result<(), AmbiguousPath> {
    if family == Family::Bedrock {
        decoded_segments(&path.replace("%2F", "/").replace("%2f", "/")).map(drop)
    } else {
        decoded_segments(path).map(drop)
    }
}

/// Whether the body has a member of this name and kind, in any case: a server may not tell them apart.
pub(super) fn has(body: &Value, member: &str, is: impl Fn(&Value) -> bool) -> bool {
    let mut members = body.as_object().into_iter().flatten();
    members.any(|(name, value)| name.eq_ignore_ascii_case(member) && is(value))
}

/// Some servers do not tell the cases apart.
pub(super) fn is(segment: &str, word: &str) -> bool {
    segment.eq_ignore_ascii_case(word)
}

#[cfg(test)]
mod tests;
