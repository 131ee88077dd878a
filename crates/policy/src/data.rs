//! The shape in which people write policy data: the top-level key `aegis` of the data files. It checks form, never meaning.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::action::redact;
use crate::detectors::DetectorData;
use crate::intent::PROPOSE;
use crate::sensitive::{class_of, is_type_name};
use crate::{Action, AnswerEffect, Effect, Numbers, Phase, RefuseAs, Unread};

/// Whether findings count or are only recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    #[default]
    Enforce,
    Shadow,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enforce => "enforce",
            Self::Shadow => "shadow",
        })
    }
}

/// How a service of the catalogue speaks, and so how its calls become tool and action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    Http,
    Rest,
    OpenAi,
    Anthropic,
    Bedrock,
    Gemini,
    Mcp,
    A2a,
    Grpc,
}

/// One data file: our section, and whatever else the users' own modules read.
#[derive(Debug, Default)]
pub(crate) struct DataFile {
    pub(crate) aegis: AegisData,
    pub(crate) users: BTreeMap<String, Json>,
}

/// Everything under the key `aegis`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AegisData {
    pub(crate) tenants: BTreeMap<String, TenantData>,
    pub(crate) agents: BTreeMap<String, AgentData>,
    pub(crate) profiles: BTreeMap<String, ProfileData>,
    pub(crate) catalogue: BTreeMap<String, ServiceData>,
    pub(crate) facts: BTreeMap<String, FactData>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TenantData {
    pub(crate) mode: Mode,
    /// Absent: the tenant is not bound to regions.
    pub(crate) regions: Option<Vec<String>>,
    pub(crate) residency: Mode,
    pub(crate) labels: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentData {
    pub(crate) tenant: String,
    pub(crate) profile: String,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
}

/// What the agents that share a profile may do. Whatever it does not name is denied.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProfileData {
    pub(crate) mode: Mode,
    pub(crate) hosts: Vec<String>,
    pub(crate) passthrough: Vec<String>,
    pub(crate) upgrades: Vec<String>,
    pub(crate) truncated: TruncatedData,
    pub(crate) grpc_bodies: GrpcBodiesData,
    pub(crate) chain: ChainData,
    /// Type of sensitive data to what is done about it.
    pub(crate) data: BTreeMap<String, Effect>,
    /// The same for what answers bring. Empty: answers are not searched.
    pub(crate) answers: BTreeMap<String, AnswerEffect>,
    pub(crate) answers_unread: Unread,
    /// What becomes of numbers that are redacted, in calls and in answers.
    pub(crate) numbers: Numbers,
    /// By the types that they find.
    pub(crate) detectors: BTreeMap<String, DetectorData>,
    /// Tool to action to parameter to constraint.
    pub(crate) tools: BTreeMap<String, Actions>,
    pub(crate) proposed: ProposedData,
    pub(crate) mcp: McpData,
}

/// Calls of MCP servers.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct McpData {
    pub(crate) changed_tools: ChangedToolsData,
    pub(crate) refuse_as: RefuseAs,
}

/// What becomes of a tool whose definition is no longer the one that was first seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ChangedToolsData {
    #[default]
    Report,
    Deny,
}

/// On whose behalf its agents may call.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ChainData {
    /// Agents before the caller.
    pub(crate) max_depth: u8,
    pub(crate) loops: LoopsData,
}

/// What becomes of a call in whose chain an agent is for the second time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LoopsData {
    Deny,
    /// The depth ends them.
    #[default]
    Allow,
}

/// Calls that a model's answer proposes, by the name of the function.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProposedData {
    pub(crate) unnamed: UnnamedData,
    /// Function to parameter to constraint.
    pub(crate) tools: BTreeMap<String, Proposal>,
}

/// The one action of a function, so that it is looked up as the operations of tools are.
#[derive(Debug)]
pub(crate) struct Proposal(pub(crate) Actions);

/// What becomes of a proposed call that has no entry of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum UnnamedData {
    #[default]
    Deny,
    Allow,
}

pub(crate) type Actions = BTreeMap<String, Constraints>;
pub(crate) type Constraints = BTreeMap<String, ConstraintData>;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TruncatedData {
    #[default]
    Deny,
    /// Only where it is parts of a body that could not be read.
    Parts,
    Allow,
}

/// What becomes of messages of gRPC, which nobody looks into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GrpcBodiesData {
    #[default]
    Opaque,
    Deny,
}

/// What must hold for one parameter. A parameter that is absent passes unless it is `required`.
#[derive(Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConstraintData {
    pub(crate) min: Option<serde_json::Number>,
    pub(crate) max: Option<serde_json::Number>,
    pub(crate) approve_above: Option<serde_json::Number>,
    #[serde(rename = "enum")]
    pub(crate) one_of: Option<Vec<Json>>,
    pub(crate) required: bool,
    pub(crate) forbidden: bool,
    #[serde(deserialize_with = "redact")]
    pub(crate) redact: Option<Action>,
    pub(crate) pattern: Option<PatternData>,
}

/// Exactly one of the three.
#[derive(Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PatternData {
    pub(crate) regex: Option<String>,
    pub(crate) glob: Option<String>,
    pub(crate) cidr: Option<String>,
}

/// A named test, computed here and handed to the users' modules as `input.facts.NAME`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FactData {
    pub(crate) regex: Option<String>,
    pub(crate) glob: Option<String>,
    pub(crate) cidr: Option<String>,
    /// The field of the input that is tested, such as `destination.host`.
    pub(crate) of: String,
}

