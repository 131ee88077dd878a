//! The evidence of one call: a decision line before anything leaves, then exactly one end line, span and count.
//!
//! A record that is dropped unfinished ends as aborted, because the client went away, unless the
//! drain or its tunnel's end took it along. It decides nothing.

mod batch;
mod decision;
mod ending;
mod lines;
mod provider;
mod span;
mod within;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use aegis_policy::{
    Authority, CallKind, Caller, Decision, Intent, Outcome, Reason, Redaction, Scheme, Snapshot,
};
use aegis_protocol::LlmApi;
use aegis_telemetry::audit::{self, EndRecord, Log, Timings};
use aegis_telemetry::metrics::{Metrics, Open};
use aegis_telemetry::trace::{TraceContext, Tracer};
use http::{HeaderMap, Method};
use uuid::Uuid;

use crate::answer::Learned;
use crate::body::Traffic;
use crate::drain::Drain;
use crate::exchange::Via;
use crate::gate::UNKNOWN_REGION;
use crate::masking::Written;
use crate::plane::Plane;
use crate::pseudonyms::TokenCount;
use crate::refusal::{Refusal, Stamp, Told};
use crate::request::Channel;
use crate::wire::Answering;

pub(crate) use ending::Ending;
pub(crate) use within::Asked;
use within::Within;

/// Where evidence goes.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) log: Log,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tracer: Tracer,
    pub(crate) region: Arc<str>,
    pub(crate) drain: Drain,
}

/// What `gate` found.
pub(crate) struct Judged<'a> {
    pub(crate) intent: &'a Arc<Intent>,
    pub(crate) decision: &'a Decision,
    pub(crate) policy: &'a Snapshot,
    pub(crate) decided: Duration,
    pub(crate) written: Written<'a>,
    /// The API of a generation.
    pub(crate) api: Option<LlmApi>,
}

pub(crate) struct Record {
    evidence: Arc<Evidence>,
    channel: Channel,
    id: Arc<str>,
    trace: TraceContext,
    begun: Instant,
    begun_at: SystemTime,
    time: Arc<str>,
    method: Method,
    traffic: Arc<Traffic>,
    tokens: Arc<TokenCount>,
    destination: Option<(Scheme, Authority, Arc<str>)>,
    caller: Option<Caller>,
    /// Of the policy in force when the call came, then of the one that judged it.
    policy_version: Option<Arc<str>>,
    call: Option<Call>,
    /// Rule ids of the decision and of what Aegis refused the call for.
    rules: Vec<Arc<str>>,
    /// Why Aegis refused what its decision line lets go.
    overruled: Vec<Reason>,
    written: bool,
    ended: bool,
    status: Option<u16>,
    /// The call that this one comes with.
    within: Option<Within>,
    /// The messages that this request carries: they end as it does.
    carried: Vec<Record>,
    learned: Option<Box<Learned>>,
    route: Option<(Via, Arc<str>)>,
    timings: Timings,
    _in_flight: Open,
    _answering: Answering,
}

/// What the end line and the span need of a judged call.
struct Call {
    kind: CallKind,
    tool: Arc<str>,
    action: Arc<str>,
    /// Of a generation.
    api: Option<LlmApi>,
    /// Empty where none is named.
    model: Arc<str>,
    stream: bool,
    provider: Arc<str>,
    outcome: Outcome,
    would: Option<Outcome>,
    regions: Arc<[Arc<str>]>,
    approval: Option<Arc<str>>,
    /// Types of sensitive data in it, each once.
    data: Vec<&'static str>,
}

impl Record {
    /// Begins with what is known before the request is read: who has the tunnel or the certificate,
    /// and the policy that is in force.
    pub(crate) fn begin(
        plane: &Plane,
        channel: &Channel,
        method: &Method,
        headers: &HeaderMap,
        policy: Option<&Snapshot>,
    ) -> Self {
        let evidence = &plane.evidence;
        Self {
            channel: channel.clone(),
            id: new_id(),
            trace: TraceContext::of_request(headers),
            begun: Instant::now(),
            begun_at: SystemTime::now(),
            time: audit::now().into(),
            method: method.clone(),
            traffic: Arc::default(),
            tokens: Arc::default(),
            destination: None,
            caller: proven(plane, channel),
            policy_version: policy.map(|policy| Arc::clone(policy.version())),
            call: None,
            rules: Vec::new(),
            overruled: Vec::new(),
            written: false,
            ended: false,
            status: None,
            within: None,
            carried: Vec::new(),
            learned: None,
            route: None,
            timings: Timings::default(),
            _in_flight: evidence.metrics.request_started(),
            _answering: channel.in_flight.begin(),
            evidence: Arc::clone(evidence),
        }
    }

    pub(crate) fn id(&self) -> &Arc<str> {
        &self.id
    }

    pub(crate) fn trace(&self) -> &TraceContext {
        &self.trace
    }

