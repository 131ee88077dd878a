//! A refusal in the caller's own protocol: problem+json, a JSON-RPC error or an LLM provider's error object.
//!
//! It renders and nothing else: what is refused, with which status and which hint is decided above.

use aegis_policy::{Outcome, Protocol, Reason, Service};
use bytes::Bytes;
use http::HeaderValue;
use serde_json::{Value, json};

use crate::recognise::is_chat_path;

/// How the caller wants to be refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialect {
    /// `application/problem+json`, RFC 9457.
    Problem,
    /// A JSON-RPC 2.0 error; `id` is null where the call had none or it could not be read.
    JsonRpc { id: Value },
    /// `{"error": {…}}`, which the SDKs for chat completions turn into their own exceptions.
    OpenAi,
}

/// Everything that a refused agent is told.
#[derive(Clone, Copy, Debug)]
pub struct RefusalDocument<'a> {
    /// The HTTP status that was chosen for this refusal.
    pub status: u16,
    pub decision_id: &'a str,
    pub outcome: Outcome,
    pub reasons: &'a [Reason],
    pub policy_version: &'a str,
    pub approval_id: Option<&'a str>,
    /// Region of this data plane.
    pub region: &'a str,
    /// What the agent may do now, in a sentence.
    pub next_step: &'a str,
    /// Whether the same call may succeed later without a change.
    pub retryable: bool,
}

/// The content type and the body of a refusal.
pub fn render(dialect: &Dialect, refusal: &RefusalDocument<'_>) -> (HeaderValue, Bytes) {
    let (content_type, body) = match dialect {
        Dialect::Problem => ("application/problem+json", refusal.problem()),
        Dialect::JsonRpc { id } => ("application/json", refusal.json_rpc(id)),
        Dialect::OpenAi => ("application/json", refusal.open_ai()),
    };
    (
        HeaderValue::from_static(content_type),
        Bytes::from(body.to_string()),
    )
}

impl Dialect {
    /// The likely dialect of a request that could not be inspected.
    pub fn guess(service: Option<&Service>, path: &str, content_type: &str) -> Self {
        let (json_rpc, chat) = match service.map(|service| service.protocol) {
            Some(protocol) => (protocol == Protocol::Mcp, protocol == Protocol::OpenAi),
            None => (is_json_rpc_type(content_type), is_chat_path(path)),
        };
        if json_rpc {
            Self::JsonRpc { id: Value::Null }
        } else if chat {
            Self::OpenAi
        } else {
            Self::Problem
        }
    }

    /// Whether the refusal is the answer to a call inside the protocol, sent with a successful status.
    ///
    /// MCP wants a JSON-RPC request answered by a JSON-RPC response, and clients correlate by its id;
    /// several SDKs drop the body of any other status and end the session instead. A message without
    /// an id (a notification, a response) has nothing to correlate: there the status speaks.
    pub fn answers_in_band(&self) -> bool {
        matches!(self, Self::JsonRpc { id } if !id.is_null())
    }
}

impl RefusalDocument<'_> {
    fn problem(&self) -> Value {
        let mut problem = json!({
            "type": self.kind(),
            "title": title(self.outcome),
            "status": self.status,
            "detail": self.detail(),
            "decision_id": self.decision_id,
            "outcome": self.outcome.as_str(),
            "reasons": self.reasons,
            "policy_version": self.policy_version,
            "region": self.region,
            "next_step": self.next_step,
            "retryable": self.retryable,
        });
        if let (Some(id), Some(members)) = (self.approval_id, problem.as_object_mut()) {
            members.insert("approval_id".to_owned(), id.into());
        }
        problem
    }

    fn json_rpc(&self, id: &Value) -> Value {
        json!({
            "jsonrpc": "2.0",
            "id": id,
            "error": {"code": JSON_RPC_REFUSED, "message": self.message(), "data": self.problem()},
        })
    }

    /// The SDKs choose the exception by status and read `message`, `type`, `code` and `param`.
    fn open_ai(&self) -> Value {
        let rule = self.reasons.first().map(|reason| &*reason.rule);
        json!({
            "error": {
                "message": self.message(),
                "type": if self.outcome.forwards() { "upstream_failure" } else { "policy_refusal" },
                "code": rule.unwrap_or(self.outcome.as_str()),
                "param": null,
                "aegis": self.problem(),
            },
        })
    }

    fn kind(&self) -> String {
        match self.outcome {
            Outcome::Allow | Outcome::Sanitize => "urn:aegis:failure".to_owned(),
            refusal => format!("urn:aegis:refusal:{}", refusal.as_str()),
        }
    }

    fn message(&self) -> String {
        match self.detail() {
            detail if detail.is_empty() => title(self.outcome).to_owned(),
            detail => format!("{}: {detail}", title(self.outcome)),
        }
    }

    fn detail(&self) -> String {
        let messages: Vec<&str> = self.reasons.iter().map(|reason| &*reason.message).collect();
        messages.join("; ")
    }
}

fn title(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::ApprovalNeeded => "the call needs the approval of a human",
        // Policy let it go, and then the upstream failed.
        Outcome::Allow | Outcome::Sanitize => "the call failed at its destination",
        Outcome::Deny => "the call was refused",
    }
}

fn is_json_rpc_type(content_type: &str) -> bool {
    content_type.eq_ignore_ascii_case("application/json-rpc")
}

/// In JSON-RPC's range for servers, and none of those that MCP or its SDKs have given a meaning
/// (-32000 to -32004, -32020 to -32022, -32042).
const JSON_RPC_REFUSED: i32 = -32050;

#[cfg(test)]
mod tests;
