//! The catalogue of secrets: which types there are, and how each is recognised.

mod ai;
mod assignments;
mod aws;
mod builds;
mod chat;
mod cloud;
mod code;
mod connections;
mod data;
mod hashes;
mod headers;
mod hosting;
mod keys;
mod monitoring;
mod payments;
mod services;
mod vendors;
mod webhooks;

use crate::checks::chance::is_placeholder;
use crate::rule::Rule;

pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    let vendors = vendors::RULES.iter().copied().flatten();
    [
        ai::RULES,
        aws::RULES,
        builds::RULES,
        chat::RULES,
        cloud::RULES,
        code::RULES,
        connections::RULES,
        data::RULES,
        hashes::RULES,
        headers::RULES,
        hosting::RULES,
        keys::RULES,
        monitoring::RULES,
        payments::RULES,
        services::RULES,
        webhooks::RULES,
    ]
    .into_iter()
    .flatten()
    .chain(vendors)
    .chain(assignments::RULES)
}

/// A token that its maker gave a beginning to be known by.
const fn token(
    kind: &'static str,
    source: &'static str,
    beginnings: &'static [&'static str],
    pattern: &'static str,
) -> Rule {
    Rule::literal(kind, source, beginnings, pattern).check(is_filled)
}

fn is_filled(value: &[u8]) -> bool {
    !is_placeholder(value)
}
