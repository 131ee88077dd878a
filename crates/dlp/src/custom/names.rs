//! The names of types that policies bring along. It knows no detector.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::stand_in::LONGEST_TYPE;

/// Whether a type may have this name: `^[A-Z][A-Z0-9_]{2,44}$`, so that there is room for it where it
/// names a value.
pub fn is_type_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let begins = name.starts_with(|first: char| first.is_ascii_uppercase());
    begins && name.bytes().all(fits) && (3..=LONGEST_TYPE).contains(&name.len())
}

/// This name of a type, as findings carry it; none where no type may have it.
pub fn type_name(name: &str) -> Option<&'static str> {
    is_type_name(name).then(|| interned(name)).flatten()
}

/// One text for each name, kept for ever: findings carry names wherever they go. Bounded by how many
/// names a process may come to know; a policy with more of them is not taken.
pub(super) fn interned(name: &str) -> Option<&'static str> {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return Some(known);
    }
    if names.len() == MOST_NAMES {
        return None;
    }
    let name: &'static str = Box::leak(Box::from(name));
    names.insert(name);
    Some(name)
}

/// Of one process.
const MOST_NAMES: usize = 10_000;
