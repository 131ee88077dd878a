//! From a reason to the place of the policy data that it comes from, by rule id, caller and operation. It evaluates nothing.

use aegis_document::Problem;
use serde_json::{Value as Json, json};

use super::{Cause, Place};
use crate::data::{AgentData, ConstraintData, Constraints, ProfileData, TenantData};
use crate::{Action, CallKind, Intent, Phase, Reason, Workbench};

/// Whom and what of the policy a call is about.
pub(crate) struct Subject<'a> {
    pub(super) bench: &'a Workbench,
    pub(super) intent: &'a Intent,
    pub(super) agent: Option<(&'a str, &'a AgentData)>,
    pub(super) tenant: Option<(&'a str, &'a TenantData)>,
    pub(super) profile: Option<(&'a str, &'a ProfileData)>,
    /// Under which name the operation is granted, its own or `*`, and its constraints.
    pub(super) operation: Option<(&'a str, &'a Constraints)>,
}

/// A path below `aegis`, what the call had, and what the policy says.
type Traced = (Vec<String>, Option<Json>, Option<Json>);

impl<'a> Subject<'a> {
    pub(crate) fn of(bench: &'a Workbench, intent: &'a Intent) -> Self {
        let data = &bench.model.data;
        let (tenant, agent) = (&*intent.caller.tenant, &*intent.caller.agent);
        let agent = data.agents.get_key_value(agent);
        let profile = agent.and_then(|(_, agent)| data.profiles.get_key_value(&agent.profile));
        let actions =
            profile.and_then(|(_, profile)| profile.actions(intent.phase, &intent.call.tool));
        let operation = actions.and_then(|actions| {
            let own = actions.get_key_value(&*intent.call.action);
            own.or_else(|| actions.get_key_value("*"))
        });
        Self {
            bench,
            intent,
            agent: agent.map(|(name, agent)| (name.as_str(), agent)),
            tenant: data
                .tenants
                .get_key_value(tenant)
                .map(|(name, tenant)| (name.as_str(), tenant)),
            profile: profile.map(|(name, profile)| (name.as_str(), profile)),
            operation: operation.map(|(name, constraints)| (name.as_str(), constraints)),
        }
    }

    pub(crate) fn cause(&self, reason: &Reason) -> Cause {
        let traced = self.traced(reason);
        let (path, value, limit) = traced.unwrap_or_default();
        if reason.rule.starts_with(FAULTS)
            && let Some(trouble) = self.bench.trouble(self.intent)
        {
            return of_trouble(reason, trouble);
        }
        let place = if path.is_empty() {
            self.bench.finding_place(&reason.rule, self.intent)
        } else {
            self.bench.place(&path)
        };
        Cause {
            reason: reason.clone(),
            path,
            place,
            value,
            limit,
        }
    }

    /// None for what no data says: findings of modules, faults.
    fn traced(&self, reason: &Reason) -> Option<Traced> {
        let caller = &self.intent.caller;
        match &*reason.rule {
            "tenant.unknown" => Some((path(&["tenants"]), text(&caller.tenant), None)),
            "agent.unknown" => Some((path(&["agents"]), text(&caller.agent), None)),
            "agent.tenant" => {
                let (name, agent) = self.agent?;
                let path = path(&["agents", name, "tenant"]);
                Some((path, text(&caller.tenant), text(&agent.tenant)))
            }
            "region" => {
                let (name, tenant) = self.tenant?;
                let regions = &self.intent.destination.regions;
                let path = path(&["tenants", name, "regions"]);
                let limit = tenant.regions.as_ref().map(|lawful| json!(lawful));
                Some((path, Some(json!(regions)), limit))
            }
            "tool" => self.ungranted(),
            rule => match rule.split_once('.') {
                Some(("parameter", kind)) => self.parameter(kind, &reason.message),
                Some(("data", kind)) => self.data(kind),
                _ => self.of_profile(rule),
            },
        }
    }

    /// What one key of the profile decides.
    fn of_profile(&self, rule: &str) -> Option<Traced> {
        let (name, profile) = self.profile?;
        let (intent, call) = (self.intent, &self.intent.call);
        let (keys, value, limit): (&[&str], _, _) = match rule {
            "host" => {
                let host = intent.destination.authority.to_string();
                (&["hosts"], json!(host), Some(json!(profile.hosts)))
            }
            "chain.depth" => {
                let (depth, most) = (intent.chain.depth(), profile.chain.max_depth);
                (&["chain", "max_depth"], json!(depth), Some(json!(most)))
            }
            "chain.loop" => {
                let agents = json!(intent.chain.agents);
                let loops = text(profile.chain.loops.as_str());
                (&["chain", "loops"], agents, loops)
            }
            "truncated" => {
                let key: &[&str] = match call.kind {
                    CallKind::Grpc => &["grpc_bodies"],
                    _ => &["truncated"],
                };
                (key, json!(call.truncation.as_str()), None)
            }
            "opaque" => {
                let allowed = json!(profile.upgrades);
                (&["upgrades"], json!(call.opaque), Some(allowed))
            }
            "mcp.changed_tool" => {
                let rule = text(profile.mcp.changed_tools.as_str());
                (&["mcp", "changed_tools"], json!(call.changed), rule)
            }
            _ => return None,
        };
        let path = path(&[&["profiles", name], keys].concat());
        Some((path, Some(value), limit))
    }

