//! Whether what a module puts into a set has the form of a finding, as far as it is written down. It evaluates nothing.

use aegis_document::{Problem, Problems};

use super::place::Mistake;
use super::syntax::{constant, is_set};
use super::{at, head};
use crate::rego::extension::{SETS, Set};
use crate::rego::{Expr, Json, Module, Ref, Rule, RuleHead, Span};
use crate::sensitive;

/// What can be told only when a call is there is a fault then.
pub(super) fn check(module: &Module) -> Problems {
    let mut problems = Problems::new();
    for rule in &module.policy {
        let name = head(rule).span().text();
        let set = SETS.into_iter().find(|set| set.as_str() == name);
        if let Rule::Spec { head, .. } = rule.as_ref()
            && let RuleHead::Set { key: Some(key), .. } = head
            && let Some(set) = set
        {
            problems.extend(finding(set, key));
        }
    }
    problems
}

/// Sets that nobody reads and that are called almost like one that is.
pub(super) fn misspelled(modules: &[Ref<Module>]) -> Problems {
    let mut problems = Problems::new();
    for rule in modules.iter().flat_map(|module| &module.policy) {
        let span = head(rule).span();
        let name = span.text();
        let known = SETS.map(Set::as_str);
        if !is_set(rule) || known.contains(&name) {
            continue;
        }
        let mistake = Mistake::near(format!("nothing reads the set `{name}`"), name, known);
        let is_read = modules.iter().any(|module| mentions(module, name));
        if mistake.hint.is_some() && !is_read {
            problems.push(told(mistake, span));
        }
    }
    problems
}

/// Whether the name stands anywhere but at the head of a rule.
fn mentions(module: &Module, name: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let text = module.package.span.source.contents();
    let words = text.split(|letter| !is_part(letter));
    let heads = module.policy.iter().map(|rule| head(rule).span().text());
    words.filter(|word| *word == name).count() > heads.filter(|head| *head == name).count()
}

fn finding(set: Set, element: &Expr) -> Vec<Problem> {
    let Expr::Object { span, fields, .. } = element else {
        let wrong = is_no_object(element).then(|| wrong(element.span(), set));
        return wrong.into_iter().collect();
    };
    // A name that is made when a call is there may be any.
    let fields = fields.iter().map(|(_, name, value)| {
        let said = constant(name)?.as_str()?.to_owned();
        Some((name.span(), said, value.as_ref()))
    });
    let Some(fields) = fields.collect::<Option<Vec<_>>>() else {
        return Vec::new();
    };
    let values = fields.iter();
    let unfit = values.filter_map(|(_, name, value)| {
        let why = unfit(name, &constant(value)?)?;
        Some(at(value.span(), why))
    });
    let names = fields.iter().map(|(span, name, _)| (*span, &**name));
    let misnamed = misnamed(set, span, &names.collect::<Vec<_>>());
    misnamed.into_iter().chain(unfit).collect()
}

fn misnamed(set: Set, whole: &Span, names: &[(&Span, &str)]) -> Option<Problem> {
    let known = names_of(set);
    if let Some((span, name)) = names.iter().find(|(_, name)| !known.contains(name)) {
        let message = format!("a finding of `{}` has no `{name}`", set.as_str());
        let mistake = Mistake::near(message, name, known.iter().copied());
        return Some(told(mistake, span));
    }
    let has = |wanted: &str| names.iter().any(|(_, name)| *name == wanted);
    // One of the two that may follow in `sanitize`.
    let count = if set == Set::Sanitize { 3 } else { 2 };
    let is_whole = has("rule") && has("message") && names.len() == count;
    // The span of an object with several names begins somewhere within it.
    let place = names.first().map_or(whole, |(span, _)| span);
    (!is_whole).then(|| wrong(place, set))
}

/// Why this cannot stand there.
fn unfit(name: &str, said: &Json) -> Option<String> {
    match said.as_str() {
        None | Some("") => Some(format!("`{name}` is a text that says something")),
        Some(rule) if name == "rule" && is_own(rule) => Some(format!(
            "`{rule}` is a rule of Aegis' own: records and explanations would confuse the two"
        )),
        Some(_) => None,
    }
}

fn is_own(rule: &str) -> bool {
    let data = rule.strip_prefix("data.").is_some_and(sensitive::is_known);
    data || rule.starts_with("aegis.") || OWN.contains(&rule)
}

fn told(Mistake { message, hint }: Mistake, span: &Span) -> Problem {
    Problem {
        hint,
        ..at(span, message)
    }
}

fn wrong(span: &Span, set: Set) -> Problem {
    let also = match set {
        Set::Sanitize => ", \"parameter\" or \"data\": …",
        _ => "",
    };
    let form = format!("a finding is {{\"rule\": …, \"message\": …{also}}}");
    at(span, form)
}

fn is_no_object(element: &Expr) -> bool {
    matches!(element, Expr::Array { .. } | Expr::Set { .. }) || constant(element).is_some()
}

fn names_of(set: Set) -> &'static [&'static str] {
    match set {
        Set::Sanitize => &["rule", "message", "parameter", "data"],
        Set::Deny | Set::ApprovalNeeded | Set::Allow => &["rule", "message"],
    }
}

/// Beside those of types of data and of faults.
const OWN: [&str; 21] = [
    "agent.tenant",
    "agent.unknown",
    "chain.depth",
    "chain.loop",
    "host",
    "mcp.changed_tool",
    "opaque",
    "parameter.approve_above",
    "parameter.enum",
    "parameter.forbidden",
    "parameter.max",
    "parameter.min",
    "parameter.name",
    "parameter.pattern",
    "parameter.redact",
    "parameter.required",
    "parameter.type",
    "region",
    "tenant.unknown",
    "tool",
    "truncated",
];
