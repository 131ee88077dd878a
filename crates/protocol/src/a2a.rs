//! A2A 1.0 and 0.3, over JSON-RPC and over plain HTTP: one word for what is asked, whichever the version.
//!
//! What the parts of a message say is no parameter: in them only data is looked for. The versions'
//! names do not overlap, so the `A2A-Version` header decides nothing.

mod members;
mod methods;

use aegis_policy::{CallKind, Protocol, decoded_segments};
use http::Method;
use serde_json::{Map, Value};

use crate::body::Content;
use crate::inspected::{Described, Place, Subject};
use crate::json_rpc::{Kind, Message, is_message};
use crate::{Dialect, InspectError, paths};

use members::Members;
use methods::Asked;

/// Whether a JSON body is a message to an agent by itself, under a method or a path of A2A.
pub(crate) fn is_call(value: &Value, subject: &Subject<'_>) -> bool {
    let declared = subject.service.map(|service| service.protocol);
    if declared == Some(Protocol::Mcp) {
        return false;
    }
    if is_message(value) {
        return methods::is_call(value);
    }
    let mut messages = MESSAGE_OVER_HTTP.iter().filter_map(|name| value.get(name));
    messages.any(Value::is_object) && sends(subject)
}

/// Whether the path asks for a message to be sent.
fn sends(subject: &Subject<'_>) -> bool {
    let segments = segments(subject).unwrap_or_default();
    let resolved = paths::resolved(subject.view.path);
    let asked = asked(subject, &segments, &resolved);
    asked.is_some_and(|asked| matches!(asked.action, "send" | "stream"))
}

/// Whether a method of this name is one of A2A.
pub(crate) fn is_method(name: &str) -> bool {
    methods::action(name).is_some()
}

/// Whether the path is one of the HTTP binding, whatever the method.
pub(crate) fn is_over_http(path: &str) -> bool {
    let readings = [
        decoded_segments(path).unwrap_or_default(),
        paths::resolved(path),
    ];
    let known = [Method::GET, Method::POST, Method::DELETE];
    let is = |path: &Vec<String>| {
        let mut known = known.iter();
        known.any(|method| methods::over_http(method, path).is_some())
    };
    readings.iter().any(is)
}

/// Whether the request is for the card by which an agent says what it can do.
pub(crate) fn asks_for_card(subject: &Subject<'_>) -> bool {
    matches!(subject.content, Content::Absent)
        && methods::is_card(subject.view.method, subject.view.path)
}

/// The tool is the catalogue's name for the agent, or its host.
pub(crate) fn describe(subject: &Subject<'_>) -> Result<Described, InspectError> {
    let by_content = matches!(&subject.content, Content::Json { value } if is_message(value));
    let segments = match segments(subject) {
        Err(error) if subject.service.is_some() || !by_content => return Err(error),
        segments => segments.unwrap_or_default(),
    };
    let resolved = paths::resolved(subject.view.path);
    let asked = asked(subject, &segments, &resolved);
    let mut described = match &subject.content {
        Content::Json { value } if is_message(value) => {
            if asked.is_some() {
                return Err(InspectError::Malformed(
                    "a JSON-RPC message where A2A expects none",
                ));
            }
            message(subject, value)?
        }
        Content::Json { value } => over_http(subject, asked, value.as_object())?,
        _ => over_http(subject, asked, None)?,
    };
    described.stream = matches!(&*described.action, "stream" | "subscribe");
    if let Some(service) = subject.service {
        described.recordable = service.recordable.clone();
    }
    Ok(described)
}

/// Some servers find it only in what is left of the path once it is resolved.
fn asked<'a>(
    subject: &Subject<'_>,
    segments: &'a [String],
    resolved: &'a [String],
) -> Option<Asked<'a>> {
    let at = |path| methods::over_http(subject.view.method, path);
    at(segments).or_else(|| at(resolved))
}

fn message(subject: &Subject<'_>, body: &Value) -> Result<Described, InspectError> {
    let message = Message::read(body)?;
    let Kind::Call { method, params } = message.kind else {
        return Err(InspectError::Malformed("an agent is sent a response"));
    };
    let action = methods::action(method);
    let mut described = Described::new(CallKind::A2a, subject.server(), action.unwrap_or(method));
    described.dialect = Dialect::JsonRpc { id: message.id };
    let empty = Map::new();
    let members = Members::of(params.unwrap_or(&empty))?;
    match action {
        Some("send" | "stream") => {
            let message = members.object("message")?.ok_or(NO_MESSAGE)?;
            sent(&mut described, "/params", &members, ("message", &message))?;
        }
        Some(_) => {
            let id = methods::is_of_task(method).then_some("taskId");
            members.describe(&mut described, "/params", id);
        }
        None => described.add("/params", params.into_iter().flatten()),
    }
    Ok(described)
}

