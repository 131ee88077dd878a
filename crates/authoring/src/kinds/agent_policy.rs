//! `AgentPolicy`: what the agents that it selects may do.

use std::collections::BTreeMap;

use aegis_policy::Action;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Number, Value as Json};

use super::effect::Redact;
use super::{Labels, Mode, NotEnforced, is_default};

/// What the agents that it selects may do. Whatever it does not name is denied.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AgentPolicy {
    pub(crate) agents: Selector,
    /// `shadow`: findings of this policy are recorded, not enforced.
    #[serde(default)]
    pub(crate) mode: Mode,
    /// The tools that may be called, and with what.
    #[serde(default)]
    pub(crate) tools: Vec<Grant>,
    #[serde(default)]
    pub(crate) egress: Egress,
    /// The name of the `DlpProfile` that says what may be sent. Without one, any call in which
    /// sensitive data is found is denied.
    #[serde(default)]
    pub(crate) dlp: Option<String>,
    #[serde(default)]
    pub(crate) truncated_bodies: TruncatedBodies,
    #[serde(default)]
    pub(crate) grpc_bodies: GrpcBodies,
    #[serde(default)]
    pub(crate) proposed_calls: ProposedCalls,
    #[serde(default)]
    pub(crate) mcp: Mcp,
    #[serde(default)]
    pub(crate) chain: Chain,
    #[serde(default, rename = "budgets")]
    _budgets: NotEnforced,
    #[serde(default, rename = "riskTier")]
    _risk_tier: NotEnforced,
}

/// Which agents: by `ids` or by `labels`, of one tenant or of all; with `tenant` alone, all of its
/// agents.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "not" = {"required": ["ids", "labels"]}))]
pub(crate) struct Selector {
    /// Only agents of this tenant.
    #[serde(default)]
    pub(crate) tenant: Option<String>,
    /// Agents by name.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(crate) ids: Option<Vec<String>>,
    /// Agents that have all of these labels.
    #[serde(default)]
    #[schemars(extend("minProperties" = 1))]
    pub(crate) labels: Option<Labels>,
}

/// Actions of one tool, and what must hold for their parameters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    /// A `Tool` (or a `Provider` with a protocol), a tool of an MCP server (`SERVER/TOOL`), `http`
    /// for plain HTTP, or a host that is recognised by what it speaks.
    pub(crate) tool: String,
    /// Actions of the tool; of `http` the methods in lower case. `*` is any that is not named in
    /// another grant.
    #[schemars(length(min = 1))]
    pub(crate) actions: Vec<String>,
    /// Constraints by the name of the parameter, for each of the actions.
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, Constraint>,
}

/// Calls of MCP servers.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(
    rename_all(deserialize = "camelCase", serialize = "snake_case"),
    deny_unknown_fields,
    default
)]
pub(crate) struct Mcp {
    /// What becomes of a tool whose definition, as its server last listed it, is not the one that
    /// was first seen.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) changed_tools: ChangedTools,
    /// How the agent is told that policy refuses the call of a tool.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) refuse_as: RefuseAs,
}

/// Tools that have changed since they were first seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ChangedTools {
    /// The audit log, a metric and a line of the proxy's log say so.
    #[default]
    Report,
    /// It is also taken out of lists, and a call of it is denied, until an operator accepts it.
    Deny,
}

/// The form of a refusal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefuseAs {
    /// A JSON-RPC error, which the agent's SDK raises.
    #[default]
    Error,
    /// A result of the tool that says `isError`, which goes to the model.
    ToolResult,
}

/// Tool calls that a model's answer proposes, and what an MCP server asks of its client, judged before the agent sees them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProposedCalls {
    /// What becomes of those that no entry of `tools` names.
    pub(crate) unnamed: Unnamed,
    /// What may be proposed or asked.
    pub(crate) tools: Vec<Proposal>,
}

/// A function that models may propose, or a method that a server may ask for, and with what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proposal {
    /// The function's name, as the agent offers it to the model, or `SERVICE/METHOD` of an MCP server.
    pub(crate) tool: String,
    /// Constraints by the name of the parameter.
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, Constraint>,
}

/// What becomes of a proposed call that nothing names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unnamed {
    /// The agent does not see it: the answer ends with a refusal.
    #[default]
    Deny,
    /// It goes to the agent, whose own calls are judged when it makes them.
    Allow,
}

/// On whose behalf its agents may call: agents that call one another make a chain.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(
    rename_all(deserialize = "camelCase", serialize = "snake_case"),
    deny_unknown_fields,
    default
)]
pub(crate) struct Chain {
    /// How many agents may be before the caller; 0: only calls of its own. Without it, 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "depth")]
    pub(crate) max_depth: Option<u8>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) loops: Loops,
}

/// What becomes of a call of an agent that is in the chain already, or to one that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Loops {
    /// It is refused.
    Deny,
    /// It may pass; the depth ends every loop.
    #[default]
    Allow,
}

/// What must hold for one parameter. A parameter that is absent passes unless it is `required`.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(
    rename_all(deserialize = "camelCase", serialize = "snake_case"),
    deny_unknown_fields,
    default
)]
pub(crate) struct Constraint {
    /// The smallest number that is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "number")]
    pub(crate) min: Option<Number>,
    /// The largest number that is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "number")]
    pub(crate) max: Option<Number>,
    /// A larger number needs a human's approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "number")]
    pub(crate) approve_above: Option<Number>,
    /// The only values that are allowed.
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "plain_values")]
    pub(crate) one_of: Option<Vec<Json>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pattern: Option<Pattern>,
    /// It must be there and not null.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) required: bool,
    /// It must not be there.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) forbidden: bool,
    /// It is redacted before the call is forwarded: `true` is `label`.
    #[serde(
        deserialize_with = "aegis_policy::redact",
        serialize_with = "redact",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Redact")]
    pub(crate) redact: Option<Action>,
}

/// What the text, or every text of the list, must match.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Pattern {
    /// A regular expression; it matches anywhere unless it is anchored.
    Regex(String),
    /// `*` matches any characters.
    Glob(String),
    /// A network, such as `10.0.0.0/8`.
    Cidr(String),
}

/// Hosts beside those of the tools that are granted: `host`, `.suffix` (not the bare name), either
/// with `:port`.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Egress {
    /// Hosts that may be called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) hosts: Vec<String>,
    /// Hosts whose tunnels are not looked into.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) passthrough: Vec<String>,
    /// Hosts where what is opaque is allowed: an upgrade to anything but a WebSocket, or binary data in one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) upgrades: Vec<String>,
}

/// What is done about a body that could not be read whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TruncatedBodies {
    /// It is refused.
    #[default]
    Deny,
    /// It may pass for actions without constraints, where it is in parts and some of them could be read:
    /// text beside a file.
    Parts,
    /// It may pass, for actions without constraints only.
    Allow,
}

/// What is done about messages of gRPC, which nobody looks into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GrpcBodies {
    /// They may pass, for actions without constraints only.
    #[default]
    Opaque,
    /// They are refused, as `truncatedBodies` refuses others.
    Deny,
}

/// As people write it.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::ref_option,
    reason = "serde hands a field by reference"
)]
fn redact<S: Serializer>(action: &Option<Action>, serializer: S) -> Result<S::Ok, S::Error> {
    match action {
        Some(Action::Label) => serializer.serialize_bool(true),
        action => action.serialize(serializer),
    }
}

fn number(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "number"})
}

fn depth(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "integer", "minimum": 0, "maximum": 15, "default": 8})
}

fn plain_values(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "minItems": 1,
        "items": {"type": ["string", "number", "boolean"]},
    })
}
