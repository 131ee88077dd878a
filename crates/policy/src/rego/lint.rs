//! What a users' module may be: parsed, in package `aegis.ext`, repeatable, complete, and true to the input and the data. It evaluates nothing.

pub(super) mod clear;
mod data;
mod findings;
mod form;
mod place;
mod reads;
mod scope;
mod syntax;

use std::collections::BTreeSet;

use aegis_document::{Problem, Problems};

use super::extension::{SETS, Set};
use super::{BUILTINS, Compiler, CompilerError, Engine, Json, Model, Module, Ref, Source, Span};
use data::Data;
use place::{Declared, Mistake};
use syntax::{column, narrow};
pub(super) use syntax::{head, is_set};

/// Adds the modules to the engine and tells which sets they contribute to.
pub(super) fn check(
    engine: &mut Engine,
    modules: &[Source],
    model: &Model,
) -> Result<Vec<Set>, Problems> {
    let mut problems = Problems::new();
    let mut sets = BTreeSet::new();
    let mut parsed = true;
    for module in modules {
        // Alone first: one module's mistake must not hide another's.
        match parse(module) {
            Ok((names, found)) => {
                sets.extend(names);
                problems.extend(found);
                let _ = engine.add_policy(module.file.clone(), module.text.clone());
            }
            Err(problem) => {
                parsed = false;
                problems.push(problem);
            }
        }
    }
    problems.extend(reads(engine, model, parsed));
    let sets = SETS
        .into_iter()
        .filter(|set| sets.contains(set.as_str()))
        .collect::<Vec<_>>();
    // A function that is missing may stand in a module that could not be read.
    if parsed {
        problems.extend(unknown_names(engine, modules, &sets));
        problems.extend(form::misspelled(engine.get_modules()));
    }
    problems.into_result(sets)
}

/// What is missing may stand in a data file or a module that could not be read.
fn reads(engine: &mut Engine, model: &Model, parsed: bool) -> Problems {
    let facts = model.data.facts.keys().map(String::as_str);
    let facts = model.is_whole.then(|| facts.collect::<Vec<_>>());
    let data = (model.is_whole && parsed).then(|| Data::of(&model.users, engine));
    let data = data.flatten();
    let declared = Declared {
        facts: facts.as_deref(),
        data: data.as_ref(),
    };
    let mut problems = Problems::new();
    for module in engine.get_modules() {
        problems.extend(reads::check(module, declared));
    }
    problems
}

/// The machine's compiler names functions that do not exist; the interpreter would only find them
/// when it comes by. That the machine cannot compile everything else does not matter here.
fn unknown_names(engine: &mut Engine, modules: &[Source], sets: &[Set]) -> Problems {
    let mut problems = Problems::new();
    let known = known_names(engine.get_modules());
    for set in sets {
        match engine.compile_with_entrypoint(&set.path().into()) {
            // It says the same for every set.
            Err(error) => return problem(modules, &error.to_string()),
            Ok(policy) => {
                if let Err(error) = Compiler::compile_from_policy(&policy, &[&set.path()])
                    && let Some((kind, name)) = unknown(&error.error)
                {
                    let Mistake { message, hint } = Mistake::near(
                        format!("there is no {kind} `{name}`"),
                        name,
                        known.iter().map(String::as_str),
                    );
                    let problem = error.span.map_or_else(
                        || first(modules, message.clone()),
                        |span| at(&span, message.clone()),
                    );
                    problems.push(Problem { hint, ..problem });
                }
            }
        }
    }
    problems
}

fn unknown(error: &CompilerError) -> Option<(&'static str, &str)> {
    match error {
        CompilerError::UnknownFunction { name }
        | CompilerError::UnknownBuiltinFunction { name } => Some(("function", name)),
        CompilerError::UndefinedVariable { name } => Some(("variable", name)),
        _ => None,
    }
}

/// What can be called or read by its name alone: functions that may be used, and the modules' rules.
fn known_names(modules: &[Ref<Module>]) -> Vec<String> {
    let banned = |name: &str| UNREPEATABLE.iter().any(|(banned, _)| *banned == name);
    let builtins = BUILTINS.keys().filter(|name| !banned(name));
    let rules = modules.iter().flat_map(|module| &module.policy);
    let rules = rules.map(|rule| head(rule).span().text());
    builtins.copied().chain(rules).map(str::to_owned).collect()
}

/// regorus writes `--> file:line:column`, the line, and `error: what`.
pub(super) fn problem(modules: &[Source], error: &str) -> Problems {
    let message = error
        .lines()
        .rev()
        .find_map(|line| line.trim().strip_prefix("error: "))
        .unwrap_or(error)
        .trim();
    let place = error
        .lines()
        .find_map(|line| line.trim().strip_prefix("--> "));
    let place = place.and_then(|place| {
        let mut parts = place.rsplitn(3, ':');
        let wide = parts.next()?.trim().parse().ok()?;
        let line = parts.next()?.parse().ok()?;
        let file = parts.next()?;
        let module = modules.iter().find(|module| module.file == file);
        let column = module.map_or(wide, |module| narrow(&module.text, line, wide));
        Some((file.to_owned(), line, column))
    });
    let problem = first(modules, message.to_owned());
    match place {
        Some((file, line, column)) => Problem {
            file,
            line,
            column,
            ..problem
        },
        None => problem,
    }
    .into()
}

