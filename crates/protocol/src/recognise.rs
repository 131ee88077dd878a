//! Which protocol a request speaks: the catalogue says so, or else its content does.
//!
//! It never picks a side: where the two clearly disagree, the request is an error.

use aegis_policy::{Protocol, Service, decoded_segments};
use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::InspectError;
use crate::body::Content;
use crate::inspected::Subject;

/// What both sides agree on; a REST call needs the service that knows its operations.
pub(crate) enum Spoken<'a> {
    Http,
    Rest(&'a Service),
    OpenAi,
    Mcp,
}

pub(crate) fn protocol<'a>(subject: &Subject<'a>) -> Result<Spoken<'a>, InspectError> {
    refuse_misnamed(subject)?;
    let seen = Seen::of(subject);
    if seen == Seen::Batch {
        return Err(InspectError::Batch);
    }
    let Some(service) = subject.service else {
        return Ok(match seen {
            Seen::JsonRpc => Spoken::Mcp,
            Seen::Chat => Spoken::OpenAi,
            _ => Spoken::Http,
        });
    };
    agree(service.protocol, seen, subject)?;
    Ok(match service.protocol {
        Protocol::Http => Spoken::Http,
        Protocol::Rest => Spoken::Rest(service),
        Protocol::OpenAi => Spoken::OpenAi,
        Protocol::Mcp => Spoken::Mcp,
    })
}

/// Whether a path is that of chat completions, under any prefix that a provider has.
///
/// Lenient on purpose: whatever a server may still take for it is judged as it.
pub(crate) fn is_chat_path(path: &str) -> bool {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let mut segments = decoded.rsplit('/').filter(|segment| !segment.is_empty());
    let mut next = |word: &str| {
        segments
            .next()
            .is_some_and(|it| it.eq_ignore_ascii_case(word))
    };
    next("completions") && next("chat")
}

/// A POST to the path of chat completions.
pub(crate) fn asks_for_chat(subject: &Subject<'_>) -> bool {
    subject.view.method == Method::POST && is_chat_path(subject.view.path)
}

/// What the content shows by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// A JSON-RPC 2.0 request, notification or response.
    JsonRpc,
    /// An array with JSON-RPC messages in it.
    Batch,
    /// A chat completion, at its path.
    Chat,
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
            Value::Array(items) if items.iter().any(is_json_rpc) => Self::Batch,
            value if is_json_rpc(value) => Self::JsonRpc,
            value if asks_for_chat(subject) && is_chat(value) => Self::Chat,
            _ => Self::Other,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::JsonRpc => "a JSON-RPC message",
            Self::Batch => "a JSON-RPC batch",
            Self::Chat => "a chat completion",
            Self::Hidden => "a body that cannot be looked into",
            Self::Other => "something else",
        }
    }
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
    let (name, agreed) = match declared {
        Protocol::Http => ("http", !matches!(seen, Seen::JsonRpc | Seen::Chat)),
        Protocol::Rest => ("rest", !matches!(seen, Seen::JsonRpc | Seen::Chat)),
        Protocol::OpenAi => {
            // Prefixes differ, so the path is compared leniently; it must not be ambiguous as well.
            decoded_segments(subject.view.path)?;
            let readable = matches!(seen, Seen::Chat | Seen::Hidden) || !asks_for_chat(subject);
            ("openai", readable && seen != Seen::JsonRpc)
        }
        Protocol::Mcp => ("mcp", speaks_mcp(seen, subject)),
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

/// MCP posts one message at a time; all its other requests are without a body.
fn speaks_mcp(seen: Seen, subject: &Subject<'_>) -> bool {
    if subject.view.method == Method::POST {
        matches!(seen, Seen::JsonRpc | Seen::Hidden)
    } else {
        matches!(subject.content, Content::Absent)
    }
}

fn is_json_rpc(value: &Value) -> bool {
    let is_version_2 = value.get("jsonrpc").and_then(Value::as_str) == Some("2.0");
    let message = ["method", "result", "error"];
    is_version_2 && message.iter().any(|member| value.get(member).is_some())
}

fn is_chat(value: &Value) -> bool {
    value.get("messages").is_some_and(Value::is_array)
        && value.get("model").is_some_and(Value::is_string)
}

#[cfg(test)]
mod tests;
