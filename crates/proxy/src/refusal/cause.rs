//! The table of causes: what stopped a call, and what its caller is told. The only file that names status codes.

use aegis_policy::Front;
use http::StatusCode;

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
    HeaderMismatch,
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
    DetectorUnavailable,
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
pub(super) struct Row {
    pub(super) status: StatusCode,
    pub(super) rule: &'static str,
    pub(super) message: &'static str,
    pub(super) next_step: &'static str,
    pub(super) retryable: bool,
}

impl Cause {
    /// Who presents nothing.
    pub(crate) fn unproven_at(front: Front) -> Self {
        match front {
            Front::Forward => Self::CredentialMissing,
            Front::Gateway => Self::ApiKeyMissing,
        }
    }

    /// Who presents what is not known.
    pub(crate) fn unknown_at(front: Front) -> Self {
        match front {
            Front::Forward => Self::Credential,
            Front::Gateway => Self::ApiKey,
        }
    }

    /// Whether policy let the call go, and the upstream was at fault.
    pub(super) fn blames_upstream(self) -> bool {
        matches!(
            self,
            Self::NameNotFound
                | Self::ConnectFailed
                | Self::ConnectTimeout
                | Self::UpstreamTls
                | Self::UpstreamBroken
                | Self::UpstreamTimeout
        )
    }

    /// Whether the client's own message was at fault, not what it asked for.
    pub(super) fn is_malformed(self) -> bool {
        matches!(
            self,
            Self::Handshake
                | Self::HandshakeStalled
                | Self::Malformed
                | Self::HeadTooLarge
                | Self::HeadStalled
                | Self::HeadCut
                | Self::Unread
                | Self::BodyStalled
                | Self::BodyBroken
                | Self::NotProxyForm
                | Self::NotGatewayForm
                | Self::ServicePath
                | Self::NameDisagreement
                | Self::Destination
                | Self::Uninspectable
                | Self::HeaderMismatch
                | Self::WebSocket
        )
    }

    /// The table. Columns: status, rule, message, what the caller may do next, worth a retry.
    #[rustfmt::skip] // One row, one line.
    pub(super) fn row(self) -> Row {
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
            Self::HeaderMismatch => (StatusCode::BAD_REQUEST, "protocol.header_mismatch", "the request's headers and its message do not say the same", FIX, false),
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
            Self::DetectorUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "dlp.detector_unavailable", "the detector of sensitive data does not answer for the call, so it is not made", "retry later, or with less text", true),
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

#[cfg(test)]
mod tests;
