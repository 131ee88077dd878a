//! The human shape made into the shape that the library is fast with: maps per kind of constraint, messages and flags resolved. Nothing is
//! judged here.

mod fast;
mod kinds;
mod tenants;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::catalogue::server;
use crate::data::{
    Actions, AegisData, ChangedToolsData, Constraints, GrpcBodiesData, LoopsData, Mode,
    ProfileData, Protocol, TruncatedData, UnnamedData,
};
use crate::rego::{Shelf, Shelved};
use crate::{Action, Effect, Phase, Truncation, detectors, hosts, sensitive};
use kinds::KINDS;
use tenants::{role, tenant};

/// The whole of `data.compiled`, part by part onto the shelf, so that it never exists a second time.
pub(crate) fn compile(data: &AegisData, mode: Mode) -> Shelved {
    let mut shelf = Shelf::default();
    let shelf = &mut shelf;
    let unnamed = Unnamed::new(shelf);
    let own = detectors::all(data);
    let profiles = entries(shelf, &data.profiles, |shelf, name, value| {
        profile(shelf, (data, &own), (name, value), &unnamed)
    });
    let mut agents: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (name, agent) in &data.agents {
        let of_tenant = agents.entry(&agent.tenant).or_default();
        of_tenant.push((name, &agent.profile));
    }
    let tenants = entries(shelf, &data.tenants, |shelf, name, value| {
        let agents = agents.get(name).map_or(&[][..], Vec::as_slice);
        tenant(shelf, (name, value), agents, |profile| {
            let profile = data.profiles.get(profile)?;
            Some(role(&own, value, profile, mode))
        })
    });
    let owners = entries(shelf, &data.agents, |shelf, _, agent| {
        shelf.json(&json!(agent.tenant))
    });
    let classes = sensitive::classes().chain(detectors::types(data));
    let classes: BTreeMap<_, _> = classes.collect();
    let classes = shelf.json(&json!(classes));
    shelf.object([
        ("classes", classes),
        ("tenants", tenants),
        ("profiles", profiles),
        ("owners", owners),
    ])
}

/// The detectors of all profiles, by their types.
type Own<'d> = BTreeMap<&'d str, &'d detectors::DetectorData>;

/// The operations of what a profile does not name.
struct Unnamed {
    ungranted: Shelved,
    /// As a tool, for each of its actions.
    denied: Shelved,
    allowed: Shelved,
}

impl Unnamed {
    fn new(shelf: &mut Shelf) -> Self {
        let free = operation(&Constraints::new(), Unread::denied());
        let mut never = free.clone();
        if let Some(granted) = never.get_mut("granted") {
            *granted = false.into();
        }
        let (free, ungranted) = (shelf.json(&free), shelf.json(&never));
        Self {
            denied: shelf.object([("*", ungranted.clone())]),
            allowed: shelf.object([("*", free)]),
            ungranted,
        }
    }
}

fn entries<T>(
    shelf: &mut Shelf,
    from: &BTreeMap<String, T>,
    make: impl Fn(&mut Shelf, &str, &T) -> Shelved,
) -> Shelved {
    let parts: Vec<_> = from
        .iter()
        .map(|(name, value)| (name.as_str(), make(shelf, name, value)))
        .collect();
    shelf.object(parts)
}

