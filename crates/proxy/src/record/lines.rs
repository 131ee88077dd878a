//! The audit lines of a record, filled from what it knows. Writes nothing.

use aegis_policy::{DataFinding, Fault, Host, Outcome, Reason, Redaction};
use aegis_protocol::Found;
use aegis_protocol::answer::Heard;
use aegis_protocol::grpc::Messages;
use aegis_telemetry::audit::{
    AnswerDataRecord, ChainRecord, DataRecord, DecisionRecord, DestinationRecord, EndRecord,
    GrpcRecord, ListsRecord, LlmRecord, MessagesRecord, OutcomeRecord, RouteRecord, RuleRecord,
    TokensRecord,
};

use super::within::Within;
use super::{Judged, Record, as_micros};
use crate::answer::Lists;
use crate::grpc::GrpcTraffic;
use crate::pseudonyms::TokenCount;

impl Record {
    /// The part of a decision line that the intent and its decision fill.
    pub(super) fn judged_line<'a>(&'a self, judged: &'a Judged<'_>) -> DecisionRecord<'a> {
        let Judged {
            intent,
            decision,
            written,
            ..
        } = judged;
        let truncation = intent.call.truncation;
        DecisionRecord {
            fault: decision.fault.map(Fault::rule),
            would: decision
                .would
                .as_ref()
                .map(|would| beside(would.outcome, &would.reasons)),
            tool: &written.tool,
            action: &written.action,
            parameters: written.parameters.clone(),
            method: &written.method,
            content_type: &written.content_type,
            data: intent.data.iter().map(data_record).collect(),
            decision_us: as_micros(judged.decided),
            phase: intent.phase.as_str(),
            front: intent.front.as_str(),
            tenant: &intent.caller.tenant,
            agent: &intent.caller.agent,
            auth: intent.caller.auth.as_str(),
            kind: intent.call.kind.as_str(),
            chain: (intent.chain.depth() > 0).then(|| ChainRecord {
                depth: intent.chain.depth(),
                agents: intent.chain.agents.iter().map(AsRef::as_ref).collect(),
                trace_id: &intent.chain.trace_id,
            }),
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
            truncated: truncation.is_truncated(),
            unread: truncation.is_truncated().then(|| truncation.as_str()),
            changed: intent.call.changed,
            ..self.bare_line()
        }
    }

    /// The part that is known of every call, even of one that could not be read.
    pub(super) fn bare_line(&self) -> DecisionRecord<'_> {
        let caller = self.caller.as_ref();
        let (proposed_by, batched_by, websocket) = match &self.within {
            None => (None, None, None),
            Some(Within::Answer(id)) => (Some(&**id), None, None),
            Some(Within::Batch(id)) => (None, Some(&**id), None),
            Some(Within::WebSocket(id)) => (None, None, Some(&**id)),
        };
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
            proposed_by,
            batched_by,
            websocket,
            phase: "request",
            front: self.channel.connection.front.as_str(),
            tenant: caller.map_or("", |caller| &caller.tenant),
            agent: caller.map_or("", |caller| &caller.agent),
            auth: caller.map_or("", |caller| caller.auth.as_str()),
            region: &self.evidence.region,
            policy_version: self.version_words(),
            trace_id: Some(self.trace.trace_id_hex().into()),
            peer: self.channel.connection.peer.as_str().into(),
            ..DecisionRecord::default()
        }
    }

    pub(super) fn destination_line(&self) -> DestinationRecord<'_> {
        let Some((scheme, authority, path)) = &self.destination else {
            return DestinationRecord::default();
        };
        DestinationRecord {
            scheme: scheme.as_str(),
            host: match authority.host() {
                Host::Name(name) => name.as_ref().into(),
                address @ Host::Address(_) => address.to_string().into(),
            },
            port: authority.port(),
            path,
            provider: "",
        }
    }

    /// The part of an end line that is known before the end.
    pub(super) fn end_line(&self) -> EndRecord<'_> {
        let learned = self.learned.as_deref();
        EndRecord {
            id: &self.id,
            status: self.status,
            refusal: (!self.overruled.is_empty()).then(|| beside(Outcome::Deny, &self.overruled)),
            route: self.route.as_ref().map(|(via, region)| RouteRecord {
                address: via.address.as_ref().into(),
                region,
                reused: via.reused,
                protocol: via.protocol,
            }),
            timings_us: self.timings,
            approval_id: self.call.as_ref().and_then(|call| call.approval.as_deref()),
            llm: learned.and_then(|it| it.heard.as_ref()).map(llm_record),
            grpc: self.traffic.grpc().map(grpc_record),
            lists: learned.and_then(|it| it.lists.as_ref()).map(lists_record),
            answer_data: self.answer_data().iter().map(answer_data_record).collect(),
            error_type: self.tool_error(),
            tokens: tokens_record(&self.tokens),
            ..EndRecord::default()
        }
    }
}

