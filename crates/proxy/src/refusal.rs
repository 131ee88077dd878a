//! Every way in which a call ends before the upstream, and how its caller is told. Only it and its table name status codes.
//!
//! A refusal is a value: stations return it with `?`, `line` turns it into an answer and a record.

mod cause;
mod told;

use std::sync::Arc;

use aegis_policy::{Auth, Decision, Fault, Intent, Outcome, Reason, RefuseAs};
use aegis_protocol::{Dialect, LlmApi, RefusalDocument};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

use crate::body::AnswerBody;
use crate::tools;
pub(crate) use cause::Cause;
pub(crate) use told::{Message, Told};

#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) cause: Cause,
    pub(crate) outcome: Outcome,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) approval: Option<Arc<str>>,
    /// Of a call of an MCP tool: its result says so, and not an error.
    pub(crate) as_tool_result: bool,
    /// Nobody knows whether the destination has done what it was asked for: it had the request, and there is no answer.
    pub(crate) may_be_done: bool,
    /// The API whose language an answer has turned out to be in, where the request did not show it.
    pub(crate) api: Option<LlmApi>,
}

impl Refusal {
    pub(crate) fn new(cause: Cause) -> Self {
        let row = cause.row();
        Self::because(cause, row.rule, row.message)
    }

    /// The same row with a message of its own. It must not carry anything from a body.
    pub(crate) fn with(cause: Cause, message: impl Into<Arc<str>>) -> Self {
        Self::because(cause, cause.row().rule, message)
    }

    pub(crate) fn because(
        cause: Cause,
        rule: impl Into<Arc<str>>,
        message: impl Into<Arc<str>>,
    ) -> Self {
        let reason = Reason {
            rule: rule.into(),
            message: message.into(),
        };
        Self {
            cause,
            outcome: Outcome::Deny,
            reasons: vec![reason],
            approval: None,
            as_tool_result: false,
            may_be_done: false,
            api: None,
        }
    }

    /// What a decision that does not forward becomes.
    pub(crate) fn of_decision(
        intent: &Intent,
        decision: &Decision,
        approval: Option<Arc<str>>,
    ) -> Self {
        let cause = match (decision.fault, decision.outcome) {
            (Some(_), _) => Cause::PolicyFault,
            (None, Outcome::ApprovalNeeded) => Cause::Approval,
            // A credential may be all that is missing.
            (None, _) if intent.caller.auth == Auth::Anonymous => Cause::unproven_at(intent.front),
            (None, _) => Cause::Policy,
        };
        let reasons = decision.reasons.clone();
        let calls_tool = tools::name_of(&intent.call).is_some();
        Self {
            cause,
            outcome: decision.outcome,
            reasons,
            approval,
            as_tool_result: calls_tool && decision.obligations.refuse_as == RefuseAs::ToolResult,
            may_be_done: false,
            api: None,
        }
    }

    /// The same after a decision that let the call go: a failure of the upstream takes nothing back.
    pub(crate) fn after(self, decided: Outcome) -> Self {
        let outcome = if self.blames_upstream() {
            decided
        } else {
            self.outcome
        };
        Self { outcome, ..self }
    }

    /// The same of a request that was on its way. One that may not be repeated could be done twice by who is told to
    /// try again.
    pub(crate) fn sent(self, may_repeat: bool) -> Self {
        let without_answer = matches!(self.cause, Cause::UpstreamBroken | Cause::UpstreamTimeout);
        Self {
            may_be_done: without_answer && !may_repeat,
            ..self
        }
    }

    pub(crate) fn told_in(self, api: LlmApi) -> Self {
        Self {
            api: Some(api),
            ..self
        }
    }

