//! Texts that an agent carries on from event to event: each is cleaned as if one event had told it.

use std::collections::{BTreeMap, BTreeSet};

use aegis_dlp::Field;
use aegis_protocol::Medium;
use serde_json::{Value, json};

use crate::calls::server_sent;
use crate::content::cut_or_whole;
use crate::input::choice;
use crate::scanner::standard;

/// A character for the version, one for the way to cut, then an event in each line: the name of an artifact, how its text
/// goes on, the text.
pub fn artifacts(input: &[u8]) -> bool {
    let chosen =
        choice(input, FORMS.len()).and_then(|(form, rest)| Some((form, choice(rest, 256)?)));
    let Some((form, (seed, lines))) = chosen else {
        return false;
    };
    let (Some(form), Ok(lines)) = (FORMS.get(form), std::str::from_utf8(lines)) else {
        return false;
    };
    let updates: Option<Vec<Update>> = lines.lines().map(Update::of).collect();
    let Some(updates) = updates else {
        return false;
    };
    let events = updates.iter().map(|update| form(update.event()));
    let events: Vec<String> = events.map(|event| format!("data: {event}\n\n")).collect();
    let Some(told) = cut_or_whole(Medium::Events, events.concat().as_bytes(), seed) else {
        return false;
    };
    let told = server_sent(&told.bytes);
    let told: Vec<Update> = told.iter().map(|event| Update::read(event)).collect();
    let whole = |told: Vec<Vec<String>>, clean: fn(&str) -> String| -> Vec<String> {
        let told = told.iter();
        told.map(|texts| texts.iter().map(|text| clean(text)).collect())
            .collect()
    };
    let (told, said) = (texts(&told), texts(&updates));
    assert!(told.keys().eq(said.keys()));
    for (told, said) in told.into_values().zip(said.into_values()) {
        assert_eq!(whole(told, str::to_owned), whole(said, cleaned));
    }
    !updates.is_empty()
}

/// How the text of an event goes on.
#[derive(Clone, Copy, PartialEq)]
enum How {
    Anew,
    On,
    Last,
}

struct Update {
    artifact: String,
    how: How,
    text: String,
}

impl Update {
    fn of(line: &str) -> Option<Self> {
        let (artifact, rest) = line.split_at_checked(1)?;
        let (how, text) = rest.split_at_checked(1)?;
        let how = match how {
            "=" => How::Anew,
            "+" => How::On,
            "." => How::Last,
            _ => return None,
        };
        // JSON within a text is searched as such.
        let is_plain = !text.trim_start().starts_with(['{', '[']);
        is_plain.then(|| Self {
            artifact: artifact.to_owned(),
            how,
            text: text.to_owned(),
        })
    }

    fn event(&self) -> Value {
        json!({
            "taskId": "t",
            "append": self.how != How::Anew,
            "lastChunk": self.how == How::Last,
            "artifact": {"artifactId": self.artifact, "parts": [{"text": self.text}]},
        })
    }

    /// As a client does, which knows the version of its server.
    #[expect(
        clippy::panic,
        reason = "an event that a client cannot read is a broken promise"
    )]
    fn read(event: &[u8]) -> Self {
        let event: Value = serde_json::from_slice(event).unwrap_or_default();
        let mut places = PLACES.iter().filter_map(|place| event.pointer(place));
        let Some(update) = places.find(|update| update.get("artifact").is_some()) else {
            panic!("no update: {event}");
        };
        let text = |place: &str| update.pointer(place).and_then(Value::as_str);
        let is = |name: &str| update.get(name) == Some(&Value::Bool(true));
        Self {
            artifact: text("/artifact/artifactId").unwrap_or_default().to_owned(),
            how: match () {
                () if is("lastChunk") => How::Last,
                () if is("append") => How::On,
                () => How::Anew,
            },
            text: text("/artifact/parts/0/text")
                .unwrap_or_default()
                .to_owned(),
        }
    }
}

/// What is told of each artifact, from one beginning to the next. Whether texts within are one makes no difference to a client.
fn texts(updates: &[Update]) -> BTreeMap<&str, Vec<Vec<String>>> {
    let mut texts: BTreeMap<&str, Vec<Vec<String>>> = BTreeMap::new();
    let mut over: BTreeSet<&str> = BTreeSet::new();
    for update in updates {
        let Update {
            artifact,
            how,
            text,
        } = update;
        let told = texts.entry(artifact).or_default();
        if told.is_empty() || *how == How::Anew {
            told.push(Vec::new());
        }
        let was_over = over.remove(&**artifact);
        if let Some(told) = told.last_mut() {
            match told.last_mut().filter(|_| !was_over) {
                Some(one) => one.push_str(text),
                None => told.push(text.clone()),
            }
        }
        if *how == How::Last {
            over.insert(artifact);
        }
    }
    texts
}

fn cleaned(text: &str) -> String {
    let scanner = standard();
    let kinds: Vec<&str> = scanner.kinds().collect();
    let field = Field {
        name: Some("text"),
        text,
    };
    let redacted = scanner.redact_field(&field, &kinds);
    redacted.unwrap_or_else(|| text.to_owned())
}

/// Before 1.0 the update is the result itself, over HTTP without JSON-RPC the whole event.
const FORMS: [fn(Value) -> Value; 3] = [
    |update| json!({"jsonrpc": "2.0", "id": 3, "result": {"artifactUpdate": update}}),
    |update| json!({"jsonrpc": "2.0", "id": 3, "result": update}),
    |update| json!({"artifactUpdate": update}),
];
const PLACES: [&str; 3] = ["/result/artifactUpdate", "/result", "/artifactUpdate"];
