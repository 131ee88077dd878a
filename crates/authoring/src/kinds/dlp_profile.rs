//! `DlpProfile`: what is done about sensitive data, by its type.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use aegis_policy::{AnswerEffect, Effect, sensitive};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

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
    /// Detectors of your own, by the types that they find: names of capitals, digits and `_`, such as
    /// `EMPLOYEE_NUMBER`, that no type of the catalogue has.
    #[serde(default)]
    pub(crate) detectors: BTreeMap<TypeName, Detector>,
}

/// How values of a type look. It has either `pattern` or `keywords`.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["pattern"]}, {"required": ["keywords"]}]))]
pub(crate) struct Detector {
    /// The class of the type.
    #[serde(default)]
    class: DataClass,
    /// A regular expression over bytes, for values of at most 256 bytes. `\b` is the edge of a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
    /// Words, whatever their case.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    keywords: Option<Vec<String>>,
    /// What the digits or the letters of a value must fulfil.
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum: Option<Checksum>,
    /// Words of which one must stand at most 96 bytes before a value, or in the name of its field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    near: Vec<String>,
    /// How sure a finding is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.5, max = 1.0), extend("default" = 0.9))]
    confidence: Option<f64>,
}

/// A class of types of data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DataClass {
    Pii,
    Pci,
    #[default]
    Secret,
}

/// How the last digits or letters of a value follow from those before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum Checksum {
    #[serde(rename = "luhn")]
    Luhn,
    #[serde(rename = "luhn_36")]
    Luhn36,
    #[serde(rename = "verhoeff")]
    Verhoeff,
    #[serde(rename = "mod97")]
    Mod97,
    #[serde(rename = "mod_11_10")]
    Mod1110,
    #[serde(rename = "mod_11_2")]
    Mod112,
    #[serde(rename = "mod_37")]
    Mod37,
}

/// The name of a type that the catalogue does not have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(crate) struct TypeName(String);

impl<'de> Deserialize<'de> for TypeName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        if !sensitive::is_type_name(&word) {
            let message =
                format!("`{word}` is not a name for a type of data, such as `EMPLOYEE_NUMBER`");
            return Err(D::Error::custom(message));
        }
        Ok(Self(word))
    }
}

impl JsonSchema for TypeName {
    fn schema_name() -> Cow<'static, str> {
        "TypeName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": sensitive::TYPE_NAME})
    }
}

/// A type of data (docs/detectors.md) or of `detectors`, or the class of all types that have no rule
/// of their own: `pii`, `pci` or `secret`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(crate) struct DataType(Cow<'static, str>);

impl<'de> Deserialize<'de> for DataType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let known = known().iter().find(|known| **known == word);
        match known {
            Some(known) => Ok(Self(Cow::Borrowed(known))),
            // Whether there is a detector for it is told where all of them are known.
            None if sensitive::is_type_name(&word) => Ok(Self(Cow::Owned(word))),
            None => Err(D::Error::unknown_variant(&word, self::known())),
        }
    }
}

impl JsonSchema for DataType {
    fn schema_name() -> Cow<'static, str> {
        "DataType".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "string", "enum": known()},
            {"type": "string", "pattern": sensitive::TYPE_NAME},
        ]})
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
