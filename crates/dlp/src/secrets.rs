//! The catalogue of secrets: which types there are, and how each is recognised.

mod aws;
mod keys;
mod tokens;

use crate::rule::Rule;

pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    [aws::RULES, keys::RULES, tokens::RULES]
        .into_iter()
        .flatten()
}
