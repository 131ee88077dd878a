//! The evidence of one call: a decision line before anything leaves, then exactly one end line, span and count.
//!
//! A record that is dropped unfinished ends as aborted, because the client went away, unless the
//! drain or its tunnel's end took it along. It decides nothing.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use aegis_policy::{
    Authority, Caller, Decision, Intent, Outcome, Reason, Redaction, Scheme, Snapshot, Would,
};
use aegis_protocol::Dialect;
use aegis_telemetry::audit::{
    self, DataRecord, DecisionRecord, DestinationRecord, EndRecord, Log, RouteRecord, RuleRecord,
    Timings, WouldRecord,
};
use aegis_telemetry::metrics::{Metrics, Open};
use aegis_telemetry::trace::{SpanRecord, TraceContext, Tracer};
use http::{HeaderMap, Method};
use uuid::Uuid;

use crate::body::Traffic;
use crate::drain::Drain;
use crate::exchange::Via;
use crate::gate::UNKNOWN_REGION;
use crate::masking::Written;
use crate::refusal::{Cause, Refusal, Stamp};
use crate::request::Channel;
use crate::wire::Answering;

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
}

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    Forwarded,
    /// By Aegis, with a stable code.
    Refused(&'static str),
    /// At the upstream, with a stable code.
    Failed(&'static str),
    ClosedByPolicy,
    Drained,
    Aborted,
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
    destination: Option<(Scheme, Authority, Arc<str>)>,
    call: Option<Call>,
    caller: Option<Caller>,
    written: bool,
    ended: bool,
    status: Option<u16>,
    route: Option<(Via, Arc<str>)>,
    timings: Timings,
    _in_flight: Open,
    _answering: Answering,
}

/// What the end line and the span need of a judged call.
struct Call {
    tool: Arc<str>,
    action: Arc<str>,
    outcome: Outcome,
    would: Option<Outcome>,
    rules: Vec<Arc<str>>,
    policy_version: Arc<str>,
    approval: Option<Arc<str>>,
}

impl Record {
    pub(crate) fn begin(
        evidence: &Arc<Evidence>,
        channel: &Channel,
        method: &Method,
        headers: &HeaderMap,
    ) -> Self {
        Self {
            channel: channel.clone(),
            id: Uuid::now_v7().to_string().into(),
            trace: TraceContext::of_request(headers),
            begun: Instant::now(),
            begun_at: SystemTime::now(),
            time: audit::now().into(),
            method: method.clone(),
            traffic: Arc::default(),
            destination: None,
            call: None,
            caller: None,
            written: false,
            ended: false,
            status: None,
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
            policy_version: self
                .call
                .as_ref()
                .map(|call| Arc::clone(&call.policy_version)),
            region: Arc::clone(&self.evidence.region),
        }
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

    /// Writes the decision line and waits until it is durable. `instead` is a refusal that takes
    /// the decision's place because what it asks for cannot be done.
    pub(crate) async fn judged(
        &mut self,
        judged: &Judged<'_>,
        instead: Option<&Refusal>,
        approval: Option<Arc<str>>,
    ) -> Result<(), Refusal> {
        let Judged {
            intent,
            decision,
            policy,
            decided,
            written: words,
        } = judged;
        let (outcome, reasons) = match instead {
            Some(refusal) => (refusal.outcome, &refusal.reasons),
            None => (decision.outcome, &decision.reasons),
        };
        self.timings.decision = Some(self.micros());
        self.count_decision(intent, outcome, decision.would.as_ref(), *decided);
        let policy_version: Arc<str> = policy.revision().to_string().into();
        self.written = true;
        let line = DecisionRecord {
            outcome: outcome.as_str(),
            rules: rules(reasons),
            policy_version: &policy_version,
            fault: decision.fault.map(aegis_policy::Fault::rule),
            would: decision.would.as_ref().map(would_record),
            approval_id: approval.as_deref(),
            tool: &words.tool,
            action: &words.action,
            parameters: words.parameters.clone(),
            data: intent.data.iter().map(data_record).collect(),
            redacted: match outcome {
                Outcome::Sanitize => decision.obligations.redact.iter().map(redacted).collect(),
                _ => Vec::new(),
            },
            decision_us: as_micros(*decided),
            ..self.intent_line(intent)
        };
        let written = self.evidence.log.append(&line).await;
        self.call = Some(Call {
            tool: words.tool.as_ref().into(),
            action: words.action.as_ref().into(),
            outcome,
            would: decision.would.as_ref().map(|would| would.outcome),
            rules: reasons
                .iter()
                .map(|reason| Arc::clone(&reason.rule))
                .collect(),
            policy_version,
            approval,
        });
        written.map_err(|error| Refusal::with(Cause::AuditUnavailable, error.to_string()))
    }

    /// Ends the call with a refusal. One that came before any decision gets its decision line
    /// here, so that each call has both.
    pub(crate) async fn refused(&mut self, refusal: &Refusal, dialect: &Dialect) {
        if !self.written {
            self.written = true;
            let line = DecisionRecord {
                outcome: refusal.outcome.as_str(),
                rules: rules(&refusal.reasons),
                ..self.bare_line()
            };
            // It is refused in any case; what the log could not take, it counts.
            let _ = self.evidence.log.append(&line).await;
        }
        for reason in &refusal.reasons {
            self.evidence.metrics.refused(&reason.rule);
        }
        if refusal.is_malformed() {
            self.evidence.metrics.malformed(refusal.code());
        }
        self.status = Some(refusal.status_in(dialect).as_u16());
        let ending = if refusal.blames_upstream() {
            Ending::Failed(refusal.code())
        } else {
            Ending::Refused(refusal.code())
        };
        self.end(ending);
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

    pub(crate) fn redacted(&self, redactions: &[Redaction]) {
        for redaction in redactions {
            match redaction {
                Redaction::Parameter(_) => self.evidence.metrics.redacted("parameter", 1),
                Redaction::Data(kind) => self.evidence.metrics.redacted(kind, 1),
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
        let line = EndRecord {
            id: &self.id,
            time: &audit::now(),
            status: self.status,
            outcome_detail: detail,
            error,
            route: self.route.as_ref().map(|(via, region)| RouteRecord {
                address: via.address.to_string().into(),
                region,
                reused: via.reused,
                protocol: via.protocol,
            }),
            bytes_in: inbound,
            bytes_out: outbound,
            timings_us: self.timings,
            approval_id: self.call.as_ref().and_then(|call| call.approval.as_deref()),
            ..EndRecord::default()
        };
        // The log counts what it cannot take, and turns unhealthy.
        let _ = self.evidence.log.append_later(&line);
        self.span(error);
    }

    /// The decision line of a call that ended before it could be judged: it was not allowed.
    fn never_judged(&mut self, rule: &str) {
        self.written = true;
        let line = DecisionRecord {
            outcome: Outcome::Deny.as_str(),
            rules: vec![RuleRecord {
                rule,
                message: "the call ended before it was judged",
            }],
            ..self.bare_line()
        };
        let _ = self.evidence.log.append_later(&line);
    }

    fn span(&self, error: Option<&'static str>) {
        if !self.evidence.tracer.enabled() {
            return;
        }
        let call = self.call.as_ref();
        let caller = self.caller.as_ref();
        let destination = self.destination_line();
        let version = call.map_or("", |call| &call.policy_version);
        self.evidence.tracer.record(SpanRecord {
            name: span_name(&self.method, call).into(),
            trace: &self.trace,
            start: self.begun_at,
            end: SystemTime::now(),
            tenant: caller.map_or("", |caller| &caller.tenant),
            agent: caller.map_or("", |caller| &caller.agent),
            tool: call.map_or("", |call| &call.tool),
            action: call.map_or("", |call| &call.action),
            decision: call.map_or(Outcome::Deny, |call| call.outcome).as_str(),
            decision_id: &self.id,
            would: call.and_then(|call| call.would).map(Outcome::as_str),
            policy_version: version,
            reasons: call.map_or_else(Vec::new, |call| {
                call.rules.iter().map(AsRef::as_ref).collect()
            }),
            approval_id: call.and_then(|call| call.approval.as_deref()),
            destination_region: self.route.as_ref().map(|(_, region)| region.as_ref()),
            method: self.method.as_str(),
            status: self.status,
            server_address: destination.host,
            server_port: destination.port,
            error,
        });
    }

    fn count_decision(
        &self,
        intent: &Intent,
        outcome: Outcome,
        would: Option<&Would>,
        decided: Duration,
    ) {
        let metrics = &self.evidence.metrics;
        let tenant = &intent.caller.tenant;
        metrics.decided(outcome.as_str(), intent.phase.as_str(), tenant, decided);
        if let Some(would) = would {
            for reason in &would.reasons {
                metrics.would_have(would.outcome.as_str(), &reason.rule);
            }
        }
    }

    /// The part of a decision line that is the intent's.
    fn intent_line<'a>(&'a self, intent: &'a Intent) -> DecisionRecord<'a> {
        DecisionRecord {
            phase: intent.phase.as_str(),
            front: intent.front.as_str(),
            tenant: &intent.caller.tenant,
            agent: &intent.caller.agent,
            auth: intent.caller.auth.as_str(),
            kind: intent.call.kind.as_str(),
            destination: DestinationRecord {
                provider: &intent.destination.provider,
                ..self.destination_line()
            },
            destination_regions: intent
                .destination
                .regions
                .iter()
                .map(AsRef::as_ref)
                .collect(),
            truncated: intent.call.truncation == aegis_policy::Truncation::Truncated,
            ..self.bare_line()
        }
    }

    /// The part that is known of every call, even of one that could not be read.
    fn bare_line(&self) -> DecisionRecord<'_> {
        let caller = self.caller.as_ref();
        DecisionRecord {
            id: &self.id,
            time: &self.time,
            destination: self.destination_line(),
            connection: self.channel.connection.number,
            tunnel: self
                .channel
                .tunnel
                .as_ref()
                .map(|tunnel| tunnel.id.as_ref()),
            phase: "request",
            front: "forward",
            tenant: caller.map_or("", |caller| &caller.tenant),
            agent: caller.map_or("", |caller| &caller.agent),
            auth: caller.map_or("", |caller| caller.auth.as_str()),
            region: &self.evidence.region,
            trace_id: Some(self.trace.trace_id_hex().into()),
            peer: self.channel.connection.peer.to_string().into(),
            ..DecisionRecord::default()
        }
    }

    fn destination_line(&self) -> DestinationRecord<'_> {
        let Some((scheme, authority, path)) = &self.destination else {
            return DestinationRecord::default();
        };
        DestinationRecord {
            scheme: scheme.as_str(),
            host: authority.host().to_string().into(),
            port: authority.port(),
            path,
            provider: "",
        }
    }

    fn micros(&self) -> u64 {
        as_micros(self.begun.elapsed())
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let ending = match (self.evidence.drain.is_over(), self.channel.is_revoked()) {
            (true, _) => Ending::Drained,
            (false, true) => Ending::ClosedByPolicy,
            (false, false) => Ending::Aborted,
        };
        self.end(ending);
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Ending {
    fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Forwarded => ("forwarded", None),
            Self::Refused(code) => ("refused", Some(code)),
            Self::Failed(code) => ("failed", Some(code)),
            Self::ClosedByPolicy => ("closed_by_policy", Some("policy.revoked")),
            Self::Drained => ("drained", Some("draining")),
            Self::Aborted => ("aborted", Some("client.gone")),
        }
    }
}

fn rules(reasons: &[Reason]) -> Vec<RuleRecord<'_>> {
    reasons
        .iter()
        .map(|Reason { rule, message }| RuleRecord { rule, message })
        .collect()
}

fn would_record(would: &Would) -> WouldRecord<'_> {
    WouldRecord {
        outcome: would.outcome.as_str(),
        rules: rules(&would.reasons),
    }
}

fn data_record(found: &aegis_policy::DataFinding) -> DataRecord<'_> {
    DataRecord {
        kind: found.kind,
        class: found.class,
        path: &found.path,
        count: found.count,
    }
}

fn redacted(redaction: &Redaction) -> &str {
    match redaction {
        Redaction::Parameter(name) | Redaction::Data(name) => name,
    }
}

/// Low in variety: the tool where one is known, never the path.
fn span_name(method: &Method, call: Option<&Call>) -> String {
    match call {
        Some(call) => format!("{} {}", call.action, call.tool),
        None => method.to_string(),
    }
}

fn as_micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// A refusal as this call's answer, in the caller's own protocol.
pub(crate) async fn answer(
    mut record: Record,
    refusal: &Refusal,
    dialect: &Dialect,
) -> http::Response<crate::body::AnswerBody> {
    let refusal = match &record.call {
        Some(call) => &refusal.clone().after(call.outcome),
        None => refusal,
    };
    record.refused(refusal, dialect).await;
    refusal.answer(dialect, &record.stamp())
}
