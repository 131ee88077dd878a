//! Converse and `InvokeModel`, of Amazon Bedrock. The path names the model, and with it where the call may be processed.

use serde_json::{Map, Value};

use super::endpoint::{Endpoint, Purpose, is};
use super::members::{Derived, Words};
use super::{LlmApi, tools};
use crate::inspected::Place;

/// `/model/{model}/{verb}`; the slash in a model's ARN stands encoded or not.
pub(super) fn endpoint(path: &[&str]) -> Option<Endpoint> {
    let (verb, rest) = path.split_last()?;
    let (_, (api, purpose, stream)) = VERBS.iter().find(|(word, _)| is(verb, word))?;
    let at = rest.iter().position(|segment| is(segment, "model"))?;
    let model = rest.get(at + 1..)?.join("/");
    if model.is_empty() {
        return None;
    }
    Some(Endpoint {
        region: inference_profile_region(&model).map(|it| (INFERENCE_PROFILE_REGION, it)),
        model: Some(model),
        stream: (*purpose == Purpose::Generate).then_some(*stream),
        ..Endpoint::new(*api, *purpose)
    })
}

/// A stored prompt may bring its own messages, and the body of `InvokeModel` is the model's own.
pub(super) fn fits(endpoint: &Endpoint, body: &Value) -> bool {
    match (endpoint.api, endpoint.purpose) {
        (_, Purpose::CountTokens) => body.get("input").is_some_and(Value::is_object),
        (LlmApi::Converse, _) => body.get("messages").is_none_or(Value::is_array),
        _ => true,
    }
}

/// The tools of Converse, and those that a body in the model's own language offers.
pub(super) fn derive(body: &Map<String, Value>) -> Derived {
    let mut names = Vec::new();
    let mut replaced = Vec::new();
    let config = body.get("toolConfig");
    if let Some(list) = list(config) {
        names.extend(tools::of_bedrock(list));
        replaced.push("toolConfig");
    }
    if let Some(list) = body.get("tools").and_then(Value::as_array) {
        names.extend(tools::typed(list));
        replaced.push("tools");
    }
    if let Some(list) = list(body.get("additionalModelRequestFields")) {
        names.extend(tools::typed(list));
    }
    let mut derived = Derived::tools(names, replaced);
    if let Some(choice) = config.and_then(|config| config.get("toolChoice")) {
        let place = Place::Body("/toolConfig/toolChoice".to_owned());
        derived
            .parameters
            .push(("toolChoice", choice.clone(), place));
    }
    derived
}

fn list(holder: Option<&Value>) -> Option<&Vec<Value>> {
    holder?.get("tools")?.as_array()
}

/// The geography of a cross-region inference profile: `eu` of `eu.anthropic.claude-…`; `None` for a
/// model that runs where it is called, [`UNKNOWN`] for what does not say where it leads.
fn inference_profile_region(model: &str) -> Option<String> {
    let arn = model.to_ascii_lowercase();
    let Some(resource) = arn.strip_prefix("arn:") else {
        return geography(&arn);
    };
    // partition:service:region:account:resource
    let resource = resource.splitn(5, ':').nth(4).unwrap_or_default();
    let (kind, id) = resource.split_once('/').unwrap_or((resource, ""));
    match kind {
        "inference-profile" => Some(geography(id).unwrap_or_else(|| UNKNOWN.to_owned())),
        kind if IN_REGION.contains(&kind) => None,
        _ => Some(UNKNOWN.to_owned()),
    }
}

/// A profile's id is `{geography}.{provider}.{model}`, a model's `{provider}.{model}`, where the model
/// may have a version with a dot, as in `glm-4.7`.
fn geography(id: &str) -> Option<String> {
    let mut labels = id.split('.');
    let (first, _provider, third) = (labels.next()?, labels.next()?, labels.next()?);
    let is_version = third.starts_with(|c: char| c.is_ascii_digit());
    (!is_version || GEOGRAPHIES.contains(&first)).then(|| first.to_owned())
}

pub(super) const WORDS: Words = Words {
    content: &[
        "messages",
        "system",
        "promptVariables",
        // InvokeModel, in the languages of the models' makers
        "prompt",
        "input",
        "inputs",
        "inputText",
        "instructions",
        "message",
        "chat_history",
        "preamble",
        "documents",
        "texts",
        "contents",
    ],
    judged: &[
        "model",
        "toolConfig",
        "tools",
        "inferenceConfig",
        "additionalModelRequestFields",
        "guardrailConfig",
        "max_tokens",
        "inference_geo",
    ],
    canonical: |name| name.into(),
};

const VERBS: [(&str, (LlmApi, Purpose, bool)); 5] = [
    ("converse", (LlmApi::Converse, Purpose::Generate, false)),
    (
        "converse-stream",
        (LlmApi::Converse, Purpose::Generate, true),
    ),
    ("invoke", (LlmApi::InvokeModel, Purpose::Generate, false)),
    (
        "invoke-with-response-stream",
        (LlmApi::InvokeModel, Purpose::Generate, true),
    ),
    (
        "count-tokens",
        (LlmApi::Converse, Purpose::CountTokens, false),
    ),
];

const INFERENCE_PROFILE_REGION: &str = "inference_profile_region";

/// A profile of the caller's own, a prompt or a router can lead to any region.
const UNKNOWN: &str = "unknown";

/// Resources that run in the region that is called.
const IN_REGION: [&str; 5] = [
    "foundation-model",
    "custom-model",
    "custom-model-deployment",
    "imported-model",
    "provisioned-model",
];

/// Those that are known. An unknown one is told by the shape of the id.
const GEOGRAPHIES: [&str; 9] = [
    "eu", "us", "us-gov", "apac", "jp", "au", "ca", "sa", "global",
];

#[cfg(test)]
mod tests;
