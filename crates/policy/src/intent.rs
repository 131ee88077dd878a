//! What an agent wants to do, in words that policy understands. Made by `describe`, judged by a snapshot.
//!
//! The field names are the contract of Rego's `input`; `docs/policy.md` is its reference.

use std::sync::Arc;

use serde::Deserialize;

use crate::{Authority, Catalogue, Service};

/// One call, described. Bodies and credentials are never in it.
#[derive(Clone, Debug)]
pub struct Intent {
    pub phase: Phase,
    /// The decision id, also in the answer's headers and the audit log.
    pub id: Arc<str>,
    /// RFC 3339, UTC.
    pub time: Arc<str>,
    pub front: Front,
    /// Region of this data plane.
    pub region: Arc<str>,
    pub caller: Caller,
    pub chain: Chain,
    pub destination: Destination,
    pub call: Call,
    pub http: Option<HttpPart>,
    pub data: Vec<DataFinding>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// A tunnel is asked for; only names are known.
    Connect,
    /// A request is described.
    Request,
    /// A model's answer proposes a call, which the agent has not seen yet.
    ProposedCall,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// A proxy that the agent was told to use.
    Forward,
    /// A base URL in the place of the service's own.
    Gateway,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    Http,
    Https,
}

/// Who calls, proven by `identity`; tenant and agent are `anonymous` where nothing was presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub tenant: Arc<str>,
    pub agent: Arc<str>,
    pub auth: Auth,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    Anonymous,
    Credential,
    Certificate,
}

/// The agents on whose behalf the caller acts, as far as they are proven.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// From the first on, without the caller.
    pub agents: Arc<[Arc<str>]>,
    /// Of the trace in which the chain began: 32 hexadecimal digits.
    pub trace_id: Arc<str>,
}

#[derive(Clone, Debug)]
pub struct Destination {
    pub scheme: Scheme,
    pub authority: Authority,
    /// Empty in phase `connect`. Without the query.
    pub path: Arc<str>,
    /// Named by the catalogue; empty where the destination is not catalogued.
    pub provider: Arc<str>,
    /// Declared by the operator; empty means unknown.
    pub regions: Arc<[Arc<str>]>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub kind: CallKind,
    pub tool: Arc<str>,
    pub action: Arc<str>,
    pub parameters: Parameters,
    /// The model that an LLM call names.
    pub model: Option<Arc<str>>,
    pub stream: bool,
    pub truncation: Truncation,
    /// An upgrade after which nothing more can be seen, or a message that cannot be looked into.
    pub opaque: bool,
    /// The tool of an MCP server whose definition, as last listed, is not the one that was first seen.
    pub changed: bool,
}

/// Parameters by name; a value is JSON as it was sent.
pub type Parameters = serde_json::Map<String, serde_json::Value>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallKind {
    Tunnel,
    Http,
    Tool,
    Llm,
    Mcp,
    A2a,
    Grpc,
}

/// In the order of how little was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Truncation {
    /// The whole body was read.
    #[serde(rename = "nothing")]
    Whole,
    /// Some parts of a body in parts could not be looked into: parameters and data findings are those
    /// of the others.
    #[serde(rename = "parts")]
    Parts,
    /// The body is longer than the limit, or could not be decoded: parameters and data findings
    /// are those of no body.
    #[serde(rename = "body")]
    Truncated,
}

#[derive(Clone, Debug)]
pub struct HttpPart {
    pub method: Arc<str>,
    /// Media type without parameters; empty when none was sent.
    pub content_type: Arc<str>,
}

/// Sensitive data of one type at one place. The value itself is never kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFinding {
    /// `EMAIL_ADDRESS`, `SECRET_AWS`, …
    pub kind: &'static str,
    /// `pii`, `pci` or `secret`.
    pub class: &'static str,
    /// `body:/customer/email` (JSON Pointer), `form:name` or `query:name`.
    pub path: String,
    pub count: u32,
    /// How sure the surest of them is, in percent. Policy reads it as a fraction.
    pub confidence: u8,
}

