//! Sensitive data in everything of a request that can be read, by type, place and count; never its value.

use std::borrow::Cow;
use std::collections::HashMap;

use aegis_dlp::{Field, Hit, Scanner};
use aegis_policy::DataFinding;
use percent_encoding::percent_decode_str;
use serde_json::{Number, Value};

use crate::body::Content;
use crate::json::{Kind, Node};
use crate::mcp::headers;
use crate::multipart::Part;
use crate::nested;
use crate::parameters::escape;
use crate::urlencoded::{self, Pair};
use crate::{BodyView, RequestView};

pub(crate) fn find(
    view: &RequestView<'_>,
    content: &Content<'_>,
    scanner: &Scanner,
) -> Vec<DataFinding> {
    let mut search = Search {
        scanner,
        found: Vec::new(),
        index: HashMap::new(),
    };
    for segment in view.path.split('/') {
        let text = percent_decode_str(segment).decode_utf8_lossy();
        search.text("path:", "", field(None, &text));
    }
    search.pairs("query:", &urlencoded::pairs(view.query.unwrap_or_default()));
    search.mirrored_headers(view);
    match content {
        Content::Json { value } => search.value(&Trail::Root, None, value, 0),
        Content::Form(pairs) => search.pairs("form:", pairs),
        Content::Multipart(parts) => search.parts(parts, view.body),
        Content::Text(text) => search.text("body:", "", field(None, text)),
        Content::Absent | Content::Hidden => {}
    }
    search.found
}

/// In a value by itself.
pub(crate) fn in_json(value: &Value, scanner: &Scanner) -> Vec<DataFinding> {
    let mut search = Search {
        scanner,
        found: Vec::new(),
        index: HashMap::new(),
    };
    search.value(&Trail::Root, None, value, 0);
    search.found
}

/// The digits of a whole number that was written as a float: servers may read it as an integer.
fn whole_digits(number: &Number) -> Option<String> {
    let float = number.as_f64().filter(|_| number.is_f64())?;
    (float.fract() == 0.0 && float.abs() < WHOLE_LIMIT).then(|| format!("{float:.0}"))
}

/// The same of a number as it stands in its text.
pub(crate) fn digits(node: Node<'_>) -> Option<String> {
    if node.kind() != Kind::Number {
        return None;
    }
    whole_digits(&serde_json::from_str(node.raw()).ok()?)
}

struct Search<'a> {
    scanner: &'a Scanner,
    found: Vec<DataFinding>,
    /// Where in `found` a type at a path is counted.
    index: HashMap<(&'static str, String), usize>,
}

