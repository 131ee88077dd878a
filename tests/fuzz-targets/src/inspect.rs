//! Requests of every protocol: the same is seen each time, and what is redacted is gone from what is sent and can still be read.

use std::sync::LazyLock;

use aegis_dlp::Scanner;
use aegis_policy::{Action, Authority, Catalogue, Numbers, Parameters, Redaction, Source};
use aegis_protocol::mcp::Batch;
use aegis_protocol::websocket::{Kind, is_handshake};
use aegis_protocol::{
    BodyView, Heard, InspectError, Inspected, Means, MessageView, RequestView, Rewritten, Unnamed,
    inspect_message,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::value::RawValue;

use crate::input::choice;
use crate::scanner::standard;

/// A line of method, authority and target, lines of headers, an empty line, the body.
pub fn inspect(input: &[u8]) -> bool {
    Sent::read(input).is_some_and(|sent| inspected(&sent))
}

/// A character for the kind, a line of authority and path, then a message of a WebSocket.
pub fn message(input: &[u8]) -> bool {
    Sent::message(input).is_some_and(|sent| inspected(&sent))
}

fn inspected(sent: &Sent) -> bool {
    match (sent.inspect(), sent.inspect()) {
        (Ok(seen), Ok(again)) => {
            assert_eq!(seen.call, again.call);
            assert_eq!(seen.data, again.data);
            without_data(sent, &seen);
            without_parameters(sent, &seen);
            true
        }
        (Err(InspectError::Batch), Err(InspectError::Batch)) => batch(sent),
        (seen, again) => {
            assert_eq!(seen.err(), again.err());
            false
        }
    }
}

/// A request as it came, or a message as the request that it would be.
#[derive(Clone)]
pub(crate) struct Sent {
    message: Option<Kind>,
    method: Method,
    authority: Authority,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
    body: Bytes,
}

impl Sent {
    pub(crate) fn read(input: &[u8]) -> Option<Self> {
        let end = input.windows(2).position(|two| two == b"\n\n")?;
        let (head, body) = input.split_at(end);
        let mut lines = std::str::from_utf8(head).ok()?.lines();
        let mut words = lines.next()?.split(' ');
        let method = words.next()?.parse().ok()?;
        let authority = Authority::parse(words.next()?, 443).ok()?;
        // What the parser before this one lets through.
        let target: http::Uri = words.next()?.parse().ok()?;
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(':')?;
            let value = HeaderValue::from_str(value.trim_matches(' ')).ok()?;
            headers.append(name.parse::<HeaderName>().ok()?, value);
        }
        Some(Self {
            message: None,
            method,
            authority,
            path: target.path().to_owned(),
            query: target.query().map(str::to_owned),
            headers,
            body: Bytes::copy_from_slice(body.get(2..)?),
        })
    }

    fn message(input: &[u8]) -> Option<Self> {
        let (kind, rest) = choice(input, 2)?;
        let kind = [Kind::Text, Kind::Binary].get(kind).copied()?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (line, payload) = rest.split_at(end);
        let payload = payload.get(1..)?;
        // What the reader of frames lets through.
        if kind == Kind::Text {
            std::str::from_utf8(payload).ok()?;
        }
        let request = [b"POST ", line, b"\n\n", payload].concat();
        Some(Self {
            message: Some(kind),
            query: None,
            ..Self::read(&request)?
        })
    }

    pub(crate) fn view(&self) -> RequestView<'_> {
        RequestView {
            method: &self.method,
            authority: &self.authority,
            path: &self.path,
            query: self.query.as_deref(),
            headers: &self.headers,
            opens_websocket: is_handshake(&self.method, &self.headers),
            body: BodyView::Whole(&self.body),
        }
    }

    pub(crate) fn inspect(&self) -> Result<Inspected, InspectError> {
        let service = CATALOGUE.service(&self.authority);
        let scanner = standard();
        let Some(kind) = self.message else {
            return aegis_protocol::inspect(&self.view(), service, scanner);
        };
        let message = MessageView {
            authority: &self.authority,
            path: &self.path,
            kind,
            payload: &self.body,
            model: None,
        };
        inspect_message(&message, service, scanner)
    }

    /// Plain text that came as `[` and data: as it goes on, no client could send it, and no server reads it as JSON.
    fn begins_as_a_list_of_placeholders(&self) -> bool {
        let text = String::from_utf8_lossy(&self.body);
        let text: String = text.split_whitespace().collect();
        self.message.is_some() && text.starts_with("[[REDACTED:")
    }

    /// As it goes on.
    fn rewritten(&self, rewritten: Rewritten) -> Self {
        let mut sent = self.clone();
        sent.query = rewritten.query.or(sent.query);
        sent.body = rewritten.body.unwrap_or(sent.body);
        sent
    }
}

/// Every type of data that is known.
pub(crate) fn every_kind(scanner: &Scanner) -> Vec<Redaction> {
    scanner
        .kinds()
        .map(|kind| Redaction::Data(kind.into(), Action::Label))
        .collect()
}

/// Labels, also in the place of numbers.
pub(crate) fn means() -> Means<'static> {
    Means {
        scanner: standard(),
        heard: Heard::nothing(),
        numbers: Numbers::Text,
        names: &Unnamed,
    }
}

