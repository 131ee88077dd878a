//! Every read of the input in a users' module, held against its contract, and of the data, held against what was loaded. It follows what a rule body says itself, and guesses nothing.

#[cfg(test)]
mod tests;

use aegis_document::{Problem, Problems};

use super::at;
use super::place::{Declared, Key, Mistake, Place};
use super::scope::Scope;
use super::syntax::{Step, chain, comparison, constant, replaces_input, step};
use crate::rego::{Expr, Literal, LiteralStmt, Module, Query, Ref, Rule, RuleHead, Span};

/// Reads that can never find anything, and comparisons that can never hold.
pub(super) fn check(module: &Module, declared: Declared<'_>) -> Problems {
    let mut reads = Reads(Problems::new());
    let scope = Scope::of(module, declared);
    for import in &module.imports {
        reads.expression(&import.refr, &Scope::of_roots(declared));
    }
    for rule in &module.policy {
        reads.rule(rule, scope.clone());
    }
    reads.0
}

struct Reads(Problems);

impl Reads {
    fn rule(&mut self, rule: &Rule, mut scope: Scope<'_>) {
        match rule {
            Rule::Default { args, value, .. } => {
                scope.hide_all(args);
                self.expression(value, &scope);
            }
            Rule::Spec { head, bodies, .. } => {
                if let RuleHead::Func { args, .. } = head {
                    scope.hide_all(args);
                }
                if bodies.is_empty() {
                    self.head(head, &scope);
                }
                for body in bodies {
                    let within = self.query(&body.query, &scope);
                    if !body.is_else {
                        self.head(head, &within);
                    }
                    if let Some(assign) = &body.assign {
                        self.expression(&assign.value, &within);
                    }
                }
            }
        }
    }

    /// The name of a rule is no variable, whatever the body calls by it.
    fn head(&mut self, head: &RuleHead, scope: &Scope<'_>) {
        let (name, value) = match head {
            RuleHead::Compr { refr, assign, .. } | RuleHead::Func { refr, assign, .. } => {
                (refr, assign.as_ref().map(|assign| &assign.value))
            }
            RuleHead::Set { refr, key, .. } => (refr, key.as_ref()),
        };
        self.indices(name, scope);
        if let Some(value) = value {
            self.expression(value, scope);
        }
    }

