//! The line of stations: one request, socket to upstream. Bookkeeping outside, `?` inside.

mod arrive;
mod batch;
mod connect;

use std::sync::Arc;

use aegis_policy::{Auth, CallKind, Caller, Fault, Front, Intent, Outcome, Snapshot};
use aegis_protocol::{Dialect, Finder, Heard, LlmApi};
use bytes::Bytes;
use http::{HeaderMap, Method, Response, header};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use serde_json::Value;

use crate::answer::{self, Asked, Begun, Following, Searching, Source};
use crate::body::AnswerBody;
use crate::chain::Chains;
use crate::describe::{self, Asking, Described, Understood};
use crate::exchange::{Received, Switched};
use crate::gate::{Grant, Outbound};
use crate::hygiene;
use crate::identity;
use crate::install_page;
use crate::lease::Lease;
use crate::masking;
use crate::plane::Plane;
use crate::pool::Keep;
use crate::record::{self, Record};
use crate::refusal::{Cause, Refusal, Told};
use crate::request::{self, Channel, Head, Request};
use crate::tunnel::Opened;
use arrive::arrive;

pub(crate) use connect::judge_renamed;

/// Answers one request. Whatever happens on the line, there is an answer and a record.
pub(crate) async fn handle(
    plane: Arc<Plane>,
    channel: Channel,
    request: http::Request<Incoming>,
) -> Response<AnswerBody> {
    // Taken once for a request: every station judges by the same policy.
    let policy = plane.activation.in_force();
    let known = policy.as_deref().ok();
    let mut record = Record::begin(&plane, &channel, request.method(), request.headers(), known);
    let proxied = channel.connection.front == Front::Forward && channel.tunnel.is_none();
    let connects = proxied && request.method() == Method::CONNECT;
    // The wire waits for it after each such message, also after a CONNECT that is refused unheard.
    let waits =
        request.method() == Method::CONNECT || request.headers().contains_key(header::UPGRADE);
    let verdict = waits.then(|| Arc::clone(&channel.verdict));
    let travelled = if connects {
        connect::open_tunnel(&plane, &channel, request, policy, &mut record).await
    } else {
        forward(&plane, &channel, request, policy, &mut record).await
    };
    if let Some(verdict) = verdict {
        match &travelled {
            Ok(Arrived::Switched { .. } | Arrived::Tunnel { .. }) => verdict.grant(),
            Ok(Arrived::Answer { .. } | Arrived::Own(_)) | Err(_) => verdict.refuse(),
        }
    }
    match travelled {
        Ok(arrived) => arrive(&plane, &channel, arrived, record),
        Err(Refused { refusal, told }) => record::answer(record, &refusal, &told).await,
    }
}

/// The policy that was in force when a request came, or why there was none.
type InForce = Result<Arc<Snapshot>, Fault>;

