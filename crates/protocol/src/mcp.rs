//! MCP over streamable HTTP: its messages here, and below what goes around them. It judges nothing.

mod answered;
mod batch;
mod digest;
mod expected;
pub(crate) mod headers;
mod list;
mod question;
mod uri;

use aegis_policy::{CallKind, decoded_segments};
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Map, Value};

use crate::body::Content;
use crate::inspected::{Described, Subject};
use crate::{Dialect, InspectError};

pub use batch::{Batch, render_batch};
pub use digest::digest;
pub use expected::{Expected, FollowError, Following};
pub use list::{Entry, Filter, ListKind, Step};
pub use question::Question;

use crate::json_rpc::{Kind, Message, exact_spelling};
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

/// Whether a method of this name is one of MCP, and hardly anybody else's.
pub(crate) fn is_method(name: &str) -> bool {
    METHODS.contains(&name) || name.starts_with("notifications/")
}

fn bodiless(subject: &Subject<'_>) -> Described {
    let headers = subject.view.headers;
    let opens_websocket = subject.view.opens_websocket;
    let action = match *subject.view.method {
        Method::GET if accepts_events(headers) || opens_websocket => "stream",
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

/// Whether a client of MCP opens or resumes a stream: a server may send there what it has been asked
/// for elsewhere.
pub(crate) fn opens_stream(subject: &Subject<'_>) -> bool {
    let headers = subject.view.headers;
    let is_client = headers.contains_key(SESSION) || headers.contains_key(headers::VERSION);
    let asks = subject.view.method == Method::GET && accepts_events(headers);
    asks && is_client && matches!(subject.content, Content::Absent)
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
        Kind::Response {
            member,
            said,
            asked,
        } => Described {
            // Whoever says nothing, as in the answer to a ping, answers nothing that counts.
            answers: (!said.is_empty()).then(|| (*asked).clone()),
            ..response(server, member, said)?
        },
        Kind::Call { method, params } => call(server, method, *params)?,
    };
    described.expected = Some(Expected::answer(
        subject.server(),
        &Value::Null,
        Asked::Other,
    ));
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
            described.add("/params", without_meta(params));
            Ok(described)
        }
    }
}

/// What a client answers to its server leaves as the arguments of a call do: the words of a model,
/// what a human has filled in, the folders that there are.
fn response(
    server: String,
    member: &str,
    said: &Map<String, Value>,
) -> Result<Described, InspectError> {
    exact_spelling(said, &ANSWERED)?;
    let mut described = Described::new(CallKind::Mcp, server, "response");
    described.add(&format!("/{member}"), without_meta(said));
    Ok(described)
}

fn without_meta(members: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    members.iter().filter(|(name, _)| *name != "_meta")
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
    exact_spelling(params, &["name", "arguments", INPUT])?;
    let name = params
        .get("name")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty());
    let name = name.ok_or(InspectError::Malformed("the call names no tool or prompt"))?;
    let mut described = Described::new(CallKind::Mcp, tool(server, name), action);
    match params.get("arguments") {
        None | Some(Value::Null) => {}
        Some(Value::Object(arguments)) => described.add("/params/arguments", arguments),
        Some(_) => {
            return Err(InspectError::Malformed("the arguments are not an object"));
        }
    }
    if params.contains_key(INPUT) && described.parameters.contains_key(INPUT) {
        let message = "an argument has the name of what the client answers";
        return Err(InspectError::Malformed(message));
    }
    let input = params.iter().filter(|(name, _)| *name == INPUT);
    described.add("/params", input);
    Ok(described)
}

/// What the server has named the session that a request belongs to.
pub fn session(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(SESSION)
}

/// What policy calls a tool or prompt of a server.
fn tool(server: &str, name: &str) -> String {
    format!("{server}/{name}")
}

/// The members of answers by which policy can tell them apart: of a model, of a human, of what roots
/// there are, and of errors.
const ANSWERED: [&str; 9] = [
    "role",
    "content",
    "model",
    "stopReason",
    "action",
    "roots",
    "code",
    "message",
    "data",
];

/// The same answers where they come with the request that is made once more (2026-07-28).
const INPUT: &str = "inputResponses";

const SESSION: &str = "mcp-session-id";

/// Not among them is what other protocols of JSON-RPC call theirs as well: `initialize`, `ping`.
const METHODS: [&str; 20] = [
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "resources/subscribe",
    "resources/unsubscribe",
    "prompts/list",
    "prompts/get",
    "completion/complete",
    "logging/setLevel",
    "sampling/createMessage",
    "elicitation/create",
    "roots/list",
    "tasks/get",
    "tasks/list",
    "tasks/cancel",
    "tasks/result",
    "server/discover",
    "subscriptions/listen",
];

#[cfg(test)]
mod tests;
