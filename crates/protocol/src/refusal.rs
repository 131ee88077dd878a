//! A refusal in the caller's own protocol: problem+json, a JSON-RPC error, an agent's or an LLM API's.
//!
//! It renders and nothing else: what is refused, with which status and which hint is decided above.

mod a2a;
mod grpc;
mod llm;

use aegis_policy::{Outcome, Protocol, Reason, Service};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use crate::json_rpc::Message;
use crate::llm::{Endpoint, Family};
use crate::{BodyView, RequestView, json as strict};

/// How the caller wants to be refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialect {
    /// `application/problem+json`, RFC 9457.
    Problem,
    /// A JSON-RPC 2.0 error; `id` is null where the call had none or it could not be read.
    JsonRpc { id: Value },
    /// What A2A's HTTP binding has for an error, of 1.0 and 0.3 alike.
    A2aHttp,
    /// `{"error": {…}}`, which the SDKs for chat completions turn into their own exceptions.
    OpenAi,
    /// `{"type": "error", "error": {…}}`, of Anthropic's Messages.
    Anthropic,
    /// A message, and in a header the exception that AWS's SDKs raise.
    Bedrock,
    /// `{"error": {…}}` as Google's APIs have it.
    Gemini,
    /// A status and a message in headers, and no body.
    Grpc,
    /// An `error` event of a conversation over a WebSocket; `event` is the id of the client's, where it has one.
    Realtime { event: Option<Value> },
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
    /// Of a call of an MCP tool: told by a result that says `isError`, which the model reads, where
    /// the dialect would have an error, which the agent's SDK raises.
    pub as_tool_result: bool,
}

