//! A call as people write it in a test or for `eval`: the form, and what is wrong with it whatever the policy. It resolves nothing.

use std::fmt;
use std::num::NonZeroU32;

use aegis_document::{Problem, nearest};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::intent::PROPOSE;
use crate::sensitive;
use crate::{Auth, CallKind, Chain, DataFinding, Host, Parameters, Phase, Scheme, Truncation};

/// One call. Whatever is left out is what the proxy would most likely have seen.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallData {
    pub phase: Option<Phase>,
    pub tenant: Option<String>,
    /// Absent: nobody has said who calls.
    pub agent: Option<String>,
    pub auth: Option<Auth>,
    pub chain: ChainData,
    pub kind: Option<CallKind>,
    pub tool: Option<String>,
    pub action: Option<String>,
    pub parameters: Parameters,
    pub destination: DestinationData,
    pub method: Option<String>,
    pub content_type: Option<String>,
    pub model: Option<String>,
    pub stream: Option<bool>,
    pub truncated: bool,
    /// In more words than `truncated`.
    pub unread: Option<Truncation>,
    pub opaque: bool,
    pub changed: bool,
    pub data: DataFindings,
    /// Of the data plane.
    pub region: Option<String>,
    /// RFC 3339, UTC.
    pub time: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DestinationData {
    pub scheme: Option<Scheme>,
    pub host: Option<String>,
    pub port: Option<u16>,
    /// Percent-encoded, without the query.
    pub path: Option<String>,
}

/// On whose behalf the caller acts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChainData {
    /// From the first on, without the caller.
    pub agents: Vec<String>,
    /// 32 hexadecimal digits.
    pub trace_id: Option<String>,
}

/// `{EMAIL_ADDRESS: 1}`, or a list of `{type: EMAIL_ADDRESS, path: body:/to, count: 1}`.
#[derive(Clone, Debug, Default)]
pub struct DataFindings(pub Vec<DataFinding>);

/// What is wrong with a call, and at which key of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Mistake {
    pub at: &'static [&'static str],
    pub message: String,
    pub hint: Option<String>,
}

impl CallData {
    pub(crate) fn is_tunnel(&self) -> bool {
        self.phase == Some(Phase::Connect)
    }

    /// Whether a model's answer proposes it.
    pub(crate) fn is_proposed(&self) -> bool {
        self.phase == Some(Phase::ProposedCall)
    }

    pub(crate) fn truncation(&self) -> Truncation {
        let stated = if self.truncated {
            Truncation::Truncated
        } else {
            Truncation::Whole
        };
        self.unread.unwrap_or(stated)
    }

    /// Everything that is wrong with it under any policy.
    pub(crate) fn check(&self) -> Vec<Mistake> {
        let mut mistakes = self.destination.check();
        if self.is_tunnel() {
            mistakes.extend(self.not_in_a_tunnel());
            if self.destination.host.is_none() {
                mistakes.push(Mistake::new(&["destination"], "a tunnel goes to a `host`"));
            }
        } else if self.is_proposed() {
            mistakes.extend(self.not_of_a_model());
        } else if self.kind == Some(CallKind::Tunnel) {
            let message = "a request is no `tunnel`; write `phase: connect`";
            mistakes.push(Mistake::new(&["kind"], message));
        }
        if self.chain.agents.len() > Chain::GREATEST_DEPTH {
            let most = Chain::GREATEST_DEPTH;
            let message = format!("the proxy refuses a chain of more than {most} agents");
            mistakes.push(Mistake::new(&["chain", "agents"], message));
        }
        if self.time.as_ref().is_some_and(|time| !is_time(time)) {
            let message = "a time is written as 2026-01-31T12:00:00Z";
            mistakes.push(Mistake::new(&["time"], message));
        }
        let body = [
            !self.parameters.is_empty(),
            !self.data.0.is_empty(),
            self.model.is_some(),
            self.stream.is_some(),
        ];
        if self.truncation() == Truncation::Truncated && body.contains(&true) {
            let message = "what a body says is not known where it was not read whole: no parameters, model, stream or data";
            mistakes.push(Mistake::new(&["truncated"], message));
        }
        if self.truncated && !self.truncation().is_truncated() {
            let message = "a body of which nothing was unread is not `truncated`";
            mistakes.push(Mistake::new(&["unread"], message));
        }
        mistakes
    }

    fn not_of_a_model(&self) -> impl Iterator<Item = Mistake> {
        type Stated = (&'static [&'static str], bool, &'static str);
        let proposes = self.action.as_deref().is_none_or(|it| it == PROPOSE);
        let is_tool = self.kind.is_none_or(|kind| kind == CallKind::Tool);
        let wrong: [Stated; 6] = [
            (&["tool"], self.tool.is_none(), "a model proposes a `tool`"),
            (
                &["destination"],
                self.destination.host.is_none(),
                "the model's API has a `host`",
            ),
            (
                &["action"],
                !proposes,
                "the action of a proposed call is `propose`",
            ),
            (&["kind"], !is_tool, "a proposed call is a `tool`"),
            (&["opaque"], self.opaque, "a proposed call is no upgrade"),
            (
                &["changed"],
                self.changed,
                "no server lists a function of the agent's own",
            ),
        ];
        let wrong = wrong.into_iter().filter(|(_, wrong, _)| *wrong);
        wrong.map(|(at, _, message)| Mistake::new(at, message))
    }