/// What goes on without data is still the same call, and has no data.
fn without_data(sent: &Sent, seen: &Inspected) {
    let redactions = every_kind(standard());
    let Ok(rewritten) = seen.reading.redact(&sent.view(), &redactions, &means()) else {
        return;
    };
    assert_eq!(rewritten != Rewritten::default(), !seen.data.is_empty());
    let clean = sent.rewritten(rewritten);
    let after = clean.inspect();
    if after.is_err() && clean.begins_as_a_list_of_placeholders() {
        return;
    }
    assert_eq!(after.as_ref().err(), None);
    if let Ok(after) = after {
        assert_eq!(after.data, []);
        assert_eq!(after.call.kind, seen.call.kind);
        assert_eq!(after.call.tool, seen.call.tool);
        assert_eq!(after.call.action, seen.call.action);
        assert_eq!(after.call.model, seen.call.model);
    }
}

/// A parameter that is to go is gone, and no other.
fn without_parameters(sent: &Sent, seen: &Inspected) {
    for name in seen.call.parameters.keys().take(MOST_PARAMETERS) {
        let redactions = [Redaction::Parameter(name.as_str().into(), Action::Label)];
        let Ok(rewritten) = seen.reading.redact(&sent.view(), &redactions, &means()) else {
            continue;
        };
        // A parameter that the protocol itself needs may have been one that it cannot be read without.
        let Ok(after) = sent.rewritten(rewritten).inspect() else {
            continue;
        };
        let others = |call: &Parameters| {
            let mut others = call.clone();
            let own = others.remove(name);
            (others, own)
        };
        let (kept, _) = others(&seen.call.parameters);
        let (left, own) = others(&after.call.parameters);
        assert_ne!(
            own.as_ref(),
            seen.call
                .parameters
                .get(name)
                .filter(|it| !is_placeholder(it))
        );
        if after.call.kind == seen.call.kind && after.call.action == seen.call.action {
            assert_eq!(left, kept);
        }
    }
}

fn is_placeholder(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Array(items) => items.iter().all(is_placeholder),
        value => value == "[REDACTED]",
    }
}

/// Each message of a batch by itself; together they go on without data.
fn batch(sent: &Sent) -> bool {
    let scanner = standard();
    let service = CATALOGUE.service(&sent.authority);
    let Ok(batch) = Batch::inspect(&sent.view(), service, scanner) else {
        return false;
    };
    each_by_itself(sent, &batch);
    let redactions = vec![every_kind(scanner); batch.messages().len()];
    if let Ok(rewritten) = batch.redact(&sent.view(), &redactions, &means()) {
        let after = sent.rewritten(rewritten);
        let after = Batch::inspect(&after.view(), service, scanner);
        assert_eq!(after.as_ref().err(), None);
        for (before, after) in batch
            .messages()
            .iter()
            .zip(after.iter().flat_map(Batch::messages))
        {
            assert_eq!(after.data, []);
            assert_eq!(after.call.action, before.call.action);
        }
    }
    true
}

/// Each message is described as if it came alone, and where one is redacted the others keep their bytes.
fn each_by_itself(sent: &Sent, batch: &Batch) {
    let scanner = standard();
    let messages = raw(&sent.body);
    assert_eq!(messages.len(), batch.messages().len());
    for (at, (message, seen)) in messages.iter().zip(batch.messages()).enumerate() {
        let alone = Sent {
            body: Bytes::copy_from_slice(message.as_bytes()),
            ..sent.clone()
        };
        let alone = alone.inspect();
        assert_eq!(alone.as_ref().err(), None);
        assert!(alone.is_ok_and(|alone| alone.call == seen.call && alone.data == seen.data));
        let mut redactions = vec![Vec::new(); messages.len()];
        redactions
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|all| *all = every_kind(scanner));
        let Ok(rewritten) = batch.redact(&sent.view(), &redactions, &means()) else {
            continue;
        };
        let after = sent.clone().rewritten(rewritten).body;
        let after = raw(&after);
        assert_eq!(after.len(), messages.len());
        let mut others = messages.iter().zip(&after).enumerate();
        assert!(others.all(|(other, (before, after))| other == at || before == after));
    }
}

/// The texts of a list's items, as another reader finds them.
fn raw(body: &[u8]) -> Vec<String> {
    let items: Result<Vec<&RawValue>, _> = serde_json::from_slice(body);
    let items = items.unwrap_or_default();
    items.iter().map(|item| item.get().to_owned()).collect()
}

/// One service of each protocol.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let source = Source {
        file: "catalogue.yaml".to_owned(),
        text: SERVICES.to_owned(),
    };
    let catalogue = Catalogue::read(&[source]);
    assert!(catalogue.is_ok(), "{:?}", catalogue.err());
    catalogue.unwrap_or_default()
});

const SERVICES: &str = r#"
aegis:
  catalogue:
    payments:
      hosts: [pay.example.com]
      protocol: rest
      operations:
        - {action: charge, method: POST, path: /v1/charges, recordable: [amount]}
        - {action: refund, method: POST, path: "/v1/charges/{charge}/refund"}
        - {action: list, method: GET, path: /v1/charges}
    llm: {hosts: [llm.example.com], protocol: openai}
    claude: {hosts: [claude.example.com], protocol: anthropic}
    aws: {hosts: [bedrock.example.com], protocol: bedrock}
    google: {hosts: [gemini.example.com], protocol: gemini}
    docs: {hosts: ["mcp.example.com:8443"], protocol: mcp}
    helper: {hosts: [agent.example.com], protocol: a2a}
    files: {hosts: [files.example.com], protocol: http}
"#;

const MOST_PARAMETERS: usize = 8;
