//! The section `gateway` as it is written: every key, no meaning yet.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::mirror::Written;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gateway {
    pub(super) address: Option<Written<SocketAddr>>,
    #[serde(default)]
    pub(super) services: BTreeMap<String, Service>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    pub(super) upstream: String,
    pub(super) insecure_http: Option<bool>,
    pub(super) credential: Option<Credential>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credential {
    pub(super) send_as: Option<String>,
    pub(super) key: Option<Source>,
    pub(super) sigv4: Option<Sigv4>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sigv4 {
    pub(super) region: String,
    pub(super) service: Option<String>,
    pub(super) access_key_id: Source,
    pub(super) secret_access_key: Source,
    pub(super) session_token: Option<Source>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub(super) file: Option<PathBuf>,
    pub(super) env: Option<String>,
    pub(super) command: Option<Vec<String>>,
    pub(super) timeout: Option<Written<Duration>>,
    pub(super) cache: Option<Written<Duration>>,
}