fn profile(
    shelf: &mut Shelf,
    (data, own): (&AegisData, &Own<'_>),
    (name, profile): (&str, &ProfileData),
    unnamed: &Unnamed,
) -> Shelved {
    let lead = format!("profile \"{name}\"");
    let rules = profile.data.iter();
    let rules = rules.map(|(word, effect)| (word.clone(), on_data(&lead, *effect)));
    // What only other profiles have detectors for is none of this one's business.
    let foreign = own.keys();
    let foreign = foreign.filter(|kind| !profile.detectors.contains_key(**kind));
    let foreign = foreign.map(|kind| ((*kind).to_owned(), on_data(&lead, Effect::Allow)));
    let changed = match profile.mcp.changed_tools {
        ChangedToolsData::Report => json!([false, true]),
        ChangedToolsData::Deny => json!([false]),
    };
    let loops = match profile.chain.loops {
        LoopsData::Deny => &[false][..],
        LoopsData::Allow => &[false, true],
    };
    let parts = [
        ("lead", json!(format!("{lead}: "))),
        ("hosts", hosts_of(data, profile)),
        ("upgrades", truths(canonical(&profile.upgrades))),
        ("data", rules.chain(foreign).collect::<Map<_, _>>().into()),
        ("depth", json!(profile.chain.max_depth)),
        ("loops", json!(loops)),
        ("findings", findings(&lead, profile)),
        ("changed", changed),
    ];
    let of_models = match profile.proposed.unnamed {
        UnnamedData::Allow => &unnamed.allowed,
        UnnamedData::Deny => &unnamed.denied,
    };
    let calls = [
        (Phase::Request, &unnamed.denied),
        (Phase::ProposedCall, of_models),
    ];
    let calls = calls.map(|(phase, unnamed_tool)| {
        let tools: Vec<_> = profile
            .operations(phase)
            .map(|(name, actions)| {
                let unread = Unread::of(data, profile, name);
                let tool = tool(shelf, unread, actions, &unnamed.ungranted);
                (name.as_str(), tool)
            })
            .collect();
        let tools = shelf.object(tools);
        let granted = shelf.object([("tools", tools), ("unnamed", unnamed_tool.clone())]);
        (phase.as_str(), granted)
    });
    let calls = shelf.object(calls);
    let parts = parts.map(|(key, part)| (key, shelf.json(&part)));
    shelf.object(parts.into_iter().chain([("calls", calls)]))
}

/// What a profile has to say whatever the operation.
fn findings(lead: &str, profile: &ProfileData) -> Json {
    let deny = |rule: &str, text: &str| finding(rule, &format!("{lead} {text}"));
    json!({
        "host": deny("host", "does not allow this host"),
        "tool": {
            "request": deny("tool", "does not grant this tool and action"),
            "proposed_call": deny("tool", "does not let this call be proposed"),
        },
        "changed": deny("mcp.changed_tool", "does not allow a tool whose definition has changed since it was first seen"),
        "opaque": deny("opaque", "does not allow opaque traffic to this host"),
        "unclassified": {
            "effect": Effect::Deny.as_str(),
            "action": Action::default(),
            "rule": ["data.unclassified"],
            "message": [format!("{lead} has no rule for this type of data")],
        },
        "depth": deny("chain.depth", &format!("allows no call on behalf of more than {} agents", profile.chain.max_depth)),
        "loop": deny("chain.loop", "does not let an agent be called on its own behalf"),
    })
}

/// What is done about data of a type or a class. The name of the type goes between the parts.
fn on_data(lead: &str, effect: Effect) -> Json {
    let consequence = match effect {
        Effect::Allow => "may be sent",
        Effect::Sanitize(_) => "is redacted",
        Effect::ApprovalNeeded => "needs approval",
        Effect::Deny => "must not be sent",
    };
    json!({
        "effect": effect.as_str(),
        "action": effect.action().unwrap_or_default(),
        "rule": ["data.", ""],
        "message": [format!("{lead}: data of type "), format!(" {consequence}")],
    })
}

fn tool(shelf: &mut Shelf, unread: Unread, actions: &Actions, ungranted: &Shelved) -> Shelved {
    // An action `*` of the profile's own comes later and takes the place of this one.
    let mut operations = vec![("*", ungranted.clone())];
    for (action, constraints) in actions {
        let operation = shelf.json(&operation(constraints, unread));
        operations.push((action, operation));
    }
    shelf.object(operations)
}

/// The hosts that a profile names in any of its lists, and those of the services whose tools it
/// grants; `blind` where a tunnel is not to be looked into.
fn hosts_of(data: &AegisData, profile: &ProfileData) -> Json {
    let granted = profile
        .tools
        .keys()
        .filter_map(|tool| data.catalogue.get(server(tool)));
    let granted = granted.flat_map(|service| service.hosts().map(|(host, _)| host));
    let named = profile.hosts.iter().chain(&profile.upgrades);
    let seen = canonical(named.chain(granted)).map(|host| (host, "seen".into()));
    let blind = canonical(&profile.passthrough).map(|host| (host, "blind".into()));
    seen.chain(blind).collect::<Map<_, _>>().into()
}

fn canonical<'a>(rules: impl IntoIterator<Item = &'a String>) -> impl Iterator<Item = String> {
    let rules = rules.into_iter();
    rules.filter_map(|rule| hosts::canonical(rule).ok())
}

