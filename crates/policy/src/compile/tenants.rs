//! A tenant as the library reads it: its residency, its agents, and what each of their roles is told when a call is allowed.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::{Own, finding, truths};
use crate::data::{Mode, ProfileData, TenantData};
use crate::rego::{Shelf, Shelved};
use crate::{AnswerEffect, Numbers, Outcome, Phase, RefuseAs};

/// A tenant with its agents, by name the profile of each.
pub(super) fn tenant(
    shelf: &mut Shelf,
    (name, tenant): (&str, &TenantData),
    agents: &[(&str, &str)],
    role: impl Fn(&str) -> Option<Json>,
) -> Shelved {
    let regions = tenant.regions.as_deref().unwrap_or_default();
    let bound = tenant.regions.is_some();
    let message = format!("tenant \"{name}\" is bound to {}", regions.join(", "));
    let region = |text: &str| finding("region", &format!("{message}; {text}"));
    // A destination in one region need not be looked up region by region.
    let usual: Vec<_> = regions.iter().map(|region| [region]).collect();
    let parts = [
        ("lawful", truths(regions.iter().map(String::as_str))),
        ("open", json!(!bound)),
        ("usual", json!(usual)),
        // A destination of no known region, where that is not lawful; else nothing that one could be.
        ("unknown", if bound { json!([]) } else { Json::Null }),
        (
            "findings",
            json!({
                "region": region("the destination is in another region"),
                "unknown": region("the region of the destination is not known"),
            }),
        ),
    ];
    let parts = parts.map(|(key, part)| (key, shelf.json(&part)));
    let profiles: BTreeSet<_> = agents.iter().map(|(_, profile)| *profile).collect();
    let roles = profiles.into_iter();
    let roles = roles.filter_map(|profile| Some((profile, shelf.json(&role(profile)?))));
    let roles: Vec<_> = roles.collect();
    let agents = agents.iter();
    let agents = agents.map(|(agent, profile)| (*agent, shelf.json(&json!(profile))));
    let agents: Vec<_> = agents.collect();
    let (roles, agents) = (shelf.object(roles), shelf.object(agents));
    shelf.object(
        parts
            .into_iter()
            .chain([("roles", roles), ("agents", agents)]),
    )
}

/// A profile as a tenant's agents have it: which findings count, and what an allowed call is told, by phase and by
/// how its host is named.
pub(super) fn role(own: &Own<'_>, tenant: &TenantData, profile: &ProfileData, mode: Mode) -> Json {
    let enforce = |modes: &[Mode]| !modes.contains(&Mode::Shadow);
    let policy = enforce(&[mode, tenant.mode, profile.mode]);
    let residency = enforce(&[tenant.residency]);
    let modules = enforce(&[mode, tenant.mode]);
    let answers = if policy {
        answers(own, profile)
    } else {
        Json::Null
    };
    // Residency in shadow must not bind the route either: it is recorded, not enforced.
    let regions = tenant.regions.as_ref().filter(|_| residency);
    let allowed = |passthrough: bool, refuse_as: RefuseAs, numbers: Numbers| {
        json!({
            "outcome": Outcome::Allow.as_str(),
            "reasons": [],
            "obligations": {
                "redact": [],
                "restrict_regions": regions,
                "passthrough": passthrough,
                "refuse_as": refuse_as.as_str(),
                "numbers": numbers.as_str(),
                "answers": &answers,
                "restore": policy && profile.makes_tokens(),
            },
            "would": null,
        })
    };
    let tunnel = |passthrough| allowed(passthrough, RefuseAs::default(), Numbers::default());
    let call = allowed(false, profile.mcp.refuse_as, profile.numbers);
    json!({
        "policy": policy,
        "residency": residency,
        "modules": modules,
        "enforced": policy && residency && modules,
        "allowed": {
            Phase::Connect.as_str(): {"seen": tunnel(false), "blind": tunnel(true)},
            Phase::Request.as_str(): {"seen": &call},
            Phase::ProposedCall.as_str(): {"seen": &call},
        },
    })
}

/// What is done about data in answers, by the types and classes that the profile names; null where none is looked for.
fn answers(own: &Own<'_>, profile: &ProfileData) -> Json {
    if profile.answers.is_empty() {
        return Json::Null;
    }
    let rules = profile.answers.iter();
    let rules = rules.map(|(word, effect)| (word.clone(), on_answer(*effect)));
    // By name, as only the profile that has a detector knows the class of its type.
    let own = own.keys().map(|kind| {
        let effect = profile.on_answer(kind).unwrap_or(AnswerEffect::Allow);
        ((*kind).to_owned(), on_answer(effect))
    });
    json!({
        "data": rules.chain(own).collect::<Map<_, _>>(),
        "unread": profile.answers_unread,
        "numbers": profile.numbers,
    })
}

/// What is done about data of a type or a class in an answer.
fn on_answer(effect: AnswerEffect) -> Json {
    let action = effect.action().unwrap_or_default();
    json!({"effect": effect.as_str(), "action": action})
}
