//! What the names of one rule body stand for, as far as the body itself says it. It reports nothing.

use std::collections::BTreeMap;

use super::place::{Declared, FactNames, Key, Mistake, Place};
use super::syntax::{Step, chain, comparison, constant, head, last, other_name, replaces_input};
use crate::rego::{AssignOp, Expr, Literal, LiteralStmt, Module, Query, Ref, Rule, Span};

/// The names that are known to stand for a place of the input or the data; any other is not followed.
#[derive(Clone, Debug)]
pub(super) struct Scope<'a> {
    known: BTreeMap<String, Known<'a>>,
    facts: FactNames<'a>,
    /// Whether the body only holds in the phase `connect`.
    in_connect: bool,
}

#[derive(Clone, Debug)]
struct Known<'a> {
    place: Place<'a>,
    /// Whether the module says so; else the body does, which then has read the place itself.
    by_module: bool,
}

impl<'a> Scope<'a> {
    /// Of a whole module: the input and the data, what is imported of them, and rules that are only other names of it.
    pub(super) fn of(module: &Module, declared: Declared<'a>) -> Self {
        let mut scope = Self::of_roots(declared);
        for import in &module.imports {
            let name = import.r#as.as_ref().or_else(|| last(&import.refr));
            if let Some(name) = name {
                scope.name(name, &import.refr, true);
            }
        }
        let mut rules: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
        for rule in &module.policy {
            rules
                .entry(head(rule).span().text())
                .or_default()
                .push(rule);
        }
        for rules in rules.values() {
            if let [rule] = rules.as_slice()
                && let Some((name, of)) = other_name(rule)
            {
                scope.name(name, of, true);
            }
        }
        scope
    }

    /// Of the input and the data alone.
    pub(super) fn of_roots(declared: Declared<'a>) -> Self {
        let roots = [Place::input()].into_iter();
        let roots = roots.chain(declared.data.map(Place::data));
        let known = roots.map(|place| {
            let by_module = true;
            (place.path.clone(), Known { place, by_module })
        });
        Self {
            known: known.collect(),
            facts: declared.facts,
            in_connect: false,
        }
    }

    /// The same, with what the statements of a query declare and say to be equal.
    pub(super) fn within(&self, query: &Query) -> Self {
        let mut scope = self.clone();
        for statement in &query.stmts {
            scope.hide_declared(&statement.literal);
        }
        for statement in query.stmts.iter().filter(|found| !replaces_input(found)) {
            scope.bind(&statement.literal);
        }
        let requires = |found: &LiteralStmt| !replaces_input(found) && scope.is_connect(found);
        scope.in_connect |= query.stmts.iter().any(requires);
        scope
    }

    /// Of a statement that is evaluated with another input.
    pub(super) fn of_another_input(&self) -> Self {
        let mut scope = self.clone();
        scope.known.retain(|_, known| !known.place.is_of_input());
        scope.in_connect = false;
        scope
    }

    /// Variables of a pattern are new ones.
    pub(super) fn hide(&mut self, pattern: &Expr) {
        match pattern {
            Expr::Var { span, .. } => self.hide_name(span),
            Expr::Array { items, .. } => self.hide_all(items),
            Expr::Object { fields, .. } => self.hide_all(fields.iter().map(|field| &field.2)),
            _ => {}
        }
    }

