//! Makes calls up from the policy data: near its limits, and a little off the mark. It judges none.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::boundaries::{Boundary, Target, of_profile};
use super::values::{Random, beside, edges, misspell};
use crate::catalogue::server;
use crate::data::{
    AegisData, AgentData, ConstraintData, Constraints, PatternData, ProfileData, ServiceData,
};
use crate::{
    Auth, Authority, Call, CallKind, Caller, Chain, DataFinding, Destination, Effect, Front,
    HttpPart, Intent, Parameters, Phase, Scheme, Truncation, detectors, sensitive,
};

pub(super) struct Generator<'a> {
    data: &'a AegisData,
    agents: Vec<(&'a str, &'a AgentData)>,
    /// The types that detectors of profiles find, with their classes.
    own: BTreeMap<&'static str, &'static str>,
    /// A text that each pattern accepts, as far as one is known.
    samples: HashMap<&'a PatternData, Option<Json>>,
    random: Random,
}

/// What a made-up call aims at; whether it gets there is for the policy to say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    Allow,
    Sanitize,
    Approval,
    Anything,
}

impl<'a> Generator<'a> {
    pub(super) fn new(data: &'a AegisData, seed: u64) -> Self {
        let agents = data
            .agents
            .iter()
            .map(|(name, agent)| (name.as_str(), agent))
            .collect();
        Self {
            data,
            agents,
            own: detectors::types(data),
            samples: HashMap::new(),
            random: Random(seed),
        }
    }

    pub(super) fn intent(&mut self) -> Option<Intent> {
        let aims = [
            Aim::Allow,
            Aim::Sanitize,
            Aim::Approval,
            Aim::Anything,
            Aim::Anything,
        ];
        let aim = self.random.pick(&aims).copied().unwrap_or(Aim::Anything);
        let mut target = self.target();
        if self.random.one_in(30) {
            target.tool = "unheard-of";
        }
        let mut intent = self.plain(target)?;
        intent.call.parameters = self.parameters(target.constraints, aim);
        intent.data = self.findings(target.profile, aim);
        self.disturb(&mut intent, aim);
        Some(intent)
    }

    /// The call at a boundary, everything else as it should be.
    pub(super) fn at_edge(&mut self, boundary: Boundary<'a>) -> Option<Intent> {
        let Boundary {
            target,
            parameter,
            edge,
        } = boundary;
        let mut intent = self.plain(target)?;
        intent.call.parameters = self.parameters(target.constraints, Aim::Allow);
        match edge {
            Some(value) => intent.call.parameters.insert(parameter.to_owned(), value),
            None => intent.call.parameters.remove(parameter),
        };
        Some(intent)
    }

