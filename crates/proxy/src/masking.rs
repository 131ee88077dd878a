//! What of a judged call may be written down. It reads the call, and changes nothing that is judged or sent.

use std::borrow::Cow;
use std::sync::Arc;

use aegis_dlp::{Field, Substitute, Way, placeholder};
use aegis_policy::{DataFinding, Intent};
use aegis_protocol::Finder;
use aegis_telemetry::audit::Recorded;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A call in the words of the log, the spans and the list of approvals.
#[derive(Debug)]
pub(crate) struct Written<'a> {
    pub(crate) tool: Cow<'a, str>,
    pub(crate) action: Cow<'a, str>,
    /// Of an LLM; empty where none is named.
    pub(crate) model: Cow<'a, str>,
    pub(crate) parameters: Vec<(&'a str, Recorded<'a>)>,
    /// Empty where there is none, as of a tunnel.
    pub(crate) method: Cow<'a, str>,
    pub(crate) content_type: Cow<'a, str>,
}

impl<'a> Written<'a> {
    /// A tunnel: none of its words come from a body.
    pub(crate) fn tunnel(intent: &'a Intent) -> Self {
        let call = &intent.call;
        Self {
            tool: call.tool.as_ref().into(),
            action: call.action.as_ref().into(),
            model: Cow::default(),
            parameters: Vec::new(),
            method: Cow::default(),
            content_type: Cow::default(),
        }
    }

    /// A described call. `recordable` are the parameters whose values may be written down, unless
    /// data was found in them; of the others only that they were there.
    pub(crate) fn call(intent: &'a Intent, recordable: &[Arc<str>], finder: Finder<'a>) -> Self {
        let view = View {
            data: &intent.data,
            recordable,
            finder,
        };
        let call = &intent.call;
        let nameable = |name: &str| name.len() <= LONGEST_NAME && !view.holds_data(None, name);
        let mut parameters: Vec<_> = call
            .parameters
            .iter()
            .filter(|(name, _)| nameable(name))
            .take(MOST_PARAMETERS)
            .map(|(name, value)| (name.as_str(), view.parameter(name, value)))
            .collect();
        if parameters.len() < call.parameters.len() {
            parameters.push((MASKED, Recorded::Masked));
        }
        Self {
            tool: view.word(&call.tool),
            action: view.word(&call.action),
            model: name(call.model.as_deref().unwrap_or_default(), finder),
            parameters,
            method: header(intent.http.as_ref().map(|http| &*http.method), finder),
            content_type: header(intent.http.as_ref().map(|http| &*http.content_type), finder),
        }
    }
}

/// A method or a media type: the caller may write anything there, and nobody looks for data in it.
fn header<'w>(word: Option<&'w str>, finder: Finder<'_>) -> Cow<'w, str> {
    let word = word.unwrap_or_default();
    if word.len() > LONGEST_HEADER || holds_data(word, finder) {
        MASKED.into()
    } else {
        word.into()
    }
}

/// A name that a server has given to what it offers, or a caller to what it wants.
pub(crate) fn name<'w, 'f>(name: &'w str, finder: impl Into<Finder<'f>>) -> Cow<'w, str> {
    if name.len() > LONGEST_WORD || holds_data(name, finder.into()) {
        MASKED.into()
    } else {
        name.into()
    }
}

fn holds_data(word: &str, finder: Finder<'_>) -> bool {
    !finder.hits(&Field::part(None, word)).is_empty()
}

/// A path without the data that stands in its segments.
pub(crate) fn path<'f>(path: &Arc<str>, finder: impl Into<Finder<'f>>) -> Arc<str> {
    let finder = finder.into();
    let redacted = |segment: &str| {
        let text = percent_decode_str(segment).decode_utf8_lossy();
        let hits = finder.hits(&Field::part(None, &text));
        aegis_dlp::replace(&text, &hits, &Labels)
    };
    let segments: Vec<_> = path
        .split('/')
        .map(|segment| (segment, redacted(segment)))
        .collect();
    if segments.iter().all(|(_, redacted)| redacted.is_none()) {
        return Arc::clone(path);
    }
    let words = segments
        .iter()
        .map(|(segment, redacted)| redacted.as_deref().unwrap_or(segment));
    words.collect::<Vec<_>>().join("/").into()
}

/// For data of every type.
struct Labels;

impl Substitute for Labels {
    fn way(&self, _kind: &str) -> Way {
        Way::Label
    }

    fn instead(&self, kind: &'static str, _value: &str) -> String {
        placeholder(kind)
    }
}

struct View<'a> {
    data: &'a [DataFinding],
    recordable: &'a [Arc<str>],
    finder: Finder<'a>,
}

impl View<'_> {
    fn parameter<'v>(&self, name: &str, value: &'v Value) -> Recorded<'v> {
        let recordable = self.recordable.iter().any(|known| known.as_ref() == name);
        let sensitive = || {
            self.data.iter().any(|found| points_into(&found.path, name))
                || self.holds_data_within(Some(name), value)
        };
        if recordable && is_short(value) && !sensitive() {
            Recorded::Value(value)
        } else {
            Recorded::Masked
        }
    }

    /// Tools and methods of MCP are named by the caller.
    fn word<'w>(&self, word: &'w str) -> Cow<'w, str> {
        if word.len() > LONGEST_WORD || self.holds_data(None, word) {
            MASKED.into()
        } else {
            word.into()
        }
    }

    fn holds_data_within(&self, name: Option<&str>, value: &Value) -> bool {
        match value {
            Value::String(text) => self.holds_data(name, text),
            Value::Number(number) => self.holds_data(name, &number.to_string()),
            Value::Array(items) => items.iter().any(|item| self.holds_data_within(name, item)),
            Value::Object(members) => members.iter().any(|(name, value)| {
                self.holds_data(None, name) || self.holds_data_within(Some(name), value)
            }),
            Value::Null | Value::Bool(_) => false,
        }
    }

    /// Where nothing was found in the whole request, nothing is in a part of it.
    fn holds_data(&self, name: Option<&str>, text: &str) -> bool {
        !self.data.is_empty() && !self.finder.hits(&Field::part(name, text)).is_empty()
    }
}

/// Whether a finding's path names the parameter, or may mean any: `body:/items/0/name` (a JSON
/// Pointer, RFC 6901), `form:name`, `query:name[part]`, or a source alone.
fn points_into(path: &str, name: &str) -> bool {
    let Some((source, place)) = path.split_once(':') else {
        return true;
    };
    match source {
        "body" => {
            place.is_empty()
                || place
                    .split('/')
                    .any(|token| token.replace("~1", "/").replace("~0", "~") == name)
        }
        _ => place.is_empty() || place == name || place.split('[').next() == Some(name),
    }
}

/// A log is no place for what a caller stores in a parameter.
fn is_short(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() <= LONGEST_VALUE,
        Value::Array(_) | Value::Object(_) => value.to_string().len() <= LONGEST_VALUE,
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Also stands for all parameters whose names are not written down.
const MASKED: &str = "[masked]";
/// Bytes.
const LONGEST_NAME: usize = 64;
/// Bytes; a host and the name of a tool.
const LONGEST_WORD: usize = 320;
/// Bytes; the longest media type (RFC 6838, section 4.2: two names of 64, and a slash).
const LONGEST_HEADER: usize = 129;
/// Bytes, as JSON.
const LONGEST_VALUE: usize = 256;
const MOST_PARAMETERS: usize = 64;

#[cfg(test)]
mod tests;
