//! Every way in which a call ends before the upstream, in one table. The only file that names status codes.
//!
//! A refusal is a value: stations return it with `?`, `line` turns it into an answer and a record.

mod told;

use std::sync::Arc;

use aegis_policy::{Auth, Decision, Front, Intent, Outcome, Reason, RefuseAs};
use aegis_protocol::{Dialect, RefusalDocument};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

use crate::body::AnswerBody;
use crate::tools;
pub(crate) use told::{Message, Told};

#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) cause: Cause,
    pub(crate) outcome: Outcome,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) approval: Option<Arc<str>>,
    /// Of a call of an MCP tool: its result says so, and not an error.
    pub(crate) as_tool_result: bool,
}

/// Who or what stopped the call. Each has a row in [`Cause::row`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    // the caller's request
    Handshake,
    HandshakeStalled,
    Malformed,
    HeadTooLarge,
    HeadStalled,
    HeadCut,
    Unread,
    BodyStalled,
    BodyBroken,
    NotProxyForm,
    NameDisagreement,
    Destination,
    Credential,
    CredentialMissing,
    ApiKey,
    ApiKeyMissing,
    NotGatewayForm,
    ServicePath,
    ServiceUnknown,
    /// On whose behalf the caller acts cannot be told.
    Chain,
    Uninspectable,
    Batch,
    WebSocket,
    // policy
    Policy,
    PolicyFault,
    Approval,
    Revoked,
    // what Aegis itself guarantees
    Address,
    Residency,
    SanitizeImpossible,
    AuditUnavailable,
    Overload,
    BodyOverload,
    Draining,
    ServiceKey,
    Unsignable,
    // the upstream
    NameNotFound,
    ConnectFailed,
    ConnectTimeout,
    UpstreamTls,
    UpstreamBroken,
    UpstreamTimeout,
    AnswerUnreadable,
}

/// One row of the table: what the client sees and what it may do next.
struct Row {
    status: StatusCode,
    rule: &'static str,
    message: &'static str,
    next_step: &'static str,
    retryable: bool,
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
            (None, _) if intent.caller.auth == Auth::Anonymous => match intent.front {
                Front::Forward => Cause::CredentialMissing,
                Front::Gateway => Cause::ApiKeyMissing,
            },
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