/// One service of `aegis.catalogue`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceData {
    /// `host`, `.suffix`, or either with `:port`.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    pub(crate) protocol: Protocol,
    pub(crate) provider: Option<String>,
    /// Of `hosts`.
    #[serde(default)]
    pub(crate) regions: Vec<String>,
    /// Instead of `hosts` and `regions`, for a service that is not everywhere in the same regions.
    #[serde(default)]
    pub(crate) endpoints: Vec<EndpointData>,
    #[serde(default)]
    pub(crate) operations: Vec<OperationData>,
    /// Parameters of calls of LLMs and MCP servers that may be written down.
    #[serde(default)]
    pub(crate) recordable: Vec<String>,
}

/// Hosts of a service that are in the same regions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointData {
    pub(crate) hosts: Vec<String>,
    #[serde(default)]
    pub(crate) regions: Vec<String>,
}

/// One operation of a `rest` service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperationData {
    pub(crate) action: String,
    pub(crate) method: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) recordable: Vec<String>,
}

impl ProfileData {
    /// What is done about data of a type: what its own rule says, else that of its class. A type that
    /// only others know of is none of its business.
    pub(crate) fn on(&self, kind: &str) -> Option<Effect> {
        let Some(class) = self.class_of(kind) else {
            return is_type_name(kind).then_some(Effect::Allow);
        };
        self.data.get(kind).or(self.data.get(class)).copied()
    }

    /// The class of a type of the catalogue or of its own.
    fn class_of(&self, kind: &str) -> Option<&'static str> {
        let own = self.detectors.get(kind);
        own.map(|own| own.class.as_str()).or_else(|| class_of(kind))
    }

    /// The type or the class by whose rule data of a type is treated in answers.
    pub(crate) fn on_answer(&self, kind: &str) -> Option<AnswerEffect> {
        let of_class = || self.answers.get(self.class_of(kind)?);
        self.answers.get(kind).or_else(of_class).copied()
    }

    /// Whether anything that its agents send may become a token.
    pub(crate) fn makes_tokens(&self) -> bool {
        let of_data = self.data.values().filter_map(|effect| effect.action());
        let constraints = self.tools.values().flat_map(BTreeMap::values).flatten();
        let of_parameters = constraints.filter_map(|(_, constraint)| constraint.redact);
        of_data
            .chain(of_parameters)
            .any(|action| action == Action::Token)
    }

    /// The name under which that is said.
    pub(crate) fn rule_on<'k>(&self, kind: &'k str) -> &'k str {
        match self.class_of(kind) {
            Some(class) if !self.data.contains_key(kind) => class,
            _ => kind,
        }
    }

    /// What is granted in this phase: tool to action to constraints.
    pub(crate) fn operations(&self, phase: Phase) -> impl Iterator<Item = (&String, &Actions)> {
        let proposed = phase == Phase::ProposedCall;
        let tools = (!proposed).then_some(&self.tools).into_iter().flatten();
        let functions = proposed.then_some(&self.proposed.tools);
        let functions = functions.into_iter().flatten();
        tools.chain(functions.map(|(name, proposal)| (name, &proposal.0)))
    }

    /// The actions of one tool in this phase.
    pub(crate) fn actions(&self, phase: Phase, tool: &str) -> Option<&Actions> {
        match phase {
            Phase::ProposedCall => self.proposed.tools.get(tool).map(|found| &found.0),
            Phase::Connect | Phase::Request => self.tools.get(tool),
        }
    }
}

impl<'de> Deserialize<'de> for Proposal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let constraints = Constraints::deserialize(deserializer)?;
        Ok(Self(BTreeMap::from([(PROPOSE.to_owned(), constraints)])))
    }
}

impl Default for ChainData {
    fn default() -> Self {
        Self {
            max_depth: DEFAULT_DEPTH,
            loops: LoopsData::default(),
        }
    }
}

impl Mode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Shadow => "shadow",
        }
    }
}

impl ServiceData {
    /// Every host rule of the service, with its regions.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = (&String, &[String])> {
        let own = self.hosts.iter().map(|host| (host, &*self.regions));
        let at_endpoints = self.endpoints.iter().flat_map(|endpoint| {
            let hosts = endpoint.hosts.iter();
            hosts.map(|host| (host, &*endpoint.regions))
        });
        own.chain(at_endpoints)
    }
}

impl ChangedToolsData {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Deny => "deny",
        }
    }
}

impl LoopsData {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Allow => "allow",
        }
    }
}

/// By hand and not with `flatten`: that would buffer our section and lose the place of its mistakes.
impl<'de> Deserialize<'de> for DataFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DataFileVisitor)
    }
}

struct DataFileVisitor;

impl<'de> Visitor<'de> for DataFileVisitor {
    type Value = DataFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping with the key `aegis`, or with data of your own modules")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DataFile, A::Error> {
        let mut file = DataFile::default();
        while let Some(key) = map.next_key::<String>()? {
            if key == "aegis" {
                file.aegis = map.next_value()?;
            } else {
                let value = map.next_value()?;
                file.users.insert(key, value);
            }
        }
        Ok(file)
    }
}

/// Agents before the caller where a profile does not say.
const DEFAULT_DEPTH: u8 = 8;
