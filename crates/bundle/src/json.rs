//! The one canonical text of a JSON value, which OPA's structured hashes are over; keeps no values.
//!
//! Members sorted by key, no white space, strings escaped as Go does with HTML escaping off, and
//! numbers as they were written: so the text is needed, a parsed value has lost them.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Rewrites a JSON text. Refuses a key that is there twice, a number whose value would change when
/// it is read, and more than 64 levels; the time is at most that many times linear.
pub(crate) fn canonical(text: &[u8]) -> Result<Vec<u8>, String> {
    let value: &RawValue = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let mut out = Vec::with_capacity(text.len());
    write(value, MAX_DEPTH, &mut out)?;
    Ok(out)
}

fn write(value: &RawValue, depth: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(format!("it has more than {MAX_DEPTH} levels"));
    };
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') => write_object(parse(text)?, depth, out),
        Some(b'[') => write_array(&parse::<Vec<&RawValue>>(text)?, depth, out),
        Some(b'"') => write_string(&parse::<String>(text)?, out),
        Some(b't' | b'f' | b'n') => {
            out.extend_from_slice(text.as_bytes());
            Ok(())
        }
        _ => write_number(text, out),
    }
}

fn write_object(members: Members<'_>, depth: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let mut sorted = BTreeMap::new();
    for (key, value) in members.0 {
        if sorted.contains_key(&key) {
            return Err(format!("the key {key:?} is there twice"));
        }
        sorted.insert(key, value);
    }
    out.push(b'{');
    for (index, (key, value)) in sorted.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(key, out)?;
        out.push(b':');
        write(value, depth, out)?;
    }
    out.push(b'}');
    Ok(())
}

fn write_array(elements: &[&RawValue], depth: usize, out: &mut Vec<u8>) -> Result<(), String> {
    out.push(b'[');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(element, depth, out)?;
    }
    out.push(b']');
    Ok(())
}

/// Go differs from `serde_json` in two characters, which it escapes for the sake of JavaScript.
fn write_string(text: &str, out: &mut Vec<u8>) -> Result<(), String> {
    let quoted = serde_json::to_string(text).map_err(|error| error.to_string())?;
    let quoted = quoted
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    out.extend_from_slice(quoted.as_bytes());
    Ok(())
}

/// A whole number beyond 64 bits would be rounded on reading, and rules would see another number
/// here than in OPA.
fn write_number(text: &str, out: &mut Vec<u8>) -> Result<(), String> {
    let exact = if text.contains(['.', 'e', 'E']) {
        text.parse().is_ok_and(f64::is_finite)
    } else {
        text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok()
    };
    if !exact {
        return Err("it has a number that is out of range".to_owned());
    }
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

/// The syntax is known to be right: all that can still be wrong is a string.
fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|_| "it has a string that is not Unicode".to_owned())
}

/// The members of an object as they are written, repeated keys and all.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Each)
    }
}

#[cfg(test)]
mod tests;

const MAX_DEPTH: usize = 64;
