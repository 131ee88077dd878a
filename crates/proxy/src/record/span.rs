//! The span of a finished record. Sends nothing where no collector is configured.

use std::time::SystemTime;

use aegis_policy::Outcome;
use aegis_telemetry::trace::SpanRecord;
use http::Method;

use super::{Call, Record};
use crate::gate;

impl Record {
    pub(super) fn span(&self, error: Option<&'static str>) {
        if !self.evidence.tracer.enabled() {
            return;
        }
        let call = self.call.as_ref();
        let caller = self.caller.as_ref();
        let destination = self.destination_line();
        let region = call.map(|call| gate::region_in_words(&call.regions));
        self.evidence.tracer.record(SpanRecord {
            name: span_name(&self.method, call).into(),
            trace: &self.trace,
            start: self.begun_at,
            end: SystemTime::now(),
            front: self.channel.connection.front.as_str(),
            tenant: caller.map_or("", |caller| &caller.tenant),
            agent: caller.map_or("", |caller| &caller.agent),
            tool: call.map_or("", |call| &call.tool),
            action: call.map_or("", |call| &call.action),
            decision: self.outcome().as_str(),
            decision_id: &self.id,
            would: call.and_then(|call| call.would).map(Outcome::as_str),
            policy_version: self.version_words(),
            reasons: self.rules.iter().map(AsRef::as_ref).collect(),
            approval_id: call.and_then(|call| call.approval.as_deref()),
            destination_region: region.as_deref(),
            method: self.method.as_str(),
            status: self.status,
            server_address: destination.host,
            server_port: destination.port,
            error,
        });
    }

    /// What the agent was told.
    fn outcome(&self) -> Outcome {
        match &self.call {
            Some(call) if self.overruled.is_empty() => call.outcome,
            None if self.is_own_answer() => Outcome::Allow,
            _ => Outcome::Deny,
        }
    }
}

/// Low in variety: the tool where one is known, never the path.
fn span_name(method: &Method, call: Option<&Call>) -> String {
    match call {
        Some(call) => format!("{} {}", call.action, call.tool),
        None => method.to_string(),
    }
}
