//! The texts of a body, decoded: members of JSON, also within strings, pairs of a form, what the events of a stream say together. It searches nothing.

use aegis_dlp::Field;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A text as its reader sees it.
pub(super) struct Text {
    /// Where in the body it stands, as a JSON Pointer or the name of a pair.
    pub(super) path: String,
    name: Option<String>,
    content: String,
}

/// All texts of a body. The format's name only helps: `form…`, `sse…`, `json…`, `text…`.
pub(super) fn texts(format: &str, body: &str) -> Vec<Text> {
    let mut found = Found::default();
    let start = body.trim_start();
    if format.starts_with("form") {
        found.pairs(body);
    } else if format.starts_with("sse") || start.starts_with("data:") || start.starts_with("event:")
    {
        found.events(body);
    } else if !format.starts_with("text")
        && let Some(value) = container(body)
    {
        found.value("", None, &value);
    } else {
        found.0.push(Text::plain(body));
    }
    found.0
}

impl Text {
    pub(super) fn plain(text: &str) -> Self {
        Self {
            path: String::new(),
            name: None,
            content: text.to_owned(),
        }
    }

    pub(super) fn field(&self) -> Field<'_> {
        Field {
            name: self.name.as_deref(),
            text: &self.content,
        }
    }
}

#[derive(Default)]
struct Found(Vec<Text>);

impl Found {
    fn pairs(&mut self, body: &str) {
        for pair in body.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decode = |text: &str| {
                let spaced = text.replace('+', " ");
                percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
            };
            let name = decode(name);
            self.text(&name.clone(), Some(name), decode(value));
        }
    }

    /// Pieces that stand at the same place of several events are one text.
    fn events(&mut self, body: &str) {
        let mut pieces = Self::default();
        for line in body.lines() {
            let Some(data) = line.strip_prefix("data:") else {
                continue;
            };
            match container(data) {
                Some(event) => pieces.leaves("", None, &event),
                None => pieces.0.push(Text::plain(data.trim())),
            }
        }
        let mut joined: Vec<Text> = Vec::new();
        for piece in pieces.0 {
            let is_piece = ["/delta", "/text", "/partial_json", "/arguments"];
            let is_piece = is_piece.iter().any(|part| piece.path.contains(part));
            match joined.iter_mut().find(|text| text.path == piece.path) {
                Some(text) if is_piece => text.content.push_str(&piece.content),
                Some(text) if text.content == piece.content => {}
                _ => joined.push(piece),
            }
        }
        for text in joined {
            self.text(&text.path, text.name, text.content);
        }
    }

    /// Strings and numbers, those within strings too.
    fn value(&mut self, path: &str, name: Option<&str>, value: &Value) {
        let mut leaves = Self::default();
        leaves.leaves(path, name, value);
        for leaf in leaves.0 {
            self.text(&leaf.path, leaf.name, leaf.content);
        }
    }

    fn text(&mut self, path: &str, name: Option<String>, text: String) {
        match container(&text) {
            Some(value) => self.value(path, name.as_deref(), &value),
            None => self.0.push(Text {
                path: path.to_owned(),
                name,
                content: text,
            }),
        }
    }

    fn leaves(&mut self, path: &str, name: Option<&str>, value: &Value) {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.leaves(&format!("{path}/{at}"), name, item);
                }
                return;
            }
            Value::Object(members) => {
                for (name, member) in members {
                    self.leaves(&format!("{path}/{name}"), Some(name), member);
                }
                return;
            }
            Value::Null | Value::Bool(_) => return,
        };
        self.0.push(Text {
            path: path.to_owned(),
            name: name.map(str::to_owned),
            content: text,
        });
    }
}

/// An object or a list as JSON.
fn container(text: &str) -> Option<Value> {
    let begins = text.trim_start().starts_with(['{', '[']);
    begins.then(|| serde_json::from_str(text).ok())?
}