    /// The stable code for the end line and for spans.
    pub(crate) fn code(&self) -> &'static str {
        self.cause.row().rule
    }

    /// Rule id of the evaluators' failure, where that is what stopped the call.
    pub(crate) fn fault(&self) -> Option<&str> {
        let failed = self.cause == Cause::PolicyFault;
        let first = self.reasons.first().filter(|_| failed);
        first.map(|reason| reason.rule.as_ref())
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.cause.row().status
    }

    /// The status that this caller sees. A JSON-RPC call is answered within its protocol; who has to
    /// prove itself first must hear it from HTTP.
    pub(crate) fn status_in(&self, told: &Told) -> StatusCode {
        match self.status() {
            status @ (StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::UNAUTHORIZED) => {
                status
            }
            _ if told.in_band() => StatusCode::OK,
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
            next_step: row.next_step,
            retryable: row.retryable,
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
        matches!(
            self.cause,
            Cause::NameNotFound
                | Cause::ConnectFailed
                | Cause::ConnectTimeout
                | Cause::UpstreamTls
                | Cause::UpstreamBroken
                | Cause::UpstreamTimeout
        )
    }

    /// Whether the client's own message was at fault, not what it asked for.
    pub(crate) fn is_malformed(&self) -> bool {
        matches!(
            self.cause,
            Cause::Handshake
                | Cause::HandshakeStalled
                | Cause::Malformed
                | Cause::HeadTooLarge
                | Cause::HeadStalled
                | Cause::HeadCut
                | Cause::Unread
                | Cause::BodyStalled
                | Cause::BodyBroken
                | Cause::NotProxyForm
                | Cause::NotGatewayForm
                | Cause::ServicePath
                | Cause::NameDisagreement
                | Cause::Destination
                | Cause::Uninspectable
                | Cause::WebSocket
        )
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

impl Cause {
    /// The table. Columns: status, rule, message, what the caller may do next, worth a retry.
    #[rustfmt::skip] // One row, one line.
    fn row(self) -> Row {
        let (status, rule, message, next_step, retryable) = match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "http.malformed", "the request is not well-formed HTTP", FIX, false),
            Self::Handshake => (StatusCode::BAD_REQUEST, "tls.handshake", "the TLS handshake broke off or is not well-formed", FIX, false),
            Self::HandshakeStalled => (StatusCode::REQUEST_TIMEOUT, "tls.stalled", "the TLS handshake did not end in time", RETRY, true),
            Self::HeadTooLarge => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "http.too_large", "the request's head is larger than the limit", FIX, false),
            Self::HeadStalled => (StatusCode::REQUEST_TIMEOUT, "http.head_stalled", "the request's head did not arrive in time", RETRY, true),
            Self::HeadCut => (StatusCode::BAD_REQUEST, "http.head_cut", "the connection ended within the head of a request", FIX, false),
            Self::Unread => (StatusCode::BAD_REQUEST, "http.unread", "streams of the connection never became requests", FIX, false),
            Self::BodyStalled => (StatusCode::REQUEST_TIMEOUT, "http.body_stalled", "the request's body did not arrive in time", RETRY, true),
            Self::BodyBroken => (StatusCode::BAD_REQUEST, "http.body_broken", "the request's body ended early or is not well-formed", FIX, false),
            Self::NotProxyForm => (StatusCode::BAD_REQUEST, "http.not_proxy_form", "this is a forward proxy: send an absolute http:// URL, or CONNECT", "configure this address as the HTTP proxy", false),
            Self::NameDisagreement => (StatusCode::BAD_REQUEST, "name.disagreement", "the request names two different destinations", FIX, false),
            Self::Destination => (StatusCode::BAD_REQUEST, "name.invalid", "the destination is not a valid host and port", FIX, false),
            Self::Credential => (StatusCode::PROXY_AUTHENTICATION_REQUIRED, "identity.invalid", "the proxy credential is not known", CREDENTIAL, false),
            Self::CredentialMissing => (StatusCode::PROXY_AUTHENTICATION_REQUIRED, "identity.anonymous", "no proxy credential was presented", CREDENTIAL, false),
            Self::ApiKey => (StatusCode::UNAUTHORIZED, "identity.invalid", "the credential is not known", API_KEY, false),
            Self::ApiKeyMissing => (StatusCode::UNAUTHORIZED, "identity.anonymous", "no credential was presented", API_KEY, false),
            Self::NotGatewayForm => (StatusCode::BAD_REQUEST, "http.not_gateway_form", "this is a gateway: send /SERVICE/path", "configure this address as a base URL, not as a proxy", false),
            Self::ServicePath => (StatusCode::BAD_REQUEST, "gateway.path", "the path does not begin with a service's name, or has a dot segment", FIX, false),
            Self::ServiceUnknown => (StatusCode::NOT_FOUND, "gateway.unknown_service", "the gateway has no service of this name", "ask your operator for the service's base URL", false),
            Self::Chain => (StatusCode::FORBIDDEN, "chain.invalid", "on whose behalf the call is cannot be told", "hand on the baggage of the call that you are working on, unchanged and once", false),
            Self::Uninspectable => (StatusCode::FORBIDDEN, "protocol.malformed", "the request cannot be understood, so it cannot be judged", FIX, false),
            Self::Batch => (StatusCode::FORBIDDEN, "mcp.batch", "another message of the batch is not let through, and a batch goes as a whole or not at all", "send the messages one by one", false),
            Self::WebSocket => (StatusCode::BAD_REQUEST, "websocket.invalid", "the WebSocket's frames or messages are not as they must be", FIX, false),
            Self::Policy => (StatusCode::FORBIDDEN, "policy.deny", "policy denies this call", "do not retry or work around this; choose another tool, other parameters, or ask your operator", false),
            Self::PolicyFault => (StatusCode::FORBIDDEN, "policy.fault", "policy could not be evaluated, so the call is denied", "tell your operator: the policy is at fault, not the call", false),
            Self::Approval => (StatusCode::FORBIDDEN, "policy.approval_needed", "a human must approve this call", "do not retry; a human can find the pending request by its approval_id", false),
            Self::Revoked => (StatusCode::FORBIDDEN, "policy.revoked", "policy stopped allowing this call while it was going on", "do not retry; choose another tool, other parameters, or ask your operator", false),
            Self::Address => (StatusCode::FORBIDDEN, "address.denied", "the destination resolves to an address that must not be reached", "ask your operator to allow the address if it is meant to be reached", false),
            Self::Residency => (StatusCode::FORBIDDEN, "region.unlawful", "the destination's region is not lawful for this tenant", "use a destination in a lawful region", false),
            Self::SanitizeImpossible => (StatusCode::FORBIDDEN, "sanitize.impossible", "policy asks for a redaction that this request does not allow", "remove the sensitive data and send the request again", false),
            Self::AuditUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "audit.unavailable", "the call cannot be recorded, so it is not made", RETRY, true),
            Self::Overload => (StatusCode::SERVICE_UNAVAILABLE, "overload", "too many connections", RETRY, true),
            Self::BodyOverload => (StatusCode::SERVICE_UNAVAILABLE, "overload.bodies", "too many request bodies are waiting to be judged or sent", RETRY, true),
            Self::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining", "the proxy is shutting down", RETRY, true),
            Self::ServiceKey => (StatusCode::SERVICE_UNAVAILABLE, "gateway.key", "the service's key cannot be had, so the call is not made", "retry later, or tell your operator", true),
            Self::Unsignable => (StatusCode::PAYLOAD_TOO_LARGE, "gateway.unsignable", "the body is too long to be signed for the service", "send a shorter body", false),
            Self::NameNotFound => (StatusCode::BAD_GATEWAY, "dns.failed", "the destination's name cannot be resolved", RETRY, true),
            Self::ConnectFailed => (StatusCode::BAD_GATEWAY, "upstream.connect", "the destination does not accept connections", RETRY, true),
            Self::ConnectTimeout => (StatusCode::GATEWAY_TIMEOUT, "upstream.connect_timeout", "the destination did not accept a connection in time", RETRY, true),
            Self::UpstreamTls => (StatusCode::BAD_GATEWAY, "upstream.tls", "the destination's certificate or TLS handshake is not acceptable", "ask your operator if the destination uses a private certificate authority", false),
            Self::UpstreamBroken => (StatusCode::BAD_GATEWAY, "upstream.broken", "the destination closed the connection or did not speak HTTP", RETRY, true),
            Self::AnswerUnreadable => (StatusCode::BAD_GATEWAY, "protocol.answer", "the answer cannot be followed, so what it proposes or lists cannot be judged", "ask your operator whether the server is to be trusted", false),
            Self::UpstreamTimeout => (StatusCode::GATEWAY_TIMEOUT, "upstream.timeout", "the destination did not answer in time", RETRY, true),
        };
        Row { status, rule, message, next_step, retryable }
    }
}

const FIX: &str = "correct the request before sending it again";
const RETRY: &str = "retry later";
const API_KEY: &str = "send the credential you were given as the API key";
const CREDENTIAL: &str = "send the credential you were given as Proxy-Authorization";

const DECISION: HeaderName = HeaderName::from_static("aegis-decision");
const DECISION_ID: HeaderName = HeaderName::from_static("aegis-decision-id");
const POLICY_VERSION: HeaderName = HeaderName::from_static("aegis-policy-version");
const REGION: HeaderName = HeaderName::from_static("aegis-region");
