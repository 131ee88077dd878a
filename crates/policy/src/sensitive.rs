//! Types of sensitive data and their classes, by name, as policies speak of them. It looks for none.

use std::sync::LazyLock;

use aegis_dlp::Class;
pub use aegis_dlp::is_type_name;
pub(crate) use aegis_dlp::type_name;

/// Every type, in the order of their names.
pub fn types() -> &'static [&'static str] {
    static TYPES: LazyLock<Vec<&str>> =
        LazyLock::new(|| aegis_dlp::types().iter().map(|(kind, _)| *kind).collect());
    &TYPES
}

/// Every type with its class.
pub(crate) fn classes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let types = aegis_dlp::types().iter();
    types.map(|(kind, class)| (*kind, class.as_str()))
}

/// The class of a type.
pub fn class_of(kind: &str) -> Option<&'static str> {
    let types = aegis_dlp::types();
    let at = types.binary_search_by_key(&kind, |(kind, _)| kind).ok()?;
    types.get(at).map(|(_, class)| class.as_str())
}

/// Whether only a detector outside of Aegis finds it, which is asked about requests and not about answers.
pub fn is_outside(kind: &str) -> bool {
    aegis_dlp::OUTSIDE.iter().any(|(known, _)| *known == kind)
}

/// Whether a policy may say what is done about it.
pub(crate) fn is_known(word: &str) -> bool {
    CLASSES.contains(&word) || class_of(word).is_some()
}

/// The names that types may have, as a regular expression.
pub const TYPE_NAME: &str = "^[A-Z][A-Z0-9_]{2,44}$";

pub const CLASSES: [&str; 3] = [
    Class::Pii.as_str(),
    Class::Pci.as_str(),
    Class::Secret.as_str(),
];
