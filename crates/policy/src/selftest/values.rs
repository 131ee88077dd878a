//! Values at the edges of constraints, and chance that can be repeated. It knows nothing of calls.

use serde_json::{Number, Value as Json, json};

use crate::Parameters;
use crate::data::ConstraintData;

/// The first parameter under a name that some servers take for the same.
pub(super) fn misspell(parameters: &mut Parameters) {
    let first = parameters.keys().next().cloned();
    if let Some((name, value)) = first.and_then(|name| parameters.remove_entry(&name)) {
        parameters.insert(name.to_uppercase(), value);
    }
}

/// Values at and just beyond the edges of a constraint; `None` is an absent parameter.
pub(super) fn edges(constraint: &ConstraintData) -> Vec<Option<Json>> {
    let mut edges = vec![
        None,
        Some(Json::Null),
        Some(json!("anything")),
        Some(json!(true)),
        Some(json!(["a"])),
        Some(json!({"a": 1})),
    ];
    let limits = [&constraint.min, &constraint.max, &constraint.approve_above];
    for limit in limits.into_iter().flatten() {
        edges.extend([beside(limit, -1), Some(json!(limit)), beside(limit, 1)]);
        edges.extend([
            Some(json!(limit.to_string())),
            limit.as_f64().map(|limit| json!(limit + 0.5)),
        ]);
    }
    edges.extend(constraint.one_of.iter().flatten().cloned().map(Some));
    edges
}

pub(super) fn beside(limit: &Number, distance: i32) -> Option<Json> {
    match limit.as_i64() {
        Some(whole) => whole
            .checked_add(i64::from(distance))
            .map(|whole| json!(whole)),
        None => limit
            .as_f64()
            .map(|limit| json!(limit + f64::from(distance))),
    }
}

/// `SplitMix64`: small, seedable, and the same on every machine.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next() % limit).unwrap_or(0)
    }

    pub(super) fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    pub(super) fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        from.get(self.below(from.len()))
    }
}