/// Where the line ended well.
enum Arrived {
    Answer {
        response: Response<Source>,
        keep: Keep,
        outcome: Outcome,
        lease: Lease,
    },
    Switched {
        switched: Switched,
        outcome: Outcome,
        /// As it was judged.
        handshake: Arc<Intent>,
        following: Option<Following>,
        searching: Option<Searching>,
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
    told: Told,
}

/// A request that is read, judged and sent.
async fn forward(
    plane: &Arc<Plane>,
    channel: &Channel,
    request: http::Request<Incoming>,
    policy: InForce,
    record: &mut Record,
) -> Result<Arrived, Refused> {
    // What else is wrong with it is told first, but who sent it is on record.
    let caller = identify(plane, channel, request.headers(), record);
    request::measure(&request, &plane.limits)?;
    let mut request = Request::canonical(request, channel, &plane.services)?;
    let head = &mut *request.head;
    let known = policy.as_deref().ok();
    let scanner = known.map_or(&plane.describer.scanner, Snapshot::scanner);
    let path = masking::path(&head.path, scanner);
    record.addressed(head.scheme, &head.authority, &path);
    if let Some(answer) = install_page::answer(&plane.ca, head, channel) {
        record.own_answer().await?;
        return Ok(Arrived::Own(answer));
    }
    let dialect = dialect_at_once(known, head);
    let caller = caller.map_err(|refusal| (refusal, dialect.clone()))?;
    // Before anything is judged: what is judged is what will be sent.
    hygiene::clean_request(&mut head.headers);
    if head.service.is_some() {
        identity::strip(&mut head.headers);
        hygiene::clean_service_request(&mut head.headers);
    }
    let policy = undrained(plane, policy).map_err(|refusal| (refusal, dialect.clone()))?;
    proven_or_known(&caller, channel.connection.front, &policy)
        .map_err(|refusal| (refusal, dialect))?;
    let chain = plane
        .chains
        .take(&mut head.headers, &caller, record.trace());
    let mut asking = Asking::new(record, caller, channel.connection.front);
    // One that is refused is told so in the language that the request turns out to speak.
    let chain = chain.map(|chain| asking.chain = chain);
    let traffic = Arc::clone(record.traffic());
    let described = plane
        .describer
        .describe(request, asking, &policy, traffic)
        .await?;
    match described {
        Understood::One(described) => {
            address_again(&policy, &described.request.head, &described.heard, record);
            let dialect = described.reading.dialect.clone();
            chain.map_err(|refusal| (refusal, dialect.clone()))?;
            let sent = send(plane, described, &policy, record).await;
            sent.map_err(|refusal| (refusal, dialect).into())
        }
        // Kept out of the future of every other call.
        Understood::Batch(described) => {
            address_again(&policy, &described.request.head, &described.heard, record);
            chain.map_err(|refusal| (refusal, Dialect::JsonRpc { id: Value::Null }))?;
            Box::pin(batch::send(plane, described, &policy, record)).await
        }
    }
}

/// What the detector has found in the path is not written down either.
fn address_again(policy: &Snapshot, request: &Head, heard: &Heard, record: &mut Record) {
    if heard.is_empty() {
        return;
    }
    let finder = Finder {
        scanner: policy.scanner(),
        heard,
    };
    let path = masking::path(&request.path, finder);
    record.addressed(request.scheme, &request.authority, &path);
}

/// The second half: from here on the refusal is in the dialect that the request was found to speak.
async fn send(
    plane: &Arc<Plane>,
    mut described: Box<Described>,
    policy: &Snapshot,
    record: &mut Record,
) -> Result<Arrived, Refusal> {
    let following = Following::of(&described.reading, &described.request.head);
    if following.is_some() {
        answer::ask_for_plain(&mut described.request.head.headers);
    }
    let dialect = described.reading.dialect.clone();
    let (grant, outbound) = plane.gate.authorize(described, policy, record).await?;
    let granted = Granted {
        outcome: grant.outcome(),
        lease: plane.gate.lease(&grant),
        outbound,
        following,
        dialect,
    };
    carry(plane, &grant, granted, record).await
}

/// What may go, and what its answer has to be followed for.
struct Granted {
    outcome: Outcome,
    lease: Lease,
    outbound: Outbound,
    following: Option<Following>,
    /// Of the caller.
    dialect: Dialect,
}

/// From the grant to the answer.
async fn carry(
    plane: &Arc<Plane>,
    grant: &Grant,
    granted: Granted,
    record: &mut Record,
) -> Result<Arrived, Refusal> {
    let Granted {
        outcome,
        mut lease,
        mut outbound,
        following,
        dialect,
    } = granted;
    let headers = outbound.headers_mut();
    let cleaner = plane.gate.cleaner(grant, record.tokens());
    let searching = cleaner.map(|cleaner| {
        answer::ask_for_whole(headers);
        Searching::new(cleaner, dialect)
    });
    plane
        .chains
        .extend(headers, grant.intent(), record.trace())?;
    let target = plane.router.resolve(grant).await?;
    record.resolved();
    let trace = record.trace().clone();
    let connected = |via| record.connected(via, target.region());
    let may_repeat = may_repeat(&outbound, grant.intent());
    let received = plane
        .exchange
        .send(outbound, &target, &trace, &mut lease, connected)
        .await
        .map_err(|refusal| refusal.sent(may_repeat))?;
    Ok(match received {
        Received::Answer { response, keep } => {
            let request = grant.intent();
            let response = match (following, searching) {
                (Some(following), searching) => {
                    let asked = Asked { plane, request };
                    let followed = following.follow(response, asked, searching, record, &mut lease);
                    // Kept out of the future of every other call.
                    Box::pin(followed).await?
                }
                (None, Some(searching)) => {
                    let response = response.map(Begun::from);
                    Box::pin(searching.follow(response, record, &mut lease)).await?
                }
                (None, None) => response.map(|body| Source::Upstream(body.into())),
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
            outcome,
            handshake: Arc::clone(grant.intent()),
            following,
            searching,
            lease,
        },
    })
}

/// Whether nothing happens by sending it twice that does not happen by sending it once. What a model says has no effect
/// by itself.
fn may_repeat(outbound: &Outbound, intent: &Intent) -> bool {
    outbound.method().is_idempotent() || intent.call.kind == CallKind::Llm
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
fn dialect_at_once(policy: Option<&Snapshot>, head: &Head) -> Dialect {
    match (&head.service, policy) {
        (None, _) => Dialect::Problem,
        (Some(_), None) => describe::guess(head, None),
        (Some(_), Some(policy)) => {
            describe::guess(head, policy.catalogue().service(&head.authority))
        }
    }
}

/// Who proves nothing, and of whom policy says nothing, is denied whatever the body says: it is not waited for, kept or
/// searched.
fn proven_or_known(caller: &Caller, front: Front, policy: &Snapshot) -> Result<(), Refusal> {
    if caller.auth == Auth::Anonymous && !policy.knows(caller) {
        return Err(Refusal::new(Cause::unproven_at(front)));
    }
    Ok(())
}

/// The policy to judge by, unless nothing is judged any more.
fn undrained(plane: &Plane, policy: InForce) -> Result<Arc<Snapshot>, Refusal> {
    if plane.drain.has_begun() {
        return Err(Refusal::new(Cause::Draining));
    }
    Ok(policy?)
}

impl Asking {
    fn new(record: &Record, caller: Caller, front: Front) -> Self {
        Self {
            front,
            id: Arc::clone(record.id()),
            time: Arc::clone(record.time()),
            caller,
            chain: Chains::begun(record.trace()),
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            told: Dialect::Problem.into(),
        }
    }
}

impl From<(Refusal, Dialect)> for Refused {
    fn from((refusal, dialect): (Refusal, Dialect)) -> Self {
        let shown = refusal.api.map(LlmApi::dialect);
        let told = shown.unwrap_or(dialect).into();
        Self { refusal, told }
    }
}
