//! From a call as it is written to the intent that the proxy would make of it: what is left out comes from policy and catalogue.

use std::fmt::Write;
use std::sync::Arc;

use aegis_document::nearest;

use super::call::{CallData, Mistake};
use super::llm::{self, Said};
use crate::catalogue::server;
use crate::data::{Protocol, ServiceData};
use crate::{
    Auth, Authority, Call, CallKind, Caller, Chain, DataFinding, Destination, Front, Host,
    HttpPart, Intent, Phase, Scheme, Service, Truncation, Workbench, detectors,
};

impl Workbench {
    /// The intent that the proxy would make of this call, or what must be stated before it can be told.
    pub fn intent(&self, call: &CallData) -> Result<Intent, Vec<Mistake>> {
        let mistakes = call.check();
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let resolver = Resolver { bench: self, call };
        resolver.intent().map_err(|mistake| vec![mistake])
    }
}

struct Resolver<'a> {
    bench: &'a Workbench,
    call: &'a CallData,
}

impl Resolver<'_> {
    fn intent(&self) -> Result<Intent, Mistake> {
        let call = self.call;
        let scheme = call.destination.scheme.unwrap_or(Scheme::Https);
        let authority = self.authority(scheme)?;
        let service = self.bench.snapshot.catalogue().service(&authority);
        let (phase, described, http, path) = if call.is_tunnel() {
            (Phase::Connect, Call::tunnel(), None, "".into())
        } else if call.is_proposed() {
            let path = call.destination.path.as_deref().unwrap_or(CHAT);
            let http = self.http("POST".into());
            (
                Phase::ProposedCall,
                self.proposed(),
                Some(http),
                path.into(),
            )
        } else {
            let (described, method, path) = self.describe(service)?;
            let http = self.http(method);
            (Phase::Request, described, Some(http), path)
        };
        Ok(Intent {
            phase,
            id: ID.into(),
            time: call.time.as_deref().unwrap_or(TIME).into(),
            front: Front::Forward,
            region: call.region.as_deref().unwrap_or(REGION).into(),
            caller: self.caller()?,
            chain: self.chain(),
            destination: Destination::catalogued(scheme, authority, path, service),
            call: described,
            http,
            data: self.data()?,
        })
    }

    /// With the class of each type, of which those of the policy's own detectors are known only here.
    fn data(&self) -> Result<Vec<DataFinding>, Mistake> {
        let mut data = self.call.data.0.clone();
        if data.iter().all(|finding| !finding.class.is_empty()) {
            return Ok(data);
        }
        let own = detectors::all(&self.bench.model.data);
        for finding in data.iter_mut().filter(|finding| finding.class.is_empty()) {
            let Some(detector) = own.get(finding.kind) else {
                let message = format!("there is no data type `{}`", finding.kind);
                return Err(Mistake {
                    hint: nearest(finding.kind, own.into_keys())
                        .map(|near| format!("did you mean `{near}`?")),
                    ..Mistake::new(&["data"], message)
                });
            };
            finding.class = detector.class.as_str();
        }
        Ok(data)
    }

    fn caller(&self) -> Result<Caller, Mistake> {
        let call = self.call;
        let Some(agent) = call.agent.as_deref() else {
            return Ok(Caller {
                tenant: call.tenant.as_deref().unwrap_or(ANONYMOUS).into(),
                agent: ANONYMOUS.into(),
                auth: call.auth.unwrap_or(Auth::Anonymous),
            });
        };
        let data = &self.bench.model.data;
        let known = data.agents.get(agent).map(|known| known.tenant.as_str());
        let only = || {
            let mut names = data.tenants.keys();
            names.next().filter(|_| names.next().is_none())
        };
        let stated = call.tenant.as_deref().or(known);
        let tenant = stated.or_else(|| only().map(String::as_str));
        let Some(tenant) = tenant else {
            let message = format!("the policy has no agent `{agent}`, so state its `tenant`");
            return Err(Mistake {
                hint: did_you_mean(agent, data.agents.keys()),
                ..Mistake::new(&["agent"], message)
            });
        };
        Ok(Caller {
            tenant: tenant.into(),
            agent: agent.into(),
            auth: call.auth.unwrap_or(Auth::Credential),
        })
    }

    fn chain(&self) -> Chain {
        let chain = &self.call.chain;
        let agents = chain.agents.iter().map(|agent| agent.as_str().into());
        Chain {
            agents: agents.collect(),
            trace_id: chain.trace_id.as_deref().unwrap_or(TRACE).into(),
        }
    }

    /// Where it goes: as stated, else where the tool's service is.
    fn authority(&self, scheme: Scheme) -> Result<Authority, Mistake> {
        let place = &["destination", "host"];
        let stated = &self.call.destination;
        let refused = |error| Mistake::new(place, format!("this is not a host: {error}"));
        let port = stated.port.unwrap_or_else(|| scheme.default_port());
        if let Some(host) = &stated.host {
            return Authority::new(Host::parse(host).map_err(refused)?, port).map_err(refused);
        }
        let Some(tool) = self.call.tool.as_deref() else {
            let message =
                "state a `tool` of the catalogue, or where the call goes: `destination: {host: …}`";
            return Err(Mistake::new(&[], message));
        };
        let server = server(tool);
        let Some(service) = self.bench.model.data.catalogue.get(server) else {
            let host = Some(server).filter(|name| name.contains('.'));
            let authority = host.and_then(|host| Authority::parse(host, port).ok());
            return authority.ok_or_else(|| Mistake {
                hint: did_you_mean(server, self.bench.model.data.catalogue.keys()),
                ..Mistake::new(&["tool"], format!("`{server}` is no service of the catalogue, so state where the call goes: `destination: {{host: …}}`"))
            });
        };
        let authority = Authority::parse(&first_host(service), port).map_err(refused)?;
        match stated.port {
            Some(port) => Authority::new(authority.host().clone(), port).map_err(refused),
            None => Ok(authority),
        }
    }

    /// The call with its method and path.
    fn describe(&self, service: Option<&Service>) -> Result<(Call, Arc<str>, Arc<str>), Mistake> {
        let call = self.call;
        let catalogued = service.map_or("http", |service| &*service.name);
        let tool = call.tool.as_deref().unwrap_or(catalogued);
        let kind = call.kind.unwrap_or_else(|| self.kind(tool));
        let action = self.action(service, kind)?;
        let (method, path) = self.method_and_path(tool, &action, kind);
        let Said {
            parameters,
            model,
            stream,
        } = llm::said(call, kind)?;
        // Nobody looks into messages of gRPC.
        let truncation = match kind {
            CallKind::Grpc => Truncation::Truncated,
            _ => call.truncation(),
        };
        let described = Call {
            kind,
            tool: tool.into(),
            action: action.as_str().into(),
            parameters,
            model,
            stream,
            truncation,
            opaque: call.opaque,
            changed: call.changed,
        };
        Ok((described, method, path))
    }

    /// What the answer of a model to a request for this host proposes.
    fn proposed(&self) -> Call {
        let call = self.call;
        let tool = call.tool.as_deref().unwrap_or_default();
        let model = call.model.as_deref().map(Arc::from);
        let stream = call.stream.unwrap_or(false);
        Call {
            truncation: call.truncation(),
            ..Call::proposed(tool.into(), call.parameters.clone(), model, stream)
        }
    }

    fn kind(&self, tool: &str) -> CallKind {
        match self.bench.model.data.catalogue.get(server(tool)) {
            Some(service) => service.protocol.kind(),
            None if tool == "http" => CallKind::Http,
            // A server that is recognised by what it speaks.
            None if self.call.model.is_some() || self.call.action.as_deref() == Some("chat") => {
                CallKind::Llm
            }
            None => CallKind::Mcp,
        }
    }

    fn action(&self, service: Option<&Service>, kind: CallKind) -> Result<String, Mistake> {
        if let Some(action) = &self.call.action {
            return Ok(action.clone());
        }
        let method = self.call.method.as_deref();
        match (kind, service) {
            (CallKind::Http, _) => Ok(method.unwrap_or("GET").to_ascii_lowercase()),
            (CallKind::Llm, _) => Ok("chat".to_owned()),
            (CallKind::Tool, Some(service)) => {
                let path = self.call.destination.path.as_deref();
                let (Some(method), Some(path)) = (method, path) else {
                    let message = "state the `action`, or `method` and `destination.path`";
                    return Err(Mistake::new(&[], message));
                };
                operation(service, method, path)
            }
            _ => Err(Mistake::new(&[], "state the `action`")),
        }
    }

    fn method_and_path(&self, tool: &str, action: &str, kind: CallKind) -> (Arc<str>, Arc<str>) {
        let service = self.bench.model.data.catalogue.get(tool);
        let operations = service.map_or(&[][..], |service| &service.operations);
        let operation = operations
            .iter()
            .find(|operation| operation.action == action);
        let (method, path) = match (operation, kind) {
            (Some(operation), _) => (operation.method.clone(), self.filled(&operation.path)),
            // A message on a WebSocket is described as the body of the POST that it would be.
            (None, CallKind::Http) if action != Call::MESSAGE => {
                (action.to_ascii_uppercase(), "/".to_owned())
            }
            (None, CallKind::Llm) if action == "chat" => ("POST".to_owned(), CHAT.to_owned()),
            (None, CallKind::Grpc) => {
                let service = tool.split_once('/').map_or(tool, |(_, service)| service);
                ("POST".to_owned(), format!("/{service}/{action}"))
            }
            _ => ("POST".to_owned(), "/".to_owned()),
        };
        let stated = &self.call.destination.path;
        (
            self.call.method.as_ref().unwrap_or(&method).as_str().into(),
            stated.as_ref().unwrap_or(&path).as_str().into(),
        )
    }

    /// An operation's path with its placeholders filled: from the parameter of that name, else with the name.
    fn filled(&self, template: &str) -> String {
        let segments = template.split('/').map(|segment| {
            let name = segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            let Some(name) = name else {
                return segment.to_owned();
            };
            match self.call.parameters.get(name) {
                Some(serde_json::Value::String(text)) if !text.is_empty() => escaped(text),
                Some(value @ serde_json::Value::Number(_)) => value.to_string(),
                _ => name.to_owned(),
            }
        });
        segments.collect::<Vec<_>>().join("/")
    }

    fn http(&self, method: Arc<str>) -> HttpPart {
        let bodiless = ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"].contains(&&*method);
        let usual = if bodiless { "" } else { "application/json" };
        let content_type = self.call.content_type.as_deref().unwrap_or(usual);
        HttpPart {
            content_type: content_type.into(),
            method,
        }
    }
}

