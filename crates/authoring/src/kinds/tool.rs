//! `Tool` and `Provider`: whose calls go to which hosts, where those are, and how they are spoken to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An entry of the catalogue: how calls to it are recognised and read.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "anyOf" = [{"required": ["hosts"]}, {"required": ["provider"]}],
    "dependentRequired" = {"regions": ["hosts"]},
))]
pub(crate) struct Tool {
    pub(crate) protocol: Protocol,
    /// The `Provider` that runs it. A tool without hosts of its own is at its provider's endpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    /// Its own hosts: `host`, `.suffix`, either with `:port`.
    #[serde(default, skip_serializing)]
    pub(crate) hosts: Vec<String>,
    /// Where its own hosts are. Left out, that is not known, and they are unlawful for a bound
    /// tenant.
    #[serde(default, skip_serializing)]
    pub(crate) regions: Vec<String>,
    /// What a `rest` tool can do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) operations: Vec<Operation>,
    /// Parameters of other tools' calls that may be written down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) recordable: Vec<String>,
}

/// Who runs tools, and where.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    /// Hosts by region.
    #[serde(default, skip_serializing)]
    pub(crate) endpoints: Vec<Endpoint>,
    /// How it is spoken to, where it is a tool itself, such as an LLM provider; else `Tool`s say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) protocol: Option<Protocol>,
    /// Parameters of its own calls that may be written down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) recordable: Vec<String>,
}

/// Hosts that are in the same regions.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endpoint {
    /// `host`, `.suffix`, either with `:port`.
    #[schemars(length(min = 1))]
    pub(crate) hosts: Vec<String>,
    /// Left out: not known, and unlawful for a bound tenant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) regions: Vec<String>,
}

/// How calls become tool and action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Protocol {
    /// Plain HTTP: the action is the method in lower case.
    Http,
    /// HTTP with `operations`.
    Rest,
    /// Chat completions and Responses, of `OpenAI`, Azure and servers like them.
    OpenAi,
    /// Messages, of Anthropic and servers like it.
    Anthropic,
    /// The runtime API of Amazon Bedrock.
    Bedrock,
    /// Google Gemini, directly or on Vertex AI.
    Gemini,
    /// The Model Context Protocol.
    Mcp,
    /// A2A, between agents.
    A2a,
    /// gRPC: the tool is `NAME/package.Service`, the action the method; messages are not read.
    Grpc,
}

/// One operation of a `rest` tool.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    /// What policies call it.
    pub(crate) action: String,
    /// In upper-case letters.
    #[schemars(regex(pattern = "^[A-Z]+$"))]
    pub(crate) method: String,
    /// With `{placeholders}`, which become parameters.
    pub(crate) path: String,
    /// Parameters that may be written down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) recordable: Vec<String>,
}
