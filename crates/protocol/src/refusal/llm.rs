//! Refusals in the languages of LLM APIs, as their SDKs read them. It chooses no status.

use aegis_policy::Outcome;
use http::HeaderName;
use serde_json::{Value, json};

use super::RefusalDocument;

impl RefusalDocument<'_> {
    /// The SDKs choose the exception by status and read `message`, `type`, `code` and `param`.
    pub(super) fn open_ai(&self) -> Value {
        json!({
            "error": {
                "message": self.explained(),
                "type": if self.outcome.forwards() { "upstream_failure" } else { "policy_refusal" },
                "code": self.rule(),
                "param": null,
                "aegis": self.problem(),
            },
        })
    }

    /// After such an event a conversation goes on. Clients of Responses read the status as well.
    pub(super) fn realtime(&self, event: Option<&Value>) -> Value {
        let mut error = self.open_ai();
        if let Some(members) = error.get_mut("error").and_then(Value::as_object_mut) {
            members.insert("event_id".to_owned(), event.cloned().into());
        }
        json!({
            "type": "error",
            "event_id": format!("event_{}", self.decision_id),
            "status": self.status,
            "error": error.get("error"),
        })
    }

    /// The SDKs choose the exception by status and show the whole body.
    pub(super) fn anthropic(&self) -> Value {
        let kind = match self.status {
            401 | 407 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            503 => "overloaded_error",
            504 => "timeout_error",
            500.. => "api_error",
            _ => "invalid_request_error",
        };
        json!({
            "type": "error",
            "error": {"type": kind, "message": self.explained(), "aegis": self.problem()},
        })
    }

    /// The SDKs show the message alone, so that it says everything.
    pub(super) fn bedrock(&self) -> Value {
        let message = format!("{}; what to do now: {}", self.explained(), self.next_step);
        json!({"message": message, "aegis": self.problem()})
    }

    /// As Google's error model has it; the status is that of gRPC.
    pub(super) fn gemini(&self) -> Value {
        let reason = match self.outcome {
            Outcome::Deny => "DENIED",
            Outcome::ApprovalNeeded => "APPROVAL_NEEDED",
            Outcome::Allow | Outcome::Sanitize => "UPSTREAM_FAILURE",
        };
        let info = json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "aegis.dev",
            "metadata": {"rule": self.rule(), "decision_id": self.decision_id},
        });
        json!({
            "error": {
                "code": self.status,
                "message": self.explained(),
                "status": self.grpc_status().1,
                "details": [info],
                "aegis": self.problem(),
            },
        })
    }
}

/// The exception of Bedrock's runtime that stands for a status.
pub(super) fn exception(status: u16) -> &'static str {
    match status {
        401 | 403 | 407 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        408 => "ModelTimeoutException",
        429 => "ThrottlingException",
        502..=504 => "ServiceUnavailableException",
        500.. => "InternalServerException",
        _ => "ValidationException",
    }
}

pub(super) const AMZN_ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
