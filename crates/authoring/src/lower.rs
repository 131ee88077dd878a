//! Documents to the data that the policy crate reads: tenants, their agents, and a profile for each policy.

use serde_json::{Map, Value as Json, json as value};

use crate::catalogue;
use crate::draft::{Draft, json, set};
use crate::kinds::{
    AgentPolicy, AnswersUnread, Chain, DlpProfile, GrpcBodies, Mcp, Mode, Numbers, TruncatedBodies,
    Unnamed,
};
use crate::read::{Item, Written};
use crate::select::{Agent, Agents, select};

/// Everything that was written, as one.
pub(crate) fn lower(written: &Written, draft: &mut Draft) {
    for document in &written.plain {
        draft.plain(document);
    }
    catalogue::lower(written, draft);
    tenants(written, draft);
    agents(written, draft);
    for (name, policy) in &written.policies {
        profile(name, policy, written, draft);
    }
    unused_dlp_profiles(written, draft);
}

fn tenants(written: &Written, draft: &mut Draft) {
    for (name, tenant) in &written.tenants {
        let mut entry = json(&tenant.spec);
        if !tenant.labels.is_empty() {
            set(&mut entry, "labels", json(&tenant.labels));
        }
        draft.entry("tenants", name, entry, tenant.entry());
        draft.note(
            "tenants",
            &[name, "labels"],
            tenant.spot(&["metadata", "labels"]),
        );
    }
}

/// Each agent under the one policy that selects it.
fn agents(written: &Written, draft: &mut Draft) {
    let mut agents = Agents::new();
    for (tenant, document) in &written.tenants {
        for (name, agent) in &document.spec.agents {
            let labels = &agent.labels;
            let agent = Agent {
                tenant,
                document,
                labels,
            };
            if let Some(first) = agents.get(name.as_str()) {
                let message = format!(
                    "`{name}` is already an agent of the tenant `{}` at {}; names of agents are unique",
                    first.tenant,
                    first.spot(name).origin()
                );
                draft.report(&agent.spot(name), message);
                continue;
            }
            agents.insert(name, agent);
        }
    }
    let chosen = select(written, &agents, draft);
    for (name, (policy, selector)) in chosen {
        let Some(agent) = agents.get(name) else {
            continue;
        };
        let mut entry = value!({"tenant": agent.tenant, "profile": policy});
        if !agent.labels.is_empty() {
            set(&mut entry, "labels", json(agent.labels));
        }
        let spot = agent.spot(name);
        let from = crate::draft::Entry {
            name: spot.clone(),
            spec: spot,
        };
        draft.entry("agents", name, entry, from);
        draft.note("agents", &[name, "tenant"], agent.document.name());
        draft.note("agents", &[name, "profile"], selector);
    }
}

fn profile(name: &str, policy: &Item<AgentPolicy>, written: &Written, draft: &mut Draft) {
    let spec = &policy.spec;
    let mut entry = json(&spec.egress);
    if spec.mode != Mode::default() {
        set(&mut entry, "mode", json(&spec.mode));
    }
    if spec.truncated_bodies != TruncatedBodies::default() {
        set(&mut entry, "truncated", json(&spec.truncated_bodies));
    }
    if spec.grpc_bodies != GrpcBodies::default() {
        set(&mut entry, "grpc_bodies", json(&spec.grpc_bodies));
    }
    if spec.chain != Chain::default() {
        set(&mut entry, "chain", json(&spec.chain));
    }
    let dlp = spec
        .dlp
        .as_ref()
        .and_then(|dlp| dlp_profile(dlp, policy, written, draft));
    if let Some(dlp) = dlp {
        data_rules(&dlp.spec, &mut entry);
    }
    let tools = grants(name, policy, draft);
    if !tools.is_empty() {
        set(&mut entry, "tools", tools.into());
    }
    if let Some(proposed) = proposed_calls(name, policy, draft) {
        set(&mut entry, "proposed", proposed);
    }
    if spec.mcp != Mcp::default() {
        set(&mut entry, "mcp", json(&spec.mcp));
    }
    draft.entry("profiles", name, entry, policy.entry());
    for (key, written) in [("changed_tools", "changedTools"), ("refuse_as", "refuseAs")] {
        draft.note(
            "profiles",
            &[name, "mcp", key],
            policy.spec(&["mcp", written]),
        );
    }
    for key in ["hosts", "passthrough", "upgrades"] {
        draft.note("profiles", &[name, key], policy.spec(&["egress", key]));
    }
    for (key, member) in [
        ("truncated", "truncatedBodies"),
        ("grpc_bodies", "grpcBodies"),
    ] {
        draft.note("profiles", &[name, key], policy.spec(&[member]));
    }
    for (key, written) in [("max_depth", "maxDepth"), ("loops", "loops")] {
        let spot = policy.spec(&["chain", written]);
        draft.note("profiles", &[name, "chain", key], spot);
    }
    if let Some(dlp) = dlp {
        for (key, written) in DATA_RULES {
            draft.note("profiles", &[name, key], dlp.spec(&[written]));
        }
    }
}

