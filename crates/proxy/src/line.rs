//! The line of stations: one request, socket to upstream. Bookkeeping outside, `?` inside.

use std::sync::Arc;

use aegis_policy::{Authority, Caller, Front, Outcome, Scheme, Snapshot};
use aegis_protocol::Dialect;
use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;

use crate::answer::{Following, Source};
use crate::body::AnswerBody;
use crate::describe::{self, Asking};
use crate::exchange::{Keep, Received, Speaks, Switched};
use crate::gate::Grant;
use crate::hygiene;
use crate::identity;
use crate::install_page;
use crate::lease::Lease;
use crate::masking;
use crate::plane::Plane;
use crate::record::{self, Ending, Record};
use crate::refusal::{Cause, Refusal};
use crate::relay::Relayed;
use crate::request::{self, Channel, Inside, Request, connect_authority};
use crate::tunnel::{self, Opened};
use crate::websocket;
use crate::wire::Said;

/// Answers one request. Whatever happens on the line, there is an answer and a record.
pub(crate) async fn handle(
    plane: Arc<Plane>,
    channel: Channel,
    request: http::Request<Incoming>,
) -> Response<AnswerBody> {
    let mut record = Record::begin(&plane, &channel, request.method(), request.headers());
    let proxied = channel.connection.front == Front::Forward && channel.tunnel.is_none();
    let connects = proxied && request.method() == Method::CONNECT;
    // The wire waits for it after each such message, also after a CONNECT that is refused unheard.
    let waits =
        request.method() == Method::CONNECT || request.headers().contains_key(header::UPGRADE);
    let verdict = waits.then(|| Arc::clone(&channel.verdict));
    let travelled = if connects {
        open_tunnel(&plane, &channel, request, &mut record).await
    } else {
        forward(&plane, &channel, request, &mut record).await
    };
    if let Some(verdict) = verdict {
        match &travelled {
            Ok(Arrived::Switched { .. } | Arrived::Tunnel { .. }) => verdict.grant(),
            Ok(Arrived::Answer { .. } | Arrived::Own(_)) | Err(_) => verdict.refuse(),
        }
    }
    match travelled {
        Ok(arrived) => arrive(&plane, &channel, arrived, record),
        Err(Refused { refusal, dialect }) => record::answer(record, &refusal, &dialect).await,
    }
}

/// Where the line ended well.
enum Arrived {
    Answer {
        response: Response<Source>,
        keep: Option<Keep>,
        outcome: Outcome,
        lease: Lease,
    },
    Switched {
        switched: Switched,
        grant: Grant,
        lease: Lease,
    },
    Tunnel {
        client: OnUpgrade,
        opened: Opened,
        lease: Lease,
    },
    /// It was for Aegis itself, and goes no further.
    Own(Response<Bytes>),
}

/// A refusal, and how this caller is told.
struct Refused {
    refusal: Refusal,
    dialect: Dialect,
}

/// A request that is read, judged and sent.
async fn forward(
    plane: &Arc<Plane>,
    channel: &Channel,
    request: http::Request<Incoming>,
    record: &mut Record,
) -> Result<Arrived, Refused> {
    // What else is wrong with it is told first, but who sent it is on record.
    let caller = identify(plane, channel, request.headers(), record);
    request::measure(&request, &plane.limits)?;
    let mut request = Request::canonical(request, channel, &plane.services)?;
    let path = masking::path(&request.path, &plane.describer.scanner);
    record.addressed(request.scheme, &request.authority, &path);
    if let Some(answer) = install_page::answer(&plane.ca, &request, channel) {
        record.own_answer().await?;
        return Ok(Arrived::Own(answer));
    }
    let dialect = dialect_at_once(plane, &request);
    let caller = caller.map_err(|refusal| (refusal, dialect.clone()))?;
    // Before anything is judged: what is judged is what will be sent.
    hygiene::clean_request(&mut request.headers);
    if request.service.is_some() {
        identity::strip(&mut request.headers);
        hygiene::clean_service_request(&mut request.headers);
    }
    let policy = policy_in_force(plane).map_err(|refusal| (refusal, dialect))?;
    let asking = Asking::new(record, caller, channel.connection.front);
    let traffic = Arc::clone(record.traffic());
    let described = plane
        .describer
        .describe(request, asking, &policy, traffic)
        .await?;
    let dialect = described.reading.dialect.clone();
    send(plane, described, &policy, record)
        .await
        .map_err(|refusal| Refused { refusal, dialect })
}

