//! Generating content with Google Gemini, directly or on Vertex AI. The path names the model and, on Vertex, the location.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::endpoint::{Endpoint, Purpose, is};
use super::members::{Derived, Words};
use super::{Family, LlmApi, tools};
use crate::proto_json;

/// `…/models/{model}:{verb}`, and `…/tunedModels/{model}:{verb}` or `…/endpoints/{id}:{verb}`.
pub(super) fn endpoint(path: &[&str]) -> Option<Endpoint> {
    let (last, rest) = path.split_last()?;
    let (name, verb) = last.rsplit_once(':').filter(|(name, _)| !name.is_empty())?;
    let (collection, above) = rest.split_last()?;
    let endpoint = match verb.to_ascii_lowercase().as_str() {
        "generatecontent" => generate(false),
        "streamgeneratecontent" => generate(true),
        "counttokens" => Endpoint::new(LlmApi::GenerateContent, Purpose::CountTokens),
        "rawpredict" if is_anthropic(above) && is(name, "count-tokens") => {
            // The one pseudo-model: the body names the real one.
            return Some(Endpoint {
                family: Family::Gemini,
                region: location(rest),
                ..Endpoint::new(LlmApi::Messages, Purpose::CountTokens)
            });
        }
        "rawpredict" if is_anthropic(above) => messages(false),
        "streamrawpredict" if is_anthropic(above) => messages(true),
        _ => return None,
    };
    // Only a published model goes by its bare name: an endpoint's id is the caller's choice.
    let model = if is(collection, "models") {
        name.to_owned()
    } else {
        format!("{collection}/{name}")
    };
    Some(Endpoint {
        model: Some(model),
        region: location(rest),
        ..endpoint
    })
}

fn generate(stream: bool) -> Endpoint {
    Endpoint {
        stream: Some(stream),
        ..Endpoint::new(LlmApi::GenerateContent, Purpose::Generate)
    }
}

/// Anthropic's models on Vertex.
fn messages(stream: bool) -> Endpoint {
    Endpoint {
        family: Family::Gemini,
        stream: Some(stream),
        ..Endpoint::new(LlmApi::Messages, Purpose::Generate)
    }
}

fn is_anthropic(above: &[&str]) -> bool {
    matches!(above, [.., publishers, name] if is(publishers, "publishers") && is(name, "anthropic"))
}

fn location(path: &[&str]) -> Option<(&'static str, String)> {
    let at = path.iter().position(|it| is(it, "locations"))?;
    let location = path.get(at + 1)?.to_ascii_lowercase();
    Some(("location", location))
}

pub(super) fn fits(endpoint: &Endpoint, body: &Value) -> bool {
    let is_content = |name: &str| {
        body.get(name)
            .is_some_and(|it| it.is_array() || it.is_object())
    };
    let wrapped = ["generateContentRequest", "generate_content_request"];
    let counts = endpoint.purpose == Purpose::CountTokens;
    is_content("contents") || counts && wrapped.iter().any(|it| is_content(it))
}

pub(super) fn derive(body: &Map<String, Value>) -> Derived {
    body.get("tools").map_or_else(Derived::default, |list| {
        Derived::tools(tools::of_gemini(list), vec!["tools"])
    })
}

pub(super) const WORDS: Words = Words {
    content: &[
        "contents",
        "systemInstruction",
        "generateContentRequest",
        "instances",
    ],
    judged: &[
        "model",
        "tools",
        "toolConfig",
        "generationConfig",
        "safetySettings",
        "cachedContent",
    ],
    canonical: |name| {
        if name.contains('_') {
            Cow::Owned(proto_json::camel_case(name))
        } else {
            Cow::Borrowed(name)
        }
    },
};

#[cfg(test)]
mod tests;
