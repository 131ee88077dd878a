//! Counters of what happened, named after events, rendered for Prometheus; a label's value never
//! comes from a caller's request.
//!
//! Labels are tenants, rules, regions and types as policy and catalogue name them. Users' modules
//! may still compute rule ids, so every family stops growing at a cap and counts the rest as `other`.

mod family;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

use crate::audit::Log;
use family::{
    CappedCounters, DataLabels, DecisionLabels, FaultLabels, OutcomeLabels, ReasonLabels,
    RedactionLabels, RegionLabels, ResultLabels, ReusedLabels, RuleLabels, WouldLabels,
};

pub use family::Label;

/// All metrics of a data plane; clones share them.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    audit: Log,
    audit_healthy: Gauge,
    decision_duration: Family<OutcomeLabels, Histogram, fn() -> Histogram>,
    decisions: CappedCounters<DecisionLabels>,
    shadow_would: CappedCounters<WouldLabels>,
    refusals: CappedCounters<RuleLabels>,
    cross_region_calls: CappedCounters<RegionLabels>,
    connections: Gauge,
    connections_rejected: Counter,
    upstream_connections: Family<ReusedLabels, Counter>,
    requests_in_flight: Gauge,
    tunnels_open: Gauge,
    policy_revision: Gauge,
    policy_reloads: Family<ResultLabels, Counter>,
    policy_faults: CappedCounters<FaultLabels>,
    malformed_requests: CappedCounters<ReasonLabels>,
    data_found: CappedCounters<DataLabels>,
    redactions: CappedCounters<RedactionLabels>,
    detector_duration: Family<ResultLabels, Histogram, fn() -> Histogram>,
    tools_changed: Counter,
    tools_unkept: Counter,
    request_bytes: Counter,
    response_bytes: Counter,
}

/// Something that is open; dropping it says that it is over.
#[derive(Debug)]
#[must_use = "the gauge falls again as soon as this is dropped"]
pub struct Open(Gauge);

impl Metrics {
    /// Makes all metrics; those of the audit log are read from `audit`.
    pub fn new(audit: &Log) -> Self {
        let mut all = Registration(Registry::with_prefix("aegis"));
        let durations = Family::new_with_constructor(decision_histogram as fn() -> Histogram);
        let asked = Family::new_with_constructor(detector_histogram as fn() -> Histogram);
        let mut metrics = Self {
            registry: Arc::default(),
            audit: audit.clone(),
            audit_healthy: all.add("audit_healthy", "1 while the audit log can be written"),
            decision_duration: all.put("decision_duration_seconds", "Time to decide", durations),
            decisions: all.add("decisions", "Decisions"),
            shadow_would: all.add("shadow_would", "What rules in shadow would have decided"),
            refusals: all.add("refusals", "Refused calls by rule"),
            cross_region_calls: all.add("cross_region_calls", "Calls sent to another region"),
            connections: all.add("connections", "Open connections of clients"),
            connections_rejected: all.add("connections_rejected", "Connections over the limit"),
            upstream_connections: all.add("upstream_connections", "Calls by origin of connection"),
            requests_in_flight: all.add("requests_in_flight", "Requests that are not finished"),
            tunnels_open: all.add("tunnels_open", "Open tunnels, intercepted or blind"),
            policy_revision: all.add("policy_revision", "Number of the active policy snapshot"),
            policy_reloads: all.add("policy_reloads", "Attempts to load policies"),
            policy_faults: all.add("policy_faults", "Calls for which policy had no decision"),
            malformed_requests: all.add("malformed_requests", "Requests not understood"),
            data_found: all.add("data_found", "Sensitive data in calls and in answers"),
            redactions: all.add(
                "redactions",
                "Values redacted before forwarding, in calls and in answers",
            ),
            detector_duration: all.put("detector_seconds", "Questions to the detector", asked),
            tools_changed: all.add("mcp_tools_changed", "New definitions of known MCP tools"),
            tools_unkept: all.add(
                "mcp_tools_unkept",
                "Listed MCP tools that there is no room to remember",
            ),
            request_bytes: all.add("request_bytes", "Bytes of bodies and tunnels from agents"),
            response_bytes: all.add("response_bytes", "Bytes of bodies and tunnels to agents"),
        };
        all.put(
            "audit_errors",
            "Audit lines late, refused or lost",
            audit.errors(),
        );
        // There from the beginning, also where nobody is asked.
        let answered = ResultLabels { result: "answered" };
        drop(metrics.detector_duration.get_or_create(&answered));
        metrics.registry = Arc::new(all.0);
        metrics
    }

    pub fn decided(
        &self,
        outcome: &'static str,
        phase: &'static str,
        tenant: impl Into<Label>,
        took: Duration,
    ) {
        self.decision_duration
            .get_or_create(&OutcomeLabels { outcome })
            .observe(took.as_secs_f64());
        self.decisions.add(
            &DecisionLabels {
                outcome,
                phase,
                tenant: tenant.into(),
            },
            1,
        );
    }

