//! What data planes report of themselves, in OPA's shape, and what the operator sees of all.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Rollout;

/// `POST /v1/status`: OPA's status report. Fields that are not named here are not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusReport {
    /// `id` is the instance, as in the header `aegis-data-plane`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// By the name that the data plane has for its bundle; the first one counts.
    #[serde(default)]
    pub bundles: BTreeMap<String, BundleStatus>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BundleStatus {
    /// `revision` of the manifest in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_revision: Option<String>,
    /// What is wrong with the newest bundle, as a stable name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// `GET /v1/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Overview {
    pub scopes: Vec<ScopeStatus>,
    pub data_planes: Vec<DataPlane>,
}

/// What is served to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScopeStatus {
    pub scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Served>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Served>,
    /// Where the canary goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// Why there is no bundle, or none that would be newer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Served {
    pub publication: u64,
    pub number: u64,
    /// As in the manifest.
    pub revision: String,
    pub expires_at: Timestamp,
}

/// The last report of a data plane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DataPlane {
    pub principal: String,
    /// The instance; empty where it did not say.
    pub id: String,
    pub scope: String,
    pub labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_revision: Option<String>,
    /// What it is served at present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted_revision: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    pub last_seen: Timestamp,
}
