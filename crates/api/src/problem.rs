//! What every error looks like (RFC 9457); which errors there are is the control plane's matter.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `application/problem+json`. Without `type`, which then means `about:blank`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// What the status means.
    pub title: String,
    pub status: u16,
    /// What went wrong, in a sentence.
    pub detail: String,
    /// A stable name of this kind of error.
    pub code: String,
    /// The publication that came first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Latest>,
    /// All that is wrong with the sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<Mistake>,
    /// The versions of this API that are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
}

/// Who was first, and with what number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Latest {
    pub number: u64,
    pub author: String,
    pub created_at: Timestamp,
}

/// One mistake in the sources, with its place: `file:line:column: …`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mistake {
    pub text: String,
    /// The scopes for which the sources do not compile because of it.
    pub scopes: Vec<String>,
}