impl Search<'_> {
    /// Every string, number and member name from here down. `name` is that of the member in which
    /// the value stands, also through arrays. What is found in JSON that is written in a string has the
    /// place of the string; `level` is how many such strings are around it.
    fn value(&mut self, trail: &Trail<'_>, name: Option<&str>, value: &Value, level: usize) {
        match value {
            Value::String(text) => {
                if let Some(inner) = nested::within(text, level) {
                    return self.value(trail, name, &inner, level + 1);
                }
                let hits = self.scanner.scan_field(&field(name, text));
                self.record_at(trail, &hits);
            }
            Value::Number(number) => {
                let digits = whole_digits(number);
                let hits = self.readings(name, &number.to_string(), digits.as_deref());
                self.record_at(trail, &hits);
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    let below = Trail::Item(trail, at);
                    self.value(trail.or(&below, level), name, item, level);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    let hits = self.scanner.scan_field(&field(None, name));
                    self.record_at(trail, &hits);
                    let below = Trail::Member(trail, name);
                    self.value(trail.or(&below, level), Some(name), member, level);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn pairs(&mut self, source: &str, pairs: &[Pair]) {
        for pair in pairs {
            let hits = self.scanner.scan_field(&field(None, &pair.name));
            self.record(source, "", &hits);
            self.pair(source, pair);
        }
    }

    /// What stands in a part's head has no place: nothing of it can be rewritten.
    fn parts(&mut self, parts: &[Part], body: BodyView<'_>) {
        for part in parts {
            let head = match body {
                BodyView::Whole(body) => body.get(part.head.clone()),
                BodyView::Absent | BodyView::Truncated => None,
            };
            let head = String::from_utf8_lossy(head.unwrap_or_default());
            self.text("part:", "", field(None, &head));
            if let Some(pair) = &part.field {
                self.pair("part:", pair);
            }
        }
    }

    fn pair(&mut self, source: &str, pair: &Pair) {
        let mut hits = self.readings(Some(&pair.name), &pair.value, pair.literal.as_deref());
        if let Some(value) = nested::within(&pair.value, 0) {
            self.within(Some(&pair.name), &value, 1, &mut hits);
        }
        if !hits.is_empty() {
            self.record(source, &masked(self.scanner, &pair.name), &hits);
        }
    }

    /// The types of data that only JSON in the text shows, which is searched as text too: a server
    /// may take it for either.
    fn within(&self, name: Option<&str>, value: &Value, level: usize, hits: &mut Vec<Hit>) {
        let more = match value {
            Value::String(text) => {
                if let Some(inner) = nested::within(text, level) {
                    return self.within(name, &inner, level + 1, hits);
                }
                self.scanner.scan_field(&field(name, text))
            }
            Value::Number(number) => {
                let digits = whole_digits(number);
                self.readings(name, &number.to_string(), digits.as_deref())
            }
            Value::Array(items) => {
                let each = items.iter();
                return each.for_each(|item| self.within(name, item, level, hits));
            }
            Value::Object(members) => {
                for (name, member) in members {
                    add(hits, self.scanner.scan_field(&field(None, name)));
                    self.within(Some(name), member, level, hits);
                }
                return;
            }
            Value::Null | Value::Bool(_) => return,
        };
        add(hits, more);
    }

    /// The data in a text, and the types of data that only another reading of it shows.
    fn readings(&self, name: Option<&str>, text: &str, other: Option<&str>) -> Vec<Hit> {
        let mut hits = self.scanner.scan_field(&field(name, text));
        if let Some(other) = other {
            add(&mut hits, self.scanner.scan_field(&field(name, other)));
        }
        hits
    }

    /// MCP clients may repeat arguments in headers, base64-encoded where needed.
    fn mirrored_headers(&mut self, view: &RequestView<'_>) {
        for (name, value) in view
            .headers
            .iter()
            .filter(|(name, _)| headers::is_mirror(name))
        {
            let text = String::from_utf8_lossy(value.as_bytes());
            let text = headers::decode(&text).unwrap_or_else(|| text.clone().into_owned());
            let parameter = name.as_str().strip_prefix("mcp-param-");
            self.text("header:", name.as_str(), field(parameter, &text));
        }
    }

    fn text(&mut self, source: &str, path: &str, field: Field<'_>) {
        let hits = self.scanner.scan_field(&field);
        self.record(source, path, &hits);
    }

    /// As [`Self::record`] for the body; the pointer is only written where something was found.
    fn record_at(&mut self, trail: &Trail<'_>, hits: &[Hit]) {
        if hits.is_empty() {
            return;
        }
        let mut pointer = String::new();
        if !self.is_full() {
            trail.write(self.scanner, &mut pointer);
        }
        self.record("body:", &pointer, hits);
    }

    fn record(&mut self, source: &str, path: &str, hits: &[Hit]) {
        for hit in hits {
            let too_long = source.len() + path.len() > LONGEST_PATH;
            let place = if too_long || self.is_full() {
                source.to_owned()
            } else {
                format!("{source}{path}")
            };
            self.count(hit, place);
        }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= MAX_PLACES
    }

    fn count(&mut self, hit: &Hit, path: String) {
        let at = *self
            .index
            .entry((hit.kind, path.clone()))
            .or_insert(self.found.len());
        match self.found.get_mut(at) {
            Some(finding) => {
                finding.count = finding.count.saturating_add(1);
                finding.confidence = finding.confidence.max(hit.confidence);
            }
            None => self.found.push(DataFinding {
                kind: hit.kind,
                class: hit.class.as_str(),
                path,
                count: 1,
                confidence: hit.confidence,
            }),
        }
    }
}

/// The way to a value of the body.
enum Trail<'a> {
    Root,
    Item(&'a Trail<'a>, usize),
    Member(&'a Trail<'a>, &'a str),
}

impl<'a> Trail<'a> {
    /// The way below, but within a string the way to the string.
    fn or<'t>(&'t self, below: &'t Trail<'a>, level: usize) -> &'t Trail<'a> {
        if level == 0 { below } else { self }
    }

    /// Appends the JSON Pointer (RFC 6901), with masked names.
    fn write(&self, scanner: &Scanner, pointer: &mut String) {
        match self {
            Self::Root => {}
            Self::Item(above, at) => {
                above.write(scanner, pointer);
                pointer.push('/');
                pointer.push_str(&at.to_string());
            }
            Self::Member(above, name) => {
                above.write(scanner, pointer);
                pointer.push('/');
                pointer.push_str(&escape(&masked(scanner, name)));
            }
        }
    }
}

/// Those of types that are not known yet: another reading of a text shows most of them again.
fn add(hits: &mut Vec<Hit>, more: Vec<Hit>) {
    let known: Vec<&str> = hits.iter().map(|hit| hit.kind).collect();
    hits.extend(more.into_iter().filter(|hit| !known.contains(&hit.kind)));
}

/// A name as it may stand in a finding's path: without the data that it may itself be. A long name
/// is text of the sender's choice, and does not stand there at all.
fn masked<'n>(scanner: &Scanner, name: &'n str) -> Cow<'n, str> {
    if name.len() > LONGEST_NAME {
        return MASKED.into();
    }
    let part = field(None, name);
    let hits = scanner.scan_field(&part);
    if hits.is_empty() {
        return name.into();
    }
    let kinds: Vec<&str> = hits.iter().map(|hit| hit.kind).collect();
    let redacted = scanner.redact_field(&part, &kinds);
    redacted.map_or_else(|| "[REDACTED]".into(), Cow::Owned)
}

fn field<'a>(name: Option<&'a str>, text: &'a str) -> Field<'a> {
    Field::part(name, text)
}

/// From here on, findings are counted under their source alone: policy reads types, and a body full
/// of addresses must not become an intent of megabytes.
const MAX_PLACES: usize = 200;
/// A longer path is left out, for the same reason, in bytes; the source stays.
const LONGEST_PATH: usize = 512;
/// A longer name is masked, in bytes.
const LONGEST_NAME: usize = 64;
const MASKED: &str = "[masked]";
/// No type of data has more than 19 digits.
const WHOLE_LIMIT: f64 = 1e19;

#[cfg(test)]
mod tests;
