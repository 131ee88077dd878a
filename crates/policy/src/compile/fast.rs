//! The constraints of an operation as the one positive check that an allowed call passes. A test of `rego` compares both ways on
//! made-up calls: what does not pass here is looked at closely, so this may be too strict and never too lenient.

use serde_json::{Map, Value as Json, json};

use crate::data::{ConstraintData, Constraints};

pub(super) fn of(constraints: &Constraints) -> Json {
    let of = |keep: &dyn Fn(&ConstraintData) -> Option<Json>| -> Map<String, Json> {
        let kept = constraints.iter();
        let kept = kept.filter_map(|(name, of)| Some((name.clone(), keep(of)?)));
        kept.collect()
    };
    let named = |is: &dyn Fn(&ConstraintData) -> bool| of(&|it| is(it).then_some(Json::Bool(true)));
    let (bounds, choices) = (of(&bounds), of(&choices));
    json!({
        "bounded": vec![1; bounds.len()],
        "bounds": bounds,
        "chosen": vec![1; choices.len()],
        "enum": choices,
        "unwanted": named(&|it| it.forbidden || it.redact.is_some()),
        "patterns": named(&|it| it.pattern.is_some()),
    })
}

/// Between what a value that needs no further look lies; one that is absent counts as `absent`. Rego has an order of all
/// values: null comes first, `false` next, and after nearly all an object whose only key is the last of all characters.
fn bounds(constraint: &ConstraintData) -> Option<Json> {
    if !constraint.is_numeric() {
        let alone = constraint.required && constraint.one_of.is_none();
        return alone.then(|| json!({"low": false, "high": {LAST: null}, "absent": null}));
    }
    let low = constraint.min.clone().map_or(json!(-SAFE), Json::Number);
    let high = match (&constraint.max, &constraint.approve_above) {
        (_, Some(above)) => json!(above),
        (Some(max), None) => json!(max),
        (None, None) => json!(SAFE),
    };
    // `min` may lie above `approve_above`: then there is no number that needs no look, and none is absent.
    let absent = if constraint.required {
        &Json::Null
    } else {
        &low
    };
    Some(json!({"low": low, "high": high, "absent": absent}))
}

/// The values of an enum; where one is required, null is as good as none.
fn choices(constraint: &ConstraintData) -> Option<Json> {
    let values = constraint.one_of.as_ref()?;
    if constraint.required {
        let values: Vec<_> = values.iter().filter(|value| !value.is_null()).collect();
        return Some(json!({"values": values, "absent": null}));
    }
    Some(json!({"values": values, "absent": values.first()}))
}

/// Where there is no limit, numbers beyond this still get the closer look: exact in every evaluator.
const SAFE: i64 = (1 << 53) - 1;

const LAST: &str = "\u{10FFFF}";
