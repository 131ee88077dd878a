//! Which protocol a request speaks: the catalogue says so, or else its content does.
//!
//! It never picks a side: where the two clearly disagree, the request is an error.

use aegis_policy::{Protocol, Service};
use http::Method;
use serde_json::Value;

use crate::body::Content;
use crate::inspected::Subject;
use crate::json_rpc::{is_message, is_nearly_call};
use crate::llm::{self, Endpoint, Family};
use crate::{InspectError, a2a, grpc, mcp};

/// What both sides agree on; a REST call needs the service that knows its operations.
pub(crate) enum Spoken<'a> {
    Http,
    Rest(&'a Service),
    Llm(Family),
    Mcp,
    A2a,
    Grpc,
}

pub(crate) fn protocol<'a>(subject: &Subject<'a>) -> Result<Spoken<'a>, InspectError> {
    refuse_misnamed(subject)?;
    let seen = Seen::of(subject);
    if seen == Seen::Batch {
        return Err(InspectError::Batch);
    }
    let Some(service) = subject.service else {
        return Ok(match seen {
            Seen::NearlyJsonRpc => {
                return Err(InspectError::Malformed(
                    "a call of MCP or A2A that is not one of JSON-RPC 2.0",
                ));
            }
            _ if is_grpc(subject) => Spoken::Grpc,
            _ if mcp::opens_stream(subject) => Spoken::Mcp,
            Seen::JsonRpc => Spoken::Mcp,
            Seen::A2a => Spoken::A2a,
            Seen::Other if a2a::asks_for_card(subject) => Spoken::A2a,
            Seen::Llm(family) => {
                refuse_ambiguous_path(subject, family)?;
                Spoken::Llm(family)
            }
            _ => Spoken::Http,
        });
    };
    agree(service.protocol, seen, subject)?;
    Ok(
        match (service.protocol, Family::declared(service.protocol)) {
            (_, Some(family)) => Spoken::Llm(family),
            (Protocol::Rest, _) => Spoken::Rest(service),
            (Protocol::Mcp, _) => Spoken::Mcp,
            (Protocol::A2a, _) => Spoken::A2a,
            (Protocol::Grpc, _) => Spoken::Grpc,
            _ => Spoken::Http,
        },
    )
}

/// Where the path names the model, or only some servers find the endpoint in it, the server must read
/// it as it is judged.
fn refuse_ambiguous_path(subject: &Subject<'_>, family: Family) -> Result<(), InspectError> {
    let endpoint = subject.endpoint.as_ref();
    if endpoint.is_some_and(|it| it.model.is_some() || it.resolved) {
        llm::unambiguous(family, subject.view.path)?;
    }
    Ok(())
}

/// What the content shows by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// A JSON-RPC 2.0 request, notification or response.
    JsonRpc,
    /// What some servers take for one.
    NearlyJsonRpc,
    /// A message to an agent. Where the catalogue says MCP, it is one of that.
    A2a,
    /// An array with JSON-RPC messages in it.
    Batch,
    /// A request to an LLM, at its path.
    Llm(Family),
    /// A body that cannot be looked into.
    Hidden,
    Other,
}

impl Seen {
    fn of(subject: &Subject<'_>) -> Self {
        match &subject.content {
            Content::Hidden => Self::Hidden,
            Content::Json { value } => Self::in_json(value, subject),
            _ => Self::Other,
        }
    }