    /// The query, and what its names stand for where its result is put together.
    fn query<'a>(&mut self, query: &Query, outer: &Scope<'a>) -> Scope<'a> {
        let scope = outer.within(query);
        for statement in &query.stmts {
            self.statement(statement, &scope);
        }
        scope
    }

    fn statement(&mut self, statement: &LiteralStmt, scope: &Scope<'_>) {
        for with in &statement.with_mods {
            self.expression(&with.r#as, scope);
        }
        if replaces_input(statement) {
            self.literal(&statement.literal, &scope.of_another_input());
        } else {
            self.literal(&statement.literal, scope);
        }
    }

    fn literal(&mut self, literal: &Literal, scope: &Scope<'_>) {
        match literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn {
                key,
                value,
                collection,
                ..
            } => {
                self.member(key.as_deref(), value, collection, scope);
                self.expression(collection, scope);
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => {
                self.expression(expr, scope);
            }
            Literal::Every {
                key,
                value,
                domain,
                query,
                ..
            } => {
                self.expression(domain, scope);
                let mut inner = scope.clone();
                for name in key.iter().chain([value]) {
                    inner.hide_name(name);
                }
                inner.bind_element(value, domain);
                self.query(query, &inner);
            }
        }
    }

    fn expression(&mut self, expression: &Expr, scope: &Scope<'_>) {
        match expression {
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                self.reference(expression, scope);
            }
            Expr::Call { fcn, params, .. } => {
                if let [from, key, ..] = params.as_slice()
                    && is_object_get(fcn)
                {
                    self.object_get(from, key, scope);
                }
                self.all(params, scope);
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                let within = self.query(query, scope);
                self.expression(term, &within);
            }
            Expr::ObjectCompr {
                key, value, query, ..
            } => {
                let within = self.query(query, scope);
                self.expression(key, &within);
                self.expression(value, &within);
            }
            _ => self.operands(expression, scope),
        }
    }

    /// What has only operands: they are read, and some are compared.
    fn operands(&mut self, expression: &Expr, scope: &Scope<'_>) {
        match expression {
            Expr::Array { items, .. } | Expr::Set { items, .. } => self.all(items, scope),
            Expr::Object { fields, .. } => {
                for (_, key, value) in fields {
                    self.expression(key, scope);
                    self.expression(value, scope);
                }
            }
            Expr::UnaryExpr { expr, .. } => self.expression(expr, scope),
            Expr::BoolExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. }
            | Expr::BinExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. } => {
                if let Some((lhs, rhs, _)) = comparison(expression) {
                    self.compare(lhs, rhs, scope);
                }
                self.all([lhs, rhs], scope);
            }
            Expr::Membership {
                key,
                value,
                collection,
                ..
            } => {
                self.member(key.as_deref(), value, collection, scope);
                self.all(key, scope);
                self.all([value, collection], scope);
            }
            _ => {}
        }
    }

    fn all<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Ref<Expr>>, scope: &Scope<'_>) {
        for expression in expressions {
            self.expression(expression, scope);
        }
    }

    fn reference(&mut self, expression: &Expr, scope: &Scope<'_>) {
        let (root, steps) = chain(expression);
        self.tell(scope.follow(root, &steps));
        self.indices(expression, scope);
        if !matches!(root, Expr::Var { .. }) {
            self.expression(root, scope);
        }
    }

    fn indices(&mut self, reference: &Expr, scope: &Scope<'_>) {
        let mut rest = reference;
        loop {
            rest = match rest {
                Expr::RefDot { refr, .. } => refr,
                Expr::RefBrack { refr, index, .. } => {
                    self.expression(index, scope);
                    refr
                }
                _ => return,
            };
        }
    }

    /// `object.get(from, "name", …)` and `object.get(from, ["path", "to"], …)`.
    fn object_get(&mut self, from: &Expr, key: &Expr, scope: &Scope<'_>) {
        let Some(place) = scope.place(from) else {
            return;
        };
        let steps = match key {
            Expr::Array { items, .. } => items.iter().map(|item| step(item)).collect(),
            key => vec![step(key)],
        };
        self.tell(scope.descend(&place, &steps));
    }

    fn compare(&mut self, lhs: &Expr, rhs: &Expr, scope: &Scope<'_>) {
        for (place, value) in [(lhs, rhs), (rhs, lhs)] {
            if let Some(place) = scope.place(place) {
                self.equal(&place, value);
            }
        }
    }

    /// `"name", _ in place`, `"text" in place` and `place in ["text"]`.
    fn member(&mut self, key: Option<&Expr>, value: &Expr, collection: &Expr, scope: &Scope<'_>) {
        if let Some(of) = scope.place(collection) {
            if let Some(key) = key {
                self.tell(scope.descend(&of, &[step(key)]));
            }
            let element = [Step(collection.span(), Key::Any)];
            if let Some(element) = self.tell(scope.descend(&of, &element)) {
                self.equal(&element, value);
            }
        }
        if let (Some(place), Expr::Array { items, .. } | Expr::Set { items, .. }) =
            (scope.place(value), collection)
        {
            for item in items {
                self.equal(&place, item);
            }
        }
    }

    fn equal(&mut self, place: &Place<'_>, value: &Expr) {
        if let Some(constant) = constant(value)
            && let Err(mistake) = place.can_equal(&constant)
        {
            self.tell(Err((value.span(), mistake)));
        }
    }

    fn tell<'a>(
        &mut self,
        found: Result<Option<Place<'a>>, (&Span, Mistake)>,
    ) -> Option<Place<'a>> {
        let (span, Mistake { message, hint }) = match found {
            Ok(found) => return found,
            Err(mistake) => mistake,
        };
        self.0.push(Problem {
            hint,
            ..at(span, message)
        });
        None
    }
}

fn is_object_get(function: &Expr) -> bool {
    let (root, steps) = chain(function);
    matches!(root, Expr::Var { span, .. } if span.text() == "object")
        && matches!(steps.as_slice(), [Step(_, Key::Name("get"))])
}
