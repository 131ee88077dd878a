//! Findings that the interpreter would forget: in a rule that loops, one that is undefined takes earlier ones along. It evaluates nothing.

use aegis_document::{Problem, Problems};

use super::at;
use crate::rego::{BUILTINS, Expr, Literal, LiteralStmt, Module, Query, Rule, RuleHead, Span};

/// Elements of sets must be made of what the body has bound, wherever the body may hold more than once.
pub(super) fn check(module: &Module) -> Problems {
    let mut problems = Problems::new();
    for rule in &module.policy {
        let Rule::Spec { head, bodies, .. } = rule.as_ref() else {
            continue;
        };
        let RuleHead::Set { key: Some(key), .. } = head else {
            continue;
        };
        if bodies.iter().any(|body| may_loop(&body.query))
            && let Some(part) = undefined(key)
        {
            let message = format!(
                "`{}` may be undefined in one turn of a loop, and then what the rule has found in others is lost",
                part.text()
            );
            problems.push(Problem {
                hint: Some("name it in the body with `:=`, and use the name".to_owned()),
                ..at(part, message)
            });
        }
    }
    problems
}

fn may_loop(body: &Query) -> bool {
    let mut statements = body.stmts.iter();
    statements.any(|statement| match statement.literal {
        Literal::SomeIn { .. } | Literal::SomeVars { .. } => true,
        _ => has_index(statement),
    })
}

/// Whether something stands in brackets that could be a variable. An array of one name looks so too.
fn has_index(statement: &LiteralStmt) -> bool {
    let begins_name = |rest: &str| rest.starts_with(|it: char| it.is_alphabetic() || it == '_');
    statement.span.text().split('[').skip(1).any(begins_name)
}

/// The first part that may be undefined although the body holds.
fn undefined(element: &Expr) -> Option<&Span> {
    match element {
        Expr::Object { fields, .. } => fields
            .iter()
            .find_map(|(_, key, value)| undefined(key).or_else(|| undefined(value))),
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().find_map(|item| undefined(item))
        }
        Expr::Call { fcn, params, .. } if BUILTINS.contains_key(fcn.span().text()) => {
            params.iter().find_map(|item| undefined(item))
        }
        Expr::Call { span, .. } | Expr::RefDot { span, .. } | Expr::RefBrack { span, .. } => {
            Some(span)
        }
        _ => None,
    }
}
