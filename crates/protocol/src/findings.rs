//! Sensitive data in everything of a request that can be read, by type, place and count; never its value.

mod place;

use std::collections::HashMap;

use aegis_dlp::{Field, Hit, Scanner};
use aegis_policy::DataFinding;
use percent_encoding::percent_decode_str;
use serde_json::{Number, Value};

use crate::body::Content;
use crate::heard::{Finder, Texts};
use crate::json::{self, Kind, Node};
use crate::mcp::headers;
use crate::multipart::Part;
use crate::nested;
use crate::urlencoded::{self, Pair};
use crate::{BodyView, RequestView};
use place::{Trail, masked};

pub(crate) fn find(
    view: &RequestView<'_>,
    content: &Content<'_>,
    finder: Finder<'_>,
) -> Vec<DataFinding> {
    let mut search = Search::new(finder);
    search.request(view, content);
    search.found
}

/// The texts in which [`find`] would look for data. Nothing is looked for yet.
pub(crate) fn texts(
    view: &RequestView<'_>,
    content: &Content<'_>,
    scanner: &Scanner,
    kept: Texts,
) -> Texts {
    let mut search = Search {
        kept: Some(kept),
        ..Search::new(scanner.into())
    };
    search.request(view, content);
    search.kept.unwrap_or_default()
}

