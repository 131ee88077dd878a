//! One place of the input, by its path in the contract, or of the data: what is below it, and what it can equal. It knows no syntax.

use aegis_document::nearest;

use super::data::{Branch, Data};
use crate::rego::Json;
use crate::rego::contract::{Field, INPUT, Phases, Shape};
use crate::sensitive;

/// A place that some expression stands for.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    /// As a module would write it: `input.call.tool`.
    pub(super) path: String,
    within: Within<'a>,
    phases: Phases,
}

#[derive(Clone, Copy, Debug)]
enum Within<'a> {
    Input(&'static Shape),
    Data(Branch<'a>),
}

/// What stands at a place if anything does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Truth,
    /// An array or a set.
    List,
    Object,
    Any,
}

/// What a place is asked for.
pub(super) enum Key<'a> {
    Name(&'a str),
    /// A variable, an index, or anything else that is only known when it is evaluated.
    Any,
}

/// What can never be, and what was probably meant.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// What the policy itself declares; each is `None` where not all of it is known.
#[derive(Clone, Copy, Default)]
pub(super) struct Declared<'a> {
    pub(super) facts: FactNames<'a>,
    pub(super) data: Option<&'a Data<'a>>,
}

/// The names in the data's section `facts`.
pub(super) type FactNames<'a> = Option<&'a [&'a str]>;

impl<'a> Place<'a> {
    pub(super) fn input() -> Self {
        Self {
            path: "input".to_owned(),
            within: Within::Input(&INPUT),
            phases: Phases::All,
        }
    }

    pub(super) fn data(data: &'a Data<'a>) -> Self {
        Self {
            path: "data".to_owned(),
            within: Within::Data(Branch::Root(data)),
            phases: Phases::All,
        }
    }

    pub(super) fn is_of_input(&self) -> bool {
        matches!(self.within, Within::Input(_))
    }

    pub(super) fn kind(&self) -> Kind {
        let Within::Input(shape) = self.within else {
            return Kind::Any;
        };
        match shape {
            Shape::Text | Shape::OneOf(_) | Shape::DataType => Kind::Text,
            Shape::Number => Kind::Number,
            Shape::Truth => Kind::Truth,
            Shape::List(_) => Kind::List,
            Shape::Object(_) | Shape::Map(_) | Shape::Facts => Kind::Object,
            Shape::Any | Shape::Nullable(_) => Kind::Any,
        }
    }

    /// Whether there is something to read in the phase `connect`.
    pub(super) fn is_in_connect(&self) -> bool {
        self.phases == Phases::All
    }

    pub(super) fn not_in_connect(&self) -> Mistake {
        Mistake::new(format!(
            "`{}` is not there in the phase `connect`",
            self.path
        ))
    }

    /// What stands below; `None` where that depends on the key.
    pub(super) fn below(
        &self,
        key: &Key<'_>,
        facts: FactNames<'_>,
    ) -> Result<Option<Self>, Mistake> {
        let shape = match (self.within, key) {
            (Within::Input(shape), _) => shape,
            (Within::Data(branch), Key::Name(name)) => {
                let below = branch.below(&self.path, name)?;
                return Ok(below.map(|below| self.to(key, Within::Data(below))));
            }
            (Within::Data(_), Key::Any) => return Ok(None),
        };
        match (shape, key) {
            (Shape::Nullable(shape), key) => self.as_of(shape).below(key, facts),
            (Shape::Object(fields), Key::Name(name)) => self.field(fields, name).map(Some),
            (Shape::Any, _) | (Shape::Object(_), Key::Any) => Ok(None),
            (Shape::List(_), Key::Name(name)) => Err(Mistake::of_a_list(&self.path, name)),
            (Shape::List(shape) | Shape::Map(shape), _) => {
                Ok(Some(self.to(key, Within::Input(shape))))
            }
            (Shape::Facts, key) => {
                if let (Key::Name(name), Some(facts)) = (key, facts)
                    && !facts.contains(name)
                {
                    let message = format!("there is no fact `{name}`");
                    return Err(Mistake::near(message, name, facts.iter().copied()));
                }
                Ok(Some(self.to(key, Within::Input(&Shape::Truth))))
            }
            (Shape::Text | Shape::Number | Shape::Truth | Shape::OneOf(_) | Shape::DataType, _) => {
                Err(Mistake::nothing_in(&self.path, in_words(shape)))
            }
        }
    }

    /// A place can only equal what may stand there.
    pub(super) fn can_equal(&self, constant: &Json) -> Result<(), Mistake> {
        let Within::Input(shape) = self.within else {
            return Ok(());
        };
        match (shape, constant) {
            (Shape::Nullable(shape), constant) if !constant.is_null() => {
                self.as_of(shape).can_equal(constant)
            }
            (Shape::OneOf(words), Json::String(text)) => {
                if words.contains(&text.as_str()) {
                    return Ok(());
                }
                let message = format!("`{}` is never `{text}`", self.path);
                let mistake = Mistake::near(message, text, words.iter().copied());
                Err(mistake.or_hint(|| format!("it can be {shape}")))
            }
            (Shape::DataType, Json::String(text)) => {
                let types = sensitive::types();
                let is_known = types.contains(&text.as_str());
                // What is like no type of the catalogue may be one of the policy's own.
                let is_like = || nearest(text, types.iter().copied()).is_some();
                if is_known || aegis_dlp::is_type_name(text) && !is_like() {
                    return Ok(());
                }
                let message = format!("`{}` is never `{text}`", self.path);
                let mistake = Mistake::near(message, text, types.iter().copied());
                Err(mistake.or_hint(|| "docs/detectors.md has the types".to_owned()))
            }
            (Shape::Text, Json::String(_))
            | (Shape::Number, Json::Number(_))
            | (Shape::Truth, Json::Bool(_))
            | (Shape::Any | Shape::Nullable(_), _) => Ok(()),
            _ => Err(Mistake::new(format!(
                "`{}` is {}, never {constant}",
                self.path,
                in_words(shape)
            ))),
        }
    }

    fn field(&self, fields: &'static [Field], name: &str) -> Result<Self, Mistake> {
        let visible = || {
            fields
                .iter()
                .filter(|field| field.phases != Phases::Library)
        };
        if let Some(field) = visible().find(|field| field.name == name) {
            return Ok(Self {
                path: format!("{}.{name}", self.path),
                within: Within::Input(&field.shape),
                phases: field.phases,
            });
        }
        let message = format!("there is no `{}.{name}`", self.path);
        if fields.iter().any(|field| field.name == name) {
            let hint = "it holds what the modules have found, and is not there for themselves";
            return Err(Mistake {
                message,
                hint: Some(hint.to_owned()),
            });
        }
        let names = || visible().map(|field| field.name);
        let path = &self.path;
        let hint = match nearest(name, names()) {
            Some(near) => format!("did you mean `{path}.{near}`?"),
            None => format!("`{path}` has {}", names().collect::<Vec<_>>().join(", ")),
        };
        Err(Mistake {
            message,
            hint: Some(hint),
        })
    }

    fn to(&self, key: &Key<'_>, within: Within<'a>) -> Self {
        let path = match key {
            Key::Name(name) => format!("{}.{name}", self.path),
            Key::Any => format!("{}[…]", self.path),
        };
        Self {
            path,
            within,
            phases: self.phases,
        }
    }

    fn as_of(&self, shape: &'static Shape) -> Self {
        Self {
            within: Within::Input(shape),
            ..self.clone()
        }
    }
}

impl Mistake {
    pub(super) fn new(message: String) -> Self {
        Self {
            message,
            hint: None,
        }
    }

    pub(super) fn of_a_list(path: &str, name: &str) -> Self {
        Self {
            message: format!("`{path}` is a list and has no `{name}`"),
            hint: Some(format!("go over it with `some x in {path}`")),
        }
    }

    pub(super) fn nothing_in(path: &str, what: &str) -> Self {
        Self::new(format!("`{path}` is {what}: there is nothing in it"))
    }

    pub(super) fn near<'a>(
        message: String,
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let hint = nearest(word, known).map(|near| format!("did you mean `{near}`?"));
        Self { message, hint }
    }

    fn or_hint(mut self, hint: impl FnOnce() -> String) -> Self {
        self.hint = self.hint.or_else(|| Some(hint()));
        self
    }
}

fn in_words(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text | Shape::OneOf(_) | Shape::DataType => "a text",
        Shape::Number => "a number",
        Shape::Truth => "true or false",
        Shape::List(_) => "a list",
        Shape::Object(_) | Shape::Map(_) | Shape::Facts => "an object",
        Shape::Any | Shape::Nullable(_) => "anything",
    }
}
