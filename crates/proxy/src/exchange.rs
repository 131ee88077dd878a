//! Sends one granted request and receives the answer's head. Adds and removes what the hop needs; judges nothing.

mod prepare;

use std::sync::Arc;
use std::time::Duration;

use aegis_protocol::websocket::Agreement;
use aegis_telemetry::trace::TraceContext;
use http::{HeaderMap, HeaderValue, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;

use crate::body::RequestBody;
use crate::gate::Outbound;
use crate::hygiene;
use crate::lease::Lease;
use crate::pool::{Keep, Pool, PoolKey};
use crate::refusal::{Cause, Refusal};
use crate::request::Upgrade;
use crate::route::Target;
use crate::upstream::{Dialer, Sender, Upstream};
use prepare::{as_http1, as_http2, prepare};

/// What came back: an answer to relay, or both ends of a connection that now speaks something else.
#[derive(Debug)]
pub(crate) enum Received {
    Answer {
        response: Response<Incoming>,
        keep: Keep,
    },
    Switched(Switched),
}

/// Both ends of a connection after a switch of protocols.
#[derive(Debug)]
pub(crate) struct Switched {
    pub(crate) response: Response<()>,
    pub(crate) client: OnUpgrade,
    pub(crate) upstream: OnUpgrade,
    pub(crate) to: Speaks,
}

/// What both ends speak from now on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Speaks {
    /// Nobody here knows.
    Unknown,
    /// With this agreement on compression.
    WebSocket(Option<Agreement>),
}

impl Received {
    fn headers_mut(&mut self) -> &mut HeaderMap {
        match self {
            Self::Answer { response, .. } => response.headers_mut(),
            Self::Switched(switched) => switched.response.headers_mut(),
        }
    }
}

/// How a request came to its upstream, for the record.
#[derive(Clone, Debug)]
pub(crate) struct Via {
    /// Where it was dialled, as records show it.
    pub(crate) address: Arc<str>,
    pub(crate) reused: bool,
    pub(crate) protocol: &'static str,
}

#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) dialer: Dialer,
    /// From sending the request to the head of its answer.
    pub(crate) response_time: Duration,
}

impl Exchange {
    /// Connects, sends, and waits for the answer's head, as long as policy allows the call. When a
    /// drain is over, the client's connection is cut, and this with it. `connected` hears of the way
    /// before the first byte goes out on it.
    pub(crate) async fn send(
        &self,
        outbound: Outbound,
        target: &Target,
        trace: &TraceContext,
        lease: &mut Lease,
        connected: impl FnMut(Via),
    ) -> Result<Received, Refusal> {
        tokio::select! {
            biased;
            () = lease.revoked() => Err(Refusal::new(Cause::Revoked)),
            received = self.exchange(outbound, target, trace, connected) => received,
        }
    }

    async fn exchange(
        &self,
        outbound: Outbound,
        target: &Target,
        trace: &TraceContext,
        mut connected: impl FnMut(Via),
    ) -> Result<Received, Refusal> {
        let (mut request, upgrade, service) = prepare(outbound.into_request(), trace)?;
        if let Some(service) = &service {
            // The last change: a signature covers what is sent.
            Box::pin(service.authenticate(&mut request, target)).await?;
        }
        let upstream = match upgrade {
            None => self.dialer.connect(target).await?,
            Some(_) => self.dialer.connect_for_upgrade(target).await?,
        };
        connected(upstream.via());
        let uri = request.uri().clone();
        let pool = &self.dialer.pool;
        let again = upstream.reused.then(|| twin(&request)).flatten();
        let exchanged = async {
            let mut request = match upstream.send(request, target, pool).await? {
                Sent::Answered(answered) => return Ok(answered),
                // The kept connection was closed while it waited; nothing of the request left.
                Sent::Returned(request) => request,
                // It was closed under the request.
                Sent::Lost => again.ok_or_else(|| Refusal::new(Cause::UpstreamBroken))?,
            };
            // Written for the old connection; the new one may speak another version.
            *request.uri_mut() = uri.clone();
            let upstream = self.dialer.connect_anew(target).await?;
            connected(upstream.via());
            upstream.send(request, target, pool).await?.or_broken()
        };
        let (response, keep) = tokio::time::timeout(self.response_time, exchanged)
            .await
            .map_err(|_| Refusal::new(Cause::UpstreamTimeout))??;
        let mut received = received(response, upgrade, keep)?;
        if let Some(service) = service {
            hygiene::clean_service_response(received.headers_mut(), |it| {
                service.relocate(it, uri.path())
            });
        }
        Ok(received)
    }
}

type Answered = (Response<Incoming>, Keep);

enum Sent {
    Answered(Answered),
    /// Nothing of it left.
    Returned(http::Request<RequestBody>),
    /// A kept connection was closed before it brought an answer.
    Lost,
}

