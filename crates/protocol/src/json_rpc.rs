//! One JSON-RPC 2.0 message, read strictly. It knows no method.

use serde_json::{Map, Value};

use crate::InspectError;
use crate::json::{self, Node};

/// Whether a value is a message, well-formed or not.
pub(crate) fn is_message(value: &Value) -> bool {
    let is_version_2 = value.get("jsonrpc").and_then(Value::as_str) == Some("2.0");
    let message = ["method", "result", "error"];
    is_version_2 && message.iter().any(|member| value.get(member).is_some())
}

/// Whether a value is a call to a server that looks neither at the version nor at the case of its members,
/// although it is no message: `is_method` knows the names by which such calls go.
pub(crate) fn is_nearly_call(value: &Value, is_method: impl Fn(&str) -> bool) -> bool {
    let Some(members) = value.as_object() else {
        return false;
    };
    let named = |name: &str| {
        let mut members = members.iter();
        let member = members.find(|(key, _)| key.eq_ignore_ascii_case(name));
        member.map(|(_, value)| value)
    };
    let is_id = |id: &Value| id.is_string() || id.is_number();
    let calls = named("method")
        .and_then(Value::as_str)
        .is_some_and(is_method);
    calls && (named("params").is_some_and(|it| !it.is_null()) || named("id").is_some_and(is_id))
}

/// Whether both sides go by this to tell which message belongs to which: of a message by itself or in a
/// batch, and of nothing within it that looks like one.
pub(crate) fn correlates(node: Node<'_>) -> bool {
    let Some((key, outer)) = node.key().zip(node.parent()) else {
        return false;
    };
    let is_named = |node: Node<'_>, name: &str| node.key().is_some_and(|key| key == name);
    match &*key {
        "id" | "jsonrpc" | "method" => is_whole_message(outer),
        "progressToken" => {
            let params = Some(outer).filter(|it| !is_named(*it, "_meta"));
            params.or_else(|| outer.parent()).is_some_and(|params| {
                is_named(params, "params") && params.parent().is_some_and(is_whole_message)
            })
        }
        _ => false,
    }
}

fn is_whole_message(node: Node<'_>) -> bool {
    let is_outside =
        |array: Node<'_>| array.kind() == json::Kind::Array && array.parent().is_none();
    let version = node.get("jsonrpc").and_then(Node::text);
    version.is_some_and(|version| version == "2.0") && node.parent().is_none_or(is_outside)
}

/// One JSON-RPC 2.0 message, as strict as the schemas of MCP and A2A.
pub(crate) struct Message<'a> {
    pub(crate) kind: Kind<'a>,
    /// Null for a notification and for a response: neither is answered.
    pub(crate) id: Value,
}

pub(crate) enum Kind<'a> {
    /// A request or a notification; both are judged by their method.
    Call {
        method: &'a str,
        params: Option<&'a Map<String, Value>>,
    },
    /// What a client answers to its server, or its error; `member` is where that stands.
    Response {
        member: &'static str,
        said: &'a Map<String, Value>,
        /// Of the question; null where it names none.
        asked: &'a Value,
    },
}

impl<'a> Message<'a> {
    pub(crate) fn read(body: &'a Value) -> Result<Self, InspectError> {
        let members = body
            .as_object()
            .ok_or(InspectError::Malformed("the message is no object"))?;
        exact_spelling(
            members,
            &["jsonrpc", "id", "method", "params", "result", "error"],
        )?;
        let [result, error] =
            ["result", "error"].map(|member| Some((member, members.get(member)?)));
        match (members.get("method"), result, error) {
            (Some(Value::String(method)), None, None) if !method.is_empty() => {
                Self::call(members, method)
            }
            (None, Some(answer), None) | (None, None, Some(answer)) => {
                Self::response(answer, members.get("id").unwrap_or(&Value::Null))
            }
            _ => Err(InspectError::Malformed(
                "the message is neither one call nor one response",
            )),
        }
    }

    fn response(
        (member, said): (&'static str, &'a Value),
        asked: &'a Value,
    ) -> Result<Self, InspectError> {
        let said = said.as_object();
        let said = said.ok_or(InspectError::Malformed(
            "what the response says is no object",
        ))?;
        Ok(Self {
            kind: Kind::Response {
                member,
                said,
                asked,
            },
            id: Value::Null,
        })
    }

    fn call(members: &'a Map<String, Value>, method: &'a str) -> Result<Self, InspectError> {
        let id = match members.get("id") {
            None => Value::Null,
            Some(id @ (Value::String(_) | Value::Number(_))) => id.clone(),
            Some(_) => {
                return Err(InspectError::Malformed(
                    "the id is neither a string nor a number",
                ));
            }
        };
        let params = match members.get("params") {
            None => None,
            Some(Value::Object(params)) => Some(params),
            Some(_) => return Err(InspectError::Malformed("the params are not an object")),
        };
        Ok(Self {
            kind: Kind::Call { method, params },
            id,
        })
    }
}

/// Some servers match member names without regard to case and let the last one win.
pub(crate) fn exact_spelling(
    members: &Map<String, Value>,
    known: &[&str],
) -> Result<(), InspectError> {
    let other = |name: &String| {
        known
            .iter()
            .any(|it| it.eq_ignore_ascii_case(name) && it != name)
    };
    if members.keys().any(other) {
        return Err(InspectError::Malformed(
            "a member of the message is spelled in another case",
        ));
    }
    Ok(())
}