    fn target(&mut self) -> Target<'a> {
        let data = self.data;
        let nothing = Target {
            phase: Phase::Request,
            agent: "anonymous",
            tenant: "anonymous",
            profile: None,
            tool: "http",
            action: "get",
            constraints: None,
        };
        let Some((agent, of)) = self.random.pick(&self.agents).copied() else {
            return nothing;
        };
        let profile = data.profiles.get(&of.profile);
        let operations = profile.map(|profile| of_profile(agent, &of.tenant, profile).collect());
        let operations: Vec<Target<'a>> = operations.unwrap_or_default();
        let granted = self.random.pick(&operations).copied();
        granted.unwrap_or(Target {
            agent,
            tenant: &of.tenant,
            profile,
            ..nothing
        })
    }

    /// A call of this operation to where it belongs, with nothing in it.
    fn plain(&mut self, target: Target<'_>) -> Option<Intent> {
        let action = if target.action == "*" {
            "anything"
        } else {
            target.action
        };
        let service = self.data.catalogue.get(server(target.tool));
        let kind = service.map_or(CallKind::Tool, |service| service.protocol.kind());
        Some(Intent {
            phase: target.phase,
            id: "made-up".into(),
            time: "2026-01-01T00:00:00Z".into(),
            front: Front::Forward,
            region: "made-up".into(),
            caller: Caller {
                tenant: target.tenant.into(),
                agent: target.agent.into(),
                auth: Auth::Credential,
            },
            chain: Chain::default(),
            destination: self.destination(target)?,
            call: Call {
                kind,
                tool: target.tool.into(),
                action: action.into(),
                parameters: Parameters::new(),
                model: None,
                stream: false,
                truncation: Truncation::Whole,
                opaque: false,
                changed: false,
            },
            http: Some(HttpPart {
                method: "POST".into(),
                content_type: "application/json".into(),
            }),
            data: Vec::new(),
        })
    }

    /// Where the tool's service runs; for any other tool some host of the profile, in a lawful region.
    fn destination(&mut self, target: Target<'_>) -> Option<Destination> {
        let data = self.data;
        let service = data.catalogue.get(server(target.tool));
        let proposed = target.phase == Phase::ProposedCall;
        let hosts: Vec<(&String, &[String])> = match (service, target.profile) {
            // By some service that the agent may call, as models are.
            (_, Some(profile)) if proposed => {
                let tools = profile.tools.keys();
                let services = tools.filter_map(|tool| data.catalogue.get(tool));
                services.flat_map(ServiceData::hosts).collect()
            }
            (Some(service), _) => service.hosts().collect(),
            (None, Some(profile)) => profile.hosts.iter().map(|host| (host, &[][..])).collect(),
            (None, None) => Vec::new(),
        };
        let (host, declared) = self
            .random
            .pick(&hosts)
            .map_or(("nowhere.example", &[][..]), |(host, regions)| {
                (host.as_str(), *regions)
            });
        let lawful = data
            .tenants
            .get(target.tenant)
            .and_then(|tenant| tenant.regions.as_deref());
        let regions = if declared.is_empty() {
            lawful
                .and_then(|regions| regions.get(..1))
                .unwrap_or_default()
        } else {
            declared
        };
        let provider = service
            .and_then(|service| service.provider.as_deref())
            .unwrap_or_default();
        Some(Destination {
            scheme: Scheme::Https,
            authority: authority(host)?,
            path: "/".into(),
            provider: provider.into(),
            regions: regions
                .iter()
                .map(|region| Arc::from(region.as_str()))
                .collect(),
        })
    }

    fn parameters(&mut self, constraints: Option<&'a Constraints>, aim: Aim) -> Parameters {
        let mut parameters = Parameters::new();
        for (name, constraint) in constraints.into_iter().flatten() {
            let value = if aim == Aim::Anything && self.random.one_in(3) {
                self.random.pick(&edges(constraint)).cloned().flatten()
            } else {
                self.suitable(constraint, aim)
            };
            if let Some(value) = value {
                parameters.insert(name.clone(), value);
            }
        }
        parameters
    }

    /// A value that the constraint accepts, or that it redacts or asks approval for.
    fn suitable(&mut self, constraint: &'a ConstraintData, aim: Aim) -> Option<Json> {
        if constraint.forbidden || (!constraint.required && self.random.one_in(8)) {
            return None;
        }
        if constraint.redact.is_some() && aim != Aim::Sanitize {
            return constraint.required.then_some(Json::Null);
        }
        if let Some(values) = &constraint.one_of {
            return self.random.pick(values).cloned();
        }
        if let (Some(above), Aim::Approval) = (&constraint.approve_above, aim) {
            return constraint
                .max
                .as_ref()
                .map_or_else(|| beside(above, 1), |max| Some(json!(max)));
        }
        if constraint.is_numeric() {
            let limit = constraint
                .min
                .as_ref()
                .or(constraint.approve_above.as_ref())
                .or(constraint.max.as_ref());
            return limit.map(|limit| json!(limit));
        }
        match &constraint.pattern {
            Some(pattern) => {
                let known = self.samples.entry(pattern);
                known.or_insert_with(|| sample(pattern)).clone()
            }
            None => Some(json!("anything")),
        }
    }

    fn findings(&mut self, profile: Option<&ProfileData>, aim: Aim) -> Vec<DataFinding> {
        let effect = |kind: &str| {
            profile
                .and_then(|profile| profile.on(kind))
                .unwrap_or(Effect::Deny)
        };
        let fits = |kind: &str| match aim {
            Aim::Allow => effect(kind) == Effect::Allow,
            Aim::Sanitize => matches!(effect(kind), Effect::Sanitize(_) | Effect::Allow),
            Aim::Approval => matches!(
                effect(kind),
                Effect::ApprovalNeeded | Effect::Sanitize(_) | Effect::Allow
            ),
            Aim::Anything => true,
        };
        // Those that the profile names, and some of all others.
        let named = profile.into_iter().flat_map(|profile| profile.data.keys());
        let types = sensitive::types();
        let named = named.filter_map(|word| types.binary_search(&word.as_str()).ok());
        let mut known: Vec<&str> = named.filter_map(|at| types.get(at).copied()).collect();
        known.extend((0..OTHER_TYPES).filter_map(|_| self.random.pick(types)));
        known.extend(self.own.keys());
        known.retain(|kind| fits(kind));
        let count = self.random.below(if aim == Aim::Anything { 2 } else { 3 });
        let found = (0..count).filter_map(|_| self.random.pick(&known).copied());
        let found: Vec<_> = found.collect();
        let class = |kind| sensitive::class_of(kind).or_else(|| self.own.get(kind).copied());
        found
            .into_iter()
            .map(|kind| DataFinding {
                kind,
                class: class(kind).unwrap_or_default(),
                path: "body:/text".to_owned(),
                count: 1,
                confidence: 95,
            })
            .collect()
    }

    /// The ways in which a call is wrong that its operation knows nothing of.
    fn disturb(&mut self, intent: &mut Intent, aim: Aim) {
        if self.random.one_in(12) {
            intent.phase = Phase::Connect;
        }
        if self.random.one_in(40) {
            intent.phase = Phase::ProposedCall;
        }
        if aim != Aim::Anything {
            return;
        }
        match self.random.below(24) {
            0 => intent.caller.tenant = "unheard-of".into(),
            1 => intent.caller.agent = "unheard-of".into(),
            2 => intent.caller.tenant = self.other_tenant(),
            3 => {
                intent.destination.authority = authority("unheard-of.example")
                    .unwrap_or_else(|| intent.destination.authority.clone());
            }
            4 => intent.destination.regions = [].into(),
            5 => {
                intent.destination.regions =
                    [Arc::from("eu-central-1"), Arc::from("us-east-1")].into();
            }
            6 => intent.call.truncation = Truncation::Truncated,
            14 => intent.call.truncation = Truncation::Parts,
            7 => intent.call.opaque = true,
            8 => intent.call.action = "unheard-of".into(),
            9 => intent.call.model = Some("model".into()),
            10 => intent.http = None,
            11 => misspell(&mut intent.call.parameters),
            12 => intent.call.changed = true,
            13 => intent.chain.agents = self.chain(&intent.caller.agent),
            _ => {}
        }
    }

    /// Agents before the caller, about as many as are allowed; in some it is itself among them.
    fn chain(&mut self, caller: &Arc<str>) -> Arc<[Arc<str>]> {
        let agents = self.random.below(Chain::GREATEST_DEPTH);
        let mut chain: Vec<Arc<str>> = (0..agents).map(|at| format!("agent-{at}").into()).collect();
        if self.random.one_in(3) {
            chain.push(Arc::clone(caller));
        }
        chain.into()
    }

    fn other_tenant(&mut self) -> Arc<str> {
        let tenants: Vec<_> = self.data.tenants.keys().collect();
        self.random
            .pick(&tenants)
            .map_or("unheard-of", |name| name.as_str())
            .into()
    }
}

/// A text that the pattern accepts, if one of those that come to mind does.
fn sample(pattern: &PatternData) -> Option<Json> {
    let Ok(matcher) = pattern.compile() else {
        return Some(json!("anything"));
    };
    let own = [&pattern.regex, &pattern.glob, &pattern.cidr];
    let own = own.into_iter().flatten().map(|text| {
        let literal = text.trim_matches(['^', '$', '*']);
        literal.split('/').next().unwrap_or_default().to_owned()
    });
    own.chain(SAMPLES.map(str::to_owned))
        .map(Json::String)
        .find(|sample| matcher.holds(sample))
}

/// A host that the rule means: of a suffix, some name below it. None where the rule is mistaken.
fn authority(rule: &str) -> Option<Authority> {
    let name = if rule.starts_with('.') {
        format!("some{rule}")
    } else {
        rule.to_owned()
    };
    Authority::parse(&name, 443).ok()
}

/// How many types are tried of which a profile says nothing by name.
const OTHER_TYPES: usize = 8;
const SAMPLES: [&str; 8] = [
    "a",
    "1",
    "abc",
    "a.b",
    "DE1",
    "2026-01-01",
    "10.0.0.1",
    "/a/b",
];
