//! A request in its one canonical form: who it is for is decided here, once, or it is refused.

use std::sync::Arc;

use aegis_config::Limits;
use aegis_policy::{Authority, Caller, Front, Scheme};
use aegis_protocol::websocket::{Offer, is_handshake};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Uri, Version, header};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;

use crate::gateway::{Service, Services};
use crate::hygiene;
use crate::lease::Carried;
use crate::listener::Connection;
use crate::refusal::{Cause, Refusal};
use crate::wire::{InFlight, Said, Verdict};

/// What a request came in on.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) connection: Arc<Connection>,
    pub(crate) tunnel: Option<Arc<Inside>>,
    /// For the wire below, where there is one.
    pub(crate) verdict: Arc<Verdict>,
    pub(crate) in_flight: InFlight,
    pub(crate) carried: Carried,
    /// Said when policy closes this channel itself.
    pub(crate) revoked: Said,
    /// Said when the client has stopped taking what it is sent, in a tunnel or outside.
    pub(crate) stalled: Said,
}

impl Channel {
    pub(crate) fn outside(connection: Arc<Connection>) -> Self {
        Self {
            connection,
            tunnel: None,
            verdict: Arc::default(),
            in_flight: InFlight::default(),
            carried: Carried::default(),
            revoked: Said::default(),
            stalled: Said::default(),
        }
    }

    /// Whether policy has closed this channel or the tunnel under it.
    pub(crate) fn is_revoked(&self) -> bool {
        let tunnel = self
            .tunnel
            .as_ref()
            .is_some_and(|tunnel| tunnel.revoked.is_said());
        self.revoked.is_said() || tunnel
    }

    /// The channel of what comes through a tunnel in this one.
    pub(crate) fn inside(&self, tunnel: Inside) -> Self {
        let connection = Arc::clone(&self.connection);
        Self {
            tunnel: Some(Arc::new(tunnel)),
            stalled: self.stalled.clone(),
            ..Self::outside(connection)
        }
    }
}

/// The tunnel that a request lives in: its names and its caller were judged at CONNECT.
#[derive(Debug)]
pub(crate) struct Inside {
    /// The decision id of the CONNECT.
    pub(crate) id: Arc<str>,
    pub(crate) authority: Authority,
    pub(crate) scheme: Scheme,
    pub(crate) caller: Caller,
    /// Said when policy closes the tunnel.
    pub(crate) revoked: Said,
}

/// A request whose destination has one name. `B` is the body: as it arrives, or ready to be sent on.
#[derive(Debug)]
pub(crate) struct Request<B> {
    /// Apart from the body, and boxed: it goes from station to station.
    pub(crate) head: Box<Head>,
    pub(crate) body: B,
}

/// What a request says before its body.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    pub(crate) path: Arc<str>,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) upgrade: Option<Upgrade>,
    /// What the gateway was asked for: its key is added when the request leaves.
    pub(crate) service: Option<Arc<Service>>,
}

/// A switch of protocols that the client asks for.
#[derive(Debug)]
pub(crate) struct Upgrade {
    pub(crate) protocol: HeaderValue,
    pub(crate) client: OnUpgrade,
    /// Of a WebSocket, whose messages can be looked into; everything else is opaque.
    pub(crate) offer: Option<Offer>,
}

impl Request<Incoming> {
    pub(crate) fn canonical(
        mut request: http::Request<Incoming>,
        channel: &Channel,
        services: &Services,
    ) -> Result<Self, Refusal> {
        // HTTP/1.0 does not know them (RFC 9110, 7.8), HTTP/2 has none.
        let upgrade = (request.version() == Version::HTTP_11)
            .then(|| hygiene::upgrade(request.headers()))
            .flatten()
            .map(|protocol| Upgrade {
                client: hyper::upgrade::on(&mut request),
                offer: is_handshake(request.method(), request.headers())
                    .then(|| Offer::narrow(request.headers_mut()))
                    .flatten(),
                protocol,
            });
        let (parts, body) = request.into_parts();
        let Place {
            scheme,
            authority,
            path,
            service,
        } = Place::of(&parts, channel, services)?;
        let head = Box::new(Head {
            method: parts.method,
            scheme,
            authority,
            path,
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers,
            upgrade,
            service,
        });
        Ok(Self { head, body })
    }
}

/// Where a request goes, by its front.
struct Place {
    scheme: Scheme,
    authority: Authority,
    path: Arc<str>,
    service: Option<Arc<Service>>,
}

impl Place {
    fn of(parts: &Parts, channel: &Channel, services: &Services) -> Result<Self, Refusal> {
        let (scheme, authority) = match (&channel.tunnel, channel.connection.front) {
            (Some(tunnel), _) => (tunnel.scheme, name_inside(parts, tunnel)?),
            (None, Front::Forward) => (Scheme::Http, name_of_absolute_form(parts)?),
            (None, Front::Gateway) => return Self::behind_gateway(parts, services),
        };
        Ok(Self {
            scheme,
            authority,
            path: path_of(parts)?,
            service: None,
        })
    }

    /// `Host` names the gateway there, and nothing follows from it.
    fn behind_gateway(parts: &Parts, services: &Services) -> Result<Self, Refusal> {
        single_host(&parts.headers)?;
        let (service, path) = services.locate(parts)?;
        Ok(Self {
            scheme: service.scheme,
            authority: service.authority.clone(),
            path,
            service: Some(service),
        })
    }
}

