//! What each name of the modules' package stands for, and whether all of its definitions agree. It looks into no body.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Doubt, is_constant};
use crate::rego::extension::{SETS, Set};
use crate::rego::lint::syntax::{constant, head};
use crate::rego::{AssignOp, BUILTINS, Expr, Json, Module, Ref, Rule, RuleHead, Span};

/// The rules and functions of all modules.
pub(super) struct Names<'a>(BTreeMap<&'a str, Named>);

/// What one name stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Named {
    /// One of the four sets.
    Set,
    Value(Value),
    /// With so many parameters.
    Function(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Known, so that further definitions can be seen to agree.
    Constant(Json),
    /// Of one definition alone.
    Other,
}

impl<'a> Names<'a> {
    pub(super) fn of(modules: &'a [Ref<Module>]) -> Result<Self, Doubt> {
        let mut names = Self(BTreeMap::new());
        let mut defaults = BTreeMap::new();
        for rule in modules.iter().flat_map(|module| &module.policy) {
            let name = plain(head(rule))?;
            match rule.as_ref() {
                Rule::Spec { head, .. } => names.define(name, head)?,
                Rule::Default { args, value, .. } => {
                    if !args.is_empty() {
                        return Err(Doubt::of("a default of a function", rule.span()));
                    }
                    if constant(value).is_none() {
                        return Err(Doubt::of("a default that is no constant", value.span()));
                    }
                    defaults.insert(name.text(), name);
                }
            }
        }
        match defaults.iter().find(|(name, _)| !names.is_constant(name)) {
            Some((_, span)) => Err(Doubt::of("a default of what is no constant", span)),
            None => Ok(names),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Named> {
        self.0.get(name)
    }

    fn is_constant(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Named::Value(Value::Constant(_))))
    }

    fn define(&mut self, name: &'a Span, head: &RuleHead) -> Result<(), Doubt> {
        let named = named(name, head)?;
        match self.0.entry(name.text()) {
            Entry::Vacant(entry) => {
                entry.insert(named);
                Ok(())
            }
            Entry::Occupied(entry) if *entry.get() == named && may_repeat(&named) => Ok(()),
            Entry::Occupied(_) => {
                let what = format!("another definition of `{}`", name.text());
                Err(Doubt::of(&what, name))
            }
        }
    }
}

fn named(name: &Span, head: &RuleHead) -> Result<Named, Doubt> {
    let assign = match head {
        RuleHead::Set { key: Some(_), .. } if SETS.map(Set::as_str).contains(&name.text()) => {
            return Ok(Named::Set);
        }
        RuleHead::Set { .. } => return Err(Doubt::of("a set of your own", name)),
        RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => assign.as_ref(),
    };
    if let Some(assign) = assign.filter(|assign| assign.op != AssignOp::ColEq) {
        return Err(Doubt::of("`=`", &assign.span));
    }
    Ok(match (head, assign) {
        (RuleHead::Func { args, .. }, _) => Named::Function(args.len()),
        (_, None) => Named::Value(Value::Constant(Json::Bool(true))),
        (_, Some(assign)) => Named::Value(value(&assign.value)),
    })
}

/// The machine and the interpreter differ where two definitions do.
fn may_repeat(named: &Named) -> bool {
    matches!(named, Named::Set | Named::Value(Value::Constant(_)))
}

fn value(expression: &Expr) -> Value {
    match constant(expression).filter(|_| is_constant(expression)) {
        Some(constant) => Value::Constant(constant),
        None => Value::Other,
    }
}

/// One word that means nothing else.
fn plain(name: &Expr) -> Result<&Span, Doubt> {
    let Expr::Var { span, .. } = name else {
        return Err(Doubt::of("a rule of more than one word", name.span()));
    };
    if is_reserved(span.text()) {
        let what = format!("`{}` as a name of your own", span.text());
        return Err(Doubt::of(&what, span));
    }
    Ok(span)
}

/// Names of the language, and the first word of any builtin.
pub(super) fn is_reserved(name: &str) -> bool {
    let of_builtin = |builtin: &&str| builtin.split('.').next() == Some(name);
    ["_", "input", "data"].contains(&name) || BUILTINS.keys().any(of_builtin)
}
