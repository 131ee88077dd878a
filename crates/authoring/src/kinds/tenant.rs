//! `Tenant`: whose agents there are, and where their calls may go.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Labels, Mode, is_default};

/// A customer, team or environment whose agents are kept apart from all others.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Tenant {
    /// The only lawful regions. Left out, the tenant is not bound to any.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) regions: Option<Vec<String>>,
    /// `shadow`: findings on its agents are recorded, not enforced.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) mode: Mode,
    /// `shadow`: the same for the region rule alone, which `mode` does not suspend.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) residency: Mode,
    /// By the name that they authenticate as. Names are unique among all tenants.
    #[serde(skip_serializing)]
    pub(crate) agents: BTreeMap<String, Agent>,
}

/// An agent. What it may do says the one policy that selects it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Agent {
    /// Texts by name: policies select by them, and your own modules read them.
    pub(crate) labels: Labels,
}
