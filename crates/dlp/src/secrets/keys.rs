//! Private keys in armour of text.

use crate::rule::Rule;

pub(super) const RULES: &[Rule] = &[Rule::literal(
    "SECRET_PRIVATE_KEY",
    "RFC 7468; RFC 9580 6.2",
    &["-----BEGIN"],
    concat!(
        r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----",
        // A header alone, as documentation has it, is no key. Two hyphens never stand in one.
        r"(?:[^-]|-[^-])*[A-Za-z0-9+/]{16}(?:[^-]|-[^-])*",
        // The end, or as much of it as there is.
        r"(?:-{1,5}|-----EN?|-----END[A-Z0-9 ]{0,40}-{0,5})?",
    ),
)];