impl Record {
    /// What was found in the answer.
    pub(super) fn answer_data(&self) -> &[Found] {
        self.learned.as_ref().map_or(&[], |it| &it.data)
    }

    /// What the answer itself says went wrong.
    pub(super) fn tool_error(&self) -> Option<&'static str> {
        let learned = self.learned.as_deref();
        learned.filter(|it| it.tool_error).map(|_| "tool_error")
    }
}

pub(super) fn rules(reasons: &[Reason]) -> Vec<RuleRecord<'_>> {
    reasons
        .iter()
        .map(|Reason { rule, message }| RuleRecord { rule, message })
        .collect()
}

fn beside(outcome: Outcome, reasons: &[Reason]) -> OutcomeRecord<'_> {
    OutcomeRecord {
        outcome: outcome.as_str(),
        rules: rules(reasons),
    }
}

fn data_record(found: &DataFinding) -> DataRecord<'_> {
    DataRecord {
        kind: found.kind,
        class: found.class,
        path: &found.path,
        count: found.count,
        confidence: f64::from(found.confidence) / 100.0,
    }
}

fn answer_data_record(found: &Found) -> AnswerDataRecord<'static> {
    AnswerDataRecord {
        kind: found.seen.kind,
        class: found.seen.class.as_str(),
        count: found.seen.count,
        confidence: f64::from(found.seen.confidence) / 100.0,
        effect: found.effect.as_str(),
    }
}

fn llm_record(heard: &Heard) -> LlmRecord<'_> {
    LlmRecord {
        response_id: heard.id.as_deref(),
        model: heard.model.as_deref(),
        region: heard.region.as_deref(),
        input_tokens: heard.usage.input,
        output_tokens: heard.usage.output,
        cached_tokens: heard.usage.cached,
        finish_reasons: &heard.finish,
        error: heard.error.as_deref(),
    }
}

fn grpc_record(traffic: &GrpcTraffic) -> GrpcRecord {
    let way = |messages: Messages| MessagesRecord {
        count: messages.count,
        largest_bytes: messages.largest,
    };
    GrpcRecord {
        from_agent: way(traffic.received()),
        to_agent: way(traffic.sent()),
        status: traffic.status(),
    }
}

fn lists_record(lists: &Lists) -> ListsRecord<'_> {
    ListsRecord {
        listed: lists.listed,
        hidden: lists.hidden,
        hidden_names: &lists.hidden_names,
        changed: lists.changed,
        changed_names: &lists.changed_names,
    }
}

fn tokens_record(count: &TokenCount) -> Option<TokensRecord> {
    let (made, restored) = (count.made(), count.restored());
    (made + restored > 0).then_some(TokensRecord { made, restored })
}

pub(super) fn redacted(redaction: &Redaction) -> &str {
    match redaction {
        Redaction::Parameter(name, _) | Redaction::Data(name, _) => name,
    }
}