    fn not_in_a_tunnel(&self) -> impl Iterator<Item = Mistake> {
        let stated: [(&'static [&'static str], bool); 15] = [
            (&["chain", "agents"], !self.chain.agents.is_empty()),
            (&["kind"], self.kind.is_some()),
            (&["tool"], self.tool.is_some()),
            (&["action"], self.action.is_some()),
            (&["parameters"], !self.parameters.is_empty()),
            (&["destination", "path"], self.destination.path.is_some()),
            (&["method"], self.method.is_some()),
            (&["content_type"], self.content_type.is_some()),
            (&["model"], self.model.is_some()),
            (&["stream"], self.stream.is_some()),
            (&["truncated"], self.truncated),
            (&["unread"], self.unread.is_some()),
            (&["opaque"], self.opaque),
            (&["changed"], self.changed),
            (&["data"], !self.data.0.is_empty()),
        ];
        let stated = stated.into_iter().filter(|(_, stated)| *stated);
        stated.map(|(at, _)| Mistake::new(at, "of a tunnel only caller and destination are known"))
    }
}

impl DestinationData {
    fn check(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if let Some(Err(error)) = self.host.as_deref().map(Host::parse) {
            let message = format!("this is not a host: {error}");
            let hint = self.host.as_ref().filter(|host| host.contains(':'));
            let hint = hint.map(|_| "the port is a key of its own, `port`".to_owned());
            mistakes.push(Mistake {
                hint,
                ..Mistake::new(&["destination", "host"], message)
            });
        }
        if self.port == Some(0) {
            mistakes.push(Mistake::new(
                &["destination", "port"],
                "a port is a number from 1 to 65535",
            ));
        }
        if self
            .path
            .as_ref()
            .is_some_and(|path| !path.starts_with('/') || path.contains(['?', '#']))
        {
            let message = "a path starts with a slash and has neither query nor fragment";
            mistakes.push(Mistake::new(&["destination", "path"], message));
        }
        mistakes
    }
}

impl Mistake {
    pub(crate) fn new(at: &'static [&'static str], message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
            hint: None,
        }
    }

    /// `place` makes a problem of a path in the call.
    pub(crate) fn at(self, place: impl Fn(&[&str], String) -> Problem) -> Problem {
        Problem {
            hint: self.hint,
            ..place(self.at, self.message)
        }
    }
}

/// One of the types that can be found.
#[derive(Clone, Copy)]
struct DataType(&'static str);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingData {
    #[serde(rename = "type")]
    kind: DataType,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    count: Option<NonZeroU32>,
}

impl DataType {
    fn found(self, path: Option<String>, count: NonZeroU32) -> DataFinding {
        DataFinding {
            kind: self.0,
            class: sensitive::class_of(self.0).unwrap_or_default(),
            path: path.unwrap_or_else(|| "body:".to_owned()),
            count: count.get(),
            confidence: CERTAIN,
        }
    }
}

impl<'de> Deserialize<'de> for DataType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let types = sensitive::types();
        let known = types.iter().find(|kind| **kind == word).copied();
        // What is like no type of the catalogue may be one of the policy's own.
        let is_like = nearest(&word, types.iter().copied()).is_some();
        let known = known.or_else(|| sensitive::type_name(&word).filter(|_| !is_like));
        known
            .map(Self)
            .ok_or_else(|| D::Error::unknown_variant(&word, types))
    }
}

impl<'de> Deserialize<'de> for DataFindings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DataFindingsVisitor)
    }
}

struct DataFindingsVisitor;

impl<'de> Visitor<'de> for DataFindingsVisitor {
    type Value = DataFindings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of types to counts, or a list of findings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DataFindings, A::Error> {
        let mut found = Vec::new();
        while let Some((kind, count)) = map.next_entry::<DataType, NonZeroU32>()? {
            found.push(kind.found(None, count));
        }
        Ok(DataFindings(found))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<DataFindings, A::Error> {
        let mut found = Vec::new();
        while let Some(item) = items.next_element::<FindingData>()? {
            found.push(
                item.kind
                    .found(item.path, item.count.unwrap_or(NonZeroU32::MIN)),
            );
        }
        Ok(DataFindings(found))
    }
}

/// The form alone: whoever reads it as a time says whether the day exists.
fn is_time(text: &str) -> bool {
    let shape = |text: &str| {
        let kinds = text
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c });
        kinds.collect::<String>()
    };
    let Some((whole, rest)) = text.split_at_checked("2026-01-31T12:00:00".len()) else {
        return false;
    };
    let fraction = rest
        .strip_suffix('Z')
        .map(|rest| rest.strip_prefix('.').unwrap_or(rest));
    shape(whole) == "0000-00-00T00:00:00"
        && fraction.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        && !rest.starts_with(".Z")
}

/// Of data in a table, in percent.
const CERTAIN: u8 = 95;