/// In a call by itself: its name and its arguments.
pub(crate) fn in_call(name: &str, value: &Value, scanner: &Scanner) -> Vec<DataFinding> {
    let mut search = Search::new(scanner.into());
    search.text("name:", "", field(None, name));
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
    finder: Finder<'a>,
    /// Texts are kept here instead of being searched.
    kept: Option<Texts>,
    found: Vec<DataFinding>,
    /// Where in `found` a type at a path is counted.
    index: HashMap<(&'static str, String), usize>,
}

impl<'a> Search<'a> {
    fn new(finder: Finder<'a>) -> Self {
        Self {
            finder,
            kept: None,
            found: Vec::new(),
            index: HashMap::new(),
        }
    }

    fn request(&mut self, view: &RequestView<'_>, content: &Content<'_>) {
        for segment in view.path.split('/') {
            let text = percent_decode_str(segment).decode_utf8_lossy();
            self.text("path:", "", field(None, &text));
        }
        self.pairs("query:", &urlencoded::pairs(view.query.unwrap_or_default()));
        self.mirrored_headers(view);
        match content {
            Content::Json { value } => self.value(&Trail::Root, None, value, 0),
            Content::Form(pairs) => self.pairs("form:", pairs),
            Content::Multipart(parts) => self.parts(parts, view.body),
            Content::Text(text) => self.text("body:", "", field(None, text)),
            Content::Absent | Content::Hidden | Content::Garbled => {}
        }
    }

    /// What is in a text of the sender's.
    fn said(&mut self, field: &Field<'_>) -> Vec<Hit> {
        match &mut self.kept {
            Some(kept) => {
                kept.add(field);
                Vec::new()
            }
            None => self.finder.hits(field),
        }
    }

    /// What is in a name, a number or another reading of a text, about which nobody else is asked.
    fn hits(&self, field: &Field<'_>) -> Vec<Hit> {
        match self.kept {
            Some(_) => Vec::new(),
            None => self.finder.hits(field),
        }
    }

    /// Every string, number and member name from here down. `name` is that of the member in which
    /// the value stands, also through arrays. What is found in JSON that is written in a string has the
    /// place of the string; `level` is how many such strings are around it.
    fn value(&mut self, trail: &Trail<'_>, name: Option<&str>, value: &Value, level: usize) {
        match value {
            Value::String(text) => {
                if let Some(inner) = nested::within(text, level) {
                    return self.value(trail, name, &inner, level + 1);
                }
                let hits = self.said(&field(name, text));
                self.record_at(trail, &hits);
            }
            Value::Number(number) => {
                let digits = whole_digits(number);
                let hits = self.number(name, &number.to_string(), digits.as_deref());
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
                    let hits = self.hits(&field(None, name));
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
            let hits = self.hits(&field(None, &pair.name));
            self.record(source, "", &hits);
            self.pair(source, pair, nested::within(&pair.value, 0));
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
                let inner = if part.is_json {
                    json::value(pair.value.as_bytes()).ok()
                } else {
                    nested::within(&pair.value, 0)
                };
                self.pair("part:", pair, inner);
            }
        }
    }

    /// `inner` is the JSON that the value is.
    fn pair(&mut self, source: &str, pair: &Pair, inner: Option<Value>) {
        let name = Some(&*pair.name);
        let mut hits = match inner {
            // A detector elsewhere is asked about the texts in it.
            Some(_) => self.hits(&field(name, &pair.value)),
            None => self.said(&field(name, &pair.value)),
        };
        self.read_otherwise(name, pair.literal.as_deref(), &mut hits);
        if let Some(value) = inner {
            self.within(name, &value, 1, &mut hits);
        }
        if !hits.is_empty() {
            self.record(source, &masked(self.finder, &pair.name), &hits);
        }
    }

    /// The types of data that only JSON in the text shows, which is searched as text too: a server
    /// may take it for either.
    fn within(&mut self, name: Option<&str>, value: &Value, level: usize, hits: &mut Vec<Hit>) {
        let more = match value {
            Value::String(text) => {
                if let Some(inner) = nested::within(text, level) {
                    return self.within(name, &inner, level + 1, hits);
                }
                self.said(&field(name, text))
            }
            Value::Number(number) => {
                let digits = whole_digits(number);
                self.number(name, &number.to_string(), digits.as_deref())
            }
            Value::Array(items) => {
                let each = items.iter();
                return each.for_each(|item| self.within(name, item, level, hits));
            }
            Value::Object(members) => {
                for (name, member) in members {
                    add(hits, self.hits(&field(None, name)));
                    self.within(Some(name), member, level, hits);
                }
                return;
            }
            Value::Null | Value::Bool(_) => return,
        };
        add(hits, more);
    }

    /// As it is written, and as its digits.
    fn number(&self, name: Option<&str>, text: &str, digits: Option<&str>) -> Vec<Hit> {
        let mut hits = self.hits(&field(name, text));
        self.read_otherwise(name, digits, &mut hits);
        hits
    }

    /// Adds the types of data that only another reading of a text shows.
    fn read_otherwise(&self, name: Option<&str>, other: Option<&str>, hits: &mut Vec<Hit>) {
        if let Some(other) = other {
            add(hits, self.hits(&field(name, other)));
        }
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
        let hits = self.said(&field);
        self.record(source, path, &hits);
    }

    /// As [`Self::record`] for the body; the pointer is only written where something was found.
    fn record_at(&mut self, trail: &Trail<'_>, hits: &[Hit]) {
        if hits.is_empty() {
            return;
        }
        let mut pointer = String::new();
        if !self.is_full() {
            trail.write(self.finder, &mut pointer);
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

/// Those of types that are not known yet: another reading of a text shows most of them again.
fn add(hits: &mut Vec<Hit>, more: Vec<Hit>) {
    let known: Vec<&str> = hits.iter().map(|hit| hit.kind).collect();
    hits.extend(more.into_iter().filter(|hit| !known.contains(&hit.kind)));
}

fn field<'a>(name: Option<&'a str>, text: &'a str) -> Field<'a> {
    Field::part(name, text)
}

/// From here on, findings are counted under their source alone: policy reads types, and a body full
/// of addresses must not become an intent of megabytes.
const MAX_PLACES: usize = 200;
/// A longer path is left out, for the same reason, in bytes; the source stays.
const LONGEST_PATH: usize = 512;
/// No type of data has more than 19 digits.
const WHOLE_LIMIT: f64 = 1e19;

#[cfg(test)]
mod tests;
