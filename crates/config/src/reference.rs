//! Every key of the settings file as data, from which the reference page is made; its defaults are
//! taken from the code, so the page cannot say another.

#[cfg(test)]
pub(crate) mod tests;

use std::fmt;

use crate::gateway;
use crate::sections::{
    DetectorSettings, Limits, Listen, ListenTls, OutsideType, TokenSettings, UpstreamSettings,
};
use crate::units::{show_duration, show_size};

/// One key of the settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Dots between keys; `[]` after a list whose items are mappings.
    pub path: &'static str,
    /// What is written there, with its unit.
    pub kind: &'static str,
    pub default: Fallback,
    pub meaning: &'static str,
}

/// What holds where a key is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// The key must be written.
    Required,
    /// What the key would switch on is off.
    Absent,
    /// As it would be written in the file.
    Literal(String),
    /// Follows from another key, in these words.
    Derived(&'static str),
}

impl fmt::Display for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required => f.write_str("required"),
            Self::Absent => f.write_str("absent"),
            Self::Literal(text) => write!(f, "`{text}`"),
            Self::Derived(words) => f.write_str(words),
        }
    }
}

/// A row of the reference table.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "| `{}` | {} | {} | {} |",
            self.path, self.kind, self.default, self.meaning
        )
    }
}

pub(crate) fn keys() -> Vec<Key> {
    let sections: [&[Key]; 12] = [
        &general(),
        &bundle(),
        &control(),
        &listen(),
        &gateway::reference::keys(),
        &identity(),
        &chain(),
        &dlp(),
        &records(),
        &upstream(),
        &amounts(),
        &timeouts(),
    ];
    sections.concat()
}

fn general() -> [Key; 4] {
    [
        key(
            "region",
            "name",
            Fallback::Required,
            "Region of this data plane; in every record and answer.",
        ),
        key(
            "data_dir",
            "directory",
            literal("data"),
            "Home of what is kept: the CA's certificate and key, the key of chains, the key of hashes, definitions of MCP tools, the last good bundle, how much of the audit log was sent, the sample policy, and by default the audit log.",
        ),
        key(
            "policy.directory",
            "directory",
            Fallback::Derived("the built-in sample"),
            "Policies: documents, plain data and Rego modules. Watched, and reloaded on every change. Named and not there, or without a good policy: everything is denied.",
        ),
        key(
            "policy.mode",
            "`enforce` or `shadow`",
            Fallback::Derived("`enforce`; for the built-in sample `shadow`"),
            "`shadow`: what policy finds is recorded but not enforced, for all tenants.",
        ),
    ]
}

fn bundle() -> [Key; 6] {
    [
        key(
            "policy.bundle.file",
            "file",
            Fallback::Derived("fetched from `control.url`"),
            "A signed bundle (`.tar.gz`) instead of a directory. Watched, and read again on every change.",
        ),
        key(
            "policy.bundle.tenants",
            "list of names",
            Fallback::Required,
            "The bundle must be made for exactly these tenants, and for this region or all.",
        ),
        key(
            "policy.bundle.signature",
            "`required` or `insecure_skip`",
            Fallback::Derived("`required`"),
            "`insecure_skip`: signatures are not looked at; whoever can write or serve the bundle decides.",
        ),
        key(
            "policy.bundle.keys[].id",
            "name",
            Fallback::Required,
            "Which key; signatures name it. Unique.",
        ),
        key(
            "policy.bundle.keys[].algorithm",
            "`EdDSA`, `ES256` or `RS256`",
            Fallback::Required,
            "The only algorithm under which signatures with this key count.",
        ),
        key(
            "policy.bundle.keys[].file",
            "PEM file",
            Fallback::Required,
            "The public key (`PUBLIC KEY`). Read again with every bundle.",
        ),
    ]
}

fn control() -> [Key; 6] {
    [
        key(
            "control.url",
            "URL",
            Fallback::Required,
            "The control plane that this data plane belongs to; `http://` on loopback only. Without the section there is none.",
        ),
        key(
            "control.id",
            "name",
            Fallback::Required,
            "What this data plane is called there; unique among data planes.",
        ),
        key(
            "control.token",
            "text",
            Fallback::Absent,
            "Bearer token that proves this data plane; write a reference, not the token.",
        ),
        key(
            "control.ca_file",
            "PEM file",
            Fallback::Derived("the web's roots"),
            "The only roots trusted for the control plane's certificate.",
        ),
        key(
            "control.client_certificate",
            "PEM file",
            Fallback::Absent,
            "Certificate chain and private key, for a control plane that asks for one.",
        ),
        key(
            "control.upload_decisions",
            "`true` or `false`",
            Fallback::Derived("`true`"),
            "Whether the lines of the audit log are sent to the control plane. What it has not confirmed is sent again, also after a restart, and from the log's files that were rotated and compressed (`.gz`) since.",
        ),
    ]
}