impl Intent {
    /// Whether the caller, or the agent that it calls, is in the chain already. The agent that is
    /// called goes by its name in the catalogue.
    #[must_use]
    pub fn is_loop(&self) -> bool {
        let caller = &self.caller.agent;
        let agents = &self.chain.agents;
        let asked = (self.call.kind == CallKind::A2a).then_some(&self.call.tool);
        agents.contains(caller)
            || asked.is_some_and(|asked| asked == caller || agents.contains(asked))
    }

    /// As it would be described by this catalogue, which says where a destination is.
    #[must_use]
    pub fn under(&self, catalogue: &Catalogue) -> Self {
        let known = &self.destination;
        let authority = known.authority.clone();
        let service = catalogue.service(&authority);
        let path = Arc::clone(&known.path);
        Self {
            destination: Destination::catalogued(known.scheme, authority, path, service),
            ..self.clone()
        }
    }
}

impl Chain {
    /// What can be proven at most; a longer chain is refused before it is judged.
    pub const GREATEST_DEPTH: usize = 15;

    /// How many agents have called one another before the caller.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.agents.len()
    }
}

impl Destination {
    /// With what the catalogue says of it; `service` is the one that claims the authority.
    pub fn catalogued(
        scheme: Scheme,
        authority: Authority,
        path: Arc<str>,
        service: Option<&Service>,
    ) -> Self {
        let (provider, regions) = match service {
            Some(service) => (Arc::clone(&service.provider), Arc::clone(&service.regions)),
            None => (Arc::from(""), Arc::from([])),
        };
        Self {
            scheme,
            authority,
            path,
            provider,
            regions,
        }
    }
}

impl Call {
    /// The action of what a client sends on a WebSocket and no protocol has a word for.
    pub const MESSAGE: &'static str = "message";

    /// What a CONNECT asks for: only names are known.
    pub fn tunnel() -> Self {
        Self {
            kind: CallKind::Tunnel,
            tool: "tunnel".into(),
            action: "connect".into(),
            parameters: Parameters::new(),
            model: None,
            stream: false,
            truncation: Truncation::Whole,
            opaque: false,
            changed: false,
        }
    }
}

impl Call {
    /// A function that a model wants to have called.
    pub fn proposed(
        function: Arc<str>,
        parameters: Parameters,
        model: Option<Arc<str>>,
        stream: bool,
    ) -> Self {
        Self {
            model,
            stream,
            ..Self::propose(CallKind::Tool, function, parameters)
        }
    }

    /// What an MCP server asks of its client: a method, by the name `SERVER/METHOD`.
    pub fn question(name: Arc<str>, parameters: Parameters) -> Self {
        Self::propose(CallKind::Mcp, name, parameters)
    }

    fn propose(kind: CallKind, tool: Arc<str>, parameters: Parameters) -> Self {
        Self {
            kind,
            tool,
            action: PROPOSE.into(),
            parameters,
            model: None,
            stream: false,
            truncation: Truncation::Whole,
            opaque: false,
            changed: false,
        }
    }
}

impl Phase {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Request => "request",
            Self::ProposedCall => "proposed_call",
        }
    }
}

impl Truncation {
    /// Whether something of the body was not looked into.
    pub fn is_truncated(self) -> bool {
        self != Self::Whole
    }

    /// What was not read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "nothing",
            Self::Parts => "parts",
            Self::Truncated => "body",
        }
    }
}

impl Front {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Gateway => "gateway",
        }
    }
}

impl Scheme {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Auth {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Credential => "credential",
            Self::Certificate => "certificate",
        }
    }
}

impl CallKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tunnel => "tunnel",
            Self::Http => "http",
            Self::Tool => "tool",
            Self::Llm => "llm",
            Self::Mcp => "mcp",
            Self::A2a => "a2a",
            Self::Grpc => "grpc",
        }
    }
}

/// The action of every call that a model proposes.
pub(crate) const PROPOSE: &str = "propose";