    pub(crate) fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// What the answer's headers say about this call.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp {
            id: Arc::clone(&self.id),
            policy_version: self.policy_version.clone(),
            region: Arc::clone(&self.evidence.region),
        }
    }

    /// Of the tokens in the call and in its answer.
    pub(crate) fn tokens(&self) -> &Arc<TokenCount> {
        &self.tokens
    }

    /// When the call was read, RFC 3339.
    pub(crate) fn time(&self) -> &Arc<str> {
        &self.time
    }

    pub(crate) fn addressed(&mut self, scheme: Scheme, authority: &Authority, path: &Arc<str>) {
        self.destination = Some((scheme, authority.clone(), Arc::clone(path)));
    }

    pub(crate) fn identified(&mut self, caller: &Caller) {
        self.caller = Some(caller.clone());
    }

    /// The way was found and taken.
    pub(crate) fn connected(&mut self, via: Via, region: &Arc<str>) {
        self.timings.connect = Some(self.micros());
        self.evidence.metrics.upstream_connected(via.reused);
        let from = &self.evidence.region;
        if region != from && region.as_ref() != UNKNOWN_REGION {
            self.evidence.metrics.crossed_region(from, region);
        }
        self.route = Some((via, Arc::clone(region)));
    }

    pub(crate) fn resolved(&mut self) {
        self.timings.resolve = Some(self.micros());
    }

    pub(crate) fn answered(&mut self, status: u16) {
        self.timings.first_byte = Some(self.micros());
        self.status = Some(status);
    }

    /// What the answer has said.
    pub(crate) fn learned(&mut self, learned: Learned) {
        for found in &learned.data {
            let (kind, count) = (found.seen.kind, found.seen.count);
            self.evidence.metrics.found(kind, "answer", count);
            if let Some(action) = found.effect.action() {
                let metrics = &self.evidence.metrics;
                metrics.redacted(kind, action.as_str(), count);
            }
        }
        self.learned = Some(Box::new(learned));
    }

    pub(crate) fn redacted(&self, redactions: &[Redaction]) {
        for redaction in redactions {
            let (metrics, action) = (&self.evidence.metrics, redaction.action().as_str());
            match redaction {
                Redaction::Parameter(..) => metrics.redacted("parameter", action, 1),
                Redaction::Data(kind, _) => metrics.redacted(kind, action, 1),
            }
        }
    }

    /// Writes the end line, the span and the counters; only the first call does.
    pub(crate) fn end(&mut self, ending: Ending) {
        if self.ended {
            return;
        }
        self.ended = true;
        if matches!(ending, Ending::Drained) {
            self.evidence.drain.note_cut();
        }
        self.timings.total = self.micros();
        self.traffic.close();
        self.end_carried(ending);
        let (inbound, outbound) = (
            self.traffic.inbound.load(Ordering::Relaxed),
            self.traffic.outbound.load(Ordering::Relaxed),
        );
        self.evidence.metrics.received_from_agent(inbound);
        self.evidence.metrics.sent_to_agent(outbound);
        let (detail, error) = ending.words();
        if !self.written {
            self.never_judged(error.unwrap_or(detail));
        }
        let ended_at = audit::now();
        let line = EndRecord {
            time: &ended_at,
            outcome_detail: detail,
            error,
            bytes_in: inbound,
            bytes_out: outbound,
            ..self.end_line()
        };
        // The log counts what it cannot take, and turns unhealthy.
        let _ = self.evidence.log.append_later(&line);
        self.span(error);
    }

    /// Empty before the first policy.
    fn version_words(&self) -> &str {
        self.policy_version.as_deref().unwrap_or_default()
    }

    fn micros(&self) -> u64 {
        as_micros(self.begun.elapsed())
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let (drained, revoked) = (self.evidence.drain.is_over(), self.channel.is_revoked());
        self.end(match (drained, revoked, self.channel.stalled.is_said()) {
            (true, _, _) => Ending::Drained,
            (false, true, _) => Ending::ClosedByPolicy,
            (false, false, true) => Ending::Stalled,
            (false, false, false) => Ending::Aborted,
        });
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A version 7 UUID in its usual form.
fn new_id() -> Arc<str> {
    let mut text = Uuid::encode_buffer();
    let text: &str = Uuid::now_v7().hyphenated().encode_lower(&mut text);
    text.into()
}

fn as_micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The caller that no request has to name.
fn proven(plane: &Plane, channel: &Channel) -> Option<Caller> {
    if let Some(tunnel) = &channel.tunnel {
        return Some(tunnel.caller.clone());
    }
    let certificate = channel.connection.certificate.as_ref()?;
    let front = channel.connection.front;
    let identified = plane
        .identities
        .identify(front, &HeaderMap::new(), Some(certificate));
    identified.ok()
}

/// Both lines of what never became a request. `heard` says whether the client is told.
pub(crate) async fn refuse_unread(
    plane: &Plane,
    channel: &Channel,
    refusal: &Refusal,
    heard: bool,
) -> Stamp {
    let (method, headers) = (Method::default(), HeaderMap::new());
    let policy = plane.activation.current();
    let mut record = Record::begin(plane, channel, &method, &headers, policy.as_deref());
    let status = heard.then(|| refusal.status());
    record.refused(refusal, status).await;
    record.stamp()
}

/// A refusal as this call's answer, in the caller's own protocol.
pub(crate) async fn answer(
    mut record: Record,
    refusal: &Refusal,
    told: &Told,
) -> http::Response<crate::body::AnswerBody> {
    let refusal = match &record.call {
        Some(call) => &refusal.clone().after(call.outcome),
        None => refusal,
    };
    record.refused(refusal, Some(refusal.status_in(told))).await;
    refusal.answer(told, &record.stamp())
}