/// A refusal that can be sent.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// What the dialect says in headers: the content type, and more where SDKs look there.
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub fn render(dialect: &Dialect, refusal: &RefusalDocument<'_>) -> Rendered {
    let body = match dialect {
        Dialect::Grpc => return refusal.grpc(),
        Dialect::Problem => refusal.problem(),
        Dialect::JsonRpc { id } if refusal.as_tool_result => refusal.tool_result(id),
        Dialect::JsonRpc { id } => refusal.json_rpc(id),
        Dialect::A2aHttp => refusal.a2a_http(),
        Dialect::OpenAi => refusal.open_ai(),
        Dialect::Anthropic => refusal.anthropic(),
        Dialect::Bedrock => refusal.bedrock(),
        Dialect::Gemini => refusal.gemini(),
        Dialect::Realtime { event } => refusal.realtime(event.as_ref()),
    };
    let content_type = match dialect {
        Dialect::Problem => "application/problem+json",
        _ => "application/json",
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if *dialect == Dialect::Bedrock {
        let exception = HeaderValue::from_static(llm::exception(refusal.status));
        headers.insert(llm::AMZN_ERROR_TYPE, exception);
    }
    Rendered {
        headers,
        body: Bytes::from(body.to_string()),
    }
}

impl Dialect {
    /// The likely dialect of a request that could not be inspected.
    pub fn guess(service: Option<&Service>, path: &str, content_type: &str) -> Self {
        let asked = || Endpoint::of(path).map(|endpoint| endpoint.api.dialect());
        let guessed = match service.map(|service| service.protocol) {
            Some(Protocol::Grpc) => Some(Self::Grpc),
            Some(Protocol::A2a) if crate::a2a::is_over_http(path) => Some(Self::A2aHttp),
            Some(Protocol::Mcp | Protocol::A2a) => Some(Self::JsonRpc { id: Value::Null }),
            Some(protocol) => {
                Family::declared(protocol).map(|family| asked().unwrap_or(family.dialect()))
            }
            None if crate::grpc::is_media_type(content_type) => Some(Self::Grpc),
            None if is_json_rpc_type(content_type) => Some(Self::JsonRpc { id: Value::Null }),
            None => asked(),
        };
        guessed.unwrap_or(Self::Problem)
    }

    /// That of a JSON-RPC message that could be read, whatever was wrong around it.
    pub fn of_message(view: &RequestView<'_>) -> Option<Self> {
        let BodyView::Whole(body) = view.body else {
            return None;
        };
        let body = strict::value(body).ok()?;
        let id = Message::read(&body).ok()?.id;
        Some(Self::JsonRpc { id })
    }

    /// Whether the refusal is the answer to a call inside the protocol, sent with a successful status.
    ///
    /// MCP wants a JSON-RPC request answered by a JSON-RPC response, and clients correlate by its id;
    /// several SDKs drop the body of any other status and end the session instead. A message without
    /// an id (a notification, a response) has nothing to correlate: there the status speaks.
    ///
    /// gRPC has its own status beside that of HTTP.
    pub fn answers_in_band(&self) -> bool {
        match self {
            Self::JsonRpc { id } => !id.is_null(),
            Self::Grpc => true,
            _ => false,
        }
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
            "error": {"code": self.json_rpc_code(), "message": self.explained(), "data": self.problem()},
        })
    }

    /// As MCP has it for a tool that has failed; `_meta` is for whoever reads more than text.
    fn tool_result(&self, id: &Value) -> Value {
        let text = format!("{}. Next: {}.", self.explained(), self.next_step);
        json!({
            "jsonrpc": "2.0",
            "id": id,
            "result": {
                "resultType": "complete",
                "content": [{"type": "text", "text": text}],
                "isError": true,
                "_meta": {"aegis.dev/refusal": self.problem()},
            },
        })
    }

    /// MCP's own where it has one for what is wrong.
    fn json_rpc_code(&self) -> i32 {
        match self.reasons.first().map(|reason| &*reason.rule) {
            Some("protocol.header_mismatch") => HEADER_MISMATCH,
            Some("protocol.batch") => INVALID_REQUEST,
            _ => JSON_RPC_REFUSED,
        }
    }

    fn kind(&self) -> String {
        match self.outcome {
            Outcome::Allow | Outcome::Sanitize => "urn:aegis:failure".to_owned(),
            refusal => format!("urn:aegis:refusal:{}", refusal.as_str()),
        }
    }

    fn detail(&self) -> String {
        let messages: Vec<&str> = self.reasons.iter().map(|reason| &*reason.message).collect();
        messages.join("; ")
    }

    fn rule(&self) -> &str {
        let first = self.reasons.first();
        first.map_or(self.outcome.as_str(), |reason| &reason.rule)
    }

    /// The message with the rules and the approval: many callers are shown no other member.
    fn explained(&self) -> String {
        let explain = |reason: &Reason| format!("{} (rule {})", reason.message, reason.rule);
        let reasons: Vec<String> = self.reasons.iter().map(explain).collect();
        let mut message = title(self.outcome).to_owned();
        if !reasons.is_empty() {
            message = format!("{message}: {}", reasons.join("; "));
        }
        if let Some(id) = self.approval_id {
            message = format!("{message}; approval_id {id}");
        }
        message
    }

    /// The status of gRPC that stands for the one of HTTP, and its word in Google's error model.
    fn grpc_status(&self) -> (u8, &'static str) {
        match self.status {
            401 | 407 => (16, "UNAUTHENTICATED"),
            403 => (7, "PERMISSION_DENIED"),
            404 => (5, "NOT_FOUND"),
            408 | 504 => (4, "DEADLINE_EXCEEDED"),
            429 => (8, "RESOURCE_EXHAUSTED"),
            502 | 503 => (14, "UNAVAILABLE"),
            500.. => (13, "INTERNAL"),
            _ => (3, "INVALID_ARGUMENT"),
        }
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
/// MCP 2026-07-28.
const HEADER_MISMATCH: i32 = -32020;
/// JSON-RPC 2.0.
const INVALID_REQUEST: i32 = -32600;

#[cfg(test)]
mod tests;
