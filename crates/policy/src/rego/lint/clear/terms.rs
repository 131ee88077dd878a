//! Which expressions have the same value on the machine as on the interpreter, and never fail. It decides no statement.

use super::{Body, Doubt, Named, is_constant};
use crate::rego::lint::place::{Key, Kind};
use crate::rego::lint::scope::Scope;
use crate::rego::lint::syntax::{Step, chain};
use crate::rego::{Expr, Ref};

/// What a builtin takes without complaint.
#[derive(Clone, Copy)]
enum Takes {
    Any,
    Text,
    Object,
    Countable,
    /// A name, or a path of names.
    Path,
}

impl Body<'_> {
    pub(super) fn term(&mut self, term: &Expr, scope: &Scope<'_>) -> Result<Kind, Doubt> {
        match term {
            constant if is_constant(constant) => Ok(of_constant(constant)),
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                self.reference(term, scope)
            }
            Expr::Call { fcn, params, .. } => self.call(fcn, params, scope),
            other => Err(Doubt::of(name_of(other), other.span())),
        }
    }

    /// A test of a reference's kind holds for the conditions after it.
    pub(super) fn test(&mut self, condition: &Expr) {
        let Expr::Call { fcn, params, .. } = condition else {
            return;
        };
        let [tested] = params.as_slice() else {
            return;
        };
        let test = TESTS.iter().find(|(name, _)| *name == fcn.span().text());
        if let Some((_, kind)) = test {
            self.tested.insert(tested.span().text().to_owned(), *kind);
        }
    }

    fn reference(&mut self, reference: &Expr, scope: &Scope<'_>) -> Result<Kind, Doubt> {
        let (root, steps) = chain(reference);
        let Expr::Var { span, .. } = root else {
            return Err(Doubt::of(name_of(root), root.span()));
        };
        let name = span.text();
        match (name, steps.as_slice()) {
            ("input" | "data", []) => {
                return Err(Doubt::of(&format!("the whole `{name}`"), span));
            }
            ("data", [Step(step, key), ..]) => {
                if !matches!(key, Key::Name(section) if *section != "aegis") {
                    return Err(Doubt::of("a section of `data`", step));
                }
            }
            ("input", _) => {}
            (name, _) => match (self.bound.get(name), self.names.get(name)) {
                (Some(_), _) => {
                    self.read.insert(name.to_owned());
                }
                (None, Some(Named::Value(_))) => {}
                (None, Some(_)) => {
                    return Err(Doubt::of(&format!("`{name}` as a value"), span));
                }
                (None, None) => {
                    return Err(Doubt::of(&format!("`{name}`, which nothing names,"), span));
                }
            },
        }
        self.indices(reference, name == "data", scope)?;
        Ok(self.kind(reference, scope))
    }

    /// A name that is not bound would be a loop; a number in `data` finds a text.
    fn indices(
        &mut self,
        mut reference: &Expr,
        of_data: bool,
        scope: &Scope<'_>,
    ) -> Result<(), Doubt> {
        loop {
            reference = match reference {
                Expr::RefDot { refr, .. } => refr,
                Expr::RefBrack { refr, index, .. } => {
                    let kind = match index.as_ref() {
                        Expr::String { .. } => Kind::Text,
                        Expr::Number { .. } => Kind::Number,
                        Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                            self.reference(index, scope)?
                        }
                        other => return Err(Doubt::of("an index", other.span())),
                    };
                    if of_data && kind != Kind::Text {
                        return Err(Doubt::of("an index that may be no text", index.span()));
                    }
                    refr
                }
                _ => return Ok(()),
            };
        }
    }

    fn kind(&self, reference: &Expr, scope: &Scope<'_>) -> Kind {
        let text = reference.span().text();
        let tested = self.tested.get(text).filter(|_| self.is_in_order);
        let known = tested.or_else(|| self.bound.get(text)).copied();
        known.filter(|kind| *kind != Kind::Any).unwrap_or_else(|| {
            scope
                .place(reference)
                .map_or(Kind::Any, |place| place.kind())
        })
    }

    fn call(
        &mut self,
        function: &Expr,
        arguments: &[Ref<Expr>],
        scope: &Scope<'_>,
    ) -> Result<Kind, Doubt> {
        let name = function.span().text();
        if let Some(Named::Function(parameters)) = self.names.get(name) {
            if *parameters != arguments.len() {
                return Err(Doubt::of(
                    &format!("a result as an argument of `{name}`"),
                    function.span(),
                ));
            }
            for argument in arguments {
                self.term(argument, scope)?;
            }
            return Ok(Kind::Any);
        }
        let Some((_, takes, gives)) = TOTAL.iter().find(|(known, ..)| *known == name) else {
            return Err(Doubt::of(&format!("`{name}`"), function.span()));
        };
        if takes.len() != arguments.len() {
            return Err(Doubt::of(
                &format!("a result as an argument of `{name}`"),
                function.span(),
            ));
        }
        for (takes, argument) in takes.iter().zip(arguments) {
            let kind = self.term(argument, scope)?;
            if !takes.accepts(kind, argument) {
                let what = format!("`{name}` of what may be something else");
                return Err(Doubt::of(&what, argument.span()));
            }
        }
        Ok(*gives)
    }
}

