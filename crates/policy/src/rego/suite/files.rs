//! Which tests there are, and what a file of tests may be. It evaluates nothing.

use std::collections::{BTreeMap, BTreeSet};

use aegis_document::{Problem, Problems};

use super::{Engine, Place, Rule, RuleHead, Source, lint, place};
use crate::rego::extension::SETS;
use crate::rego::{Module, Ref};

/// One `test_…` or `todo_test_…` rule.
pub(super) struct Found {
    pub(super) place: Place,
    /// With its package, without `data`.
    pub(super) name: String,
    pub(super) is_todo: bool,
}

/// Adds the files to the engine, which has the modules, and finds the tests in all of them.
pub(super) fn read(
    engine: &mut Engine,
    modules: &[Source],
    tests: &[Source],
) -> Result<Vec<Found>, Problems> {
    let mut problems = Problems::new();
    let taken = names(engine.get_modules());
    for test in tests {
        match parse(test, &taken) {
            Ok(found) => problems.extend(found),
            Err(found) => {
                problems.extend(found);
                continue;
            }
        }
        let added = engine.add_policy(test.file.clone(), test.text.clone());
        if let Err(error) = added {
            problems.extend(lint::problem(
                &[modules, tests].concat(),
                &error.to_string(),
            ));
        }
    }
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    for module in engine.get_modules() {
        let package = package(module);
        for rule in module.policy.iter().filter(|rule| is_test(rule)) {
            let name = format!("{package}.{}", name(rule));
            let test = Found {
                place: place(rule),
                is_todo: self::name(rule).starts_with("todo_"),
                name: name.clone(),
            };
            if let Some(first) = found.insert(name, test) {
                let message = format!(
                    "the test is already defined in line {} of {}: one that passes would hide one that fails",
                    first.place.line, first.place.file
                );
                problems.push(lint::at(rule.span(), message));
            }
        }
    }
    let mut found: Vec<Found> = found.into_values().collect();
    found.sort_by(|a, b| a.place.cmp(&b.place));
    problems.into_result(found)
}

/// Everything that can be evaluated by itself, so no functions.
pub(super) fn rules(engine: &mut Engine) -> Vec<String> {
    let modules = engine.get_modules().iter();
    let rules = modules.flat_map(|module| module.policy.iter().map(move |rule| (module, rule)));
    let alone = rules.filter(|(_, rule)| {
        !matches!(
            rule.as_ref(),
            Rule::Spec {
                head: RuleHead::Func { .. },
                ..
            }
        )
    });
    let names = alone.map(|(module, rule)| format!("data.{}.{}", package(module), name(rule)));
    let names: BTreeSet<String> = names.collect();
    names.into_iter().collect()
}

/// What is wrong with one file of tests. It may add nothing to what the modules are: then the tests
/// would be of something else than what decides.
fn parse(source: &Source, taken: &[String]) -> Result<Problems, Problems> {
    let mut engine = Engine::new();
    engine
        .add_policy(source.file.clone(), source.text.clone())
        .map_err(|error| lint::problem(std::slice::from_ref(source), &error.to_string()))?;
    let mut problems = lint::unrepeatable(source, &engine);
    for module in engine.get_modules() {
        let package = package(module);
        if package != PACKAGE && !package.starts_with("aegis.ext_") {
            let message =
                "a test belongs to the package `aegis.ext_test`, or to `aegis.ext` itself";
            problems.push(lint::at(&module.package.span, message.to_owned()));
        }
        if !module.policy.iter().any(|rule| is_test(rule)) {
            let message =
                "there are no tests in this file: a test is a rule whose name begins with `test_`";
            problems.push(lint::at(&module.package.span, message.to_owned()));
        }
        problems.extend(
            module
                .policy
                .iter()
                .filter_map(|rule| misplaced(rule, &package, taken)),
        );
    }
    Ok(problems)
}

fn misplaced(rule: &Rule, package: &str, taken: &[String]) -> Option<Problem> {
    let name = name(rule);
    let is_of_modules = taken.contains(&name) || SETS.iter().any(|set| set.as_str() == name);
    if package == PACKAGE && is_of_modules {
        let message =
            format!("`{name}` belongs to the modules: a test must not change what it tests");
        return Some(lint::at(rule.span(), message));
    }
    let looks_like_one = name.starts_with("test_") || name.starts_with("todo_test_");
    if looks_like_one && !is_test(rule) {
        let message = format!("a test is written `{name} if {{ … }}`");
        return Some(lint::at(rule.span(), message));
    }
    None
}

fn names(modules: &[Ref<Module>]) -> Vec<String> {
    let rules = modules.iter().flat_map(|module| &module.policy);
    rules.map(|rule| name(rule)).collect()
}

/// A complete rule with the name of a test.
fn is_test(rule: &Rule) -> bool {
    let name = name(rule);
    let is_complete = matches!(
        rule,
        Rule::Spec {
            head: RuleHead::Compr { .. },
            ..
        }
    );
    is_complete && (name.starts_with("test_") || name.starts_with("todo_test_"))
}

/// The first name of what the rule defines.
fn name(rule: &Rule) -> String {
    let refr = match rule {
        Rule::Spec { head, .. } => match head {
            RuleHead::Set { refr, .. }
            | RuleHead::Compr { refr, .. }
            | RuleHead::Func { refr, .. } => refr,
        },
        Rule::Default { refr, .. } => refr,
    };
    let text = refr.span().text();
    let name = text.split(['.', '[']).next().unwrap_or(text);
    name.to_owned()
}

fn package(module: &Module) -> String {
    module.package.refr.span().text().to_owned()
}

const PACKAGE: &str = "aegis.ext";
