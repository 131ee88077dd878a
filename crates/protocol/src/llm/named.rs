//! The names of tools that a request has beside those that it offers: in calls that were made before, and where it says which to use.
//!
//! A name that was changed would be another tool's.

use serde_json::Value;

/// Every name of a tool in a body of any API. Arguments and results are not looked into: what is in
/// them is data.
pub(crate) fn tools(body: &Value) -> Vec<String> {
    let mut names = Vec::new();
    add(body, &mut names);
    names
}

fn add(value: &Value, names: &mut Vec<String>) {
    let members = match value {
        Value::Array(items) => return items.iter().for_each(|item| add(item, names)),
        Value::Object(members) => members,
        _ => return,
    };
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let is_call = text("type").is_some_and(is_call) || text("role").is_some_and(is_result);
    let own = ["name", "namespace", "server_label", "tool_name"];
    names.extend(
        own.iter()
            .filter(|_| is_call)
            .filter_map(|name| text(name))
            .map(str::to_owned),
    );
    for (key, value) in members {
        match key.as_str() {
            key if HOLDERS.contains(&key) => {
                names.extend(value.get("name").and_then(Value::as_str).map(str::to_owned));
                // Of Bedrock's choice and of OpenAI's.
                if value.is_object() && !is_call {
                    add_within(value, names);
                }
            }
            key if LISTS.contains(&key) => {
                let listed = value.as_array().into_iter().flatten();
                names.extend(listed.filter_map(Value::as_str).map(str::to_owned));
                if !value.is_array() {
                    add(value, names);
                }
            }
            key if is_call && DATA.contains(&key) => {}
            _ => add(value, names),
        }
    }
}

/// What a holder of a name has beside it, but for what the tool is told and says.
fn add_within(holder: &Value, names: &mut Vec<String>) {
    let members = holder.as_object().into_iter().flatten();
    for (_, value) in members.filter(|(key, _)| !DATA.contains(&key.as_str())) {
        add(value, names);
    }
}

fn is_call(kind: &str) -> bool {
    TYPES.contains(&kind) || kind.ends_with("_call") || kind.ends_with("tool_use")
}

/// Of chat completions, who speaks for a tool says which.
fn is_result(role: &str) -> bool {
    matches!(role, "tool" | "function")
}

/// Members whose object is named for a tool.
const HOLDERS: [&str; 10] = [
    "function",
    "custom",
    "function_call",
    "toolUse",
    "tool",
    "functionCall",
    "function_call_output",
    "functionResponse",
    "function_response",
    "systemTool",
];
/// Members that list names, of Gemini and of `OpenAI`.
const LISTS: [&str; 4] = [
    "allowedFunctionNames",
    "allowed_function_names",
    "allowed_tools",
    "tool_names",
];
/// Types of objects that have a tool's name, beside those of calls.
const TYPES: [&str; 6] = [
    "function",
    "custom",
    "tool",
    "mcp",
    "mcp_approval_request",
    "tool_reference",
];
/// What a tool is told and what it says.
const DATA: [&str; 11] = [
    "input",
    "args",
    "arguments",
    "response",
    "result",
    "output",
    "content",
    "description",
    "parameters",
    "inputSchema",
    "input_schema",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_found_wherever_an_api_has_them() {
        for body in [
            json!({"messages": [{"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "x"}}]}]}),
            json!({"messages": [{"role": "assistant", "tool_calls": [{"type": "custom", "custom": {"name": "x"}}]}]}),
            json!({"messages": [{"role": "assistant", "function_call": {"name": "x", "arguments": "{}"}}]}),
            json!({"messages": [{"role": "function", "name": "x", "content": "done"}]}),
            json!({"tool_choice": {"type": "function", "function": {"name": "x"}}}),
            json!({"tool_choice": {"type": "allowed_tools", "tools": [{"type": "function", "name": "x"}]}}),
            json!({"function_call": {"name": "x"}}),
            json!({"input": [{"type": "function_call", "name": "x", "arguments": "{}"}]}),
            json!({"input": [{"type": "mcp_call", "server_label": "x"}]}),
            json!({"item": {"type": "function_call", "name": "x"}}),
            json!({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "name": "x", "input": {}}]}]}),
            json!({"tool_choice": {"type": "tool", "name": "x"}}),
            json!({"messages": [{"content": [{"toolUse": {"name": "x", "input": {}}}]}]}),
            json!({"toolConfig": {"toolChoice": {"tool": {"name": "x"}}}}),
            json!({"contents": [{"parts": [{"functionCall": {"name": "x", "args": {}}}]}]}),
            json!({"contents": [{"parts": [{"function_response": {"name": "x", "response": {}}}]}]}),
            json!({"toolConfig": {"functionCallingConfig": {"allowedFunctionNames": ["x"]}}}),
        ] {
            assert_eq!(tools(&body), ["x"], "{body}");
        }
    }

    #[test]
    fn what_a_tool_is_told_or_says_and_who_speaks_is_no_name_of_a_tool() {
        let data = json!({"function": {"name": "x"}, "type": "tool_use", "name": "x"});
        for body in [
            json!({"messages": [{"role": "user", "name": "ann", "content": "x"}]}),
            json!({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "input": data}]}]}),
            json!({"contents": [{"parts": [{"functionCall": {"args": data}}]}]}),
            json!({"messages": [{"content": [{"toolUse": {"input": data}}]}]}),
            json!({"input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]}]}),
        ] {
            assert!(tools(&body).is_empty(), "{body}");
        }
    }
}
