//! Whether users' modules stay in the part of Rego that the machine is known to evaluate as the interpreter does. It refuses no module.
//!
//! The machine has silent defects, so only what is listed here is cleared, and everything else is
//! doubted. What is listed cannot fail: the interpreter tells an error, where the machine would only
//! leave out the rule. `tests` holds the list against both evaluators.

mod body;
mod names;
mod terms;
#[cfg(test)]
mod tests;

use std::fmt;

use super::at;
use super::place::Declared;
use super::scope::Scope;
use crate::rego::{Expr, Import, Module, Ref, Rule, RuleHead, Span};
use body::Body;
use names::{Named, Names};

/// The first thing that only the interpreter is trusted with, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rego) struct Doubt(String);

/// Whether all rules of all modules together may run on the machine.
pub(in crate::rego) fn check(modules: &[Ref<Module>]) -> Result<(), Doubt> {
    for module in modules {
        module.imports.iter().try_for_each(import)?;
    }
    let names = Names::of(modules)?;
    for module in modules {
        let scope = Scope::of(module, Declared::default());
        for rule in &module.policy {
            definition(rule, &names, scope.clone())?;
        }
    }
    Ok(())
}

/// Only those that change how a module is read.
fn import(import: &Import) -> Result<(), Doubt> {
    let path = import.refr.span().text();
    if path == "rego.v1" || path.starts_with("future.keywords") {
        return Ok(());
    }
    Err(Doubt::of("`import`", &import.span))
}

fn definition(rule: &Rule, names: &Names<'_>, mut scope: Scope<'_>) -> Result<(), Doubt> {
    let Rule::Spec { head, bodies, .. } = rule else {
        return Ok(());
    };
    if let Some(second) = bodies.get(1) {
        let what = if second.is_else {
            "`else`"
        } else {
            "a second body"
        };
        return Err(Doubt::of(what, &second.span));
    }
    let mut body = Body::new(names);
    if let RuleHead::Func { args, .. } = head {
        scope.hide_all(args);
        args.iter().try_for_each(|arg| body.parameter(arg))?;
    }
    let scope = match bodies.first() {
        Some(only) => scope.within(&only.query),
        None => scope,
    };
    if let Some(only) = bodies.first() {
        body.query(&only.query, &scope)?;
    }
    match head {
        RuleHead::Set { key, .. } => key.iter().try_for_each(|key| body.element(key))?,
        RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => assign
            .iter()
            .try_for_each(|assign| body.value(&assign.value, &scope))?,
    }
    body.finish()
}

impl Doubt {
    fn of(what: &str, place: &Span) -> Self {
        let place = at(place, String::new());
        Self(format!(
            "{what} at {}:{}:{}",
            place.file, place.line, place.column
        ))
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text, a number, true, false or null, or a collection of nothing else.
fn is_constant(expression: &Expr) -> bool {
    match expression {
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. } => true,
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().all(|item| is_constant(item))
        }
        Expr::Object { fields, .. } => fields
            .iter()
            .all(|(_, key, value)| is_constant(key) && is_constant(value)),
        _ => false,
    }
}
