//! What a call passed, in the order of the checks. It lists, and checks nothing again.

use std::collections::BTreeSet;

use super::Held;
use super::trace::{KEYS, Subject, path};
use crate::catalogue::server;
use crate::{Action, Decision, Effect, Outcome, Phase, hosts};

impl Subject<'_> {
    /// The grant that the call is one of, and the rules for the data that it carries.
    pub(crate) fn passed(&self) -> Vec<Vec<String>> {
        let Some((profile, data)) = self.profile else {
            return Vec::new();
        };
        if self.intent.phase == Phase::Connect {
            return Vec::new();
        }
        let tenant = &*self.intent.caller.tenant;
        if self.agent.is_none_or(|(_, agent)| agent.tenant != *tenant) {
            return Vec::new();
        }
        let grant = self.operation;
        let grant = grant.map(|(action, _)| self.granted(profile, action));
        let types: BTreeSet<&str> = self.intent.data.iter().map(|found| found.kind).collect();
        let ruled = types.into_iter().filter(|kind| data.on(kind).is_some());
        let ruled = ruled.map(|kind| path(&["profiles", profile, "data", data.rule_on(kind)]));
        grant.into_iter().chain(ruled).collect()
    }

    /// The checks whose failure the decision would name.
    pub(super) fn held(&self, decision: &Decision) -> Vec<Held> {
        let Some((agent, _)) = self.agent.filter(|_| is_judged(decision)) else {
            return Vec::new();
        };
        let mut paths = vec![("agent", path(&["agents", agent]))];
        paths.extend(self.host().map(|path| ("host", path)));
        if let Some((tenant, bound)) = self.tenant
            && bound.regions.is_some()
        {
            paths.push(("region", path(&["tenants", tenant, "regions"])));
        }
        // Constraints say nothing of what was not seen.
        let unseen = names(decision, "truncated");
        for passed in self.passed() {
            let section = passed.get(3).map(String::as_str);
            let is_grant = matches!(section, Some("tools" | "proposed"));
            paths.push((if is_grant { "tool" } else { "data" }, passed.clone()));
            if is_grant && !unseen {
                let constraints = self.constraints(&passed);
                paths.extend(constraints.into_iter().map(|path| ("parameter", path)));
            }
        }
        let would = decision.would.as_ref();
        let strongest = would.map_or(decision.outcome, |would| would.outcome);
        paths.retain(|(check, path)| {
            let fails_as = self.fails_as(check, path);
            fails_as.is_none_or(|outcome| outcome >= strongest)
        });
        let held = paths.into_iter().map(|(check, path)| Held {
            check,
            place: self.bench.place(&path),
            path,
        });
        held.collect()
    }

    /// What a call comes to at least that does not pass the check; `None` if every call passes it.
    fn fails_as(&self, check: &str, path: &[String]) -> Option<Outcome> {
        let name = path.last().map_or("", String::as_str);
        let effect = match (check, name) {
            ("parameter", "approve_above") => Effect::ApprovalNeeded,
            ("parameter", "redact") => Effect::Sanitize(Action::default()),
            ("data", kind) => *self.profile?.1.data.get(kind)?,
            _ => Effect::Deny,
        };
        match effect {
            Effect::Allow => None,
            Effect::Sanitize(_) => Some(Outcome::Sanitize),
            Effect::ApprovalNeeded => Some(Outcome::ApprovalNeeded),
            Effect::Deny => Some(Outcome::Deny),
        }
    }

    /// The constraints of the operation that looked at a parameter of the call.
    fn constraints(&self, grant: &[String]) -> Vec<Vec<String>> {
        let sent = &self.intent.call.parameters;
        let mut paths = Vec::new();
        for (name, constraint) in self.operation.iter().flat_map(|(_, all)| *all) {
            // Of a parameter that is absent, nothing but its absence was looked at.
            let looked_at = |key: &&str| sent.contains_key(name) || *key == "forbidden";
            let keys = KEYS.into_iter().filter(looked_at);
            let keys = keys.filter(|key| constraint.limit(key).is_some());
            let below = keys.map(|key| [name.as_str(), key].map(str::to_owned));
            paths.extend(below.map(|below| [grant, below.as_slice()].concat()));
        }
        paths
    }

    /// The list that has the host: one of the profile's, or that of a service whose tool it grants.
    fn host(&self) -> Option<Vec<String>> {
        let (name, profile) = self.profile?;
        let data = &self.bench.model.data;
        let known = hosts::candidates(&self.intent.destination.authority, &hosts::ports(data));
        let has = |rules: &[String]| {
            let mut rules = rules.iter().filter_map(|rule| hosts::canonical(rule).ok());
            rules.any(|rule| known.contains(&rule))
        };
        let lists = [
            ("hosts", &profile.hosts),
            ("passthrough", &profile.passthrough),
            ("upgrades", &profile.upgrades),
        ];
        let own = lists.into_iter().find(|(_, rules)| has(rules));
        let own = own.map(|(list, _)| path(&["profiles", name, list]));
        own.or_else(|| {
            let servers = profile.tools.keys().map(|tool| server(tool));
            let mut servers = servers.filter_map(|server| data.catalogue.get_key_value(server));
            let (server, _) = servers.find(|(_, service)| has(&service.hosts))?;
            Some(path(&["catalogue", server, "hosts"]))
        })
    }
}

/// Whether the checks were made at all: not for a caller that is not known, and not where the
/// evaluators have failed.
fn is_judged(decision: &Decision) -> bool {
    let unjudged = ["tenant.unknown", "agent.unknown", "agent.tenant"];
    decision.fault.is_none() && !unjudged.into_iter().any(|rule| names(decision, rule))
}

fn names(decision: &Decision, rule: &str) -> bool {
    let would = decision.would.iter().flat_map(|would| &would.reasons);
    let mut reasons = decision.reasons.iter().chain(would);
    reasons.any(|reason| &*reason.rule == rule)
}
