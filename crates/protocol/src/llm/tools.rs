//! The names of the tools that a request offers to a model: functions by their name, what the provider itself runs by its type.

use serde_json::Value;

use crate::proto_json;

/// The tools of `OpenAI` and Anthropic.
pub(super) fn typed(tools: &[Value]) -> Vec<Value> {
    let mut names = Vec::new();
    for tool in tools {
        add_typed(tool, &mut names);
    }
    names
}

/// A tool that the provider runs may have a name beside its type, which anyone can choose; and which
/// of several names a server takes for a function's is not known here.
fn add_typed(tool: &Value, names: &mut Vec<Value>) {
    let text = |pointer: &&str| tool.pointer(pointer).and_then(Value::as_str);
    let before = names.len();
    match text(&"/type") {
        None | Some("function" | "custom") => {
            names.extend(NAMES.iter().filter_map(text).map(Value::from));
        }
        Some("namespace") => {
            let within = tool.get("tools").and_then(Value::as_array);
            for tool in within.into_iter().flatten() {
                add_typed(tool, names);
            }
        }
        Some(provided) => names.push(provided.into()),
    }
    if names.len() == before {
        // No rule can have meant a tool without a name.
        names.push("".into());
    }
}

/// The tools of Bedrock's Converse.
pub(super) fn of_bedrock(tools: &[Value]) -> Vec<Value> {
    let is_tool = |tool: &&Value| tool.get("cachePoint").is_none();
    let name = |tool: &Value| {
        let named = ["/toolSpec/name", "/systemTool/name"];
        let name = named.iter().find_map(|it| tool.pointer(it)?.as_str());
        Value::from(name.unwrap_or_default())
    };
    tools.iter().filter(is_tool).map(name).collect()
}

/// Gemini's tools: each member of an entry is a tool, and `functionDeclarations` is a list of them.
/// Google takes a single entry for a list of one, and `snake_case` for `camelCase`.
pub(super) fn of_gemini(tools: &Value) -> Vec<Value> {
    let mut names = Vec::new();
    for (kind, value) in one_or_more(tools).filter_map(Value::as_object).flatten() {
        let kind = proto_json::camel_case(kind);
        if kind == "functionDeclarations" {
            let name = |it: &Value| it.get("name").and_then(Value::as_str).map(Value::from);
            names.extend(one_or_more(value).map(|it| name(it).unwrap_or_else(|| "".into())));
        } else {
            names.push(kind.into());
        }
    }
    names
}

fn one_or_more(value: &Value) -> impl Iterator<Item = &Value> {
    let (one, more) = match value {
        Value::Array(items) => (None, items.as_slice()),
        Value::Null => (None, [].as_slice()),
        one => (Some(one), [].as_slice()),
    };
    one.into_iter().chain(more)
}

/// Where a function or custom tool has its name.
const NAMES: [&str; 3] = ["/function/name", "/custom/name", "/name"];
