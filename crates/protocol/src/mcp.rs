//! MCP over streamable HTTP: its messages here, and below what goes around them. It judges nothing.

mod batch;
mod digest;
mod expected;
pub(crate) mod headers;
mod list;
mod uri;
mod watch;

use aegis_policy::{CallKind, decoded_segments};
use http::{HeaderMap, Method, header};
use serde_json::{Map, Value};

use crate::body::Content;
use crate::inspected::{Described, Place, Subject};
use crate::parameters::escape;
use crate::{Dialect, InspectError};

pub use batch::{Batch, render_batch};
pub use digest::digest;
pub use expected::{Expected, FollowError, Following};
pub use list::{Entry, Filter, ListKind, Step};
pub use watch::Watch;

use expected::Asked;

/// `SERVER/TOOL`/`call` for a tool call and `SERVER/PROMPT`/`get` for a prompt, else `SERVER`/method.
/// GET opens a stream (`stream`), DELETE ends the session (`end`), each with the header that asks for
/// it, and what the client answers to the server is `response`.
///
/// Mirrored headers are compared with the body, never trusted.
pub(crate) fn describe(subject: &Subject<'_>) -> Result<Described, InspectError> {
    if subject.service.is_some() {
        decoded_segments(subject.view.path)?;
    }
    let mut described = match &subject.content {
        Content::Json { value } => message(subject, value)?,
        _ => bodiless(subject),
    };
    if let Some(service) = subject.service {
        described.recordable = service.recordable.clone();
    }
    Ok(described)
}

fn bodiless(subject: &Subject<'_>) -> Described {
    let headers = subject.view.headers;
    let action = match *subject.view.method {
        Method::GET if accepts_events(headers) => "stream",
        Method::DELETE if headers.contains_key(SESSION) => "end",
        // The message is there but cannot be read.
        Method::POST => "unknown",
        _ => "other",
    };
    let mut described = Described::new(CallKind::Mcp, subject.server(), action);
    described.stream = action == "stream";
    if matches!(action, "stream" | "unknown") {
        described.expected = Some(Expected::anything(subject.server()));
    }
    if action == "unknown" {
        described.dialect = Dialect::JsonRpc { id: Value::Null };
    }
    described
}

fn accepts_events(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|value| {
        let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        text.contains("text/event-stream")
    })
}

fn message(subject: &Subject<'_>, body: &Value) -> Result<Described, InspectError> {
    let message = Message::read(body)?;
    let server = subject.server();
    let mut described = match &message.kind {
        Kind::Response => Described::new(CallKind::Mcp, server, "response"),
        Kind::Call { method, params } => call(server, method, *params)?,
    };
    if let Kind::Call { method, params } = &message.kind {
        let mirrored = headers::Mirrored {
            method,
            params: *params,
            is_request: !message.id.is_null(),
        };
        headers::agree(subject.view.headers, &mirrored)?;
        if headers::repeat_parameters(subject.view.headers, method) {
            // Rewriting the body alone would leave the value in its header.
            described.fix_places();
        }
        let asked = Asked::of(method);
        described.expected = Some(Expected::answer(subject.server(), &message.id, asked));
    }
    described.dialect = Dialect::JsonRpc { id: message.id };
    Ok(described)
}

fn call(
    server: String,
    method: &str,
    params: Option<&Map<String, Value>>,
) -> Result<Described, InspectError> {
    let empty = Map::new();
    let params = params.unwrap_or(&empty);
    match method {
        "tools/call" => named(&server, "call", params),
        "prompts/get" => named(&server, "get", params),
        _ => {
            if method.starts_with("resources/") {
                resource(method, params)?;
            }
            let mut described = Described::new(CallKind::Mcp, server, method);
            let judged = params.iter().filter(|(name, _)| *name != "_meta");
            add(&mut described, "/params", judged);
            Ok(described)
        }
    }
}

/// The resource is known by its `uri` alone.
fn resource(method: &str, params: &Map<String, Value>) -> Result<(), InspectError> {
    exact_spelling(params, &["uri"])?;
    match params.get("uri") {
        Some(uri) => uri::unambiguous(uri),
        None if method == "resources/read" => {
            Err(InspectError::Malformed("resources/read names no resource"))
        }
        None => Ok(()),
    }
}

/// What a server has under a name of its own: a tool or a prompt.
fn named(
    server: &str,
    action: &str,
    params: &Map<String, Value>,
) -> Result<Described, InspectError> {
    exact_spelling(params, &["name", "arguments"])?;
    let name = params
        .get("name")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty());
    let name = name.ok_or(InspectError::Malformed("the call names no tool or prompt"))?;
    let mut described = Described::new(CallKind::Mcp, tool(server, name), action);
    match params.get("arguments") {
        None | Some(Value::Null) => {}
        Some(Value::Object(arguments)) => add(&mut described, "/params/arguments", arguments),
        Some(_) => {
            return Err(InspectError::Malformed("the arguments are not an object"));
        }
    }
    Ok(described)
}

/// What policy calls a tool or prompt of a server.
fn tool(server: &str, name: &str) -> String {
    format!("{server}/{name}")
}

fn add<'a>(
    described: &mut Described,
    pointer: &str,
    members: impl IntoIterator<Item = (&'a String, &'a Value)>,
) {
    for (name, value) in members {
        described.parameters.insert(name.clone(), value.clone());
        let place = Place::Body(format!("{pointer}/{}", escape(name)));
        described.places.push((name.clone(), place));
    }
}

/// One JSON-RPC 2.0 message, as strict as MCP's schema.
struct Message<'a> {
    kind: Kind<'a>,
    /// Null for a notification and for a response: neither is answered.
    id: Value,
}

enum Kind<'a> {
    /// A request or a notification; both are judged by their method.
    Call {
        method: &'a str,
        params: Option<&'a Map<String, Value>>,
    },
    Response,
}

impl<'a> Message<'a> {
    fn read(body: &'a Value) -> Result<Self, InspectError> {
        let members = body
            .as_object()
            .ok_or(InspectError::Malformed("the message is no object"))?;
        exact_spelling(
            members,
            &["jsonrpc", "id", "method", "params", "result", "error"],
        )?;
        let answers = ["result", "error"]
            .iter()
            .filter(|it| members.contains_key(**it))
            .count();
        match (members.get("method"), answers) {
            (Some(Value::String(method)), 0) if !method.is_empty() => Self::call(members, method),
            (None, 1) => Ok(Self {
                kind: Kind::Response,
                id: Value::Null,
            }),
            _ => Err(InspectError::Malformed(
                "the message is neither one call nor one response",
            )),
        }
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
fn exact_spelling(members: &Map<String, Value>, known: &[&str]) -> Result<(), InspectError> {
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

const SESSION: &str = "mcp-session-id";

#[cfg(test)]
mod tests;
