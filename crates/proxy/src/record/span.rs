//! The span of a finished record. Sends nothing where no collector is configured.

use std::time::SystemTime;

use aegis_policy::Outcome;
use aegis_telemetry::trace::SpanRecord;
use http::Method;

use super::{Call, Record};

impl Record {
    pub(super) fn span(&self, error: Option<&'static str>) {
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
}

/// Low in variety: the tool where one is known, never the path.
fn span_name(method: &Method, call: Option<&Call>) -> String {
    match call {
        Some(call) => format!("{} {}", call.action, call.tool),
        None => method.to_string(),
    }
}