/// What is done about sensitive data, in what is sent and in what comes back.
fn data_rules(profile: &DlpProfile, entry: &mut Json) {
    set(entry, "data", json(&profile.types));
    if !profile.detectors.is_empty() {
        set(entry, "detectors", json(&profile.detectors));
    }
    if !profile.answers.is_empty() {
        set(entry, "answers", json(&profile.answers));
    }
    if profile.answers_unread != AnswersUnread::default() {
        set(entry, "answers_unread", json(&profile.answers_unread));
    }
    if profile.numbers != Numbers::default() {
        set(entry, "numbers", json(&profile.numbers));
    }
}

fn dlp_profile<'a>(
    name: &str,
    policy: &Item<AgentPolicy>,
    written: &'a Written,
    draft: &mut Draft,
) -> Option<&'a Item<DlpProfile>> {
    let found = written.dlp_profiles.get(name);
    if found.is_none() && written.is_whole {
        let message = format!("there is no DlpProfile `{name}`");
        draft.missing(
            &policy.spec(&["dlp"]),
            message,
            name,
            written.dlp_profiles.keys(),
        );
    }
    found
}

/// Tool to action to parameter to constraint.
fn grants(name: &str, policy: &Item<AgentPolicy>, draft: &mut Draft) -> Map<String, Json> {
    let mut tools = Map::new();
    for (position, grant) in policy.spec.tools.iter().enumerate() {
        let place = policy.spec(&["tools", &position.to_string()]);
        if grant.actions.is_empty() {
            let message = "a grant has at least one action; `*` is any";
            draft.report(&place.below(&["actions"]), message);
        }
        let path = [name, "tools", &grant.tool];
        if !tools.contains_key(&grant.tool) {
            draft.note("profiles", &path, place.below(&["tool"]));
        }
        let actions = tools
            .entry(grant.tool.as_str())
            .or_insert_with(|| Map::new().into());
        for (at, action) in grant.actions.iter().enumerate() {
            let spot = place.below(&["actions", &at.to_string()]);
            let path = [name, "tools", &grant.tool, action];
            if actions.get(action).is_some() {
                let first = draft.find("profiles", &path);
                let message = format!(
                    "`{action}` of `{}` is already granted{}",
                    grant.tool,
                    first.map_or_else(String::new, |first| format!(" at {}", first.origin()))
                );
                draft.report(&spot, message);
                continue;
            }
            set(actions, action, json(&grant.parameters));
            draft.note("profiles", &path, spot);
            for parameter in grant.parameters.keys() {
                let path = [name, "tools", &grant.tool, action, parameter];
                let spot = place.below(&["parameters", parameter]);
                let above = spot.below(&["approveAbove"]);
                draft.note("profiles", &path, spot);
                draft.note("profiles", &[&path[..], &["approve_above"]].concat(), above);
            }
        }
    }
    tools
}

/// Function to parameter to constraint, and what becomes of the others; `None` where nothing is said.
fn proposed_calls(name: &str, policy: &Item<AgentPolicy>, draft: &mut Draft) -> Option<Json> {
    let spec = &policy.spec.proposed_calls;
    let mut functions = Map::new();
    for (position, proposal) in spec.tools.iter().enumerate() {
        let place = policy.spec(&["proposedCalls", "tools", &position.to_string()]);
        let function = proposal.tool.as_str();
        let path = [name, "proposed", "tools", function];
        if functions.contains_key(function) {
            let first = draft.find("profiles", &path);
            let at = first.map_or_else(String::new, |first| format!(" at {}", first.origin()));
            let message = format!("`{function}` is already named{at}");
            draft.report(&place.below(&["tool"]), message);
            continue;
        }
        draft.note("profiles", &path, place.below(&["tool"]));
        for parameter in proposal.parameters.keys() {
            let spot = place.below(&["parameters", parameter]);
            let path = [&path[..], &[parameter.as_str()]].concat();
            draft.note("profiles", &path, spot.clone());
            let above = [&path[..], &["approve_above"]].concat();
            draft.note("profiles", &above, spot.below(&["approveAbove"]));
        }
        functions.insert(function.to_owned(), json(&proposal.parameters));
    }
    let mut proposed = Map::new();
    if spec.unnamed != Unnamed::default() {
        proposed.insert("unnamed".to_owned(), json(&spec.unnamed));
    }
    if !functions.is_empty() {
        proposed.insert("tools".to_owned(), functions.into());
    }
    (!proposed.is_empty()).then(|| proposed.into())
}

/// What nobody uses nobody would notice to be wrong.
fn unused_dlp_profiles(written: &Written, draft: &mut Draft) {
    if !written.is_whole {
        return;
    }
    let names = |name: &str| {
        let mut policies = written.policies.values();
        policies.any(|policy| policy.spec.dlp.as_deref() == Some(name))
    };
    for (name, profile) in &written.dlp_profiles {
        if !names(name) {
            let message = format!("no AgentPolicy names the DlpProfile `{name}`");
            draft.report(&profile.name(), message);
        }
    }
}

/// Keys of a profile's rules on data, as the data and as documents name them.
const DATA_RULES: [(&str, &str); 5] = [
    ("data", "types"),
    ("answers", "answers"),
    ("answers_unread", "answersUnread"),
    ("numbers", "numbers"),
    ("detectors", "detectors"),
];
