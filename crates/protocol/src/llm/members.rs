//! The members of a body as parameters: all but the conversation, whose data is looked for elsewhere.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Family, anthropic, bedrock, gemini, openai};
use crate::InspectError;
use crate::inspected::{Described, Place};
use crate::parameters::escape;

/// What the members of one family's bodies are called.
pub(super) struct Words {
    /// Messages, inputs and system prompts: they are never parameters.
    pub(super) content: &'static [&'static str],
    /// Members that rules are most often about.
    pub(super) judged: &'static [&'static str],
    /// The one name of a member that the provider knows by several.
    pub(super) canonical: fn(&str) -> Cow<'_, str>,
}

/// Parameters that are not a member as it was sent, and the members that they stand for.
#[derive(Default)]
pub(super) struct Derived {
    pub(super) replaced: Vec<&'static str>,
    pub(super) parameters: Vec<(&'static str, Value, Place)>,
}

impl Family {
    pub(super) fn read(
        self,
        body: Map<String, Value>,
        described: &mut Described,
    ) -> Result<(), InspectError> {
        let words = self.words();
        refuse_other_spellings(&body, words)?;
        described.model = body.get("model").and_then(Value::as_str).map(Arc::from);
        described.stream = body.get("stream").and_then(Value::as_bool) == Some(true);
        let derived = self.derive(&body);
        for (member, value) in body {
            let name = (words.canonical)(&member);
            if words.content.contains(&&*name) || derived.replaced.contains(&&*name) {
                continue;
            }
            if described.parameters.contains_key(&*name) {
                return Err(InspectError::DuplicateParameter {
                    first: "body",
                    second: "body",
                });
            }
            let place = if *name == *member {
                Place::Member
            } else {
                Place::Body(format!("/{}", escape(&member)))
            };
            described.places.push((name.clone().into_owned(), place));
            described.parameters.insert(name.into_owned(), value);
        }
        for (name, value, place) in derived.parameters {
            described.set(name, value, place);
        }
        Ok(())
    }

    fn words(self) -> &'static Words {
        match self {
            Self::OpenAi => &openai::WORDS,
            Self::Anthropic => &anthropic::WORDS,
            Self::Bedrock => &bedrock::WORDS,
            Self::Gemini => &gemini::WORDS,
        }
    }

    fn derive(self, body: &Map<String, Value>) -> Derived {
        match self {
            Self::OpenAi => openai::derive(body),
            Self::Anthropic => anthropic::derive(body),
            Self::Bedrock => bedrock::derive(body),
            Self::Gemini => gemini::derive(body),
        }
    }
}

impl Derived {
    /// The names of the tools that are offered, in the place of the lists of them.
    pub(super) fn tools(names: Vec<Value>, replaced: Vec<&'static str>) -> Self {
        let mut derived = Self {
            replaced,
            parameters: Vec::new(),
        };
        if !names.is_empty() {
            derived
                .parameters
                .push(("tools", names.into(), Place::Fixed));
        }
        derived
    }
}

/// Some servers read members without regard to case; the second spelling would go unjudged.
fn refuse_other_spellings(body: &Map<String, Value>, words: &Words) -> Result<(), InspectError> {
    let known = || words.judged.iter().chain(words.content);
    let misspelled = |name: &String| {
        let name = (words.canonical)(name);
        known().any(|it| it.eq_ignore_ascii_case(&name) && **it != *name)
    };
    if body.keys().any(misspelled) {
        return Err(InspectError::Malformed(
            "a member of the request is spelled in another case",
        ));
    }
    Ok(())
}
