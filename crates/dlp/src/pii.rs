//! The catalogue of personal data: which types there are, and how each is recognised.

mod card;
mod email;
mod iban;
mod network;
mod united_states;

use crate::rule::Rule;

pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        email::RULES,
        card::RULES,
        iban::RULES,
        network::RULES,
        united_states::RULES,
    ]
    .into_iter()
    .flatten()
}