    pub(super) fn hide_all<'e>(&mut self, patterns: impl IntoIterator<Item = &'e Ref<Expr>>) {
        for pattern in patterns {
            self.hide(pattern);
        }
    }

    pub(super) fn hide_name(&mut self, name: &Span) {
        self.known.remove(name.text());
    }

    /// A name stands for each element of a collection.
    pub(super) fn bind_element(&mut self, name: &Span, collection: &Expr) {
        let element = self
            .place(collection)
            .and_then(|place| place.below(&Key::Any, self.facts).ok().flatten());
        self.set(name, element, false);
    }

    /// The place that an expression stands for, where it is known and there is one.
    pub(super) fn place(&self, expression: &Expr) -> Option<Place<'a>> {
        let (root, steps) = chain(expression);
        self.follow(root, &steps).ok().flatten()
    }

    /// The place that a name alone stands for.
    pub(super) fn named(&self, name: &str) -> Option<&Place<'a>> {
        self.known.get(name).map(|known| &known.place)
    }

    pub(super) fn follow<'s>(
        &self,
        root: &'s Expr,
        steps: &[Step<'s>],
    ) -> Result<Option<Place<'a>>, (&'s Span, Mistake)> {
        let Expr::Var { span, .. } = root else {
            return Ok(None);
        };
        let Some(Known { place, by_module }) = self.known.get(span.text()) else {
            return Ok(None);
        };
        if *by_module && self.in_connect && !place.is_in_connect() {
            return Err((span, place.not_in_connect()));
        }
        self.descend(place, steps)
    }

    pub(super) fn descend<'s>(
        &self,
        from: &Place<'a>,
        steps: &[Step<'s>],
    ) -> Result<Option<Place<'a>>, (&'s Span, Mistake)> {
        let mut place = from.clone();
        for Step(span, key) in steps {
            let below = place.below(key, self.facts);
            let Some(below) = below.map_err(|mistake| (*span, mistake))? else {
                return Ok(None);
            };
            // Told once, where the body leaves what `connect` has.
            if self.in_connect && place.is_in_connect() && !below.is_in_connect() {
                return Err((*span, below.not_in_connect()));
            }
            place = below;
        }
        Ok(Some(place))
    }

    fn hide_declared(&mut self, literal: &Literal) {
        match literal {
            Literal::SomeVars { vars, .. } => {
                for name in vars {
                    self.hide_name(name);
                }
            }
            Literal::SomeIn { key, value, .. } => {
                self.hide_all(key.iter().chain([value]));
            }
            Literal::Expr { expr, .. } => {
                if let Expr::AssignExpr {
                    op: AssignOp::ColEq,
                    lhs,
                    ..
                } = expr.as_ref()
                {
                    self.hide(lhs);
                }
            }
            Literal::NotExpr { .. } | Literal::Every { .. } => {}
        }
    }

    fn bind(&mut self, literal: &Literal) {
        match literal {
            Literal::SomeIn {
                value, collection, ..
            } => {
                if let Expr::Var { span, .. } = value.as_ref() {
                    self.bind_element(span, collection);
                }
            }
            Literal::Expr { expr, .. } => {
                if let Expr::AssignExpr { op, lhs, rhs, .. } = expr.as_ref() {
                    self.alias(lhs, rhs);
                    if *op == AssignOp::Eq {
                        self.alias(rhs, lhs);
                    }
                }
            }
            _ => {}
        }
    }

    fn alias(&mut self, name: &Expr, of: &Expr) {
        if let Expr::Var { span, .. } = name {
            self.name(span, of, false);
        }
    }

    fn name(&mut self, name: &Span, of: &Expr, by_module: bool) {
        let place = self.place(of);
        self.set(name, place, by_module);
    }

    fn set(&mut self, name: &Span, place: Option<Place<'a>>, by_module: bool) {
        if let Some(place) = place {
            let known = Known { place, by_module };
            self.known.insert(name.text().to_owned(), known);
        }
    }

    /// Whether the statement only holds in the phase `connect`.
    fn is_connect(&self, statement: &LiteralStmt) -> bool {
        let (expression, negated) = match &statement.literal {
            Literal::Expr { expr, .. } => (expr.as_ref(), false),
            Literal::NotExpr { expr, .. } => (expr.as_ref(), true),
            _ => return false,
        };
        let Some((lhs, rhs, equal)) = comparison(expression) else {
            return false;
        };
        if negated == equal {
            return false;
        }
        [(lhs, rhs), (rhs, lhs)].into_iter().any(|(place, word)| {
            self.place(place)
                .is_some_and(|place| place.path == "input.phase")
                && constant(word).is_some_and(|word| word == "connect")
        })
    }
}
