//! What one protocol's describer found, and the whole call that is made of it. It reads no request's text.

use std::sync::Arc;

use aegis_policy::{Call, CallKind, DataFinding, Parameters, Truncation};
use serde_json::Value;

use super::{Inspected, Place, Reading};
use crate::mcp::Expected;
use crate::parameters::escape;
use crate::redact::BodyKind;
use crate::{Dialect, LlmApi, Stored};

/// What a describer found; the rest of a [`Call`] is the same for all of them.
pub(crate) struct Described {
    pub(crate) kind: CallKind,
    pub(crate) tool: String,
    pub(crate) action: String,
    pub(crate) parameters: Parameters,
    pub(crate) places: Vec<(String, Place)>,
    pub(crate) model: Option<Arc<str>>,
    pub(crate) stream: bool,
    /// The body is whole but says nothing that this protocol can read.
    pub(crate) unread: bool,
    pub(crate) dialect: Dialect,
    /// Of a generation.
    pub(crate) llm: Option<LlmApi>,
    /// Of what fetches generations that are stored.
    pub(crate) stored: Option<Box<Stored>>,
    /// Of an MCP message that is answered.
    pub(crate) expected: Option<Expected>,
    /// Of the question that an MCP client answers.
    pub(crate) answers: Option<Value>,
    pub(crate) recordable: Arc<[Arc<str>]>,
    /// Of tools, beside those that are parameters.
    pub(crate) names: Vec<String>,
}

impl Described {
    /// A call without parameters.
    pub(crate) fn new(kind: CallKind, tool: String, action: impl Into<String>) -> Self {
        Self {
            kind,
            tool,
            action: action.into(),
            parameters: Parameters::new(),
            places: Vec::new(),
            model: None,
            stream: false,
            unread: false,
            dialect: Dialect::Problem,
            llm: None,
            stored: None,
            expected: None,
            answers: None,
            recordable: Arc::default(),
            names: Vec::new(),
        }
    }

    /// A parameter made here; a member of that name in the body gives way to it.
    pub(crate) fn set(&mut self, name: &str, value: Value, place: Place) {
        self.parameters.insert(name.to_owned(), value);
        self.places.retain(|(other, _)| other != name);
        self.places.push((name.to_owned(), place));
    }

    /// Members of an object of the body as parameters; `pointer` is the object's.
    pub(crate) fn add<'a>(
        &mut self,
        pointer: &str,
        members: impl IntoIterator<Item = (&'a String, &'a Value)>,
    ) {
        for (name, value) in members {
            let place = Place::Body(format!("{pointer}/{}", escape(name)));
            self.set(name, value.clone(), place);
        }
    }

    /// From here on, no parameter can be rewritten.
    pub(crate) fn fix_places(&mut self) {
        for (_, place) in &mut self.places {
            *place = Place::Fixed;
        }
    }

    pub(crate) fn finish(
        self,
        body: Option<BodyKind>,
        hidden: bool,
        data: Vec<DataFinding>,
    ) -> Inspected {
        let truncation = match body {
            _ if self.unread => Truncation::Truncated,
            Some(BodyKind::Multipart) if hidden => Truncation::Parts,
            _ if hidden => Truncation::Truncated,
            _ => Truncation::Whole,
        };
        let fixed = |path: &str| path.starts_with("path:") || path.starts_with("header:");
        let out_of_reach = data.iter().filter(|finding| fixed(&finding.path));
        let out_of_reach = out_of_reach.map(|finding| finding.kind).collect();
        let call = Call {
            kind: self.kind,
            tool: self.tool.into(),
            action: self.action.into(),
            parameters: self.parameters,
            model: self.model,
            stream: self.stream,
            truncation,
            opaque: false,
            changed: false,
        };
        Inspected {
            call,
            data,
            reading: Reading {
                dialect: self.dialect,
                recordable: self.recordable,
                truncation,
                llm: self.llm,
                stored: self.stored,
                expected: self.expected,
                answers: self.answers,
                stream: self.stream,
                body,
                parameters: self.places,
                out_of_reach,
            },
        }
    }
}