impl Sent {
    fn or_broken(self) -> Result<Answered, Refusal> {
        match self {
            Self::Answered(answered) => Ok(answered),
            Self::Returned(_) | Self::Lost => Err(Refusal::new(Cause::UpstreamBroken)),
        }
    }
}

impl Upstream {
    fn via(&self) -> Via {
        let protocol = match self.sender {
            Sender::Http1(_) => "http/1.1",
            Sender::Http2(..) => "h2",
        };
        Via {
            address: Arc::clone(&self.address),
            reused: self.reused,
            protocol,
        }
    }

    async fn send(
        self,
        mut request: http::Request<RequestBody>,
        target: &Target,
        pool: &Arc<Pool>,
    ) -> Result<Sent, Refusal> {
        let Self {
            sender,
            address,
            reused,
        } = self;
        match sender {
            Sender::Http1(mut sender) => {
                as_http1(&mut request)?;
                match sender.try_send_request(request).await {
                    Ok(response) => {
                        let keep = Keep::Http1 {
                            pool: Arc::clone(pool),
                            key: PoolKey::of(target),
                            sender,
                            address,
                        };
                        Ok(Sent::Answered((response, keep)))
                    }
                    Err(error) => unanswered(error, reused, true),
                }
            }
            Sender::Http2(mut sender, in_use) => {
                as_http2(&mut request);
                match sender.try_send_request(request).await {
                    Ok(response) => Ok(Sent::Answered((response, Keep::Http2(in_use)))),
                    Err(error) => unanswered(error, reused, sender.is_closed()),
                }
            }
        }
    }
}

/// What became of a request without an answer, on a connection that is closed now or not.
fn unanswered(
    mut error: hyper::client::conn::TrySendError<http::Request<RequestBody>>,
    reused: bool,
    closed: bool,
) -> Result<Sent, Refusal> {
    match error.take_message() {
        Some(request) if reused => Ok(Sent::Returned(request)),
        _ if is_body_error(error.error()) => Err(Refusal::new(Cause::BodyBroken)),
        _ if reused && closed && !error.error().is_parse() => Ok(Sent::Lost),
        _ => Err(Refusal::new(Cause::UpstreamBroken)),
    }
}

/// The same request for a second try: to send it twice does what sending it once does (RFC 9110, 9.2.2), and all of
/// it is known.
fn twin(request: &http::Request<RequestBody>) -> Option<http::Request<RequestBody>> {
    let body = request.body().nothing_again()?;
    request.method().is_idempotent().then(|| {
        let mut twin = http::Request::new(body);
        *twin.method_mut() = request.method().clone();
        *twin.uri_mut() = request.uri().clone();
        *twin.headers_mut() = request.headers().clone();
        twin
    })
}

/// hyper calls it a user error when the body that it was given fails.
fn is_body_error(error: &hyper::Error) -> bool {
    error.is_user()
}

fn received(
    mut response: Response<Incoming>,
    upgrade: Option<Upgrade>,
    keep: Keep,
) -> Result<Received, Refusal> {
    // What the upstream's hop speaks says nothing about the client's.
    *response.version_mut() = Version::HTTP_11;
    if response.headers().contains_key(header::TRANSFER_ENCODING) {
        // It wins (RFC 9112, 6.3), and a length that is not true must not go on.
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    match (response.status(), upgrade) {
        (StatusCode::SWITCHING_PROTOCOLS, Some(upgrade)) => {
            let upstream = hyper::upgrade::on(&mut response);
            let to = spoken(&upgrade, response.headers())?;
            let agreed = response.headers().get(header::UPGRADE).cloned();
            let mut response = response.map(drop);
            hygiene::clean_response(response.headers_mut());
            let headers = response.headers_mut();
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::UPGRADE, agreed.unwrap_or(upgrade.protocol));
            Ok(Received::Switched(Switched {
                response,
                client: upgrade.client,
                upstream,
                to,
            }))
        }
        // Nobody asked for it.
        (StatusCode::SWITCHING_PROTOCOLS, None) => Err(Refusal::new(Cause::UpstreamBroken)),
        _ => {
            hygiene::clean_response(response.headers_mut());
            Ok(Received::Answer { response, keep })
        }
    }
}

/// A WebSocket is one only if the server agrees to what this client asked for, and to nothing else.
fn spoken(upgrade: &Upgrade, answer: &HeaderMap) -> Result<Speaks, Refusal> {
    let Some(offer) = &upgrade.offer else {
        return Ok(Speaks::Unknown);
    };
    let agreed = offer.answered(answer);
    agreed
        .map(Speaks::WebSocket)
        .map_err(|error| Refusal::with(Cause::UpstreamBroken, error.to_string()))
}
