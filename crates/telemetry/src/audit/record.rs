//! The lines of the audit log as types: borrowed words, written once; what may not be written down
//! has no field here.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

/// The time as the log writes it: RFC 3339 in UTC with microseconds.
pub fn now() -> String {
    format_time(Timestamp::now())
}

pub fn format_time(time: Timestamp) -> String {
    format!("{time:.6}")
}

/// The first line of a call: what was asked and what was decided.
#[derive(Debug, Default, Serialize)]
#[serde(tag = "event", rename = "decision")]
pub struct DecisionRecord<'a> {
    pub schema_version: SchemaVersion,
    /// The decision id, also in the answer's headers and in the end line.
    pub id: &'a str,
    pub time: &'a str,
    /// Number of the client's connection, counted since the start of the process.
    pub connection: u64,
    /// The id of the CONNECT that the call lives in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tunnel: Option<&'a str>,
    /// The id of the call whose answer proposes this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<&'a str>,
    /// The id of the request that carries this message together with others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batched_by: Option<&'a str>,
    /// How many messages the request carries, each with lines of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<usize>,
    /// The id of the handshake of the WebSocket that the call is a message of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub websocket: Option<&'a str>,
    pub phase: &'a str,
    pub front: &'a str,
    pub tenant: &'a str,
    pub agent: &'a str,
    /// How the caller was proven.
    pub auth: &'a str,
    /// Of an agent that others have called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<ChainRecord<'a>>,
    pub kind: &'a str,
    pub tool: &'a str,
    pub action: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_map")]
    pub parameters: Vec<(&'a str, Recorded<'a>)>,
    pub destination: DestinationRecord<'a>,
    /// Of a request that was described.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub method: &'a str,
    /// The media type of its body, without parameters, where the caller names one.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub content_type: &'a str,
    /// Region of this data plane.
    pub region: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub destination_regions: Vec<&'a str>,
    pub outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would: Option<OutcomeRecord<'a>>,
    pub rules: Vec<RuleRecord<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<DataRecord<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<&'a str>,
    /// The policy that decided, or was in force when the call came; empty before the first one.
    pub policy_version: &'a str,
    /// Rule id of the evaluators' failure, where they failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    pub truncated: bool,
    /// What of the body was not inspected: `parts` or `body`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<&'a str>,
    /// The definition of the MCP tool is not the one that was first seen.
    #[serde(skip_serializing_if = "is_false")]
    pub changed: bool,
    /// Names of parameters and types of data that are redacted before forwarding.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redacted: Vec<&'a str>,
    /// Microseconds from the described intent to the decision.
    pub decision_us: u64,
    /// 32 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<Cow<'a, str>>,
    /// Address and port of the client's socket.
    pub peer: Cow<'a, str>,
}

/// The last line of a call: what became of it.
#[derive(Debug, Default, Serialize)]
#[serde(tag = "event", rename = "end")]
pub struct EndRecord<'a> {
    pub schema_version: SchemaVersion,
    pub id: &'a str,
    pub time: &'a str,
    /// The HTTP status that the agent saw; absent when it saw none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `forwarded`, `answered`, `refused`, `aborted`, `failed`, `closed_by_policy` or `drained`.
    pub outcome_detail: &'a str,
    /// A stable code of what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
    /// Why Aegis refused a call that its decision line lets go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<OutcomeRecord<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteRecord<'a>>,
    /// Bytes of body or tunnel from the agent.
    pub bytes_in: u64,
    /// Bytes of body or tunnel to the agent.
    pub bytes_out: u64,
    pub timings_us: Timings,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<&'a str>,
    /// What the answer of an LLM API said about itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm: Option<LlmRecord<'a>>,
    /// What passed of a call of gRPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc: Option<GrpcRecord>,
    /// What an MCP server listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lists: Option<ListsRecord<'a>>,
    /// Sensitive data in the answer, where it is looked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answer_data: Vec<AnswerDataRecord<'a>>,
    /// Where there were some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokensRecord>,
    /// What the answer itself says went wrong: `tool_error`, the tool of an MCP server has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_type: Option<&'a str>,
}