    fn in_json(value: &Value, subject: &Subject<'_>) -> Self {
        match value {
            Value::Array(items) if items.iter().any(is_message) => Self::Batch,
            value if a2a::is_call(value, subject) => Self::A2a,
            value if is_message(value) => Self::JsonRpc,
            value => match &subject.endpoint {
                Some(endpoint) if endpoint.fits(value) && is_told(endpoint, value, subject) => {
                    Self::Llm(endpoint.family)
                }
                _ if is_nearly_message(value) => Self::NearlyJsonRpc,
                _ => Self::Other,
            },
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::JsonRpc => "a JSON-RPC message",
            Self::NearlyJsonRpc => "what some servers take for a JSON-RPC message",
            Self::A2a => "a message to an agent",
            Self::Batch => "a JSON-RPC batch",
            Self::Llm(Family::OpenAi) => "a chat completion or response",
            Self::Llm(Family::Anthropic) => "a message to Anthropic",
            Self::Llm(Family::Bedrock) => "a call of Bedrock",
            Self::Llm(Family::Gemini) => "a call of Gemini",
            Self::Hidden => "a body that cannot be looked into",
            Self::Other => "something else",
        }
    }
}

/// Or a batch with one in it.
fn is_nearly_message(value: &Value) -> bool {
    let is =
        |value: &Value| is_nearly_call(value, |name| mcp::is_method(name) || a2a::is_method(name));
    match value {
        Value::Array(items) => items.iter().any(is),
        value => is(value),
    }
}

/// Where policy knows the service, it may go by the model: a body that names none is another request
/// there, of a host that may be none of a model's.
fn is_told(endpoint: &Endpoint, value: &Value, subject: &Subject<'_>) -> bool {
    subject.service.is_none() || endpoint.names_model(value)
}

/// A message under the name of a form is one call to some servers and another to others.
fn refuse_misnamed(subject: &Subject<'_>) -> Result<(), InspectError> {
    let value = subject.content.misnamed_json(subject.view);
    match value.map(|value| Seen::in_json(&value, subject)) {
        None | Some(Seen::Other) => Ok(()),
        Some(seen) => Err(InspectError::Disagreement {
            declared: "a form",
            found: seen.name(),
        }),
    }
}

fn agree(declared: Protocol, seen: Seen, subject: &Subject<'_>) -> Result<(), InspectError> {
    let is_call = matches!(seen, Seen::JsonRpc | Seen::A2a | Seen::Llm(_));
    let (name, agreed) = match (declared, Family::declared(declared)) {
        (_, Some(family)) => {
            // Prefixes differ, so the path is compared leniently; it must not be ambiguous as well.
            llm::unambiguous(family, subject.view.path)?;
            (family.name(), speaks_as(family, seen, subject))
        }
        (Protocol::Mcp, _) => ("mcp", speaks_mcp(seen, subject)),
        (Protocol::A2a, _) => ("a2a", !matches!(seen, Seen::Llm(_) | Seen::NearlyJsonRpc)),
        (Protocol::Grpc, _) => ("grpc", is_grpc(subject)),
        (Protocol::Rest, _) => ("rest", !is_call),
        _ => ("http", !is_call),
    };
    if agreed {
        Ok(())
    } else {
        Err(InspectError::Disagreement {
            declared: name,
            found: seen.name(),
        })
    }
}

fn is_grpc(subject: &Subject<'_>) -> bool {
    grpc::is_call(subject.view.method, subject.view.headers, subject.service)
}

/// What is sent to an endpoint that takes messages is of its shape, and the endpoint is the declared
/// one's own; everything else but a call of another protocol is one of its other endpoints.
fn speaks_as(family: Family, seen: Seen, subject: &Subject<'_>) -> bool {
    match seen {
        Seen::Llm(found) => found == family,
        Seen::Hidden => subject
            .endpoint
            .as_ref()
            .is_none_or(|it| it.family == family),
        Seen::Other => subject.endpoint.is_none(),
        Seen::JsonRpc | Seen::NearlyJsonRpc | Seen::A2a | Seen::Batch => false,
    }
}

/// MCP posts one message at a time; all its other requests are without a body.
fn speaks_mcp(seen: Seen, subject: &Subject<'_>) -> bool {
    if subject.view.method == Method::POST {
        matches!(seen, Seen::JsonRpc | Seen::Hidden)
    } else {
        matches!(subject.content, Content::Absent)
    }
}

#[cfg(test)]
mod tests;