    /// A rule in shadow would have led to `outcome`; once for each such rule.
    pub fn would_have(&self, outcome: &'static str, rule: impl Into<Label>) {
        self.shadow_would.add(
            &WouldLabels {
                outcome,
                rule: rule.into(),
            },
            1,
        );
    }

    /// The detector of sensitive data was asked, with this result.
    pub fn detector_asked(&self, result: &'static str, took: Duration) {
        self.detector_duration
            .get_or_create(&ResultLabels { result })
            .observe(took.as_secs_f64());
    }

    pub fn refused(&self, rule: impl Into<Label>) {
        self.refusals.add(&RuleLabels { rule: rule.into() }, 1);
    }

    pub fn crossed_region(&self, from: impl Into<Label>, to: impl Into<Label>) {
        self.cross_region_calls.add(
            &RegionLabels {
                from: from.into(),
                to: to.into(),
            },
            1,
        );
    }

    pub fn connection_opened(&self) -> Open {
        Open::count(&self.connections)
    }

    pub fn connection_rejected(&self) {
        self.connections_rejected.inc();
    }

    pub fn upstream_connected(&self, reused: bool) {
        self.upstream_connections
            .get_or_create(&ReusedLabels { reused })
            .inc();
    }

    pub fn request_started(&self) -> Open {
        Open::count(&self.requests_in_flight)
    }

    pub fn tunnel_opened(&self) -> Open {
        Open::count(&self.tunnels_open)
    }

    pub fn policy_loaded(&self, revision: u64) {
        self.policy_revision
            .set(i64::try_from(revision).unwrap_or(i64::MAX));
        self.policy_reloads
            .get_or_create(&ResultLabels { result: "loaded" })
            .inc();
    }

    /// A policy was refused; the last good one stays.
    pub fn policy_rejected(&self) {
        self.policy_reloads
            .get_or_create(&ResultLabels { result: "rejected" })
            .inc();
    }

    /// The evaluators had no decision for a call, for the reason that `fault` names: it was denied.
    pub fn policy_failed(&self, fault: impl Into<Label>) {
        self.policy_faults.add(
            &FaultLabels {
                fault: fault.into(),
            },
            1,
        );
    }

    pub fn malformed(&self, reason: &'static str) {
        self.malformed_requests.add(
            &ReasonLabels {
                reason: reason.into(),
            },
            1,
        );
    }

    /// Sensitive data in a `call` or in an `answer`, whatever became of it.
    pub fn found(&self, kind: impl Into<Label>, r#in: &'static str, count: u64) {
        let r#type = kind.into();
        self.data_found.add(&DataLabels { r#type, r#in }, count);
    }

    pub fn redacted(&self, kind: impl Into<Label>, action: &'static str, count: u64) {
        self.redactions.add(
            &RedactionLabels {
                r#type: kind.into(),
                action: action.into(),
            },
            count,
        );
    }

    /// A server lists another definition of a tool than it did before.
    pub fn tool_changed(&self) {
        self.tools_changed.inc();
    }

    /// A server lists a tool that there is no room to remember.
    pub fn tool_unkept(&self) {
        self.tools_unkept.inc();
    }

    pub fn received_from_agent(&self, bytes: u64) {
        self.request_bytes.inc_by(bytes);
    }

    pub fn sent_to_agent(&self, bytes: u64) {
        self.response_bytes.inc_by(bytes);
    }

    /// The `OpenMetrics` text, for [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
        self.audit_healthy.set(i64::from(self.audit.healthy()));
        let mut text = String::with_capacity(8192);
        // Writing into a string fails only if a metric's own encoding does; what is there is kept.
        if encode(&mut text, &self.registry).is_err() {
            tracing::error!("metrics could not be rendered completely");
        }
        text
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Open {
    fn count(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

struct Registration(Registry);

impl Registration {
    fn add<M: Metric + Clone + Default>(&mut self, name: &str, help: &str) -> M {
        self.put(name, help, M::default())
    }

    fn put<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.0.register(name, help, metric.clone());
        metric
    }
}

fn decision_histogram() -> Histogram {
    Histogram::new(DECISION_BUCKETS)
}

fn detector_histogram() -> Histogram {
    Histogram::new(DETECTOR_BUCKETS)
}

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds: 5 µs to 50 ms, dense where the targets are (30, 100 and 250 µs).
const DECISION_BUCKETS: [f64; 14] = [
    0.000_005, 0.000_01, 0.000_02, 0.000_03, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5,
    0.005, 0.01, 0.025, 0.05,
];

/// Seconds: a model on a processor takes 10 ms and more for a text; the time-out is 2 s by default.
const DETECTOR_BUCKETS: [f64; 11] = [
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
];