/// The second half: from here on the refusal is in the dialect that the request was found to speak.
async fn send(
    plane: &Arc<Plane>,
    mut described: crate::describe::Described,
    policy: &Snapshot,
    record: &mut Record,
) -> Result<Arrived, Refusal> {
    let scanner = &plane.describer.scanner;
    let following = Following::of(&described.reading, described.request.query.as_deref());
    if following.is_some() {
        Following::ask_for_plain(&mut described.request.headers);
    }
    let (grant, outbound) = plane
        .gate
        .authorize(described, policy, scanner, record)
        .await?;
    let mut lease = plane.gate.lease(&grant);
    let target = plane.router.resolve(&grant).await?;
    record.resolved();
    let trace = record.trace().clone();
    let connected = |via| record.connected(via, target.region());
    let received = plane
        .exchange
        .send(outbound, &target, &trace, &mut lease, connected)
        .await?;
    let outcome = grant.outcome();
    Ok(match received {
        Received::Answer { response, keep } => {
            let response = match following {
                Some(following) => {
                    let request = grant.intent();
                    let followed = following.follow(response, plane, request, record, &mut lease);
                    // Kept out of the future of every other call.
                    Box::pin(followed).await?
                }
                None => response.map(Source::Upstream),
            };
            Arrived::Answer {
                response,
                keep,
                outcome,
                lease,
            }
        }
        Received::Switched(switched) => Arrived::Switched {
            switched,
            grant,
            lease,
        },
    })
}

/// A CONNECT: judged by its names; what comes through it is judged again, request by request.
async fn open_tunnel(
    plane: &Plane,
    channel: &Channel,
    mut request: http::Request<Incoming>,
    record: &mut Record,
) -> Result<Arrived, Refused> {
    let client = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let caller = identify(plane, channel, &parts.headers, record);
    let authority = connect_authority(&parts)?;
    record.addressed(Scheme::Https, &authority, &"".into());
    let caller = caller?;
    let policy = policy_in_force(plane)?;
    let asking = Asking::new(record, caller.clone(), channel.connection.front);
    let intent = plane
        .describer
        .tunnel(&authority, Scheme::Https, asking, &policy);
    let grant = plane.gate.authorize_tunnel(intent, &policy, record).await?;
    let opened = if grant.passthrough() {
        let target = plane.router.resolve(&grant).await?;
        record.resolved();
        let (upstream, via) = plane.exchange.dialer.dial_blind(&target).await?;
        record.connected(via, target.region());
        Opened::Blind {
            upstream,
            host: authority.host().clone(),
        }
    } else {
        let id = Arc::clone(record.id());
        Opened::Intercepted(Inside {
            id,
            authority,
            scheme: Scheme::Https,
            caller,
            revoked: Said::default(),
        })
    };
    Ok(Arrived::Tunnel {
        client,
        opened,
        lease: plane.gate.lease(&grant),
    })
}

/// Judges a tunnel again under the name that its client asked for in the TLS greeting.
pub(crate) async fn judge_renamed(
    plane: &Plane,
    channel: &Channel,
    inside: Inside,
    authority: Authority,
) -> Option<Inside> {
    let mut record = Record::begin(plane, channel, &Method::CONNECT, &HeaderMap::new());
    record.addressed(inside.scheme, &authority, &"".into());
    record.identified(&inside.caller);
    let asking = Asking::new(&record, inside.caller.clone(), channel.connection.front);
    let judged = async {
        let policy = policy_in_force(plane)?;
        let intent = plane
            .describer
            .tunnel(&authority, inside.scheme, asking, &policy);
        let grant = plane
            .gate
            .authorize_tunnel(intent, &policy, &mut record)
            .await?;
        // A blind tunnel was not asked for, and its target has not been dialled.
        if grant.passthrough() {
            Err(Refusal::new(Cause::NameDisagreement))
        } else {
            Ok(())
        }
    };
    match judged.await {
        Ok(()) => {
            record.end(Ending::Forwarded);
            Some(Inside {
                id: Arc::clone(record.id()),
                authority,
                ..inside
            })
        }
        Err(refusal) => {
            // The handshake ends; there is nobody to tell in HTTP.
            record.refused(&refusal, None).await;
            None
        }
    }
}

