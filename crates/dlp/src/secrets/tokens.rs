//! Tokens that their makers gave a prefix to be known by.

use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[Rule::literal(
    "SECRET_GITHUB",
    "GitHub Docs, about authentication: token formats",
    &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
    r"gh[pousr]_[A-Za-z0-9]{36}\b",
)];
