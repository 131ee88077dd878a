//! Reasons, checks and mistakes as people and programs read them. Decides nothing.

use std::fmt::Write as _;

use aegis_document::Problem;
use aegis_policy::Decision;
use aegis_policy::explain::{Cause, Held, Place};
use serde_json::{Value as Json, json};

use super::opened::Opened;

/// The lines below a reason: where it is written, what was there and what may be.
pub(crate) fn cause(policy: &Opened, cause: &Cause) -> String {
    let mut text = format!("{}\n", cause.reason);
    let place = policy.place(&cause.path, cause.place.as_ref());
    let path = (!cause.path.is_empty()).then(|| cause.path.join("."));
    let written = match (place, path) {
        (Some(place), Some(path)) => format!("{} ({path})", at(&place)),
        (Some(place), None) => at(&place),
        (None, Some(path)) => path,
        (None, None) => String::new(),
    };
    // Writing into a String cannot fail.
    if !written.is_empty() {
        let _ = writeln!(text, "  written at  {written}");
    }
    if let Some(limit) = &cause.limit {
        let _ = writeln!(text, "  limit       {limit}");
    }
    if let Some(value) = &cause.value {
        let _ = writeln!(text, "  value       {value}");
    }
    text.truncate(text.trim_end().len());
    text
}

pub(crate) fn cause_json(policy: &Opened, cause: &Cause) -> Json {
    json!({
        "rule": cause.reason.rule,
        "message": cause.reason.message,
        "path": cause.path,
        "place": place(policy.place(&cause.path, cause.place.as_ref()).as_ref()),
        "limit": cause.limit,
        "value": cause.value,
    })
}

pub(crate) fn held(policy: &Opened, held: &Held) -> String {
    let place = policy.place(&held.path, held.place.as_ref());
    let place = place.map_or_else(String::new, |place| format!("{} ", at(&place)));
    format!("{:<10}{place}({})", held.check, held.path.join("."))
}

pub(crate) fn held_json(policy: &Opened, held: &Held) -> Json {
    json!({
        "check": held.check,
        "path": held.path,
        "place": place(policy.place(&held.path, held.place.as_ref()).as_ref()),
    })
}

/// What else is done about the call, a line each.
pub(crate) fn obligations(decision: &Decision) -> Vec<String> {
    let asked = &decision.obligations;
    let mut lines: Vec<String> = asked
        .redact
        .iter()
        .map(|what| format!("redacts {what}"))
        .collect();
    if let Some(regions) = &asked.restrict_regions {
        lines.push(format!("held to the regions {}", regions.join(", ")));
    }
    if let Some(answers) = &asked.answers {
        lines.push(format!("data in the answer: {answers}"));
    }
    if asked.restore {
        lines.push("tokens in the answer become their values".to_owned());
    }
    if asked.passthrough {
        lines.push("the tunnel is not looked into".to_owned());
    }
    lines
}

pub(crate) fn obligations_json(decision: &Decision) -> Json {
    let asked = &decision.obligations;
    let redact = asked.redact.iter().map(ToString::to_string);
    json!({
        "redact": redact.collect::<Vec<_>>(),
        "restrict_regions": asked.restrict_regions,
        "passthrough": asked.passthrough,
        "refuse_as": asked.refuse_as,
        "numbers": asked.numbers,
        "answers": asked.answers,
        "restore": asked.restore,
    })
}

pub(crate) fn problem(problem: &Problem) -> Json {
    json!({
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint,
    })
}

pub(crate) fn place(place: Option<&Place>) -> Json {
    place.map_or(
        Json::Null,
        |place| json!({"file": place.file, "line": place.line, "column": place.column}),
    )
}

pub(crate) fn at(place: &Place) -> String {
    format!("{}:{}:{}", place.file, place.line, place.column)
}

/// `1 test`, `2 tests`.
pub(crate) fn count(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