fn arrive(
    plane: &Arc<Plane>,
    channel: &Channel,
    arrived: Arrived,
    mut record: Record,
) -> Response<AnswerBody> {
    let stamp = record.stamp();
    match arrived {
        Arrived::Answer {
            response,
            keep,
            outcome,
            lease,
        } => {
            let (mut parts, body) = response.into_parts();
            record.answered(parts.status.as_u16());
            stamp.mark(&mut parts.headers, outcome);
            channel.carried.add(&lease);
            let body = Relayed::new(body, record, keep, lease);
            Response::from_parts(parts, AnswerBody::Relayed(Box::new(body)))
        }
        Arrived::Switched {
            mut switched,
            grant,
            lease,
        } => {
            let headers = switched.response.headers_mut();
            stamp.mark(headers, grant.outcome());
            record.answered(switched.response.status().as_u16());
            switch(plane, switched, &grant, record, lease).map(|()| AnswerBody::empty())
        }
        Arrived::Tunnel {
            client,
            opened,
            lease,
        } => {
            record.answered(StatusCode::OK.as_u16());
            let mut response = Response::new(AnswerBody::empty());
            stamp.mark(response.headers_mut(), Outcome::Allow);
            let channel = channel.clone();
            plane.drain.spawn(tunnel::run(
                Arc::clone(plane),
                channel,
                client,
                opened,
                record,
                lease,
            ));
            response
        }
        Arrived::Own(mut response) => {
            record.answered(response.status().as_u16());
            stamp.mark(response.headers_mut(), Outcome::Allow);
            record.end(Ending::Answered);
            response.map(AnswerBody::whole)
        }
    }
}

/// Two ends that no longer speak HTTP are joined: message by message where they can be read.
fn switch(
    plane: &Arc<Plane>,
    switched: Switched,
    grant: &Grant,
    record: Record,
    lease: Lease,
) -> Response<()> {
    let Switched {
        response,
        client,
        upstream,
        to,
    } = switched;
    match to {
        Speaks::Unknown => {
            let linger = plane.limits.idle_timeout;
            let joined = tunnel::join(client, upstream, record, lease, linger);
            plane.drain.spawn(joined);
        }
        Speaks::WebSocket(agreed) => {
            let opened = websocket::Opened {
                client,
                upstream,
                agreed,
                handshake: Arc::clone(grant.intent()),
            };
            let open = websocket::run(Arc::clone(plane), opened, record, lease);
            plane.drain.spawn(open);
        }
    }
    response
}

/// Who calls: inside a tunnel, who opened it.
fn identify(
    plane: &Plane,
    channel: &Channel,
    headers: &HeaderMap,
    record: &mut Record,
) -> Result<Caller, Refusal> {
    let certificate = channel.connection.certificate.as_ref();
    let front = channel.connection.front;
    let caller = match &channel.tunnel {
        Some(tunnel) => tunnel.caller.clone(),
        None => plane.identities.identify(front, headers, certificate)?,
    };
    record.identified(&caller);
    Ok(caller)
}

/// Before a request has been read. An SDK at the gateway understands its provider's errors only; a
/// client of the proxy is told about its way there in HTTP.
fn dialect_at_once(plane: &Plane, request: &Request<Incoming>) -> Dialect {
    match (&request.service, plane.activation.current()) {
        (None, _) => Dialect::Problem,
        (Some(_), None) => describe::guess(request, None),
        (Some(_), Some(policy)) => {
            describe::guess(request, policy.catalogue().service(&request.authority))
        }
    }
}

/// Taken once for a request: every station judges by the same policy.
fn policy_in_force(plane: &Plane) -> Result<Arc<Snapshot>, Refusal> {
    if plane.drain.has_begun() {
        return Err(Refusal::new(Cause::Draining));
    }
    plane
        .activation
        .in_force()
        .map_err(|fault| Refusal::because(Cause::PolicyFault, fault.rule(), fault.to_string()))
}

impl Asking {
    fn new(record: &Record, caller: Caller, front: Front) -> Self {
        Self {
            front,
            id: Arc::clone(record.id()),
            time: Arc::clone(record.time()),
            caller,
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            dialect: Dialect::Problem,
        }
    }
}

impl From<(Refusal, Dialect)> for Refused {
    fn from((refusal, dialect): (Refusal, Dialect)) -> Self {
        Self { refusal, dialect }
    }
}