    fn ungranted(&self) -> Option<Traced> {
        let (name, profile) = self.profile?;
        let call = &self.intent.call;
        let asked = text(&format!("{}/{}", call.tool, call.action));
        if self.intent.phase == Phase::ProposedCall {
            let path = path(&["profiles", name, "proposed", "tools"]);
            let named: Vec<_> = profile.proposed.tools.keys().collect();
            return Some((path, asked, Some(json!(named))));
        }
        let mut path = path(&["profiles", name, "tools"]);
        let granted: Vec<_> = match profile.tools.get(&*call.tool) {
            Some(actions) => {
                path.push(call.tool.to_string());
                actions.keys().collect()
            }
            None => profile.tools.keys().collect(),
        };
        Some((path, asked, Some(json!(granted))))
    }

    /// The message says which parameter: the reason itself has no place for it.
    fn parameter(&self, kind: &str, message: &str) -> Option<Traced> {
        let (action, constraints) = self.operation?;
        let named = |name: &str| message.contains(&format!(": {name} "));
        let (name, constraint) = constraints
            .iter()
            .filter(|(name, constraint)| constraint.has(kind) && named(name))
            .max_by_key(|(name, _)| name.len())?;
        let call = &self.intent.call;
        let mut path = self.granted(self.profile?.0, action);
        path.push(name.clone());
        let limit = constraint.limit(kind);
        path.extend(limit.as_ref().map(|(key, _)| (*key).to_owned()));
        let value = call.parameters.get(name).cloned();
        Some((path, value, limit.map(|(_, limit)| limit)))
    }

    /// Where the operation is granted.
    pub(super) fn granted(&self, profile: &str, action: &str) -> Vec<String> {
        let tool = &*self.intent.call.tool;
        match self.intent.phase {
            Phase::ProposedCall => path(&["profiles", profile, "proposed", "tools", tool]),
            Phase::Connect | Phase::Request => path(&["profiles", profile, "tools", tool, action]),
        }
    }

    fn data(&self, kind: &str) -> Option<Traced> {
        let (name, profile) = self.profile?;
        let Some(effect) = profile.on(kind) else {
            return Some((path(&["profiles", name, "data"]), None, None));
        };
        let path = path(&["profiles", name, "data", profile.rule_on(kind)]);
        Some((path, text(kind), Some(json!(effect))))
    }
}

impl ConstraintData {
    /// Whether it can be the reason of `parameter.KIND`.
    fn has(&self, kind: &str) -> bool {
        match kind {
            "name" => true,
            "type" => self.is_numeric(),
            _ => self.limit(kind).is_some(),
        }
    }

    /// What is written under the key that the rule `parameter.KEY` is named after.
    pub(crate) fn limit(&self, kind: &str) -> Option<(&'static str, Json)> {
        let number = |number: &Option<serde_json::Number>| number.clone().map(Json::Number);
        let truth = |truth: bool| truth.then_some(Json::Bool(true));
        let written = |key: &'static str| match key {
            "min" => number(&self.min),
            "max" => number(&self.max),
            "approve_above" => number(&self.approve_above),
            "enum" => self.one_of.clone().map(Json::Array),
            "required" => truth(self.required),
            "forbidden" => truth(self.forbidden),
            "redact" => self.redact.map(|action| match action {
                // As people write it.
                Action::Label => json!(true),
                action => json!(action),
            }),
            _ => self.pattern.as_ref().map(|pattern| {
                let texts = [&pattern.regex, &pattern.glob, &pattern.cidr];
                json!(texts.into_iter().flatten().next())
            }),
        };
        let key = KEYS.into_iter().find(|key| *key == kind)?;
        written(key).map(|written| (key, written))
    }
}

impl Workbench {
    /// Where the data has this path, or the nearest part of it.
    pub(crate) fn place(&self, path: &[String]) -> Option<Place> {
        let [_, section, name, rest @ ..] = path else {
            return None;
        };
        let sections = ["tenants", "agents", "profiles", "catalogue"];
        let section = sections.into_iter().find(|known| known == section)?;
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        let problem = self.model.problem(section, name, &rest, "");
        Some(Place {
            file: problem.file,
            line: problem.line,
            column: problem.column,
        })
    }
}

pub(crate) fn path(names: &[&str]) -> Vec<String> {
    let names = names.iter().map(|name| (*name).to_owned());
    std::iter::once("aegis".to_owned()).chain(names).collect()
}

/// Of a fault, what the users' module that failed is at, and where.
fn of_trouble(reason: &Reason, trouble: Problem) -> Cause {
    let Reason { rule, message } = reason.clone();
    let Problem {
        file, line, column, ..
    } = trouble;
    Cause {
        reason: Reason {
            rule,
            message: format!("{message}: {}", trouble.message).into(),
        },
        path: Vec::new(),
        place: Some(Place { file, line, column }),
        value: None,
        limit: None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what is traced is optional")]
fn text(text: &str) -> Option<Json> {
    Some(text.into())
}

/// The keys of a constraint.
pub(crate) const KEYS: [&str; 8] = [
    "min",
    "max",
    "approve_above",
    "enum",
    "required",
    "forbidden",
    "pattern",
    "redact",
];

/// Where the rules of faults begin.
const FAULTS: &str = "aegis.";
