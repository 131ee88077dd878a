//! An explained decision in the words of people and of programs. Explains nothing itself.

use aegis_policy::explain::{Cause, Explanation, Place};
use aegis_policy::remedy::Edit;
use serde_json::{Value as Json, json};

use super::explained::{Again, Change, Explained, Way};
use super::recorded::{Line, Rule};
use super::{Depth, afterwards};
use crate::commands::policy::opened::Opened;
use crate::commands::policy::words::{self, at, count};
use crate::output::{self, Style};

/// `deny: bot of acme asked for pay/charge at pay.example:443, and amount is above 100`
pub(super) fn sentence(line: &Line) -> String {
    let asked = line.asked();
    let decided = line.outcome.as_str();
    if let Some(refused) = line.refused() {
        let outcome = refused.outcome.as_str();
        let rules: Vec<&str> = refused.rules.iter().map(|rule| &*rule.rule).collect();
        let (rules, why) = (rules.join(", "), messages(&refused.rules));
        return format!(
            "{outcome}: {asked}; policy said {decided}, then {rules} refused it: {why}"
        );
    }
    match messages(&line.rules) {
        said if said.is_empty() => format!("{decided}: {asked}"),
        said => format!("{decided}: {asked}; {said}"),
    }
}

fn messages(rules: &[Rule]) -> String {
    let messages: Vec<&str> = rules.iter().map(|rule| &*rule.message).collect();
    messages.join("; ")
}

pub(super) fn text(line: &Line, policy: &Opened, explained: &Explained, depth: Depth) {
    output::result(sentence(line));
    if depth == Depth::Sentence {
        return;
    }
    output::result("");
    if line.unasked().is_some() {
        return;
    }
    for cause in causes(&explained.again) {
        output::result(words::cause(policy, cause));
    }
    for name in line.masked() {
        output::result(format!("unknown: the value of {name}, which the log masks"));
    }
    output::result(version(line, policy, explained.is_version));
    output::result(again(&explained.again));
    if let (Depth::Trace, Some(explanation)) = (depth, explanation(&explained.again)) {
        trace(policy, explanation);
    }
    output::result("");
    match &explained.way {
        Way::Open if line.stopped().is_some() => {}
        Way::Open => output::result(OPEN),
        Way::Unknown => output::result(UNKNOWN),
        Way::Obstacles(obstacles) => {
            output::result("no small change lets the call through:");
            for obstacle in obstacles {
                output::result(format!("  {}: {}", obstacle.reason.rule, obstacle.advice));
            }
        }
        Way::Change(change) => write_change(policy, change, line),
    }
}

pub(super) fn json(line: &Line, policy: &Opened, explained: &Explained, blamed: &[String]) -> Json {
    let causes = causes(&explained.again).iter();
    let causes = causes.map(|cause| words::cause_json(policy, cause));
    let explanation = explanation(&explained.again);
    let held = explanation
        .into_iter()
        .flat_map(|explanation| &explanation.held);
    json!({
        "schema_version": 1,
        "id": line.id,
        "time": line.time,
        "outcome": line.outcome,
        "sentence": sentence(line),
        "rules": line.reasons(),
        "policy_asked": line.unasked().is_none(),
        "afterwards": afterwards::json(line, blamed),
        "reasons": causes.collect::<Vec<_>>(),
        "unknown_parameters": line.masked(),
        "fault": line.fault,
        "policy_version": line.policy_version,
        "is_that_version": explained.is_version,
        "decided_again": match &explained.again {
            Again::Alike(_) => "alike",
            Again::Otherwise(_) => "otherwise",
            Again::Unknown(..) => "unknown",
        },
        "outcome_again": explanation.map(|explanation| explanation.decision.outcome),
        "held": held.map(|held| words::held_json(policy, held)).collect::<Vec<_>>(),
        "change": match &explained.way {
            Way::Change(change) => change_json(policy, change),
            _ => Json::Null,
        },
        "obstacles": match &explained.way {
            Way::Obstacles(obstacles) => obstacles
                .iter()
                .map(|obstacle| json!({"rule": obstacle.reason.rule, "advice": obstacle.advice}))
                .collect(),
            _ => Vec::new(),
        },
    })
}