/// Without the profile's name: profiles that constrain an operation alike share what is made of it.
fn operation(constraints: &Constraints, unread: Unread) -> Json {
    // What was not seen cannot be constrained: an operation with constraints is never judged half-seen.
    let most = if constraints.is_empty() {
        unread.most
    } else {
        Truncation::Whole
    };
    let passes = TRUNCATIONS.iter().filter(|it| **it <= most);
    let passes: Vec<_> = passes.map(|it| it.as_str()).collect();
    let mut kinds = Map::new();
    for (kind, make) in KINDS {
        let entries = constraints.iter().filter_map(|(name, constraint)| {
            let (mut entry, message) = make(constraint)?;
            entry.insert("message".to_owned(), format!("{name} {message}").into());
            Some((name.clone(), Json::Object(entry)))
        });
        kinds.insert((*kind).to_owned(), entries.collect::<Map<_, _>>().into());
    }
    kinds.insert("fast".to_owned(), fast::of(constraints));
    kinds.insert("granted".to_owned(), true.into());
    kinds.insert("unread".to_owned(), passes.into());
    let message = unread.message(!constraints.is_empty());
    kinds.insert("truncated".to_owned(), message.into());
    kinds.into()
}

/// What becomes of calls of a tool whose body was not read.
#[derive(Clone, Copy)]
struct Unread {
    grpc: bool,
    /// That may pass, where nothing is constrained.
    most: Truncation,
}

impl Unread {
    fn denied() -> Self {
        Self {
            grpc: false,
            most: Truncation::Whole,
        }
    }

    /// Messages of gRPC are never read, so that they have a rule of their own.
    fn of(data: &AegisData, profile: &ProfileData, tool: &str) -> Self {
        let service = data.catalogue.get(server(tool));
        let grpc = service.is_some_and(|service| service.protocol == Protocol::Grpc);
        let most = match (grpc, profile.grpc_bodies, profile.truncated) {
            (true, GrpcBodiesData::Opaque, _) | (false, _, TruncatedData::Allow) => {
                Truncation::Truncated
            }
            (false, _, TruncatedData::Parts) => Truncation::Parts,
            (true, GrpcBodiesData::Deny, _) | (false, _, TruncatedData::Deny) => Truncation::Whole,
        };
        Self { grpc, most }
    }

    /// Why one is refused.
    fn message(self, constrained: bool) -> &'static str {
        let constrained = constrained && self.most.is_truncated();
        match (self.grpc, constrained, self.most) {
            (true, true, _) => {
                "does not judge an operation with constraints by messages of gRPC, which are not read"
            }
            (true, false, _) => "does not allow messages of gRPC, which are not read",
            (false, true, _) => {
                "does not judge an operation with constraints by a body that was not read whole"
            }
            (false, false, Truncation::Parts) => {
                "does not allow bodies of which more is not read than some parts"
            }
            (false, false, _) => "does not allow bodies that are not read whole",
        }
    }
}

fn truths(names: impl Iterator<Item = impl Into<String>>) -> Json {
    names
        .map(|name| (name.into(), Json::Bool(true)))
        .collect::<Map<_, _>>()
        .into()
}

/// A reason as the decision gives it.
fn finding(rule: &str, message: &str) -> Json {
    json!({"rule": rule, "message": message})
}

const TRUNCATIONS: [Truncation; 3] = [Truncation::Whole, Truncation::Parts, Truncation::Truncated];
