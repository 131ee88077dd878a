//! Whether what a module puts into a set has the form of a finding, as far as it is written down. It evaluates nothing.

use aegis_document::{Problem, Problems};

use super::place::Mistake;
use super::syntax::constant;
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
        let is_set = matches!(
            rule.as_ref(),
            Rule::Spec {
                head: RuleHead::Set { .. },
                ..
            }
        );
        let known = SETS.map(Set::as_str);
        if !is_set || known.contains(&name) {
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
        let is_known = constant_of(element).is_some();
        return is_known
            .then(|| wrong(element.span(), set))
            .into_iter()
            .collect();
    };
    let named = |name: &str| {
        let mut fields = fields.iter();
        fields.find(|(_, key, _)| constant_of(key).is_some_and(|key| key == name))
    };
    let known = names(set);
    let mut problems = Vec::new();
    let mut keys = fields.iter().map(|(_, key, _)| (key, constant_of(key)));
    if keys.clone().any(|(_, key)| key.is_none()) {
        // A name that is made when a call is there.
        return problems;
    }
    if let Some((key, _)) = keys.find(|(_, key)| !is_one_of(known, key.as_ref())) {
        let name = key.span().text().trim_matches('"');
        let message = format!("a finding of `{}` has no `{name}`", set.as_str());
        let mistake = Mistake::near(message, name, known.iter().copied());
        problems.push(told(mistake, key.span()));
    } else if ["rule", "message"].iter().any(|name| named(name).is_none())
        || (set == Set::Sanitize) != (fields.len() == 3)
    {
        problems.push(wrong(span, set));
    }
    for (_, key, value) in fields {
        if let Some(said) = constant_of(value)
            && let Some(why) = unfit(key.span().text().trim_matches('"'), &said)
        {
            problems.push(at(value.span(), why));
        }
    }
    problems
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

fn constant_of(expression: &Expr) -> Option<Json> {
    match expression {
        Expr::Array { .. } | Expr::Set { .. } => Some(Json::Null),
        _ => constant(expression),
    }
}

fn is_one_of(known: &[&str], key: Option<&Json>) -> bool {
    let key = key.and_then(Json::as_str);
    key.is_some_and(|key| known.contains(&key))
}

fn names(set: Set) -> &'static [&'static str] {
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
