//! `DlpProfile`: what is done about sensitive data, by its type.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use aegis_policy::{AnswerEffect, Effect, sensitive};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::NotEnforced;
use super::effect::{AnsweredData, SentData};

/// What is done about the sensitive data that is found in a call. A type without a rule is denied.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct DlpProfile {
    /// What is done, by the type of the data or its class. The rule of a type goes before that of its class.
    #[schemars(with = "BTreeMap<DataType, SentData>")]
    pub(crate) types: BTreeMap<DataType, Effect>,
    /// The same for what answers bring, where a type without a rule may pass. Left out: answers are not searched.
    #[serde(default)]
    #[schemars(with = "BTreeMap<DataType, AnsweredData>")]
    pub(crate) answers: BTreeMap<DataType, AnswerEffect>,
    /// What becomes of an answer that is text and cannot be read, where answers are searched.
    #[serde(default)]
    pub(crate) answers_unread: AnswersUnread,
    /// What becomes of JSON numbers that are sanitised, in calls and in answers.
    #[serde(default)]
    pub(crate) numbers: Numbers,
    /// Detectors of your own.
    #[serde(default, rename = "detectors")]
    _detectors: NotEnforced,
}

/// A type of data (docs/detectors.md), or the class of all types that have no rule of their own:
/// `pii`, `pci` or `secret`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(crate) struct DataType(&'static str);

impl<'de> Deserialize<'de> for DataType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let known = known().iter().find(|known| **known == word);
        let known = known.copied().map(Self);
        known.ok_or_else(|| D::Error::unknown_variant(&word, self::known()))
    }
}

impl JsonSchema for DataType {
    fn schema_name() -> Cow<'static, str> {
        "DataType".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "enum": known()})
    }
}

/// The classes, then the types in the order of their names.
fn known() -> &'static [&'static str] {
    static KNOWN: LazyLock<Vec<&str>> = LazyLock::new(|| {
        let types = sensitive::types().iter().copied();
        sensitive::CLASSES.into_iter().chain(types).collect()
    });
    &KNOWN
}

/// What becomes of text and JSON that is compressed, too long or malformed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AnswersUnread {
    /// It is refused.
    #[default]
    Deny,
    /// It passes.
    Allow,
}

/// What takes the place of a value is text, which a JSON number is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Numbers {
    /// The call is refused, the answer ends.
    #[default]
    Deny,
    /// The number becomes text.
    Text,
}
