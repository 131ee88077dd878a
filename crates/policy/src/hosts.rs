//! Host rules of the policy data: `host`, `.suffix`, either with `:port`. It resolves no names.

use std::collections::{BTreeSet, HashSet};

use foldhash::quality::RandomState;

use crate::data::{AegisData, ServiceData};
use crate::{Authority, Host};

/// The canonical spelling of a host rule, as it is looked up among an intent's candidates.
pub(crate) fn canonical(rule: &str) -> Result<String, String> {
    let (dot, name) = match rule.strip_prefix('.') {
        Some(rest) => (".", rest),
        None => ("", rule),
    };
    let explain = |error| {
        let refused = format!("`{rule}` is not a host, a .suffix or either with a port");
        match meant(rule) {
            Some(meant) => format!("{refused}: write `{meant}`"),
            None => format!("{refused}: {error}"),
        }
    };
    // Port 0 is refused by `Authority`, so a rule that gets past it has a port of its own.
    let (host, text) = if let Ok(host) = Host::parse(name) {
        let text = host.to_string();
        (host, text)
    } else {
        let authority = Authority::parse(name, 0).map_err(explain)?;
        (authority.host().clone(), authority.to_string())
    };
    if !dot.is_empty() && matches!(host, Host::Address(_)) {
        return Err(format!(
            "`{rule}` is a suffix of an address; addresses have no suffixes"
        ));
    }
    Ok(format!("{dot}{text}"))
}

/// What a URL or a pattern would be as a rule, where it would be one.
fn meant(rule: &str) -> Option<String> {
    let host = match rule.split_once("://") {
        Some((_, rest)) => rest.split('/').next()?,
        None => rule.strip_prefix('*')?,
    };
    canonical(host).ok()
}

/// What an authority is looked up by: the host and its suffixes, and where some rule names this
/// port, the same with the port.
pub(crate) fn candidates(authority: &Authority, ports: &BTreeSet<u16>) -> Vec<String> {
    let mut found = authority.host().candidates();
    let port = authority.port();
    if ports.contains(&port) {
        let with_port: Vec<String> = found.iter().map(|name| format!("{name}:{port}")).collect();
        found.extend(with_port);
    }
    found
}

/// The names that some host rule of the data has, in their canonical spelling.
pub(crate) fn named(data: &AegisData) -> HashSet<String, RandomState> {
    rules(data)
        .filter_map(|rule| canonical(rule).ok())
        .collect()
}

/// The ports that the host rules of the data name.
pub(crate) fn ports(data: &AegisData) -> BTreeSet<u16> {
    rules(data)
        .filter_map(|rule| {
            Authority::parse(rule.trim_start_matches('.'), 0)
                .ok()
                .map(|authority| authority.port())
        })
        .collect()
}

fn rules(data: &AegisData) -> impl Iterator<Item = &String> {
    let profiles = data
        .profiles
        .values()
        .flat_map(|profile| [&profile.hosts, &profile.passthrough, &profile.upgrades])
        .flatten();
    let services = data.catalogue.values().flat_map(ServiceData::hosts);
    profiles.chain(services.map(|(host, _)| host))
}
