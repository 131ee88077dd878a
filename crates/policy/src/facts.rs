//! Regex, glob and CIDR tests, compiled once per snapshot and computed before Rego is asked. It decides nothing.
//!
//! A pattern costs the bytecode evaluator more than the rest of a decision, and its dialect differs
//! from OPA's in places; computed here it is fast, and the same for every evaluator.

mod preparation;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use ipnet::IpNet;
use regex::{Regex, RegexBuilder};
use serde_json::Value as Json;

use crate::Intent;
use crate::data::FactData;
pub(crate) use preparation::{Preparation, Preparations};

/// One compiled test on a text.
#[derive(Debug)]
pub(crate) enum Matcher {
    Regex(Regex),
    Glob(GlobMatcher),
    Cidr(IpNet),
}

/// The named tests of section `facts`.
#[derive(Debug, Default)]
pub(crate) struct Facts(Vec<(Arc<str>, Matcher, Field)>);

/// The field of the input that a named test looks at.
#[derive(Debug)]
enum Field {
    Host,
    Path,
    Tool,
    Action,
    Model,
    ContentType,
    Parameter(String),
}

impl Matcher {
    pub(crate) fn new(
        regex: Option<&str>,
        glob: Option<&str>,
        cidr: Option<&str>,
    ) -> Result<Self, String> {
        match (regex, glob, cidr) {
            (Some(regex), None, None) => RegexBuilder::new(regex)
                .size_limit(PATTERN_SIZE)
                .build()
                .map(Self::Regex)
                .map_err(|error| {
                    format!("not a regular expression: {}", one_line(&error.to_string()))
                }),
            (None, Some(glob), None) => GlobBuilder::new(glob)
                .literal_separator(false)
                .build()
                .map(|glob| Self::Glob(glob.compile_matcher()))
                .map_err(|error| format!("not a glob: {}", one_line(&error.to_string()))),
            (None, None, Some(cidr)) => cidr
                .parse()
                .map(Self::Cidr)
                .map_err(|_| format!("`{cidr}` is not a network such as 10.0.0.0/8")),
            _ => Err("exactly one of `regex`, `glob` and `cidr` is expected".to_owned()),
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Regex(regex) => regex.is_match(text),
            Self::Glob(glob) => glob.is_match(text),
            Self::Cidr(network) => {
                let bare = text
                    .strip_prefix('[')
                    .and_then(|t| t.strip_suffix(']'))
                    .unwrap_or(text);
                bare.parse::<IpAddr>()
                    .is_ok_and(|address| network.contains(&address))
            }
        }
    }

    /// A text must match; of a list, every element. Nothing else can.
    pub(crate) fn holds(&self, value: &Json) -> bool {
        match value {
            Json::String(text) => self.matches(text),
            Json::Array(items) => items
                .iter()
                .all(|item| matches!(item, Json::String(text) if self.matches(text))),
            _ => false,
        }
    }
}

impl Facts {
    pub(crate) fn compile(
        data: &BTreeMap<String, FactData>,
    ) -> Result<Self, Vec<(String, &'static str, String)>> {
        let mut facts = Vec::with_capacity(data.len());
        let mut mistakes = Vec::new();
        for (name, fact) in data {
            let matcher = Matcher::new(
                fact.regex.as_deref(),
                fact.glob.as_deref(),
                fact.cidr.as_deref(),
            );
            let field = Field::parse(&fact.of);
            match (matcher, field) {
                (Ok(matcher), Ok(field)) => facts.push((name.as_str().into(), matcher, field)),
                (matcher, field) => {
                    mistakes.extend(matcher.err().map(|message| (name.clone(), "", message)));
                    mistakes.extend(field.err().map(|message| (name.clone(), "of", message)));
                }
            }
        }
        if mistakes.is_empty() {
            Ok(Self(facts))
        } else {
            Err(mistakes)
        }
    }

    pub(crate) fn of<'a>(
        &'a self,
        intent: &'a Intent,
    ) -> impl Iterator<Item = (&'a Arc<str>, bool)> {
        self.0
            .iter()
            .map(|(name, matcher, field)| (name, field.holds(intent, matcher)))
    }
}

impl Field {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "destination.host" => Self::Host,
            "destination.path" => Self::Path,
            "call.tool" => Self::Tool,
            "call.action" => Self::Action,
            "call.model" => Self::Model,
            "http.content_type" => Self::ContentType,
            _ => match text.strip_prefix("call.parameters.") {
                Some(name) if !name.is_empty() => Self::Parameter(name.to_owned()),
                _ => {
                    return Err(format!(
                        "`{text}` is not a field that can be tested; those are {FIELDS}"
                    ));
                }
            },
        })
    }

    fn holds(&self, intent: &Intent, matcher: &Matcher) -> bool {
        let call = &intent.call;
        match self {
            Self::Host => matcher.matches(&intent.destination.authority.host().to_string()),
            Self::Path => matcher.matches(&intent.destination.path),
            Self::Tool => matcher.matches(&call.tool),
            Self::Action => matcher.matches(&call.action),
            Self::Model => call
                .model
                .as_ref()
                .is_some_and(|model| matcher.matches(model)),
            Self::ContentType => intent
                .http
                .as_ref()
                .is_some_and(|http| matcher.matches(&http.content_type)),
            Self::Parameter(name) => call
                .parameters
                .get(name)
                .is_some_and(|value| matcher.holds(value)),
        }
    }
}

fn one_line(text: &str) -> String {
    text.lines().last().unwrap_or(text).trim().to_owned()
}

const FIELDS: &str = "destination.host, destination.path, call.tool, call.action, call.model, call.parameters.NAME, http.content_type";

/// Bytes of a compiled pattern.
const PATTERN_SIZE: usize = 1 << 20;