/// HTTP/1 heads are measured on the wire, those of HTTP/2 here (RFC 9113, 6.5.2): h2 lets twice as
/// much through, because what it refuses itself has no record.
pub(crate) fn measure<B>(request: &http::Request<B>, limits: &Limits) -> Result<(), Refusal> {
    if request.version() != Version::HTTP_2 {
        return Ok(());
    }
    let fields = request.headers();
    let list = fields
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + FIELD_OVERHEAD)
        .sum::<usize>();
    let target = request.uri().to_string().len();
    if fields.len() > limits.headers || list + target > limits.header_bytes {
        return Err(Refusal::new(Cause::HeadTooLarge));
    }
    Ok(())
}

/// The destination of a CONNECT: host and port in the target, and the same in `Host` if there is one.
pub(crate) fn connect_authority(parts: &Parts) -> Result<Authority, Refusal> {
    let named = parts
        .uri
        .authority()
        .ok_or_else(|| Refusal::new(Cause::Destination))?;
    let is_url = parts.uri.scheme().is_some() || parts.uri.path_and_query().is_some();
    if is_url || named.port().is_none() {
        return Err(Refusal::with(Cause::Destination, "CONNECT needs host:port"));
    }
    let authority = parse(named.as_str(), 0)?;
    agree_with_header(&authority, named.as_str(), &parts.headers, authority.port())?;
    Ok(authority)
}

/// Without a tunnel only `http://host/path` says where to go (RFC 9112, 3.2.2).
fn name_of_absolute_form(parts: &Parts) -> Result<Authority, Refusal> {
    let (Some(scheme), Some(named)) = (parts.uri.scheme_str(), parts.uri.authority()) else {
        return Err(Refusal::new(Cause::NotProxyForm));
    };
    if scheme != "http" {
        let message = "only http:// may be sent as an absolute URL; https:// needs CONNECT";
        return Err(Refusal::with(Cause::NotProxyForm, message));
    }
    let default_port = Scheme::Http.default_port();
    let authority = parse(named.as_str(), default_port)?;
    agree_with_header(&authority, named.as_str(), &parts.headers, default_port)?;
    Ok(authority)
}

/// In a tunnel the name is `Host` or `:authority`. Where it differs from the tunnel's own, the
/// request is judged under the name that it gives.
fn name_inside(parts: &Parts, tunnel: &Inside) -> Result<Authority, Refusal> {
    let default_port = tunnel.scheme.default_port();
    let in_target = named_in_target(&parts.uri, tunnel.scheme)?;
    let in_header = host_header(&parts.headers, default_port)?;
    match (in_target, in_header) {
        (Some(target), header) => {
            agree(&target, header.as_ref())?;
            Ok(target)
        }
        (None, Some(header)) => Ok(header),
        (None, None) => Err(Refusal::with(
            Cause::Destination,
            "the request names no host",
        )),
    }
}

fn named_in_target(uri: &Uri, scheme: Scheme) -> Result<Option<Authority>, Refusal> {
    let Some(named) = uri.authority() else {
        return Ok(None);
    };
    if uri
        .scheme_str()
        .is_some_and(|given| given != scheme.as_str())
    {
        return Err(Refusal::with(
            Cause::NameDisagreement,
            "the URL's scheme is not the tunnel's",
        ));
    }
    parse(named.as_str(), scheme.default_port()).map(Some)
}

fn host_header(headers: &HeaderMap, default_port: u16) -> Result<Option<Authority>, Refusal> {
    single_host(headers)?
        .map(|text| parse(text, default_port))
        .transpose()
}

fn single_host(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(header::HOST).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Refusal::with(
            Cause::NameDisagreement,
            "the request has several Host headers",
        ));
    }
    value
        .to_str()
        .map(Some)
        .map_err(|_| Refusal::new(Cause::Destination))
}

/// Holds the name in the target against `Host`. `written` is how it stands there: the same text is
/// the same name.
fn agree_with_header(
    authority: &Authority,
    written: &str,
    headers: &HeaderMap,
    default_port: u16,
) -> Result<(), Refusal> {
    match single_host(headers)? {
        Some(text) if text != written => agree(authority, Some(&parse(text, default_port)?)),
        _ => Ok(()),
    }
}

fn agree(authority: &Authority, other: Option<&Authority>) -> Result<(), Refusal> {
    match other {
        Some(other) if other != authority => Err(Refusal::new(Cause::NameDisagreement)),
        _ => Ok(()),
    }
}

fn parse(text: &str, default_port: u16) -> Result<Authority, Refusal> {
    Authority::parse(text, default_port)
        .map_err(|error| Refusal::with(Cause::Destination, error.to_string()))
}

fn path_of(parts: &Parts) -> Result<Arc<str>, Refusal> {
    if parts.method == Method::CONNECT {
        let message = "CONNECT inside a tunnel is not accepted";
        return Err(Refusal::with(Cause::NotProxyForm, message));
    }
    match parts.uri.path() {
        "" => Ok("/".into()),
        "*" if parts.method == Method::OPTIONS => Ok("*".into()),
        path if path.starts_with('/') => Ok(path.into()),
        _ => Err(Refusal::with(
            Cause::Malformed,
            "the request's path does not begin with a slash",
        )),
    }
}

/// Bytes that a field of HTTP/2 counts beside its name and value.
const FIELD_OVERHEAD: usize = 32;

#[cfg(test)]
mod tests;
