//! One request in, its call, its sensitive data and the dialect of a refusal out.
//!
//! The order is fixed: read the body, agree on the protocol, describe the call, look for data.
//! It decides nothing about the call.

mod described;

use std::fmt;
use std::sync::Arc;

use aegis_dlp::Field;
use aegis_policy::{Authority, Call, CallKind, DataFinding, Service, Truncation};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method};
use serde_json::Value;

use crate::body::Content;
use crate::heard::Finder;
use crate::llm::{self, Endpoint, Family, realtime};
use crate::mcp::Expected;
use crate::recognise::Spoken;
use crate::redact::BodyKind;
use crate::urlencoded::{self, Pair};
use crate::{
    Dialect, InspectError, LlmApi, Stored, a2a, findings, generic, grpc, mcp, recognise, rest,
};

pub(crate) use described::Described;

/// A request as far as it has been read; the body is whole or not there at all.
#[derive(Clone, Copy)]
pub struct RequestView<'a> {
    pub method: &'a Method,
    pub authority: &'a Authority,
    /// As sent: percent-encoded, without the query.
    pub path: &'a str,
    pub query: Option<&'a str>,
    pub headers: &'a HeaderMap,
    /// It is a handshake ([`crate::websocket::is_handshake`]), of whose headers some are for one hop.
    pub opens_websocket: bool,
    pub body: BodyView<'a>,
}

#[derive(Clone, Copy)]
pub enum BodyView<'a> {
    Absent,
    Whole(&'a Bytes),
    /// Longer than the limit; nothing of it is looked at.
    Truncated,
}

/// What a request turned out to be: what policy judges, and how it was read.
pub struct Inspected {
    pub call: Call,
    pub data: Vec<DataFinding>,
    pub reading: Reading,
}

/// What is needed of a request that has been judged: to refuse it, to write it down, to rewrite it.
pub struct Reading {
    /// How this caller is to be refused.
    pub dialect: Dialect,
    /// Names of the parameters that may be written down.
    pub recordable: Arc<[Arc<str>]>,
    pub truncation: Truncation,
    /// The API that the answer to a generation speaks.
    pub(crate) llm: Option<LlmApi>,
    pub(crate) stored: Option<Box<Stored>>,
    pub(crate) expected: Option<Expected>,
    pub(crate) answers: Option<Value>,
    pub(crate) stream: bool,
    /// How the body would be rewritten. `None` where there is no body, or nobody has looked into it.
    pub(crate) body: Option<BodyKind>,
    /// One entry for each of the call's parameters, in the order of the call's map.
    pub(crate) parameters: Vec<(String, Place)>,
    /// Types of data that were found where nothing can be rewritten.
    pub(crate) out_of_reach: Vec<&'static str>,
}

/// Where one parameter stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Every pair whose [`crate::urlencoded::Pair::parameter`] is the name.
    Query,
    /// As `Query`, in a form body.
    Form,
    /// The member of the parameter's own name in the object that the body is.
    Member,
    /// JSON Pointer into the body.
    Body(String),
    /// In the path, mirrored in a header, or derived: it cannot be rewritten.
    Fixed,
}

impl Reading {
    /// The API whose answer is to be understood; `None` where nothing was generated.
    pub fn llm(&self) -> Option<LlmApi> {
        self.llm
    }

    /// What is asked of generations that are stored, where the answer may tell them.
    pub fn stored(&self) -> Option<&Stored> {
        self.stored.as_deref()
    }

    /// What the answer of an MCP server has to be followed for; `None` where it is none's.
    pub fn expected(&self) -> Option<&Expected> {
        self.expected.as_ref()
    }

    /// The id of what an MCP server has asked and is answered here, as far as there is anything said.
    pub fn answers(&self) -> Option<&Value> {
        self.answers.as_ref()
    }

    /// What the body is, by what was read of it.
    pub fn media_type(&self) -> &'static str {
        match self.body {
            Some(BodyKind::Json) => "application/json",
            Some(BodyKind::Form) => "application/x-www-form-urlencoded",
            Some(BodyKind::Multipart) => "multipart/form-data",
            Some(BodyKind::Text) => "text/plain",
            None => "application/octet-stream",
        }
    }

    /// Whether the request asks for an answer in parts.
    pub fn streams(&self) -> bool {
        self.stream
    }
}

/// Describes one request.
///
/// `service` is what the catalogue says about the destination; a scanner is a finder that has heard
/// nothing. An error means that two readers
/// could understand the request differently, so it must not be forwarded.
pub fn inspect<'a>(
    view: &RequestView<'_>,
    service: Option<&Service>,
    finder: impl Into<Finder<'a>>,
) -> Result<Inspected, InspectError> {
    let content = Content::read(view)?;
    refuse_overrides(view, &content)?;
    let subject = Subject {
        view,
        service,
        content,
        endpoint: (view.method == Method::POST)
            .then(|| Endpoint::of(view.path))
            .flatten(),
    };
    let spoken = recognise::protocol(&subject)?;
    let stored = Stored::of(view).filter(|_| subject.endpoint.is_none());
    conclude(subject, finder.into(), |subject| {
        Ok(match spoken {
            Spoken::Http | Spoken::Llm(_) if realtime::opens(&subject) => {
                realtime::describe_handshake(&subject)?
            }
            Spoken::Http => Described {
                stored: stored.filter(|_| service.is_none()).map(Box::new),
                ..generic::describe(&subject)
            },
            Spoken::Rest(service) => rest::describe(service, subject)?,
            Spoken::Llm(family) => {
                let mut described = llm::describe(family, subject)?;
                if let Some(stored) = stored.filter(|_| family == Family::OpenAi) {
                    stored.add_to(&mut described);
                }
                described
            }
            Spoken::Mcp => mcp::describe(&subject)?,
            Spoken::A2a => a2a::describe(&subject)?,
            Spoken::Grpc => grpc::describe(&subject)?,
        })
    })
}

