//! For each reason the edits that would take it away, by rule id. Whether they do is tried by others.

use std::collections::BTreeSet;

use serde_json::{Number, Value as Json, json};

use super::{Alteration, Edit};
use crate::data::OperationData;
use crate::explain::Cause;
use crate::{Intent, Scheme, Truncation, Workbench};

/// The edits, or why there is none and what to do instead.
pub(super) fn propose(
    cause: &Cause,
    intent: &Intent,
    bench: &Workbench,
) -> Result<Vec<Edit>, String> {
    let path = cause.path.clone();
    match &*cause.reason.rule {
        "tenant.unknown" => advice("declare the tenant with its agents first"),
        "agent.unknown" => advice("declare the agent and say which policy it is under"),
        "agent.tenant" => {
            advice("the agent belongs to another tenant; check the caller's credential")
        }
        "region" => regions(&path, intent, bench),
        "host" | "opaque" => Ok(vec![add(path, json!(host(intent)))]),
        "tool" => grant(path, intent, bench),
        "truncated" if path.last().is_some_and(|key| key == "grpc_bodies") => {
            Ok(vec![set(path, None, json!("opaque"))])
        }
        "truncated" if intent.call.truncation == Truncation::Parts => {
            Ok(vec![set(path, None, json!("parts"))])
        }
        "truncated" => Ok(vec![set(path, None, json!("allow"))]),
        "mcp.changed_tool" => {
            advice("look at the tool's new definition, then accept it with `aegis mcp accept`")
        }
        "chain.depth" => Ok(vec![set(
            path,
            cause.limit.clone(),
            json!(intent.chain.depth()),
        )]),
        "chain.loop" => Ok(vec![set(path, cause.limit.clone(), json!("allow"))]),
        "data.unclassified" => Ok(unclassified(&path, intent, bench)),
        rule => match rule.split_once('.') {
            // A module may call its rule so, too: then no data is behind it.
            Some((_, _)) if path.is_empty() && !rule.starts_with("aegis.") => {
                advice("a module of your own decides this; change its rule")
            }
            Some(("parameter", kind)) => parameter(kind, cause),
            Some(("data", kind)) => Ok(vec![data(path, kind, cause)]),
            Some(("aegis", _)) => {
                advice("the evaluation failed, which no change of the data cures; see the fault")
            }
            _ => advice("a module of your own decides this; change its rule"),
        },
    }
}

/// Both ends of what a tenant's binding says: a region that is not known cannot be made lawful.
fn regions(path: &[String], intent: &Intent, bench: &Workbench) -> Result<Vec<Edit>, String> {
    if intent.destination.regions.is_empty() {
        return advice("nobody says in which region the destination is; add it to the catalogue");
    }
    let tenant = bench.model.data.tenants.get(&*intent.caller.tenant);
    let lawful = tenant.and_then(|tenant| tenant.regions.as_ref());
    let missing = intent.destination.regions.iter().filter(|region| {
        lawful.is_some_and(|lawful| !lawful.iter().any(|known| **known == ***region))
    });
    Ok(missing
        .map(|region| add(path.to_vec(), json!(region)))
        .collect())
}

/// The tool may be missing as a whole, or this action of it.
fn grant(mut path: Vec<String>, intent: &Intent, bench: &Workbench) -> Result<Vec<Edit>, String> {
    let call = &intent.call;
    let service = bench.model.data.catalogue.get(&*call.tool);
    let operations = service.map_or(&[][..], |service| &service.operations);
    let is_named = |operation: &OperationData| operation.action == *call.action;
    if !operations.is_empty() && !operations.iter().any(is_named) {
        return advice(
            "the catalogue has no operation for this request; name it there, then grant it",
        );
    }
    let is_known = path.len() > PROFILE_TOOLS;
    if !is_known {
        path.push(call.tool.to_string());
    }
    path.push(call.action.to_string());
    Ok(vec![set(path, None, json!({}))])
}

/// A rule of its own for the type: that of its class goes for all other types too.
fn data(mut path: Vec<String>, kind: &str, cause: &Cause) -> Edit {
    let own = path.last().is_some_and(|last| last == kind);
    if !own {
        path.pop();
        path.push(kind.to_owned());
    }
    let now = cause.limit.clone().filter(|_| own);
    set(path, now, json!("sanitize"))
}

/// Redacting is the least that lets the data's call through.
fn unclassified(path: &[String], intent: &Intent, bench: &Workbench) -> Vec<Edit> {
    let profile = path
        .get(2)
        .and_then(|name| bench.model.data.profiles.get(name));
    let found: BTreeSet<&str> = intent.data.iter().map(|found| found.kind).collect();
    let unruled = found
        .into_iter()
        .filter(|kind| profile.is_none_or(|profile| profile.on(kind).is_none()));
    let edit = |kind: &str| set([path, &[kind.to_owned()]].concat(), None, json!("sanitize"));
    unruled.map(edit).collect()
}

fn parameter(kind: &str, cause: &Cause) -> Result<Vec<Edit>, String> {
    let path = cause.path.clone();
    let limit = cause.limit.clone();
    match kind {
        "min" | "max" | "approve_above" => {
            let number = cause.value.as_ref().and_then(number);
            let Some(number) = number else {
                return advice("the number that was sent is not known");
            };
            Ok(vec![set(path, limit, Json::Number(number))])
        }
        "enum" => match &cause.value {
            Some(value @ (Json::String(_) | Json::Number(_) | Json::Bool(_))) => {
                Ok(vec![add(path, value.clone())])
            }
            Some(_) => advice("only a text, a number, true or false can be listed"),
            None => advice("the value that was sent is not known"),
        },
        "required" | "forbidden" => Ok(vec![Edit {
            path,
            alteration: Alteration::Remove,
        }]),
        "name" => advice("send the parameter as the policy spells it, or constrain both spellings"),
        "type" => advice("send a number"),
        "pattern" => advice("send a value that matches, or write another pattern"),
        _ => advice("the policy data has nothing to change for it"),
    }
}

/// As it was sent: forms and queries have texts only.
fn number(value: &Json) -> Option<Number> {
    match value {
        Json::Number(number) => Some(number.clone()),
        Json::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// No wider than the call: with its port, unless that is the usual one.
fn host(intent: &Intent) -> String {
    let authority = &intent.destination.authority;
    let usual = [Scheme::Http, Scheme::Https].map(Scheme::default_port);
    if usual.contains(&authority.port()) {
        authority.host().to_string()
    } else {
        authority.to_string()
    }
}

fn set(path: Vec<String>, from: Option<Json>, to: Json) -> Edit {
    Edit {
        path,
        alteration: Alteration::Set { from, to },
    }
}

fn add(path: Vec<String>, item: Json) -> Edit {
    Edit {
        path,
        alteration: Alteration::Add(item),
    }
}

fn advice<T>(words: &str) -> Result<T, String> {
    Err(words.to_owned())
}

/// How long `aegis.profiles.NAME.tools` is.
const PROFILE_TOOLS: usize = 4;
