//! The span of a finished record. Sends nothing where no collector is configured.

use std::time::SystemTime;

use aegis_policy::{CallKind, Outcome};
use aegis_protocol::LlmApi;
use aegis_telemetry::trace::{Inference, Operation, SpanRecord, Target};
use http::Method;

use super::provider::provider;
use super::within::Within;
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
        let failed = self.status.filter(|status| *status >= 400);
        let failed = failed.map(|status| status.to_string());
        let region = call.map(|call| gate::region_in_words(&call.regions));
        self.evidence.tracer.record(SpanRecord {
            name: span_name(&self.method, call).into(),
            operation: self.operation(),
            trace: &self.trace,
            start: self.begun_at,
            end: SystemTime::now(),
            front: self.channel.connection.front.as_str(),
            tenant: caller.map_or("", |caller| &caller.tenant),
            agent: caller.map_or("", |caller| &caller.agent),
            tool: call.map_or("", |call| &call.tool),
            action: call.map_or("", |call| &call.action),
            provider: call.map_or("", |call| &call.provider),
            decision: self.outcome().as_str(),
            decision_id: &self.id,
            would: call.and_then(|call| call.would).map(Outcome::as_str),
            policy_version: self.version_words(),
            reasons: self.rules.iter().map(AsRef::as_ref).collect(),
            data: call.map_or_else(Vec::new, |call| call.data.clone()),
            answer_data: self.answer_data().iter().map(|it| it.seen.kind).collect(),
            approval_id: call.and_then(|call| call.approval.as_deref()),
            destination_region: region.as_deref(),
            method: known(&self.method),
            status: self.status,
            server_address: destination.host,
            server_port: destination.port,
            error: error.or_else(|| self.tool_error()).or(failed.as_deref()),
        });
    }

    /// In the words of OpenTelemetry's conventions for `GenAI` and MCP.
    fn operation(&self) -> Operation<'_> {
        let Some(call) = &self.call else {
            return Operation::Other;
        };
        if matches!(self.within, Some(Within::Answer(_))) {
            let asked = call.tool.split_once('/').map(|(_, method)| method);
            return match asked.filter(|_| call.kind == CallKind::Mcp) {
                Some(method) => Operation::Mcp {
                    method,
                    target: Target::Server,
                },
                None => Operation::ProposedTool { name: &call.tool },
            };
        }
        match call.kind {
            CallKind::Llm => call.api.map_or(Operation::Other, |api| {
                Operation::Inference(self.inference(call, api))
            }),
            CallKind::Mcp => mcp(call),
            CallKind::A2a if matches!(&*call.action, "send" | "stream") => {
                Operation::Agent { name: &call.tool }
            }
            _ => Operation::Other,
        }
    }

    fn inference<'a>(&'a self, call: &'a Call, api: LlmApi) -> Inference<'a> {
        let asked = Inference {
            operation: match api {
                LlmApi::GenerateContent => "generate_content",
                _ => "chat",
            },
            provider: provider(api, &self.destination_line().host),
            model: &call.model,
            stream: call.stream,
            ..Inference::default()
        };
        let Some(heard) = self.learned.as_ref().and_then(|it| it.heard.as_ref()) else {
            return asked;
        };
        Inference {
            response_id: heard.id.as_deref(),
            response_model: heard.model.as_deref(),
            finish_reasons: &heard.finish,
            input_tokens: heard.usage.input,
            cached_tokens: heard.usage.cached,
            output_tokens: heard.usage.output,
            region: heard.region.as_deref(),
            ..asked
        }
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

/// By the names that `aegis_protocol::mcp` gives to what a server is asked.
fn mcp(call: &Call) -> Operation<'_> {
    let named = call.tool.split_once('/').map(|(_, name)| name);
    let (method, target) = match (&*call.action, named) {
        ("call", Some(name)) => ("tools/call", Target::Tool(name)),
        ("get", Some(name)) => ("prompts/get", Target::Prompt(name)),
        // Requests of the transport, several messages at once, and what could not be read.
        ("stream" | "end" | "response" | "batch" | "other" | "unknown", _) => {
            return Operation::Other;
        }
        (method, _) => (method, Target::Server),
    };
    Operation::Mcp { method, target }
}

/// Callers invent methods; the conventions have one word for all of these.
fn known(method: &Method) -> &'static str {
    let mut known = KNOWN_METHODS.into_iter();
    let known = known.find(|known| *known == method.as_str());
    known.unwrap_or("_OTHER")
}

/// The tool where one is known, never the path.
fn span_name(method: &Method, call: Option<&Call>) -> String {
    match call {
        Some(call) => format!("{} {}", call.action, call.tool),
        None => known(method).to_owned(),
    }
}

const KNOWN_METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];
