//! Where calls go, and how much of everything there may be.

use super::{Fallback, Key, duration, key, literal, size};
use crate::sections::{Limits, UpstreamSettings};

pub(super) fn upstream() -> [Key; 8] {
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

pub(super) fn amounts() -> [Key; 5] {
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

pub(super) fn timeouts() -> [Key; 5] {
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
