//! Where the constraints of a policy begin and end. It makes no calls up.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::values::edges;
use crate::Phase;
use crate::data::{AegisData, AgentData, Constraints, ProfileData};

/// One operation that an agent is granted, or one that nobody is.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) phase: Phase,
    pub(super) agent: &'a str,
    pub(super) tenant: &'a str,
    pub(super) profile: Option<&'a ProfileData>,
    pub(super) tool: &'a str,
    pub(super) action: &'a str,
    pub(super) constraints: Option<&'a Constraints>,
}

/// One parameter at the edge of what its constraint allows; `None` is an absent one.
pub(super) struct Boundary<'a> {
    pub(super) target: Target<'a>,
    pub(super) parameter: &'a str,
    pub(super) edge: Option<Json>,
}

/// Every operation of every profile that some agent has, called by the first of them.
pub(super) fn operations(data: &AegisData) -> impl Iterator<Item = Target<'_>> {
    let mut agents: HashMap<&str, (&str, &AgentData)> = HashMap::new();
    for (name, agent) in &data.agents {
        agents.entry(&agent.profile).or_insert((name, agent));
    }
    let profiles = data.profiles.iter().filter_map(move |(name, profile)| {
        let &(agent, of) = agents.get(name.as_str())?;
        Some((agent, of, profile))
    });
    profiles.flat_map(|(agent, of, profile)| of_profile(agent, &of.tenant, profile))
}

/// What one agent is granted, and what models may propose to it.
pub(super) fn of_profile<'a>(
    agent: &'a str,
    tenant: &'a str,
    profile: &'a ProfileData,
) -> impl Iterator<Item = Target<'a>> {
    let phases = [Phase::Request, Phase::ProposedCall].into_iter();
    let tools = phases.flat_map(|phase| profile.operations(phase).map(move |tool| (phase, tool)));
    tools.flat_map(move |(phase, (tool, actions))| {
        actions.iter().map(move |(action, constraints)| Target {
            phase,
            agent,
            tenant,
            profile: Some(profile),
            tool,
            action,
            constraints: Some(constraints),
        })
    })
}

/// The first of those that are constrained alike: they are compiled to one value, which both
/// evaluators look into, so the others would only be tried again.
pub(super) fn different_operations(data: &AegisData) -> impl Iterator<Item = Target<'_>> {
    let mut seen = HashSet::new();
    operations(data).filter(move |target| {
        let unread = target
            .profile
            .map(|profile| (profile.truncated, profile.grpc_bodies));
        seen.insert((target.phase, target.constraints, unread))
    })
}

/// For every constraint of these operations: each value at its edge. Of more than `limit`, an even choice.
pub(super) fn boundaries<'a>(
    operations: impl Iterator<Item = Target<'a>>,
    limit: usize,
) -> impl Iterator<Item = Boundary<'a>> {
    let operations: Vec<Target<'a>> = operations.collect();
    let count = operations.iter().copied().flat_map(at_edges).count();
    let boundaries = operations.into_iter().flat_map(at_edges);
    boundaries.step_by(count.div_ceil(limit).max(1))
}

fn at_edges(target: Target<'_>) -> impl Iterator<Item = Boundary<'_>> {
    let constraints = target.constraints.into_iter().flatten();
    constraints.flat_map(move |(parameter, constraint)| {
        edges(constraint).into_iter().map(move |edge| Boundary {
            target,
            parameter,
            edge,
        })
    })
}
