//! Every key of the control plane's settings file as data; its defaults are taken from the code.

use super::{AUDIT_KEEP_DAYS, BUNDLE_LIFETIME, KEY_OVERLAP, Limits, Listen};
use crate::reference::{Fallback, Key, duration, key, literal, size};

pub(super) fn keys() -> Vec<Key> {
    let sections: [&[Key]; 7] = [
        &general(),
        &signing(),
        &[audit()],
        &data_planes(),
        &people(),
        &amounts(),
        &timeouts(),
    ];
    sections.concat()
}

fn general() -> [Key; 6] {
    [
        key(
            "data_dir",
            "directory",
            literal("data"),
            "Home of the database by default. Made with mode 0700 where it is missing.",
        ),
        key(
            "database",
            "file or `postgres://` URL",
            Fallback::Derived("`control.db` in `data_dir`"),
            "A file of SQLite (made with mode 0600; WAL, `synchronous=FULL`), or PostgreSQL, over TLS with `?sslmode=verify-full`. A password belongs in a reference.",
        ),
        key(
            "listen.address",
            "address:port",
            literal(Listen::default().address),
            "Any other than loopback needs `listen.tls`. Port 0 lets the system choose.",
        ),
        key(
            "listen.tls.certificate",
            "PEM file",
            Fallback::Required,
            "Certificate chain, the server's own first. Without the section HTTP is plain. The three files are read again when they change.",
        ),
        key(
            "listen.tls.key",
            "PEM file",
            Fallback::Required,
            "Private key, readable by its owner alone.",
        ),
        key(
            "listen.tls.client_ca",
            "PEM file",
            Fallback::Absent,
            "Client certificates are asked for and must chain to one of these.",
        ),
    ]
}

fn signing() -> [Key; 6] {
    [
        key(
            "signing.keys[].id",
            "name",
            Fallback::Required,
            "`kid` of the signatures. Unique.",
        ),
        key(
            "signing.keys[].algorithm",
            "`EdDSA`, `ES256` or `RS256`",
            Fallback::Required,
            "By which this key signs.",
        ),
        key(
            "signing.keys[].file",
            "PEM file",
            Fallback::Required,
            "Private key (`PRIVATE KEY`, PKCS #8), readable by its owner alone.",
        ),
        key(
            "signing.keys[].active_from",
            "time (RFC 3339)",
            Fallback::Derived("at once"),
            "From when it signs. The key that became active last does.",
        ),
        key(
            "signing.overlap",
            "duration",
            duration(KEY_OVERLAP),
            "How long an old key is shown after a newer one has become active.",
        ),
        key(
            "signing.bundle_lifetime",
            "duration",
            duration(BUNDLE_LIFETIME),
            "From issue to expiry, from `1m` to a year; issued anew after half of it. So long data planes decide without a control plane, at least half of it.",
        ),
    ]
}

fn audit() -> Key {
    key(
        "audit.keep_days",
        "whole number",
        literal(AUDIT_KEEP_DAYS),
        "Days until an uploaded audit line is [deleted](#how-long-lines-are-kept), by the time that it states, and a report or a refused access that was not renewed; 0 keeps all for ever.",
    )
}

fn data_planes() -> [Key; 6] {
    [
        key(
            "data_planes[].name",
            "letters, digits and `._-`",
            Fallback::Required,
            "Unique among all principals.",
        ),
        key(
            "data_planes[].tenants",
            "list of names",
            Fallback::Required,
            "Its bundles are made for exactly these.",
        ),
        key(
            "data_planes[].region",
            "name or `'*'`",
            Fallback::Required,
            "The region of its bundles; `'*'` makes them for all.",
        ),
        key(
            "data_planes[].labels",
            "mapping of names to text",
            literal("{}"),
            "By which a canary can be chosen.",
        ),
        key(
            "data_planes[].token_sha256",
            "64 hexadecimal digits",
            Fallback::Derived("one of the two"),
            "SHA-256 of its bearer token; unique.",
        ),
        key(
            "data_planes[].certificate_sha256",
            "64 hexadecimal digits",
            Fallback::Derived("one of the two"),
            "SHA-256 of its client certificate in DER; unique. Needs `listen.tls.client_ca`.",
        ),
    ]
}

fn people() -> Vec<Key> {
    let roles: [[&'static str; 4]; 3] = [
        [
            "publishers[].name",
            "publishers[].token_sha256",
            "publishers[].certificate_sha256",
            "Who may publish, promote, roll back and look at that. The author of publications.",
        ],
        [
            "operators[].name",
            "operators[].token_sha256",
            "operators[].certificate_sha256",
            "Who may promote and roll back, and see status and refused accesses.",
        ],
        [
            "auditors[].name",
            "auditors[].token_sha256",
            "auditors[].certificate_sha256",
            "Who may query audit lines.",
        ],
    ];
    let mut keys = Vec::new();
    for [name, token, certificate, meaning] in roles {
        let words = "letters, digits and `._-`";
        keys.push(key(name, words, Fallback::Required, meaning));
        if name == "auditors[].name" {
            keys.push(key(
                "auditors[].tenants",
                "list of names or `['*']`",
                Fallback::Required,
                "Whose lines; `['*']` for all, also those of callers that nobody could prove.",
            ));
        }
        for path in [token, certificate] {
            keys.push(key(
                path,
                "64 hexadecimal digits",
                Fallback::Derived("one of the two"),
                "As of a data plane.",
            ));
        }
    }
    keys
}

fn amounts() -> [Key; 6] {
    let default = Limits::default();
    [
        key(
            "limits.connections",
            "whole number",
            literal(default.connections),
            "Open at once; more wait to be accepted. Each data plane keeps two or three.",
        ),
        key(
            "limits.publication_bytes",
            "size",
            size(default.publication_bytes),
            "Of a publication.",
        ),
        key(
            "limits.batch_bytes",
            "size",
            size(default.batch_bytes),
            "Of a batch of audit lines as it comes.",
        ),
        key(
            "limits.unpacked_batch_bytes",
            "size",
            size(default.unpacked_batch_bytes),
            "Of a batch of audit lines unpacked.",
        ),
        key(
            "limits.batch_lines",
            "whole number",
            literal(default.batch_lines),
            "Of a batch.",
        ),
        key(
            "limits.request_bytes",
            "size",
            size(default.request_bytes),
            "Of any other request.",
        ),
    ]
}

fn timeouts() -> [Key; 4] {
    let default = Limits::default();
    [
        key(
            "limits.header_timeout",
            "duration",
            duration(default.header_timeout),
            "For the head of a request, a TLS handshake, and between requests.",
        ),
        key(
            "limits.body_timeout",
            "duration",
            duration(default.body_timeout),
            "For a body.",
        ),
        key(
            "limits.poll_wait",
            "duration",
            duration(default.poll_wait),
            "The longest wait for a bundle that is granted.",
        ),
        key(
            "limits.drain_grace",
            "duration",
            duration(default.drain_grace),
            "From such a signal until what is being answered is cut.",
        ),
    ]
}