/// How often a token took the place of a value, in the call or in its answer, and a value that of
/// its token.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TokensRecord {
    pub made: u64,
    pub restored: u64,
}

/// Messages of gRPC are counted, not read.
#[derive(Debug, Default, Serialize)]
pub struct GrpcRecord {
    pub from_agent: MessagesRecord,
    pub to_agent: MessagesRecord,
    /// How the server says that the call ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u32>,
}

#[derive(Debug, Default, Serialize)]
pub struct MessagesRecord {
    pub count: u64,
    /// Of the largest, as sent.
    pub largest_bytes: u32,
}

/// The lists in one answer of an MCP server. Names are a sample, numbers count all.
#[derive(Debug, Default, Serialize)]
pub struct ListsRecord<'a> {
    /// Entries that the server listed.
    pub listed: u64,
    /// Of these, what the agent was not shown.
    pub hidden: u64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub hidden_names: &'a [String],
    /// Tools whose definition is not the one that was first seen.
    pub changed: u64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub changed_names: &'a [String],
}

/// The model's server's own words.
#[derive(Debug, Default, Serialize)]
pub struct LlmRecord<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_id: Option<&'a str>,
    /// That answered, which need not be the one that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<&'a str>,
    /// That did the work, where it is stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Of the input tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub finish_reasons: &'a [String],
    /// The kind of the provider's error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
}

/// A parameter's value as it may be written down.
#[derive(Clone, Copy, Debug)]
pub enum Recorded<'a> {
    /// The catalogue does not call it recordable, or sensitive data was found in it.
    Masked,
    Value(&'a Value),
}

/// The agents on whose behalf the caller acts.
#[derive(Debug, Default, Serialize)]
pub struct ChainRecord<'a> {
    pub depth: usize,
    /// From the first on, without the caller.
    pub agents: Vec<&'a str>,
    /// Of the trace in which it began.
    pub trace_id: &'a str,
}

#[derive(Debug, Default, Serialize)]
pub struct DestinationRecord<'a> {
    pub scheme: &'a str,
    pub host: Cow<'a, str>,
    pub port: u16,
    /// Without the query; empty for a tunnel.
    pub path: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub provider: &'a str,
}

/// An outcome beside the decision's, and why: what policies in shadow would have made of the call,
/// or what Aegis made of it after its decision.
#[derive(Debug, Default, Serialize)]
pub struct OutcomeRecord<'a> {
    pub outcome: &'a str,
    pub rules: Vec<RuleRecord<'a>>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct RuleRecord<'a> {
    pub rule: &'a str,
    pub message: &'a str,
}

/// Sensitive data of one type at one place; never the value.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct DataRecord<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
    pub class: &'a str,
    pub path: &'a str,
    pub count: u32,
    /// Up to 1.
    pub confidence: f64,
}

/// Sensitive data of one type in an answer; never the value.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct AnswerDataRecord<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
    pub class: &'a str,
    pub count: u64,
    /// The greatest, up to 1.
    pub confidence: f64,
    /// `passed`, `redacted`, or `denied`: it ended the answer.
    pub effect: &'a str,
}

/// The way that the call took.
#[derive(Debug, Default, Serialize)]
pub struct RouteRecord<'a> {
    /// The address that was judged and dialled, with its port.
    pub address: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub region: &'a str,
    /// Whether the connection came from the pool.
    pub reused: bool,
    pub protocol: &'a str,
}

/// Microseconds since the call was read; absent where a station was not reached.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Timings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolve: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<u64>,
    pub total: u64,
}

/// The version of the line format, written into each line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchemaVersion;

impl Serialize for SchemaVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(SCHEMA_VERSION)
    }
}

impl Serialize for Recorded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Masked => serializer.serialize_str(MASK),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

fn as_map<S: Serializer>(
    parameters: &[(&str, Recorded<'_>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(parameters.len()))?;
    for (name, value) in parameters {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

const SCHEMA_VERSION: u32 = 1;
const MASK: &str = "[masked]";
