//! Chat completions and Responses, of `OpenAI`, Azure and every server like them.

use serde_json::{Map, Value};

use super::endpoint::{Endpoint, Purpose, has, is};
use super::members::{Derived, Words};
use super::{LlmApi, tools};
use crate::inspected::Place;

/// Azure names the model's deployment in the path: `…/deployments/{name}/chat/completions`.
pub(super) fn endpoint(path: &[&str]) -> Option<Endpoint> {
    let (api, purpose, prefix) = match path {
        [prefix @ .., chat, completions] if is(chat, "chat") && is(completions, "completions") => {
            (LlmApi::ChatCompletions, Purpose::Generate, prefix)
        }
        [prefix @ .., responses, count] if is(responses, "responses") && is(count, COUNT) => {
            (LlmApi::Responses, Purpose::CountTokens, prefix)
        }
        [prefix @ .., responses] if is(responses, "responses") => {
            (LlmApi::Responses, Purpose::Generate, prefix)
        }
        _ => return None,
    };
    let model = match prefix {
        [.., deployments, name] if is(deployments, "deployments") => Some((*name).to_owned()),
        _ => None,
    };
    Some(Endpoint {
        model,
        ..Endpoint::new(api, purpose)
    })
}

/// Servers have a model of their own for a body that names none, and so has a stored prompt.
pub(super) fn fits(endpoint: &Endpoint, body: &Value) -> bool {
    let named = endpoint.names_model(body);
    let starts = |it: &Value| named || it.is_string() || it.is_array() || it.is_object();
    match endpoint.api {
        LlmApi::ChatCompletions => has(body, "messages", Value::is_array),
        _ => STARTS.iter().any(|member| has(body, member, starts)),
    }
}

pub(super) fn derive(body: &Map<String, Value>) -> Derived {
    let lists = TOOLS
        .iter()
        .filter_map(|name| Some((*name, body.get(*name)?.as_array()?)));
    let mut replaced = Vec::new();
    let mut names = Vec::new();
    for (name, list) in lists {
        replaced.push(name);
        names.extend(tools::typed(list));
    }
    // An item of the input may offer more tools.
    let items = body.get("input").and_then(Value::as_array);
    for item in items.into_iter().flatten() {
        let more = item.get("tools").and_then(Value::as_array);
        names.extend(more.into_iter().flat_map(|list| tools::typed(list)));
    }
    let mut derived = Derived::tools(names, replaced);
    if let Some(id) = body.get("prompt").and_then(|prompt| prompt.get("id")) {
        let place = Place::Body("/prompt/id".to_owned());
        derived.parameters.push(("prompt", id.clone(), place));
    }
    derived
}

pub(super) const WORDS: Words = Words {
    content: &["messages", "input", "instructions", "prompt"],
    judged: &[
        "model",
        "stream",
        "tools",
        "functions",
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
    ],
    canonical: |name| name.into(),
};

/// Members that list tools.
const TOOLS: [&str; 2] = ["tools", "functions"];

/// What a response can start from.
const STARTS: [&str; 4] = ["input", "prompt", "conversation", "previous_response_id"];

const COUNT: &str = "input_tokens";

#[cfg(test)]
mod tests;
