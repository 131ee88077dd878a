//! Chat completions. Messages are looked at for data, never as parameters.

use std::sync::Arc;

use aegis_policy::{CallKind, Parameters};
use serde_json::{Map, Value};

use crate::inspected::{Described, Place, Subject};
use crate::recognise::asks_for_chat;
use crate::{Dialect, InspectError};

/// Action `chat`, `other` for the remaining endpoints of a catalogued service.
pub(crate) fn describe(subject: Subject<'_>) -> Result<Described, InspectError> {
    let action = if asks_for_chat(&subject) {
        "chat"
    } else {
        "other"
    };
    let mut described = Described::new(CallKind::Llm, subject.server(), action);
    described.dialect = Dialect::OpenAi;
    if let Some(service) = subject.service {
        described.recordable = service.recordable.clone();
    }
    if let Some(Value::Object(body)) = subject.content.into_json() {
        refuse_other_spellings(&body)?;
        described.model = body.get("model").and_then(Value::as_str).map(Arc::from);
        described.stream = body.get("stream").and_then(Value::as_bool).unwrap_or(false);
        options(body, &mut described);
    }
    Ok(described)
}

/// Some servers read members without regard to case; the second spelling would go unjudged.
fn refuse_other_spellings(body: &Map<String, Value>) -> Result<(), InspectError> {
    let spelled = |name: &String| {
        JUDGED
            .iter()
            .any(|it| it.eq_ignore_ascii_case(name) && it != name)
    };
    if body.keys().any(spelled) {
        return Err(InspectError::Malformed(
            "a member of the request is spelled in another case",
        ));
    }
    Ok(())
}

/// Every member but the messages, and of the offered tools their names.
fn options(body: Map<String, Value>, described: &mut Described) {
    let names: Vec<Value> = TOOLS
        .iter()
        .filter_map(|list| body.get(*list)?.as_array())
        .flatten()
        .map(|tool| Value::from(tool_name(tool)))
        .collect();
    let is_tools = |name: &str, value: &Value| TOOLS.contains(&name) && value.is_array();
    let options = body
        .into_iter()
        .filter(|(name, value)| name != "messages" && !is_tools(name, value));
    for (name, value) in options {
        described.places.push((name.clone(), Place::Member));
        described.parameters.insert(name, value);
    }
    if !names.is_empty() {
        set_fixed(
            &mut described.parameters,
            &mut described.places,
            "tools",
            names.into(),
        );
    }
}

/// A parameter made here; a member of that name in the body gives way to it.
fn set_fixed(
    parameters: &mut Parameters,
    places: &mut Vec<(String, Place)>,
    name: &str,
    value: Value,
) {
    parameters.insert(name.to_owned(), value);
    places.retain(|(other, _)| other != name);
    places.push((name.to_owned(), Place::Fixed));
}

/// A function's name, or the type of a tool that the provider itself runs.
fn tool_name(tool: &Value) -> &str {
    let function = tool.pointer("/function/name").or_else(|| tool.get("name"));
    function
        .or_else(|| tool.get("type"))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Members that list tools.
const TOOLS: [&str; 2] = ["tools", "functions"];

/// Members that rules are most often about.
const JUDGED: [&str; 7] = [
    "model",
    "messages",
    "stream",
    "tools",
    "functions",
    "max_tokens",
    "max_completion_tokens",
];

#[cfg(test)]
mod tests;
