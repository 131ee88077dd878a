//! The records of a request with several messages: each has its own, and they end together. It decides nothing.

use std::sync::Arc;

use aegis_policy::{CallKind, Intent, Outcome, Phase, Reason};
use aegis_telemetry::audit::DecisionRecord;

use super::lines::rules;
use super::{Call, Ending, Record};
use crate::refusal::{Cause, Refusal};

impl Record {
    /// Writes the decision line of a batch, which is what was decided of its messages together, and
    /// waits until it is durable. `first` is the first of them.
    pub(crate) async fn gathered(
        &mut self,
        (first, messages): (&Intent, usize),
        outcome: Outcome,
        reasons: &[Reason],
    ) -> Result<(), Refusal> {
        let tool = &first.call.tool;
        let server = tool.split_once('/').map_or(&**tool, |(server, _)| server);
        let regions = &first.destination.regions;
        self.timings.decision = Some(self.micros());
        self.written = true;
        let line = DecisionRecord {
            outcome: outcome.as_str(),
            rules: rules(reasons),
            kind: CallKind::Mcp.as_str(),
            tool: server,
            action: BATCH,
            messages: Some(messages),
            phase: Phase::Request.as_str(),
            destination_regions: regions.iter().map(AsRef::as_ref).collect(),
            ..self.bare_line()
        };
        let written = self.evidence.log.append(&line).await;
        self.rules = reasons.iter().map(|it| Arc::clone(&it.rule)).collect();
        self.call = Some(Call {
            kind: CallKind::Mcp,
            api: None,
            model: "".into(),
            stream: false,
            provider: Arc::clone(&first.destination.provider),
            tool: server.into(),
            action: BATCH.into(),
            outcome,
            would: None,
            regions: Arc::clone(regions),
            approval: None,
            data: Vec::new(),
        });
        written.map_err(|error| Refusal::with(Cause::AuditUnavailable, error.to_string()))
    }

    /// From here on these end as this one does.
    pub(crate) fn carry(&mut self, messages: Vec<Self>) {
        self.carried = messages;
    }

    pub(super) fn end_carried(&mut self, ending: Ending) {
        for message in &mut self.carried {
            message.status = self.status;
            message.end(ending);
        }
    }
}

const BATCH: &str = "batch";
