//! Where a data plane is, and where its policies come from.

use super::{Fallback, Key, key, literal};

pub(super) fn general() -> [Key; 4] {
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

pub(super) fn bundle() -> [Key; 6] {
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

pub(super) fn control() -> [Key; 6] {
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