fn version(line: &Line, policy: &Opened, is_version: bool) -> String {
    let recorded = &line.policy_version;
    if recorded.is_empty() {
        "no policy was in force when it was decided".to_owned()
    } else if is_version {
        format!("decided by {recorded}, which {} is", policy.name)
    } else {
        let digest = policy.digest().get(..12).unwrap_or_default();
        format!(
            "decided by {recorded}, which {} is not: its digest begins with {digest}",
            policy.name
        )
    }
}

fn again(again: &Again) -> String {
    match again {
        Again::Alike(_) => "decided again by this policy: the same".to_owned(),
        Again::Otherwise(explanation) => {
            let outcome = explanation.decision.outcome.as_str();
            let why = match explanation.causes.as_slice() {
                [] => "",
                _ => ", for the reasons above",
            };
            format!("decided again by this policy: {outcome}{why}")
        }
        Again::Unknown(why, _) => format!("cannot be decided again: {why}"),
    }
}

fn trace(policy: &Opened, explanation: &Explanation) {
    for cause in &explanation.suspended {
        output::result(format!("suspended: {}", words::cause(policy, cause)));
    }
    for line in words::obligations(&explanation.decision) {
        output::result(line);
    }
    for held in &explanation.held {
        output::result(format!("held: {}", words::held(policy, held)));
    }
    for cause in &explanation.causes {
        output::result(format!("failed: {}", cause.reason.rule));
    }
}

fn write_change(policy: &Opened, change: &Change, line: &Line) {
    let style = Style::stdout();
    output::result(style.bold("the smallest change that lets the call through:"));
    for edit in &change.remedy.edits {
        let place = place(policy, edit);
        let place = place.map_or_else(String::new, |place| format!("{}: ", at(&place)));
        output::result(format!("  {place}{edit}"));
    }
    let outcome = change.remedy.decision.outcome.as_str();
    let without = if line.masked().is_empty() {
        ""
    } else {
        ", as far as the values are known"
    };
    output::result(format!("decided again with it: {outcome}{without}"));
    let opened: usize = change.opens().map(|change| change.count).sum();
    let calls = count(change.difference.calls, "test and made-up call");
    output::result(format!("it also opens {opened} of {calls}"));
    for opens in change.opens() {
        output::result(format!("  {opens}"));
    }
    if change.eased() > 0 {
        let eased = count(change.eased(), "more call");
        output::result(format!(
            "  {eased} with the same outcome and less asked of them, such as regions"
        ));
    }
}

fn change_json(policy: &Opened, change: &Change) -> Json {
    let edits = change.remedy.edits.iter().map(|edit| {
        let place = place(policy, edit);
        json!({
            "words": edit.to_string(),
            "path": edit.path,
            "place": words::place(place.as_ref()),
        })
    });
    let opens = change.opens();
    let opens = opens.map(|change| json!({"words": change.to_string(), "count": change.count}));
    json!({
        "edits": edits.collect::<Vec<_>>(),
        "outcome": change.remedy.decision.outcome,
        "calls": change.difference.calls,
        "opens": opens.collect::<Vec<_>>(),
        "eased": change.eased(),
    })
}

/// Of the value, or of what it is to be put into.
fn place(policy: &Opened, edit: &Edit) -> Option<Place> {
    policy.place(&edit.path, None)
}

fn causes(again: &Again) -> &[Cause] {
    match again {
        Again::Alike(explanation) | Again::Otherwise(explanation) => &explanation.causes,
        Again::Unknown(_, causes) => causes,
    }
}

fn explanation(again: &Again) -> Option<&Explanation> {
    match again {
        Again::Alike(explanation) | Again::Otherwise(explanation) => Some(explanation),
        Again::Unknown(..) => None,
    }
}

const OPEN: &str = "nothing needs to change: by this policy the call is let through";
const UNKNOWN: &str = "no change is proposed for a call that is not known as a whole";