fn of_constant(constant: &Expr) -> Kind {
    match constant {
        Expr::String { .. } | Expr::RawString { .. } => Kind::Text,
        Expr::Number { .. } => Kind::Number,
        Expr::Bool { .. } => Kind::Truth,
        Expr::Array { .. } | Expr::Set { .. } => Kind::List,
        Expr::Object { .. } => Kind::Object,
        _ => Kind::Any,
    }
}

impl Takes {
    fn accepts(self, kind: Kind, argument: &Expr) -> bool {
        match self {
            Self::Any => true,
            Self::Text => kind == Kind::Text,
            Self::Object => kind == Kind::Object,
            Self::Countable => matches!(kind, Kind::Text | Kind::List | Kind::Object),
            Self::Path => kind == Kind::Text || matches!(argument, Expr::Array { .. }),
        }
    }
}

/// What people call it that the machine is not trusted with.
pub(super) fn name_of(expression: &Expr) -> &'static str {
    match expression {
        Expr::ArrayCompr { .. } | Expr::SetCompr { .. } | Expr::ObjectCompr { .. } => {
            "a comprehension"
        }
        Expr::ArithExpr { .. } | Expr::UnaryExpr { .. } => "arithmetic",
        Expr::BinExpr { .. } => "an operation on sets",
        Expr::AssignExpr { .. } => "`=`",
        Expr::BoolExpr { .. } | Expr::Membership { .. } => "a comparison as a value",
        Expr::Array { .. } | Expr::Set { .. } | Expr::Object { .. } => {
            "a collection of what is no constant"
        }
        Expr::Call { .. } => "a call",
        _ => "a pattern",
    }
}

const TESTS: [(&str, Kind); 5] = [
    ("is_string", Kind::Text),
    ("is_number", Kind::Number),
    ("is_boolean", Kind::Truth),
    ("is_array", Kind::List),
    ("is_object", Kind::Object),
];

/// Builtins that always answer what they take, with what they take and give.
const TOTAL: [(&str, &[Takes], Kind); 15] = [
    ("is_string", &[Takes::Any], Kind::Truth),
    ("is_number", &[Takes::Any], Kind::Truth),
    ("is_boolean", &[Takes::Any], Kind::Truth),
    ("is_array", &[Takes::Any], Kind::Truth),
    ("is_object", &[Takes::Any], Kind::Truth),
    ("is_null", &[Takes::Any], Kind::Truth),
    ("count", &[Takes::Countable], Kind::Number),
    ("startswith", &[Takes::Text, Takes::Text], Kind::Truth),
    ("endswith", &[Takes::Text, Takes::Text], Kind::Truth),
    ("contains", &[Takes::Text, Takes::Text], Kind::Truth),
    ("lower", &[Takes::Text], Kind::Text),
    ("upper", &[Takes::Text], Kind::Text),
    ("trim_space", &[Takes::Text], Kind::Text),
    (
        "object.get",
        &[Takes::Object, Takes::Path, Takes::Any],
        Kind::Any,
    ),
    ("type_name", &[Takes::Any], Kind::Text),
];