fn first(modules: &[Source], message: String) -> Problem {
    let file = modules
        .first()
        .map(|module| module.file.clone())
        .unwrap_or_default();
    Problem {
        file,
        line: 1,
        column: 1,
        message,
        hint: None,
    }
}

fn parse(source: &Source) -> Result<(BTreeSet<String>, Problems), Problem> {
    let alone = std::slice::from_ref(source);
    let explain = |error: String| {
        problem(alone, &error)
            .into_iter()
            .next()
            .unwrap_or_else(|| first(alone, error))
    };
    let mut engine = Engine::new();
    engine
        .add_policy(source.file.clone(), source.text.clone())
        .map_err(|error| explain(error.to_string()))?;
    let packages = engine
        .get_policy_package_components()
        .map_err(|error| explain(error.to_string()))?;
    let mut problems = Problems::new();
    let mut names = BTreeSet::new();
    for module in engine.get_modules() {
        if packages.iter().any(|package| package.components != PACKAGE) {
            problems.push(at(
                &module.package.span,
                "a module of yours belongs to the package `aegis.ext`".to_owned(),
            ));
        }
        rules(module, &mut names, &mut problems);
        problems.extend(findings::check(module));
        problems.extend(form::check(module));
    }
    problems.extend(unrepeatable(source, &engine));
    Ok((names, problems))
}

/// Calls of functions that do not answer the same each time; `engine` has read this source and no other.
pub(super) fn unrepeatable(source: &Source, engine: &Engine) -> Problems {
    let syntax = engine.get_ast_as_json().map_err(|error| error.to_string());
    let syntax = syntax
        .and_then(|text| serde_json::from_str::<Json>(&text).map_err(|error| error.to_string()));
    let syntax = match syntax {
        Ok(syntax) => syntax,
        Err(error) => return problem(std::slice::from_ref(source), &error),
    };
    let mut problems = Problems::new();
    calls(&syntax, &mut |name, line, start| {
        if let Some((_, why)) = UNREPEATABLE.iter().find(|(banned, _)| *banned == name) {
            let message =
                format!("`{name}` {why}: the same call must always get the same decision");
            problems.push(Problem {
                file: source.file.clone(),
                line,
                column: column(&source.text, start),
                message,
                hint: None,
            });
        }
    });
    problems
}

/// Which of the four sets the module contributes to, and whether as sets.
fn rules(module: &Module, names: &mut BTreeSet<String>, problems: &mut Problems) {
    let known = SETS.map(Set::as_str);
    for rule in &module.policy {
        let head = head(rule).span().text().to_owned();
        let name = head.split(['.', '[']).next().unwrap_or_default();
        if !known.contains(&name) {
            continue;
        }
        if is_set(rule) && head == name {
            names.insert(head);
        } else {
            let message = format!(
                "`{name}` is a set of findings: write `{name} contains {{\"rule\": …, \"message\": …}} if {{ … }}`"
            );
            problems.push(at(rule.span(), message));
        }
    }
    if names.is_empty() && !module.policy.is_empty() {
        let message = format!(
            "the module contributes to none of the sets {}",
            known.join(", ")
        );
        problems.push(at(&module.package.span, message));
    }
}

pub(super) fn at(span: &Span, message: String) -> Problem {
    let number = |number: u32| usize::try_from(number).unwrap_or(1);
    Problem {
        file: span.source.get_path().clone(),
        line: number(span.line),
        column: column(span.source.contents(), number(span.start)),
        message,
        hint: None,
    }
}

/// Every function that the syntax tree calls, with its line and where in the text it begins.
fn calls(syntax: &Json, found: &mut dyn FnMut(&str, usize, usize)) {
    match syntax {
        Json::Object(entries) => {
            if let Some((name, line, start)) =
                entries.get("Call").and_then(|call| path(call.get("fcn")?))
            {
                found(&name, line, start);
            }
            entries.values().for_each(|value| calls(value, found));
        }
        Json::Array(items) => items.iter().for_each(|item| calls(item, found)),
        _ => {}
    }
}

/// `a.b.c` of nested references, and where it begins.
fn path(function: &Json) -> Option<(String, usize, usize)> {
    if let Some(variable) = function.get("Var") {
        let number = |key: &str| usize::try_from(variable.pointer(key)?.as_u64()?).ok();
        let name = variable.get("value")?.as_str()?.to_owned();
        return Some((name, number("/span/line")?, number("/span/start")?));
    }
    let field = function.pointer("/RefDot/field/1")?.as_str()?;
    let (name, line, start) = path(function.pointer("/RefDot/refr")?)?;
    Some((format!("{name}.{field}"), line, start))
}

const PACKAGE: [&str; 2] = ["aegis", "ext"];

const UNREPEATABLE: [(&str, &str); 6] = [
    ("time.now_ns", "reads the clock"),
    ("rand.intn", "is random"),
    ("uuid.rfc4122", "is random"),
    ("http.send", "asks the network"),
    ("net.lookup_ip_addr", "asks the network"),
    ("opa.runtime", "reads the environment"),
];
