//! What takes the place of data that is sanitised, and what is done about data at all. It replaces nothing.

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// What takes the place of a value. In the order of how much it leaves of it, most of it first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A random name of the value, for which the agent gets the value back in answers.
    Token,
    /// Its last characters.
    Mask(Mask),
    /// A keyed hash, the same for the same value.
    Hash,
    /// The name of its type.
    #[default]
    Label,
    /// Nothing.
    Remove,
}

/// Letters and digits become `*`, except the last few characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Mask {
    /// How many characters stay. A value of fewer than twice as many is masked whole.
    #[serde(alias = "keepLast")]
    pub keep_last: u8,
}

/// What is done about data that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Sanitize(Action),
    ApprovalNeeded,
    Deny,
}

/// What is done about data that an answer brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnswerEffect {
    Allow,
    Sanitize(Action),
    /// The answer ends before it.
    Deny,
}

/// What becomes of a JSON number that is sanitised: what takes its place is text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Numbers {
    /// It becomes text.
    Text,
    /// The call is refused, the answer ends.
    #[default]
    Deny,
}

impl Action {
    /// Without what it is told beside.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Mask(_) => "mask",
            Self::Hash => "hash",
            Self::Label => "label",
            Self::Remove => "remove",
        }
    }

    fn order(self) -> (u8, Reverse<u8>) {
        match self {
            Self::Token => (0, Reverse(0)),
            Self::Mask(Mask { keep_last }) => (1, Reverse(keep_last)),
            Self::Hash => (2, Reverse(0)),
            Self::Label => (3, Reverse(0)),
            Self::Remove => (4, Reverse(0)),
        }
    }
}

impl Effect {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => ALLOW,
            Self::Sanitize(_) => SANITIZE,
            Self::ApprovalNeeded => APPROVAL_NEEDED,
            Self::Deny => DENY,
        }
    }

    pub fn action(self) -> Option<Action> {
        match self {
            Self::Sanitize(action) => Some(action),
            _ => None,
        }
    }
}

impl AnswerEffect {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => ALLOW,
            Self::Sanitize(_) => SANITIZE,
            Self::Deny => DENY,
        }
    }

    pub fn action(self) -> Option<Action> {
        match self {
            Self::Sanitize(action) => Some(action),
            _ => None,
        }
    }
}

impl Numbers {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Deny => DENY,
        }
    }
}

impl Ord for Action {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Action {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `mask (last 4)`
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        match self {
            Self::Mask(Mask { keep_last }) => write!(f, " (last {keep_last})"),
            _ => Ok(()),
        }
    }
}

/// `sanitize`, or `sanitize by token`
impl fmt::Display for AnswerEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        match self.action() {
            Some(action) if action != Action::default() => write!(f, " by {action}"),
            _ => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for Effect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(WordOrAction(PhantomData))
    }
}

impl<'de> Deserialize<'de> for AnswerEffect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(WordOrAction(PhantomData))
    }
}

impl Serialize for Effect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        written(self.as_str(), self.action(), serializer)
    }
}

impl Serialize for AnswerEffect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        written(self.as_str(), self.action(), serializer)
    }
}

fn written<S: Serializer>(
    word: &str,
    action: Option<Action>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match action {
        Some(action) if action != Action::default() => serializer.collect_map([(SANITIZE, action)]),
        _ => serializer.serialize_str(word),
    }
}

/// What is written as a word, or as `{sanitize: ACTION}`.
trait Worded: Sized {
    const KNOWN: &'static [&'static str];

    fn of(word: &str) -> Option<Self>;

    fn sanitize(action: Action) -> Self;
}

impl Worded for Effect {
    const KNOWN: &'static [&'static str] = &[ALLOW, SANITIZE, APPROVAL_NEEDED, DENY];

    fn of(word: &str) -> Option<Self> {
        Some(match word {
            ALLOW => Self::Allow,
            SANITIZE => Self::sanitize(Action::default()),
            APPROVAL_NEEDED => Self::ApprovalNeeded,
            DENY => Self::Deny,
            _ => return None,
        })
    }

    fn sanitize(action: Action) -> Self {
        Self::Sanitize(action)
    }
}

impl Worded for AnswerEffect {
    const KNOWN: &'static [&'static str] = &[ALLOW, SANITIZE, DENY];

    fn of(word: &str) -> Option<Self> {
        Some(match word {
            ALLOW => Self::Allow,
            SANITIZE => Self::sanitize(Action::default()),
            DENY => Self::Deny,
            _ => return None,
        })
    }

    fn sanitize(action: Action) -> Self {
        Self::Sanitize(action)
    }
}

/// An option stands around it only so that a key without a value stays a mistake.
struct WordOrAction<T>(PhantomData<T>);

impl<'de, T: Worded> Visitor<'de> for WordOrAction<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, or `sanitize` with how", T::KNOWN.join(", "))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_none<E: Error>(self) -> Result<T, E> {
        T::of(DENY).ok_or_else(|| E::unknown_variant("", T::KNOWN))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<T, E> {
        T::of(word).ok_or_else(|| E::unknown_variant(word, T::KNOWN))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let How::Sanitize(action) = How::deserialize(MapAccessDeserializer::new(map))?;
        Ok(T::sanitize(action))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum How {
    Sanitize(Action),
}

/// How a parameter is redacted, where it is: `true` is [`Action::Label`].
pub fn redact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Action>, D::Error> {
    deserializer.deserialize_option(TruthOrAction)
}

struct TruthOrAction;

impl<'de> Visitor<'de> for TruthOrAction {
    type Value = Option<Action>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false, or how it is redacted")
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, redacts: bool) -> Result<Self::Value, E> {
        Ok(redacts.then(Action::default))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Self::Value, E> {
        Action::deserialize(word.into_deserializer()).map(Some)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Action::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

const ALLOW: &str = "allow";
const SANITIZE: &str = "sanitize";
const APPROVAL_NEEDED: &str = "approval_needed";
const DENY: &str = "deny";
