//! Requests for tests, in the words of a sentence. It is not part of the library.

use std::sync::{Arc, LazyLock, Mutex};

use aegis_dlp::Scanner;
use aegis_policy::{Authority, Catalogue, Numbers, Outcome, Redaction, Source};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

use crate::mcp::Batch;
use crate::websocket::is_handshake;
use crate::{
    BodyView, Finder, Heard, InspectError, Inspected, Means, Pseudonyms, RedactError,
    RefusalDocument, RequestView, Rewritten, Unnamed, inspect,
};

pub(crate) struct Sent {
    method: Method,
    authority: Authority,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
    body: Option<Bytes>,
    hidden: bool,
}

/// One for all: it is made once and keeps nothing.
pub(crate) fn scanner() -> &'static Arc<Scanner> {
    static SCANNER: LazyLock<Arc<Scanner>> = LazyLock::new(|| Scanner::standard().expect("rules"));
    &SCANNER
}

/// Labels for everything.
pub(crate) fn means() -> Means<'static> {
    Means {
        scanner: scanner(),
        heard: Heard::nothing(),
        numbers: Numbers::Deny,
        names: &Unnamed,
    }
}

/// Numbers in their order are the names.
#[derive(Debug, Default)]
pub(crate) struct Names(Mutex<Vec<(String, String)>>);

impl Pseudonyms for Names {
    fn hash(&self, value: &str) -> Option<String> {
        Some(format!("{:016x}", value.len()))
    }

    fn token(&self, kind: &str, value: &str) -> Option<String> {
        let mut known = self.0.lock().expect("no panic");
        let of = (kind.to_owned(), value.to_owned());
        let at = known.iter().position(|known| *known == of);
        let at = at.unwrap_or_else(|| {
            known.push(of);
            known.len() - 1
        });
        Some(format!("{at:016x}"))
    }

    fn value(&self, kind: &str, token: &str) -> Option<String> {
        let known = self.0.lock().expect("no panic");
        let at = usize::from_str_radix(token, 16).ok()?;
        let (of, value) = known.get(at)?;
        (of == kind).then(|| value.clone())
    }
}

/// A request without a body.
pub(crate) fn request(method: &str, authority: &str, path: &str) -> Sent {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (path, None),
    };
    Sent {
        method: method.parse().expect("a method"),
        authority: Authority::parse(authority, 443).expect("an authority"),
        path: path.to_owned(),
        query,
        headers: HeaderMap::new(),
        body: None,
        hidden: false,
    }
}

pub(crate) fn post(authority: &str, path: &str) -> Sent {
    request("POST", authority, path)
}

pub(crate) fn get(authority: &str, path: &str) -> Sent {
    request("GET", authority, path)
}

impl Sent {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a header value");
        self.headers.append(HeaderName::from_static(name), value);
        self
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(Bytes::from(body.into()));
        if content_type.is_empty() {
            self
        } else {
            self.header("content-type", content_type)
        }
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn form(self, body: &str) -> Self {
        self.body("application/x-www-form-urlencoded", body)
    }

    /// With a body beyond the limit.
    pub(crate) fn too_long(mut self) -> Self {
        self.hidden = true;
        self
    }

    pub(crate) fn inspect(&self) -> Result<Inspected, InspectError> {
        self.inspect_with(scanner().into())
    }

    pub(crate) fn inspect_with(&self, finder: Finder<'_>) -> Result<Inspected, InspectError> {
        let catalogue = catalogue();
        inspect(&self.view(), catalogue.service(&self.authority), finder)
    }

    pub(crate) fn seen(&self) -> Inspected {
        self.inspect().expect("a request that can be inspected")
    }

    pub(crate) fn error(&self) -> InspectError {
        self.inspect()
            .expect_err("a request that cannot be inspected")
    }

    pub(crate) fn redact(&self, redactions: &[Redaction]) -> Result<Rewritten, RedactError> {
        self.seen()
            .reading
            .redact(&self.view(), redactions, &means())
    }

    /// As a batch, whatever it is.
    pub(crate) fn batch(&self) -> Result<Batch, InspectError> {
        let catalogue = catalogue();
        let service = catalogue.service(&self.authority);
        Batch::inspect(&self.view(), service, scanner())
    }

    pub(crate) fn view(&self) -> RequestView<'_> {
        RequestView {
            method: &self.method,
            authority: &self.authority,
            path: &self.path,
            query: self.query.as_deref(),
            headers: &self.headers,
            opens_websocket: is_handshake(&self.method, &self.headers),
            body: match &self.body {
                _ if self.hidden => BodyView::Truncated,
                Some(body) => BodyView::Whole(body),
                None => BodyView::Absent,
            },
        }
    }
}

impl Inspected {
    /// Tool and action as one word.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.call.tool, self.call.action)
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&Value> {
        self.call.parameters.get(name)
    }

    /// Type and place of every finding.
    pub(crate) fn found(&self) -> Vec<(&'static str, &str)> {
        self.data
            .iter()
            .map(|finding| (finding.kind, &*finding.path))
            .collect()
    }
}

pub(crate) fn catalogue() -> Catalogue {
    let source = Source {
        file: "catalogue.yaml".to_owned(),
        text: CATALOGUE.to_owned(),
    };
    Catalogue::read(&[source]).expect("a catalogue")
}

/// An address that the standard scanner finds.
pub(crate) const MAIL: &str = "jo.doe@mail.example.org";

const CATALOGUE: &str = r#"
aegis:
  catalogue:
    payments:
      hosts: [pay.example.com]
      protocol: rest
      operations:
        - {action: charge, method: POST, path: /v1/charges, recordable: [amount]}
        - {action: refund, method: POST, path: "/v1/charges/{charge}/refund"}
        - {action: list, method: GET, path: /v1/charges}
    llm: {hosts: [llm.example.com], protocol: openai, recordable: [model]}
    claude: {hosts: [claude.example.com], protocol: anthropic}
    aws: {hosts: [bedrock.example.com], protocol: bedrock}
    google: {hosts: [gemini.example.com], protocol: gemini}
    docs: {hosts: ["mcp.example.com:8443"], protocol: mcp, recordable: [query]}
    helper: {hosts: [agent.example.com], protocol: a2a, recordable: [taskId]}
    ledger: {hosts: [ledger.example], protocol: grpc}
    files: {hosts: [files.example.com], protocol: http}
"#;

/// Of which nothing matters but that it is one.
pub(crate) const REFUSAL: RefusalDocument<'_> = RefusalDocument {
    status: 403,
    decision_id: "d",
    outcome: Outcome::Deny,
    reasons: &[],
    policy_version: "1",
    approval_id: None,
    region: "r",
    next_step: "n",
    retryable: false,
    as_tool_result: false,
};
