//! Audit lines on their way in, and answers about them.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `POST /v1/logs`: how many lines of the batch are new, and how many were stored before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogReceipt {
    pub stored: u64,
    pub known: u64,
}

/// `GET /v1/audit`: the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AuditPage {
    pub records: Vec<AuditRecord>,
    /// The `cursor` of the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A call: its two lines as the data plane wrote them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AuditRecord {
    /// The principal that uploaded the lines.
    pub data_plane: String,
    pub decision: Value,
    /// Absent until the call is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Value>,
}

/// `GET /v1/refused`: what known principals asked for and may not have, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedAccesses {
    pub refused: Vec<RefusedAccess>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedAccess {
    pub principal: String,
    /// `operationId` of `/openapi.json`.
    pub operation: String,
    /// The scope or tenant that was asked for; empty where the operation itself is refused.
    pub target: String,
    pub code: String,
    pub times: u64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}