impl Protocol {
    pub(crate) fn kind(self) -> CallKind {
        match self {
            Self::Http => CallKind::Http,
            Self::Rest => CallKind::Tool,
            Self::OpenAi | Self::Anthropic | Self::Bedrock | Self::Gemini => CallKind::Llm,
            Self::Mcp => CallKind::Mcp,
            Self::A2a => CallKind::A2a,
            Self::Grpc => CallKind::Grpc,
        }
    }
}

/// As the proxy names it: `other` where none matches.
pub(super) fn operation(service: &Service, method: &str, path: &str) -> Result<String, Mistake> {
    let matched = service.operation(method, path).map_err(|error| {
        let message = format!("the proxy refuses this path: {error}");
        Mistake::new(&["destination", "path"], message)
    })?;
    let action = matched.map_or("other", |matched| &*matched.operation.action);
    Ok(action.to_owned())
}

/// The first exact one, else some name below the first suffix.
fn first_host(service: &ServiceData) -> String {
    let exact = service.hosts.iter().find(|host| !host.starts_with('.'));
    let suffix = || service.hosts.first().map(|suffix| format!("any{suffix}"));
    exact.cloned().or_else(suffix).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

pub(super) fn did_you_mean<'k>(
    word: &str,
    known: impl IntoIterator<Item = &'k String>,
) -> Option<String> {
    let near = nearest(word, known.into_iter().map(String::as_str))?;
    Some(format!("did you mean `{near}`?"))
}

const ANONYMOUS: &str = "anonymous";
const CHAT: &str = "/v1/chat/completions";

/// What only users' modules look at.
const ID: &str = "test";
const TRACE: &str = "00000000000000000000000000000001";
const REGION: &str = "test";
const TIME: &str = "2026-01-01T00:00:00Z";
