//! Messages, of Anthropic and of every server that speaks its language.

use serde_json::{Map, Value};

use super::endpoint::{Endpoint, Purpose, has, is};
use super::members::{Derived, Words};
use super::{LlmApi, tools};

pub(super) fn endpoint(path: &[&str]) -> Option<Endpoint> {
    let purpose = match path {
        [.., v1, messages] if is(v1, "v1") && is(messages, "messages") => Purpose::Generate,
        [.., v1, messages, count]
            if is(v1, "v1") && is(messages, "messages") && is(count, "count_tokens") =>
        {
            Purpose::CountTokens
        }
        _ => return None,
    };
    Some(Endpoint::new(LlmApi::Messages, purpose))
}

pub(super) fn fits(body: &Value) -> bool {
    has(body, "messages", Value::is_array)
}

pub(super) fn derive(body: &Map<String, Value>) -> Derived {
    let list = body.get("tools").and_then(Value::as_array);
    list.map_or_else(Derived::default, |list| {
        Derived::tools(tools::typed(list), vec!["tools"])
    })
}

/// `inference_geo`, the region that the caller asks for, is a parameter like any other.
pub(super) const WORDS: Words = Words {
    content: &["messages", "system", "prefill", "prompt"],
    judged: &[
        "model",
        "stream",
        "tools",
        "max_tokens",
        "inference_geo",
        "mcp_servers",
    ],
    canonical: |name| name.into(),
};

#[cfg(test)]
mod tests;
