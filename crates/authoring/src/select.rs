//! Which policy each agent is under: exactly one. It looks at names and labels only.

use std::collections::{BTreeMap, BTreeSet};

use crate::draft::Draft;
use crate::kinds::{AgentPolicy, Labels, Selector, Tenant};
use crate::places::Spot;
use crate::read::{Item, Written};

/// The policy of each agent that has one.
pub(crate) type Chosen<'a> = BTreeMap<&'a str, (&'a str, Spot)>;

/// An agent of some tenant.
pub(crate) struct Agent<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) document: &'a Item<Tenant, Labels>,
    pub(crate) labels: &'a Labels,
}

pub(crate) type Agents<'a> = BTreeMap<&'a str, Agent<'a>>;

/// Selects for every policy; what is wrong with that is reported.
pub(crate) fn select<'a>(
    written: &'a Written,
    agents: &Agents<'a>,
    draft: &mut Draft,
) -> Chosen<'a> {
    let mut selection = Selection {
        written,
        agents,
        draft,
        chosen: Chosen::new(),
        meant: BTreeSet::new(),
        is_sure: written.is_whole,
    };
    for (name, policy) in &written.policies {
        selection.policy(name, policy);
    }
    if selection.is_sure {
        selection.left_over();
    }
    selection.chosen
}

impl Agent<'_> {
    pub(crate) fn spot(&self, name: &str) -> Spot {
        self.document.spec(&["agents", name])
    }
}

struct Selection<'a, 'b> {
    written: &'a Written,
    agents: &'b Agents<'a>,
    draft: &'b mut Draft,
    chosen: Chosen<'a>,
    /// Agents whose names were probably meant by a misspelled one.
    meant: BTreeSet<&'a str>,
    /// Whether it is known of every policy whom it selects.
    is_sure: bool,
}

impl<'a> Selection<'a, '_> {
    fn policy(&mut self, name: &'a str, policy: &'a Item<AgentPolicy>) {
        let place = policy.spec(&["agents"]);
        let selector = &policy.spec.agents;
        if let Some(fault) = fault_of(selector) {
            self.is_sure = false;
            return self.draft.report(&place, fault);
        }
        if let Some(tenant) = &selector.tenant
            && !self.written.tenants.contains_key(tenant)
        {
            return self.unknown_tenant(tenant, &place);
        }
        let selected = match &selector.ids {
            Some(ids) => self.by_ids(ids, selector, &place),
            None => self.by_labels(selector, &place),
        };
        for (agent, spot) in selected {
            self.choose(agent, name, spot);
        }
    }

    fn unknown_tenant(&mut self, tenant: &str, place: &Spot) {
        self.is_sure = false;
        if self.written.is_whole {
            let message = format!("there is no Tenant `{tenant}`");
            let known = self.written.tenants.keys();
            self.draft
                .missing(&place.below(&["tenant"]), message, tenant, known);
        }
    }

    fn by_ids(
        &mut self,
        ids: &'a [String],
        selector: &Selector,
        place: &Spot,
    ) -> Vec<(&'a str, Spot)> {
        let mut selected = Vec::new();
        for (position, id) in ids.iter().enumerate() {
            let spot = place.below(&["ids", &position.to_string()]);
            let agent = self.agents.get(id.as_str());
            if agent.is_some_and(|agent| is_of(agent, selector)) {
                selected.push((id.as_str(), spot));
            } else if self.written.is_whole {
                self.unknown_agent(id, selector, &spot);
            }
        }
        selected
    }

    fn unknown_agent(&mut self, id: &str, selector: &Selector, spot: &Spot) {
        let of = match &selector.tenant {
            Some(tenant) => format!(" of the tenant `{tenant}`"),
            None => String::new(),
        };
        let candidates = self.agents.iter();
        let known: Vec<String> = candidates
            .filter(|(_, agent)| is_of(agent, selector))
            .map(|(name, _)| (*name).to_owned())
            .collect();
        let message = format!("there is no agent `{id}`{of}");
        let near = self.draft.missing(spot, message, id, &known);
        let meant = near.and_then(|near| self.agents.get_key_value(near));
        self.meant.extend(meant.map(|(name, _)| *name));
    }

    fn by_labels(&mut self, selector: &Selector, place: &Spot) -> Vec<(&'a str, Spot)> {
        let tenants = &self.written.tenants;
        let tenant = selector.tenant.as_ref().and_then(|name| tenants.get(name));
        // Only a policy of no tenant looks at all agents.
        let candidates: Vec<&'a str> = match tenant {
            Some(tenant) => tenant.spec.agents.keys().map(String::as_str).collect(),
            None => self.agents.keys().copied().collect(),
        };
        let is_selected = |name: &&str| {
            let agent = self.agents.get(name);
            agent.is_some_and(|agent| is_of(agent, selector) && has_labels(agent, selector))
        };
        let selected = candidates.into_iter().filter(is_selected);
        let selected: Vec<_> = selected.map(|name| (name, place.clone())).collect();
        if selected.is_empty() && self.written.is_whole {
            let message = "this selects no agent of any Tenant";
            self.draft.report(place, message);
        }
        selected
    }

    fn choose(&mut self, agent: &'a str, policy: &'a str, spot: Spot) {
        let Some((first, place)) = self.chosen.get(agent) else {
            self.chosen.insert(agent, (policy, spot));
            return;
        };
        let message = format!(
            "the agent `{agent}` is already selected by the policy `{first}` at {}; an agent has one",
            place.origin()
        );
        self.draft.report(&spot, message);
    }

    /// Whatever such an agent did would be denied, and nobody would see why.
    fn left_over(&mut self) {
        for (name, agent) in self.agents {
            if !self.chosen.contains_key(name) && !self.meant.contains(name) {
                let message = format!("no AgentPolicy selects the agent `{name}`");
                let hint = "every call of it would be denied; name it in the `agents` of a policy";
                let spot = agent.spot(name);
                self.draft
                    .report_with(&spot, message, Some(hint.to_owned()));
            }
        }
    }
}

fn fault_of(selector: &Selector) -> Option<&'static str> {
    let Selector {
        tenant,
        ids,
        labels,
    } = selector;
    let chooses = [
        tenant.is_some(),
        ids.is_some(),
        labels.as_ref().is_some_and(|labels| !labels.is_empty()),
    ];
    if ids.is_some() && labels.is_some() {
        Some("`ids` and `labels` are two ways to select; use one of them")
    } else if ids.as_ref().is_some_and(Vec::is_empty) || !chooses.contains(&true) {
        Some("say which agents: by `ids`, by `labels`, or all of a `tenant`")
    } else {
        None
    }
}

fn is_of(agent: &Agent<'_>, selector: &Selector) -> bool {
    let tenant = selector.tenant.as_deref();
    tenant.is_none_or(|tenant| tenant == agent.tenant)
}

fn has_labels(agent: &Agent<'_>, selector: &Selector) -> bool {
    let mut wanted = selector.labels.iter().flatten();
    wanted.all(|(name, value)| agent.labels.get(name) == Some(value))
}
