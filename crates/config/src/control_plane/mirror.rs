//! The control plane's settings file as it is written: every key, no meaning yet.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::mirror::{Algorithm, Form, Written};
use crate::sections::Digest;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) data_dir: Option<PathBuf>,
    #[serde(default)]
    pub(super) listen: Listen,
    pub(super) database: Option<String>,
    pub(super) signing: Signing,
    #[serde(default)]
    pub(super) audit: Audit,
    #[serde(default)]
    pub(super) data_planes: Vec<DataPlane>,
    #[serde(default)]
    pub(super) publishers: Vec<Person>,
    #[serde(default)]
    pub(super) operators: Vec<Person>,
    #[serde(default)]
    pub(super) auditors: Vec<Auditor>,
    #[serde(default)]
    pub(super) limits: Limits,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listen {
    pub(super) address: Option<Written<SocketAddr>>,
    pub(super) tls: Option<Tls>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) client_ca: Option<PathBuf>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signing {
    pub(super) keys: Vec<Key>,
    pub(super) overlap: Option<Written<Duration>>,
    pub(super) bundle_lifetime: Option<Written<Duration>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Audit {
    pub(super) keep_days: Option<u32>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) algorithm: Algorithm,
    pub(super) file: PathBuf,
    pub(super) active_from: Option<Written<Timestamp>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataPlane {
    pub(super) name: String,
    pub(super) tenants: Vec<String>,
    pub(super) region: String,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    pub(super) token_sha256: Option<Written<Digest>>,
    pub(super) certificate_sha256: Option<Written<Digest>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) token_sha256: Option<Written<Digest>>,
    pub(super) certificate_sha256: Option<Written<Digest>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Auditor {
    pub(super) name: String,
    pub(super) tenants: Vec<String>,
    pub(super) token_sha256: Option<Written<Digest>>,
    pub(super) certificate_sha256: Option<Written<Digest>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) connections: Option<usize>,
    pub(super) header_timeout: Option<Written<Duration>>,
    pub(super) body_timeout: Option<Written<Duration>>,
    pub(super) poll_wait: Option<Written<Duration>>,
    pub(super) publication_bytes: Option<Written<usize>>,
    pub(super) batch_bytes: Option<Written<usize>>,
    pub(super) unpacked_batch_bytes: Option<Written<usize>>,
    pub(super) batch_lines: Option<usize>,
    pub(super) request_bytes: Option<Written<usize>>,
    pub(super) drain_grace: Option<Written<Duration>>,
}

impl Form for Timestamp {
    const EXPECTED: &str = "a time such as 2026-11-21T06:00:00Z";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}
