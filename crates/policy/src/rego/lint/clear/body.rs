//! One rule's body, statement by statement, and the value that it gives. Nothing in it may be able to fail.

use std::collections::{BTreeMap, BTreeSet};

use super::terms::name_of;
use super::{Doubt, Names, is_constant, names};
use crate::rego::lint::place::{Kind, Place};
use crate::rego::lint::scope::Scope;
use crate::rego::{AssignOp, Expr, Literal, LiteralStmt, Query, Ref, Span};

/// What is known of one body as far as it has been read.
pub(super) struct Body<'a> {
    pub(super) names: &'a Names<'a>,
    /// Names of this body, and what each stands for where that is known.
    pub(super) bound: BTreeMap<String, Kind>,
    /// References that a statement has tested, as they are written.
    pub(super) tested: BTreeMap<String, Kind>,
    /// Whether the place being read is evaluated after the tests before it: conditions stay in
    /// order, but what names something may be evaluated earlier.
    pub(super) is_in_order: bool,
    /// Names that the statement being read has looked at.
    pub(super) read: BTreeSet<String>,
    /// What some statement requires to be defined.
    required: BTreeSet<String>,
    /// `name := what may be undefined`, with the names that this looks at.
    named: Vec<(Span, BTreeSet<String>)>,
    is_repeated: bool,
}

impl<'a> Body<'a> {
    pub(super) fn new(names: &'a Names<'a>) -> Self {
        Self {
            names,
            bound: BTreeMap::new(),
            tested: BTreeMap::new(),
            is_in_order: true,
            read: BTreeSet::new(),
            required: BTreeSet::new(),
            named: Vec::new(),
            is_repeated: false,
        }
    }

    /// Of a function. It is not called without: what is undefined is no argument.
    pub(super) fn parameter(&mut self, name: &Expr) -> Result<(), Doubt> {
        let name = self.fresh(name)?;
        self.bound.insert(name.text().to_owned(), Kind::Any);
        Ok(())
    }

    pub(super) fn query(&mut self, query: &Query, scope: &Scope<'_>) -> Result<(), Doubt> {
        for statement in &query.stmts {
            self.statement(statement, scope)?;
        }
        Ok(())
    }

    /// What an element of a set is made of. In a loop the interpreter forgets what it has found
    /// when one of the elements is undefined.
    pub(super) fn element(&mut self, element: &Expr) -> Result<(), Doubt> {
        match element {
            Expr::Object { fields, .. } => {
                let mut names = BTreeSet::new();
                for (_, name, value) in fields {
                    if !matches!(name.as_ref(), Expr::String { value, .. } if names.insert(value)) {
                        return Err(Doubt::of("the key of a finding", name.span()));
                    }
                    self.element(value)?;
                }
                Ok(())
            }
            constant if is_constant(constant) => Ok(()),
            // Bound by a loop, or required by `finish`.
            Expr::Var { span, .. } if self.bound.contains_key(span.text()) => Ok(()),
            other => Err(Doubt::of(
                "a part of a finding that may be undefined",
                other.span(),
            )),
        }
    }

    /// What a rule or a function gives. A loop may only give what does not vary.
    pub(super) fn value(&mut self, value: &Expr, scope: &Scope<'_>) -> Result<(), Doubt> {
        if is_constant(value) {
            return Ok(());
        }
        if self.is_repeated {
            return Err(Doubt::of("a value that a loop gives", value.span()));
        }
        self.requiring(|body| body.term(value, scope).map(|_| ()))
    }

    /// The machine goes on with a name that stands for nothing, so something must require it.
    pub(super) fn finish(mut self) -> Result<(), Doubt> {
        for (name, looks_at) in self.named.into_iter().rev() {
            if !self.required.contains(name.text()) {
                let what = format!(
                    "`{}`, which may be undefined and is not tested,",
                    name.text()
                );
                return Err(Doubt::of(&what, &name));
            }
            self.required.extend(looks_at);
        }
        Ok(())
    }

