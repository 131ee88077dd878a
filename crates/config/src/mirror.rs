//! The settings file as it is written: every key, nothing required but the region, no meaning yet.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use crate::gateway::mirror::Gateway;
use crate::sections::{Digest, OutsideType};
use crate::units;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) region: String,
    pub(crate) data_dir: Option<PathBuf>,
    #[serde(default)]
    pub(crate) listen: Listen,
    pub(crate) gateway: Option<Gateway>,
    #[serde(default)]
    pub(crate) identity: Identity,
    #[serde(default)]
    pub(crate) chain: Chain,
    #[serde(default)]
    pub(crate) dlp: Dlp,
    #[serde(default)]
    pub(crate) policy: Policy,
    pub(crate) control: Option<Control>,
    #[serde(default)]
    pub(crate) audit: Audit,
    #[serde(default)]
    pub(crate) telemetry: Telemetry,
    #[serde(default)]
    pub(crate) upstream: Upstream,
    #[serde(default)]
    pub(crate) limits: Limits,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listen {
    pub(crate) forward: Option<Written<SocketAddr>>,
    pub(crate) admin: Option<Written<SocketAddr>>,
    pub(crate) tls: Option<ListenTls>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListenTls {
    pub(crate) client_ca: Option<PathBuf>,
    pub(crate) names: Option<Vec<String>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    #[serde(default)]
    pub(crate) credentials: Vec<Credential>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credential {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) agent: String,
    pub(crate) secret_sha256: Option<Written<Digest>>,
    pub(crate) certificate_sha256: Option<Written<Digest>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chain {
    pub(crate) key_file: Option<PathBuf>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dlp {
    #[serde(default)]
    pub(crate) tokens: Tokens,
    pub(crate) detector: Option<Detector>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detector {
    pub(crate) url: String,
    pub(crate) insecure_http: Option<bool>,
    pub(crate) authorization: Option<String>,
    pub(crate) types: Option<Vec<OutsideType>>,
    pub(crate) timeout: Option<Written<Duration>>,
    pub(crate) max_bytes: Option<Written<usize>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tokens {
    pub(crate) ttl: Option<Written<Duration>>,
    pub(crate) max: Option<usize>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    pub(crate) directory: Option<PathBuf>,
    pub(crate) mode: Option<Mode>,
    pub(crate) bundle: Option<Bundle>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bundle {
    pub(crate) file: Option<PathBuf>,
    pub(crate) tenants: Vec<String>,
    #[serde(default)]
    pub(crate) keys: Vec<BundleKey>,
    pub(crate) signature: Option<Signature>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Signature {
    Required,
    InsecureSkip,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BundleKey {
    pub(crate) id: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) file: PathBuf,
}

#[derive(Clone, Copy, serde::Deserialize)]
pub(crate) enum Algorithm {
    #[serde(rename = "EdDSA")]
    EdDsa,
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "RS256")]
    Rs256,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Control {
    pub(crate) url: String,
    pub(crate) id: String,
    pub(crate) token: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) client_certificate: Option<PathBuf>,
    pub(crate) upload_decisions: Option<bool>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    Enforce,
    Shadow,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Audit {
    pub(crate) file: Option<PathBuf>,
    pub(crate) sync: Option<bool>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Telemetry {
    pub(crate) otlp_endpoint: Option<String>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Upstream {
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) web_roots: Option<bool>,
    #[serde(default)]
    pub(crate) allow_addresses: Vec<Written<IpNet>>,
    #[serde(default)]
    pub(crate) hosts: BTreeMap<String, Vec<Written<IpAddr>>>,
    pub(crate) connect_timeout: Option<Written<Duration>>,
    pub(crate) response_timeout: Option<Written<Duration>>,
    pub(crate) idle_timeout: Option<Written<Duration>>,
    pub(crate) idle_per_host: Option<usize>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) connections: Option<usize>,
    pub(crate) header_bytes: Option<Written<usize>>,
    pub(crate) headers: Option<usize>,
    pub(crate) inspected_body_bytes: Option<Written<usize>>,
    pub(crate) header_timeout: Option<Written<Duration>>,
    pub(crate) tls_handshake_timeout: Option<Written<Duration>>,
    pub(crate) body_timeout: Option<Written<Duration>>,
    pub(crate) idle_timeout: Option<Written<Duration>>,
    pub(crate) http2_streams: Option<u32>,
    pub(crate) drain_grace: Option<Written<Duration>>,
}

/// A value that is written as text of one form.
#[derive(Clone, Copy)]
pub(crate) struct Written<T>(pub(crate) T);

pub(crate) trait Form: Sized {
    const EXPECTED: &str;
    fn parse(text: &str) -> Option<Self>;
}

impl Form for Duration {
    const EXPECTED: &str = "a duration such as 500ms, 10s, 5m or 1h";

    fn parse(text: &str) -> Option<Self> {
        units::duration(text)
    }
}

/// A size; counts are plain numbers and need no form.
impl Form for usize {
    const EXPECTED: &str = "a size such as 512B, 64KiB or 1MiB";

    fn parse(text: &str) -> Option<Self> {
        units::size(text)
    }
}

impl Form for SocketAddr {
    const EXPECTED: &str = "an address and a port such as 127.0.0.1:3128 or [::1]:3128";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Form for IpAddr {
    const EXPECTED: &str = "an address such as 192.0.2.1 or 2001:db8::1";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// Bits behind the prefix are refused: whoever wrote them meant another network.
impl Form for IpNet {
    const EXPECTED: &str = "a network such as 10.0.0.0/8 or 2001:db8::/32, zero behind its prefix";

    fn parse(text: &str) -> Option<Self> {
        text.parse()
            .ok()
            .filter(|network: &Self| *network == network.trunc())
    }
}

impl Form for Digest {
    const EXPECTED: &str = "a SHA-256 as 64 hexadecimal digits";

    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl<'de, T: Form> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_str(FormVisitor(std::marker::PhantomData))
            .map(Self)
    }
}

struct FormVisitor<T>(std::marker::PhantomData<T>);

impl<T: Form> Visitor<'_> for FormVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}