fn listen() -> [Key; 4] {
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

fn identity() -> [Key; 5] {
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

fn chain() -> [Key; 1] {
    [key(
        "chain.key_file",
        "file",
        Fallback::Derived("`chain.key` in `data_dir`, made on first start"),
        "The key under which the chain of agents is carried: at least 32 characters, as `openssl rand -hex 32` prints. Data planes that agents call through by turns share one.",
    )]
}

fn dlp() -> [Key; 8] {
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

fn records() -> [Key; 3] {
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

fn upstream() -> [Key; 8] {
    let default = UpstreamSettings::default();
    [
        key(
            "upstream.ca_file",
            "PEM file",
            Fallback::Absent,
            "Further roots for upstream certificates.",
        ),
        key(
            "upstream.web_roots",
            "`true` or `false`",
            literal(default.web_roots),
            "Whether the roots of the public web are trusted; `false` needs `upstream.ca_file`.",
        ),
        key(
            "upstream.allow_addresses",
            "list of CIDR networks",
            literal("[]"),
            "Networks that may be dialled although they are loopback, private or otherwise not public. A metadata address of a cloud needs its own `/32` or `/128`.",
        ),
        key(
            "upstream.hosts",
            "mapping of a name to a list of addresses",
            literal("{}"),
            "Answers that replace DNS. Their addresses are judged like any other.",
        ),
        key(
            "upstream.connect_timeout",
            "duration",
            duration(default.connect_timeout),
            "For the TCP connection to an upstream, and as much again for its TLS handshake.",
        ),
        key(
            "upstream.response_timeout",
            "duration",
            duration(default.response_timeout),
            "From the request's first byte to the end of the response's header.",
        ),
        key(
            "upstream.idle_timeout",
            "duration",
            duration(default.idle_timeout),
            "How long an unused connection is kept.",
        ),
        key(
            "upstream.idle_per_host",
            "whole number",
            literal(default.idle_per_host),
            "Unused connections kept for one destination.",
        ),
    ]
}

fn amounts() -> [Key; 5] {
    let default = Limits::default();
    [
        key(
            "limits.connections",
            "whole number",
            literal(default.connections),
            "Open client connections.",
        ),
        key(
            "limits.header_bytes",
            "size",
            size(default.header_bytes),
            "Request line and header fields together, at least 8KiB.",
        ),
        key(
            "limits.headers",
            "whole number",
            literal(default.headers),
            "Header fields of one request.",
        ),
        key(
            "limits.inspected_body_bytes",
            "size",
            size(default.inspected_body_bytes),
            "How much of a request's body is inspected; a longer one is `truncated` to policy. A longer message on a WebSocket closes it. Bodies that wait to be judged or sent may take 64 times as much together; beyond that they are refused.",
        ),
        key(
            "limits.http2_streams",
            "whole number",
            literal(default.http2_streams),
            "Open streams of one HTTP/2 connection.",
        ),
    ]
}

fn timeouts() -> [Key; 5] {
    let default = Limits::default();
    [
        key(
            "limits.header_timeout",
            "duration",
            duration(default.header_timeout),
            "From the first byte of an HTTP/1 request's header to its last. HTTP/2 has no such clock: there it is how long a silent connection may take to answer a ping.",
        ),
        key(
            "limits.tls_handshake_timeout",
            "duration",
            duration(default.tls_handshake_timeout),
            "For a client's TLS handshake.",
        ),
        key(
            "limits.body_timeout",
            "duration",
            duration(default.body_timeout),
            "For the inspected part of a request's body to arrive, for a message on a WebSocket to arrive, and for the server to take it.",
        ),
        key(
            "limits.idle_timeout",
            "duration",
            duration(default.idle_timeout),
            "Between two requests of one client connection, and for a client to take more of what it is sent.",
        ),
        key(
            "limits.drain_grace",
            "duration",
            duration(default.drain_grace),
            "From SIGTERM, SIGINT or SIGHUP until what is still open is cut.",
        ),
    ]
}

pub(crate) fn key(
    path: &'static str,
    kind: &'static str,
    default: Fallback,
    meaning: &'static str,
) -> Key {
    Key {
        path,
        kind,
        default,
        meaning,
    }
}

pub(crate) fn literal(value: impl fmt::Display) -> Fallback {
    Fallback::Literal(format!("{value}"))
}

pub(crate) fn duration(value: std::time::Duration) -> Fallback {
    Fallback::Literal(show_duration(value))
}

pub(crate) fn size(value: usize) -> Fallback {
    Fallback::Literal(show_size(value))
}
