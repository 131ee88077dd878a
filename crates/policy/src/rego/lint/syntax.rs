//! Small questions to the syntax tree and to the text that it was read from. It judges nothing.

use super::place::Key;
use crate::rego::{AssignOp, BoolOp, Expr, Json, LiteralStmt, Rule, RuleHead, Span};

/// One step of a reference, and where it is written.
pub(super) struct Step<'a>(pub(super) &'a Span, pub(super) Key<'a>);

pub(in crate::rego) fn head(rule: &Rule) -> &Expr {
    match rule {
        Rule::Spec { head, .. } => match head {
            RuleHead::Set { refr, .. }
            | RuleHead::Compr { refr, .. }
            | RuleHead::Func { refr, .. } => refr,
        },
        Rule::Default { refr, .. } => refr,
    }
}

/// `name contains …`
pub(in crate::rego) fn is_set(rule: &Rule) -> bool {
    matches!(
        rule,
        Rule::Spec {
            head: RuleHead::Set { .. },
            ..
        }
    )
}

/// `name := input.call`: a rule without a body.
pub(super) fn other_name(rule: &Rule) -> Option<(&Span, &Expr)> {
    let Rule::Spec { head, bodies, .. } = rule else {
        return None;
    };
    let RuleHead::Compr { refr, assign, .. } = head else {
        return None;
    };
    match (refr.as_ref(), assign, bodies.as_slice()) {
        (Expr::Var { span, .. }, Some(assign), []) => Some((span, &assign.value)),
        _ => None,
    }
}

pub(super) fn last(reference: &Expr) -> Option<&Span> {
    match reference {
        Expr::RefDot { field, .. } => Some(&field.0),
        _ => None,
    }
}

/// Whether the statement has a `with` that changes the input.
pub(super) fn replaces_input(statement: &LiteralStmt) -> bool {
    let roots = statement.with_mods.iter().map(|found| chain(&found.refr).0);
    let mut names = roots.filter_map(|root| match root {
        Expr::Var { span, .. } => Some(span.text()),
        _ => None,
    });
    names.any(|name| name == "input")
}

/// What a reference begins with, and its steps in order. Not recursive: it can be very long.
pub(super) fn chain(expression: &Expr) -> (&Expr, Vec<Step<'_>>) {
    let mut root = expression;
    let mut steps = Vec::new();
    loop {
        root = match root {
            Expr::RefDot { refr, field, .. } => {
                steps.push(Step(&field.0, Key::Name(field.0.text())));
                refr
            }
            Expr::RefBrack { refr, index, .. } => {
                steps.push(step(index));
                refr
            }
            _ => {
                steps.reverse();
                return (root, steps);
            }
        };
    }
}

/// The step that a key in brackets, or of `object.get`, is.
pub(super) fn step(key: &Expr) -> Step<'_> {
    let name = match key {
        Expr::String { value, .. } | Expr::RawString { value, .. } => value.as_string().ok(),
        _ => None,
    };
    Step(key.span(), name.map_or(Key::Any, |name| Key::Name(name)))
}

/// What is asked to be equal, or with `false` to differ.
pub(super) fn comparison(expression: &Expr) -> Option<(&Expr, &Expr, bool)> {
    let (equal, lhs, rhs) = match expression {
        Expr::BoolExpr { op, lhs, rhs, .. } => match op {
            BoolOp::Eq => (true, lhs, rhs),
            BoolOp::Ne => (false, lhs, rhs),
            BoolOp::Lt | BoolOp::Le | BoolOp::Ge | BoolOp::Gt => return None,
        },
        Expr::AssignExpr { op, lhs, rhs, .. } if *op == AssignOp::Eq => (true, lhs, rhs),
        _ => return None,
    };
    Some((lhs, rhs, equal))
}

pub(super) fn constant(expression: &Expr) -> Option<Json> {
    match expression {
        Expr::String { value, .. }
        | Expr::RawString { value, .. }
        | Expr::Number { value, .. }
        | Expr::Bool { value, .. }
        | Expr::Null { value, .. } => serde_json::to_value(value).ok(),
        _ => None,
    }
}

/// In characters, of the byte at `start`.
pub(super) fn column(text: &str, start: usize) -> usize {
    let before = text.get(..start).unwrap_or_default().chars().rev();
    before.take_while(|&letter| letter != '\n').count() + 1
}

/// The column in characters of one in which a tab counts as four.
pub(super) fn narrow(text: &str, line: usize, wide: usize) -> usize {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let ends = line.chars().scan(1, |end, letter| {
        *end += if letter == '\t' { 4 } else { letter.len_utf8() };
        Some(*end)
    });
    ends.take_while(|&end| end <= wide).count() + 1
}