    /// The stable code for the end line and for spans.
    pub(crate) fn code(&self) -> &'static str {
        self.cause.row().rule
    }

    /// Rule id of the evaluators' failure, where that is what stopped the call.
    pub(crate) fn fault(&self) -> Option<&Arc<str>> {
        let failed = self.cause == Cause::PolicyFault;
        let first = self.reasons.first().filter(|_| failed);
        first.map(|reason| &reason.rule)
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.cause.row().status
    }

    /// The status that this caller sees. A JSON-RPC call is answered within its protocol; who has to
    /// prove itself first must hear it from HTTP, and MCP (2026-07-28) wants a status where headers
    /// and message differ.
    pub(crate) fn status_in(&self, told: &Told) -> StatusCode {
        match self.status() {
            status @ (StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::UNAUTHORIZED) => {
                status
            }
            _ if told.in_band() && self.cause != Cause::HeaderMismatch => StatusCode::OK,
            status => status,
        }
    }

    /// Everything that the agent is told.
    pub(crate) fn document<'a>(&'a self, stamp: &'a Stamp) -> RefusalDocument<'a> {
        let row = self.cause.row();
        RefusalDocument {
            status: row.status.as_u16(),
            decision_id: &stamp.id,
            outcome: self.outcome,
            reasons: &self.reasons,
            policy_version: stamp.policy_version.as_deref().unwrap_or("none"),
            approval_id: self.approval.as_deref(),
            region: &stamp.region,
            next_step: if self.may_be_done {
                FIND_OUT
            } else {
                row.next_step
            },
            retryable: row.retryable && !self.may_be_done,
            as_tool_result: self.as_tool_result,
        }
    }

    pub(crate) fn answer(&self, told: &Told, stamp: &Stamp) -> Response<AnswerBody> {
        let rendered = told.render(self, stamp);
        let mut response = Response::new(AnswerBody::whole(rendered.body));
        *response.status_mut() = self.status_in(told);
        let headers = response.headers_mut();
        headers.extend(rendered.headers);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.status() {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                let challenge = "Basic realm=\"aegis\", charset=\"UTF-8\"";
                headers.insert(
                    header::PROXY_AUTHENTICATE,
                    HeaderValue::from_static(challenge),
                );
            }
            StatusCode::UNAUTHORIZED => {
                let challenge = HeaderValue::from_static("Bearer realm=\"aegis\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            _ => {}
        }
        stamp.mark(headers, self.outcome);
        response
    }

    /// The answer as bytes, for a connection on which HTTP can no longer be spoken.
    pub(crate) fn raw_answer(&self, stamp: &Stamp) -> Vec<u8> {
        use std::fmt::Write as _;

        let told = Told::from(Dialect::Problem);
        let mut response = self.answer(&told, stamp);
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
        let body = told.render(self, stamp).body;
        let mut head = format!(
            "HTTP/1.1 {}\r\ncontent-length: {}\r\n",
            self.status(),
            body.len()
        );
        for (name, value) in response.headers() {
            // Writing into a String cannot fail.
            let _ = write!(head, "{name}: {}\r\n", value.to_str().unwrap_or_default());
        }
        head.push_str("\r\n");
        [head.as_bytes(), &body].concat()
    }

    /// Whether policy let the call go, and the upstream was at fault.
    pub(crate) fn blames_upstream(&self) -> bool {
        self.cause.blames_upstream()
    }

    /// Whether the client's own message was at fault, not what it asked for.
    pub(crate) fn is_malformed(&self) -> bool {
        self.cause.is_malformed()
    }
}

/// What every answer, forwarded or refused, carries in its headers.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    pub(crate) id: Arc<str>,
    /// Of the policy that judged the call, or is in force; `None` before the first one.
    pub(crate) policy_version: Option<Arc<str>>,
    pub(crate) region: Arc<str>,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::because(Cause::PolicyFault, fault.rule(), fault.to_string())
    }
}

impl Stamp {
    pub(crate) fn mark(&self, headers: &mut http::HeaderMap, outcome: Outcome) {
        headers.insert(DECISION, HeaderValue::from_static(outcome.as_str()));
        let words = [
            (DECISION_ID, Some(&self.id)),
            (POLICY_VERSION, self.policy_version.as_ref()),
            (REGION, Some(&self.region)),
        ];
        for (name, word) in words {
            if let Some(value) = word.and_then(|word| HeaderValue::from_str(word).ok()) {
                headers.insert(name, value);
            }
        }
    }
}

const FIND_OUT: &str =
    "find out whether the destination has done it before you send it again: it may have";
const DECISION: HeaderName = HeaderName::from_static("aegis-decision");
const DECISION_ID: HeaderName = HeaderName::from_static("aegis-decision-id");
const POLICY_VERSION: HeaderName = HeaderName::from_static("aegis-policy-version");
const REGION: HeaderName = HeaderName::from_static("aegis-region");
