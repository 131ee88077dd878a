//! Refusals in A2A's HTTP binding, as its SDKs read them. It chooses no status.

use serde_json::{Value, json};

use super::RefusalDocument;

impl RefusalDocument<'_> {
    /// Of 1.0 Google's error model, in which the SDK looks for a reason that A2A has; of 0.3 the
    /// error's name and message. Without one of A2A's own, SDKs show the HTTP status and nothing else.
    pub(super) fn a2a_http(&self) -> Value {
        let (reason, name) = if self.outcome.forwards() {
            ("INTERNAL_ERROR", "InternalError")
        } else {
            ("UNSUPPORTED_OPERATION", "UnsupportedOperationError")
        };
        let mut metadata = json!({
            "rule": self.rule(),
            "outcome": self.outcome.as_str(),
            "decision_id": self.decision_id,
            "next_step": self.next_step,
        });
        if let (Some(id), Some(members)) = (self.approval_id, metadata.as_object_mut()) {
            members.insert("approval_id".to_owned(), id.into());
        }
        json!({
            "error": {
                "code": self.status,
                "status": self.grpc_status().1,
                "message": self.explained(),
                "details": [{
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": reason,
                    "domain": "aegis.dev",
                    "metadata": metadata,
                }],
                "aegis": self.problem(),
            },
            "type": name,
            "message": self.explained(),
        })
    }
}