    fn statement(&mut self, statement: &LiteralStmt, scope: &Scope<'_>) -> Result<(), Doubt> {
        if !statement.with_mods.is_empty() {
            return Err(Doubt::of("`with`", &statement.span));
        }
        match &statement.literal {
            Literal::SomeVars { span, .. } => Err(Doubt::of("`some` without `in`", span)),
            Literal::Every { span, .. } => Err(Doubt::of("`every`", span)),
            Literal::SomeIn {
                key,
                value,
                collection,
                ..
            } => self.some_in(key.as_ref(), value, collection, scope),
            Literal::NotExpr { expr, .. } => {
                // It holds where everything is undefined.
                self.condition(expr, scope)?;
                self.read.clear();
                Ok(())
            }
            Literal::Expr { expr, .. } => {
                if let Expr::AssignExpr {
                    op: AssignOp::ColEq,
                    lhs,
                    rhs,
                    ..
                } = expr.as_ref()
                {
                    return self.name(lhs, rhs, scope);
                }
                self.requiring(|body| body.condition(expr, scope))?;
                self.test(expr);
                Ok(())
            }
        }
    }

    fn some_in(
        &mut self,
        key: Option<&Ref<Expr>>,
        value: &Expr,
        collection: &Expr,
        scope: &Scope<'_>,
    ) -> Result<(), Doubt> {
        let kind = self.requiring(|body| body.out_of_order(collection, scope))?;
        if !matches!(kind, Kind::List | Kind::Object) {
            return Err(Doubt::of(
                "`some … in` over what may be no collection",
                collection.span(),
            ));
        }
        self.is_repeated = true;
        for name in key.map(Ref::as_ref).into_iter().chain([value]) {
            let name = self.fresh(name)?;
            let kind = scope.named(name.text()).map_or(Kind::Any, Place::kind);
            self.bound.insert(name.text().to_owned(), kind);
        }
        Ok(())
    }

    fn name(&mut self, name: &Expr, value: &Expr, scope: &Scope<'_>) -> Result<(), Doubt> {
        let kind = self.out_of_order(value, scope)?;
        let looks_at = std::mem::take(&mut self.read);
        let name = self.fresh(name)?;
        self.bound.insert(name.text().to_owned(), kind);
        if !is_constant(value) {
            self.named.push((name.clone(), looks_at));
        }
        Ok(())
    }

    fn out_of_order(&mut self, value: &Expr, scope: &Scope<'_>) -> Result<Kind, Doubt> {
        self.is_in_order = false;
        let kind = self.term(value, scope);
        self.is_in_order = true;
        kind
    }

    /// Every name that is looked at meanwhile is required: what is cleared is undefined, or not
    /// true, wherever a part of it is undefined.
    fn requiring<T>(
        &mut self,
        look: impl FnOnce(&mut Self) -> Result<T, Doubt>,
    ) -> Result<T, Doubt> {
        let found = look(self)?;
        self.required.append(&mut self.read);
        Ok(found)
    }

    fn condition(&mut self, condition: &Expr, scope: &Scope<'_>) -> Result<(), Doubt> {
        match condition {
            Expr::BoolExpr { lhs, rhs, .. } => {
                self.term(lhs, scope)?;
                self.term(rhs, scope)?;
            }
            // With a key the machine would look at the value alone.
            Expr::Membership {
                key: None,
                value,
                collection,
                ..
            } => {
                self.term(value, scope)?;
                self.term(collection, scope)?;
            }
            other => {
                self.term(other, scope)?;
            }
        }
        Ok(())
    }

    /// The name of something new.
    fn fresh<'e>(&self, name: &'e Expr) -> Result<&'e Span, Doubt> {
        let Expr::Var { span, .. } = name else {
            return Err(Doubt::of(name_of(name), name.span()));
        };
        let name = span.text();
        if names::is_reserved(name) || self.names.get(name).is_some() {
            return Err(Doubt::of(&format!("`{name}` as a variable"), span));
        }
        if self.bound.contains_key(name) {
            return Err(Doubt::of(&format!("`{name}` for a second time"), span));
        }
        Ok(span)
    }
}