/// What is the same for requests and for messages: the data in what they say and in what they are
/// judged by. `describe` may take the content's values for the call's.
pub(crate) fn conclude<'a>(
    subject: Subject<'a>,
    finder: Finder<'_>,
    describe: impl FnOnce(Subject<'a>) -> Result<Described, InspectError>,
) -> Result<Inspected, InspectError> {
    let view = subject.view;
    let data = findings::find(view, &subject.content, finder);
    let (body, hidden) = (subject.content.kind(), subject.content.is_hidden());
    let mut described = describe(subject)?;
    let tools = std::mem::take(&mut described.names);
    let inspected = described.finish(body, hidden, data);
    Ok(inspected.with_fixed_names(&tools, finder))
}

impl Inspected {
    /// Data in what the call is judged by cannot be redacted: without it, another call would go on.
    fn with_fixed_names(mut self, tools: &[String], finder: Finder<'_>) -> Self {
        let Call {
            tool,
            action,
            model,
            ..
        } = &self.call;
        let offered = self.call.parameters.get("tools").and_then(Value::as_array);
        let offered = offered.filter(|_| self.call.kind == CallKind::Llm);
        let offered = offered.into_iter().flatten().filter_map(Value::as_str);
        let names = [tool, action].into_iter().chain(model).map(|name| &**name);
        let names = names.chain(offered).chain(tools.iter().map(String::as_str));
        let hits = names.flat_map(|name| finder.hits(&Field::part(None, name)));
        let kinds = hits.map(|hit| hit.kind);
        self.reading.out_of_reach.extend(kinds);
        self
    }
}

/// Where a header asks for another path, or a header, the query or a form for another method, the
/// server would carry out another call than the one that policy judges.
fn refuse_overrides(view: &RequestView<'_>, content: &Content<'_>) -> Result<(), InspectError> {
    if view
        .headers
        .keys()
        .any(|name| is_one_of(name, &PATH_OVERRIDES))
    {
        return Err(InspectError::PathOverride);
    }
    if overrides_method(view, content) {
        return Err(InspectError::MethodOverride);
    }
    Ok(())
}

fn overrides_method(view: &RequestView<'_>, content: &Content<'_>) -> bool {
    let header = |name: &HeaderName| is_one_of(name, &METHOD_OVERRIDES);
    let query = urlencoded::pairs(view.query.unwrap_or_default());
    let fields = query.iter().chain(content.fields());
    view.headers.keys().any(header)
        || fields
            .map(|pair: &Pair| &*pair.name)
            .chain(content.unread_names())
            .any(urlencoded::overrides_method)
}

/// Servers that hand headers on as variables do not tell `_` from `-`.
fn is_one_of(name: &HeaderName, known: &[&str]) -> bool {
    let name = name.as_str().bytes();
    let name = name.map(|byte| if byte == b'_' { b'-' } else { byte });
    known.iter().any(|known| name.clone().eq(known.bytes()))
}

/// What every describer looks at.
pub(crate) struct Subject<'a> {
    pub(crate) view: &'a RequestView<'a>,
    pub(crate) service: Option<&'a Service>,
    pub(crate) content: Content<'a>,
    /// What the path asks of an LLM API, whatever the body says.
    pub(crate) endpoint: Option<Endpoint>,
}

impl Subject<'_> {
    /// The catalogue's name for the destination, its host where it has none.
    pub(crate) fn server(&self) -> String {
        match self.service {
            Some(service) => service.name.to_string(),
            None => self.view.authority.host().to_string(),
        }
    }
}

/// Never the query, the headers or the body: they hold what agents want to keep to themselves.
impl fmt::Debug for RequestView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestView")
            .field("method", self.method)
            .field("authority", self.authority)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for BodyView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
            Self::Truncated => f.write_str("Truncated"),
        }
    }
}

/// Neither parameters nor their places, for the same reason.
impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("truncation", &self.truncation)
            .finish_non_exhaustive()
    }
}

/// Without parameters, for the same reason.
impl fmt::Debug for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspected")
            .field("kind", &self.call.kind)
            .field("action", &self.call.action)
            .field("truncation", &self.call.truncation)
            .finish_non_exhaustive()
    }
}

/// Servers and frameworks that honour these take another path than the one that policy would judge.
const PATH_OVERRIDES: [&str; 2] = ["x-original-url", "x-rewrite-url"];

/// Frameworks that honour these take another method than the one that policy would judge.
const METHOD_OVERRIDES: [&str; 3] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];
