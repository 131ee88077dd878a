//! Who calls, over what, and what is kept of a call.

use super::{Fallback, Key, duration, key, literal, size};
use crate::sections::{DetectorSettings, Listen, ListenTls, OutsideType, TokenSettings};

pub(super) fn listen() -> [Key; 4] {
    let default = Listen::default();
    let names = ListenTls::default().names.join(", ");
    [
        key(
            "listen.forward",
            "address:port",
            literal(default.forward),
            "The forward proxy. Port 0 lets the system choose.",
        ),
        key(
            "listen.admin",
            "address:port",
            literal(default.admin),
            "Health, readiness, metrics, status, pending approvals and the CA's certificate, without authentication. Port 0 lets the system choose.",
        ),
        key(
            "listen.tls.client_ca",
            "PEM file",
            Fallback::Absent,
            "Client certificates are asked for and must chain to one of these.",
        ),
        key(
            "listen.tls.names",
            "list of names",
            literal(format!("[{names}]")),
            "Host names and addresses in the certificate that the forward port and the gateway show, besides the address that each listens on (loopback's where it listens everywhere). The section `listen.tls`, even as `{}`, makes both speak TLS.",
        ),
    ]
}

pub(super) fn identity() -> [Key; 5] {
    let root = Fallback::Required;
    [
        key(
            "identity.credentials[].id",
            "name without a colon",
            root.clone(),
            "User name in `Proxy-Authorization: Basic …`; unique. Where a client can only send `Bearer SECRET`, the secret alone tells whose it is.",
        ),
        key(
            "identity.credentials[].tenant",
            "name",
            root.clone(),
            "Tenant of whoever proves this credential.",
        ),
        key(
            "identity.credentials[].agent",
            "name",
            root,
            "Agent that whoever proves this credential is.",
        ),
        key(
            "identity.credentials[].secret_sha256",
            "64 hexadecimal digits",
            Fallback::Derived("one of the two"),
            "SHA-256 of the password; unique.",
        ),
        key(
            "identity.credentials[].certificate_sha256",
            "64 hexadecimal digits",
            Fallback::Derived("one of the two"),
            "SHA-256 of the client certificate in DER; unique. Needs `listen.tls.client_ca`.",
        ),
    ]
}

pub(super) fn chain() -> [Key; 1] {
    [key(
        "chain.key_file",
        "file",
        Fallback::Derived("`chain.key` in `data_dir`, made on first start"),
        "The key under which the chain of agents is carried: at least 32 characters, as `openssl rand -hex 32` prints. Data planes that agents call through by turns share one.",
    )]
}

pub(super) fn dlp() -> [Key; 8] {
    let default = TokenSettings::default();
    let detector = DetectorSettings::at("");
    let types = OutsideType::ALL.map(OutsideType::as_str).join(", ");
    [
        key(
            "dlp.tokens.ttl",
            "duration",
            duration(default.ttl),
            "How long the value behind a [token](policy.md#tokens) is kept after the token was used last. Only in memory.",
        ),
        key(
            "dlp.tokens.max",
            "whole number",
            literal(default.max),
            "Tokens that are kept of one agent, for what it sends and as many for what it gets. Where there is no room for one more, the value is replaced by a label.",
        ),
        key(
            "dlp.detector.url",
            "URL",
            Fallback::Required,
            "A [detector](detector-api.md) that finds names and addresses in the texts of requests; `http://` on loopback only. Certificates are judged by `upstream.ca_file` and `upstream.web_roots`. Without the section nobody is asked; with it, a call that the detector does not answer for is refused.",
        ),
        key(
            "dlp.detector.insecure_http",
            "`true` or `false`",
            literal(false),
            "`true`: the URL may be `http://` although it is not on loopback; whoever is on the way can read every text and change what is found.",
        ),
        key(
            "dlp.detector.authorization",
            "text",
            Fallback::Absent,
            "The value of the header `Authorization` for the detector, such as `Bearer …`; write a reference, not the secret.",
        ),
        key(
            "dlp.detector.types",
            "list of types",
            literal(format!("[{types}]")),
            "What the detector is asked for; anything else that it knows is passed over.",
        ),
        key(
            "dlp.detector.timeout",
            "duration",
            duration(detector.timeout),
            "For the detector to be reached and to answer.",
        ),
        key(
            "dlp.detector.max_bytes",
            "size",
            size(detector.max_bytes),
            "Of the texts of one request as the detector gets them, in JSON, at least 1KiB; a request with more is refused.",
        ),
    ]
}

pub(super) fn records() -> [Key; 3] {
    [
        key(
            "audit.file",
            "file",
            Fallback::Derived("`audit.jsonl` in `data_dir`"),
            "The audit log, JSON lines.",
        ),
        key(
            "audit.sync",
            "`true` or `false`",
            literal(false),
            "Whether a decision is on disk (fsync), not only with the kernel, before its call is forwarded.",
        ),
        key(
            "telemetry.otlp_endpoint",
            "`http://` URL",
            Fallback::Absent,
            "Base URL of an OTLP/HTTP collector that gets one span for each request, and one below it for each call that its answer proposes, each message of its batch and each message of the client on its WebSocket. TLS is left to a collector beside the proxy.",
        ),
    ]
}
