//! The kinds of constraints: what each adds to the map of its kind, and how it is explained. It judges nothing.

use serde_json::{Map, Value as Json, json};

use crate::data::ConstraintData;

/// What a constraint adds to the map of its kind, and the end of the sentence that explains it.
pub(super) type Kind = fn(&ConstraintData) -> Option<(Map<String, Json>, String)>;

pub(super) const KINDS: &[(&str, Kind)] = &[
    ("name", |_| {
        Some((Map::new(), "is spelled in another way".to_owned()))
    }),
    ("type", |c| {
        c.is_numeric()
            .then(|| (Map::new(), "is not a number".to_owned()))
    }),
    ("min", |c| {
        c.min
            .as_ref()
            .map(|min| (limit(min), format!("is below {min}")))
    }),
    ("max", |c| {
        c.max
            .as_ref()
            .map(|max| (limit(max), format!("is above {max}")))
    }),
    ("above", |c| {
        c.approve_above
            .as_ref()
            .map(|above| (limit(above), format!("above {above} needs approval")))
    }),
    ("enum", |c| {
        c.one_of
            .as_ref()
            .map(|values| (listed(values), format!("is none of {}", list(values))))
    }),
    ("required", |c| {
        c.required.then(|| (Map::new(), "is required".to_owned()))
    }),
    ("forbidden", |c| {
        c.forbidden.then(|| (Map::new(), "is forbidden".to_owned()))
    }),
    ("pattern", |c| {
        c.pattern
            .as_ref()
            .map(|_| (Map::new(), "does not match its pattern".to_owned()))
    }),
    ("redact", |c| {
        let entry = |action| Map::from_iter([("action".to_owned(), json!(action))]);
        c.redact
            .map(|action| (entry(action), "is redacted".to_owned()))
    }),
];

fn limit(number: &serde_json::Number) -> Map<String, Json> {
    Map::from_iter([("value".to_owned(), Json::Number(number.clone()))])
}

fn listed(values: &[Json]) -> Map<String, Json> {
    let absent = values.first().cloned().unwrap_or(Json::Null);
    Map::from_iter([
        ("values".to_owned(), values.to_vec().into()),
        ("absent".to_owned(), absent),
    ])
}

fn list(values: &[Json]) -> String {
    let texts = values.iter().map(|value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    });
    texts.collect::<Vec<_>>().join(", ")
}
