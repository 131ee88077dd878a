//! The evidence of one call: a decision line before anything leaves, then exactly one end line, span and count.
//!
//! A record that is dropped unfinished ends as aborted, because the client went away, unless the
//! drain or its tunnel's end took it along. It decides nothing.

mod lines;
mod span;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use aegis_policy::{
    Authority, Caller, Decision, Intent, Outcome, Redaction, Scheme, Snapshot, Would,
};
use aegis_protocol::Dialect;
use aegis_telemetry::audit::{self, DecisionRecord, EndRecord, Log, RuleRecord, Timings};
use aegis_telemetry::metrics::{Metrics, Open};
use aegis_telemetry::trace::{TraceContext, Tracer};
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
use lines::{redacted, rules};

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
            approval_id: approval.as_deref(),
            redacted: match outcome {
                Outcome::Sanitize => decision.obligations.redact.iter().map(redacted).collect(),
                _ => Vec::new(),
            },
            ..self.judged_line(judged)
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
