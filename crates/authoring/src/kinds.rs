//! The documents that people write, as types: what each kind may say. They check form, never meaning.
//!
//! They are read in the words of documents (`camelCase`) and written in those of the data
//! (`snake_case`), so what is not renamed here is not renamed anywhere. Doc comments are what
//! editors show.

mod agent_policy;
mod dlp_profile;
mod effect;
mod tenant;
mod tool;

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

pub(crate) use agent_policy::{
    AgentPolicy, Chain, GrpcBodies, Mcp, Selector, TruncatedBodies, Unnamed,
};
pub(crate) use dlp_profile::{AnswersUnread, DlpProfile, Numbers};
pub(crate) use tenant::Tenant;
pub(crate) use tool::{Endpoint, Provider, Tool};

/// One document: its kind decides what `spec` may say.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest<L: Default, S> {
    #[serde(rename = "apiVersion")]
    _api_version: ApiVersion,
    #[serde(rename = "kind")]
    _kind: Kind,
    pub(crate) metadata: Metadata<L>,
    pub(crate) spec: S,
}

/// What can be said of a document whose kind is not known.
#[derive(Debug, Deserialize)]
pub(crate) struct Header {
    #[serde(rename = "apiVersion")]
    _api_version: ApiVersion,
    #[serde(rename = "kind")]
    _kind: Kind,
}

/// The edition of these documents.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) enum ApiVersion {
    #[serde(rename = "aegis.dev/v1")]
    V1,
}

/// What the document is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[schemars(inline)]
pub(crate) enum Kind {
    Tenant,
    AgentPolicy,
    Tool,
    Provider,
    DlpProfile,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metadata<L: Default> {
    /// Unique among the documents of this kind.
    #[schemars(length(min = 1))]
    pub(crate) name: String,
    /// Texts by name, for your own modules. Only those of a `Tenant` are read by anything yet.
    #[serde(default)]
    pub(crate) labels: L,
}

/// Texts by name, for selecting and for your own modules.
pub(crate) type Labels = BTreeMap<String, String>;

/// Whether findings count or are only recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// Findings count.
    #[default]
    Enforce,
    /// Findings are recorded and the call goes through.
    Shadow,
}

/// A key that is known and has no effect yet. To accept it would promise what nothing keeps.
#[derive(Debug, Default)]
pub(crate) struct NotEnforced;

impl<'de> Deserialize<'de> for NotEnforced {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(
            "this is not enforced yet, so it is refused; leave it out",
        ))
    }
}

impl JsonSchema for NotEnforced {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NotEnforced".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"not": {}, "description": "Not enforced yet, so it is refused."})
    }
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "Tenant",
            Self::AgentPolicy => "AgentPolicy",
            Self::Tool => "Tool",
            Self::Provider => "Provider",
            Self::DlpProfile => "DlpProfile",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a key means by default is not written into the data.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