fn over_http(
    subject: &Subject<'_>,
    asked: Option<Asked<'_>>,
    body: Option<&Map<String, Value>>,
) -> Result<Described, InspectError> {
    let Some(asked) = asked else {
        return Ok(elsewhere(subject));
    };
    let mut described = Described::new(CallKind::A2a, subject.server(), asked.action);
    described.dialect = Dialect::A2aHttp;
    match (body, asked.action) {
        (Some(body), "send" | "stream") => {
            let members = Members::of(body)?;
            let [message, earlier] = MESSAGE_OVER_HTTP;
            let found = match (members.object(message)?, members.object(earlier)?) {
                (Some(found), None) => (message, found),
                (None, Some(found)) => (earlier, found),
                (Some(_), Some(_)) => {
                    return Err(InspectError::Malformed("there are two messages"));
                }
                (None, None) => return Err(NO_MESSAGE),
            };
            sent(&mut described, "", &members, (found.0, &found.1))?;
        }
        (None, "send" | "stream") if !subject.content.is_hidden() => return Err(NO_MESSAGE),
        (Some(body), _) => Members::of(body)?.describe(&mut described, "", None),
        (None, _) => {}
    }
    if let Some(task) = asked.task {
        described.set("taskId", task.into(), Place::Fixed);
    }
    Ok(described)
}

fn elsewhere(subject: &Subject<'_>) -> Described {
    // The message is there but cannot be read.
    let unknown = subject.view.method == Method::POST && subject.content.is_hidden();
    let action = if unknown { "unknown" } else { "other" };
    let mut described = Described::new(CallKind::A2a, subject.server(), action);
    if unknown {
        described.dialect = Dialect::JsonRpc { id: Value::Null };
    }
    described
}

/// What a message says about itself, but for what it says.
fn sent(
    described: &mut Described,
    pointer: &str,
    params: &Members<'_>,
    (name, message): (&str, &Members<'_>),
) -> Result<(), InspectError> {
    let at = format!("{pointer}/{}", params.written(name));
    for name in [
        "taskId",
        "contextId",
        "referenceTaskIds",
        "extensions",
        "metadata",
    ] {
        message.set(described, &at, name, name);
    }
    params.set(described, pointer, "tenant", "tenant");
    params.set(described, pointer, "metadata", "requestMetadata");
    skill(described, message, &at)?;
    skill(described, params, pointer)?;
    notified(described, pointer, params)
}

/// A skill that metadata names: there is no standard for it, but these are what agents look for.
fn skill(
    described: &mut Described,
    holder: &Members<'_>,
    pointer: &str,
) -> Result<(), InspectError> {
    let Some(metadata) = holder.map("metadata")? else {
        return Ok(());
    };
    let written = holder.written("metadata");
    for name in ["skill", "skillId", "skill_id"] {
        let Some(named) = metadata.get(name) else {
            continue;
        };
        if described.parameters.contains_key("skill") {
            return Err(InspectError::Malformed("a message names two skills"));
        }
        let place = Place::Body(format!("{pointer}/{written}/{name}"));
        described.set("skill", named.clone(), place);
    }
    Ok(())
}

/// Where the agent is to send what comes of it.
fn notified(
    described: &mut Described,
    pointer: &str,
    params: &Members<'_>,
) -> Result<(), InspectError> {
    let Some(configuration) = params.object("configuration")? else {
        return Ok(());
    };
    for name in ["taskPushNotificationConfig", "pushNotificationConfig"] {
        let Some(config) = configuration.object(name)? else {
            continue;
        };
        if config.has("url") && described.parameters.contains_key("pushUrl") {
            return Err(InspectError::Malformed("a message names two push URLs"));
        }
        let written = configuration.written(name);
        let at = format!("{pointer}/configuration/{written}");
        config.set(described, &at, "url", "pushUrl");
    }
    Ok(())
}

fn segments(subject: &Subject<'_>) -> Result<Vec<String>, InspectError> {
    Ok(decoded_segments(subject.view.path)?)
}

/// What a request has the message under; 0.3 has it under either.
const MESSAGE_OVER_HTTP: [&str; 2] = ["message", "request"];

const NO_MESSAGE: InspectError = InspectError::Malformed("an agent is sent no message");

#[cfg(test)]
mod tests;
