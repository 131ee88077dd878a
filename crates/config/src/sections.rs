//! The parts of the settings, each with its defaults; checks nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    pub forward: SocketAddr,
    /// Health, metrics and status; it has no authentication.
    pub admin: SocketAddr,
    /// Present: the forward port speaks TLS.
    pub tls: Option<ListenTls>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenTls {
    /// Present: client certificates are asked for and must chain to this PEM file.
    pub client_ca: Option<PathBuf>,
    /// Names and addresses in the certificate that the ports show, besides those they listen on.
    pub names: Vec<String>,
}

/// Who may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub credentials: Vec<Credential>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The user name in `Proxy-Authorization`; never contains a colon.
    pub id: Arc<str>,
    pub tenant: Arc<str>,
    pub agent: Arc<str>,
    pub proof: Proof,
}

/// What proves a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// SHA-256 of the password.
    Secret(Digest),
    /// SHA-256 of the client certificate in DER.
    Certificate(Digest),
}

/// A SHA-256. Printed only as its first eight digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

/// How agents that call on behalf of others prove it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainSettings {
    /// The key that all data planes share; absent: one of this data plane's own, made in its
    /// `data_dir`.
    pub key_file: Option<PathBuf>,
}

/// How sensitive data is found, and what is remembered about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DlpSettings {
    pub tokens: TokenSettings,
    /// Present: it is asked about the texts of every request.
    pub detector: Option<DetectorSettings>,
}

/// A detector that is reached over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectorSettings {
    /// `https://…`, or `http://…` where that was allowed.
    pub url: Arc<str>,
    /// The whole value of the header.
    pub authorization: Option<Secret>,
    /// What it is asked for.
    pub types: BTreeSet<OutsideType>,
    /// From the beginning of the question to the end of the answer.
    pub timeout: Duration,
    /// Of one question.
    pub max_bytes: usize,
}

/// A type of data that only such a detector finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OutsideType {
    DateTime,
    Location,
    Nrp,
    Organization,
    Person,
}

/// Values that became tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSettings {
    /// How long one is kept after its last use.
    pub ttl: Duration,
    /// How many of one agent are, in each direction.
    pub max: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySettings {
    pub source: PolicySource,
    pub mode: Mode,
}

/// Where policies come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicySource {
    Directory(PathBuf),
    /// Nobody named a source: this directory gets the built-in sample before anything starts.
    Sample(PathBuf),
    Bundle(BundleSettings),
}

/// A signed bundle, and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleSettings {
    /// Absent: the control plane has it.
    pub file: Option<PathBuf>,
    /// It must be made for exactly these.
    pub tenants: BTreeSet<String>,
    /// Whose signatures count; `None`: signatures are not looked at.
    pub keys: Option<Vec<BundleKey>>,
}

/// A public key and the one algorithm under which its signatures count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleKey {
    pub id: String,
    pub algorithm: KeyAlgorithm,
    /// `PUBLIC KEY` in PEM.
    pub file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAlgorithm {
    EdDsa,
    Es256,
    Rs256,
}

/// The control plane that this data plane belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlSettings {
    /// Base URL, without a slash at its end.
    pub url: Arc<str>,
    /// What the control plane calls this data plane; unique.
    pub id: Arc<str>,
    pub token: Option<Secret>,
    /// PEM file with the roots for its certificate, instead of the web's.
    pub ca_file: Option<PathBuf>,
    /// PEM file with certificate and key, for a control plane that asks for one.
    pub client_certificate: Option<PathBuf>,
    /// Whether decisions are sent there.
    pub upload_decisions: bool,
}

/// A text that is printed nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Enforce,
    /// What policy finds is recorded but not enforced, for all tenants.
    Shadow,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditSettings {
    pub file: PathBuf,
    /// Whether a decision reaches the disk (fsync) before its call is forwarded; else the kernel.
    pub sync: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TelemetrySettings {
    /// Base URL of an OTLP/HTTP collector; absent: no spans leave.
    pub otlp_endpoint: Option<Arc<str>>,
}

/// How to reach the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamSettings {
    /// PEM file with further roots for upstream certificates.
    pub ca_file: Option<PathBuf>,
    /// Whether the roots of the public web are trusted.
    pub web_roots: bool,
    /// Networks that the address guard lets through although they are not public.
    pub allow_addresses: Vec<IpNet>,
    /// Answers that replace DNS; names are lower-case without a trailing dot.
    pub hosts: BTreeMap<Arc<str>, Vec<IpAddr>>,
    pub connect_timeout: Duration,
    /// Until the response's header is complete.
    pub response_timeout: Duration,
    /// How long an unused connection stays in the pool.
    pub idle_timeout: Duration,
    /// Unused connections kept for one destination.
    pub idle_per_host: usize,
}

/// What one client, and all of them together, may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open client connections.
    pub connections: usize,
    /// Request line and header fields together.
    pub header_bytes: usize,
    /// Header fields of one request.
    pub headers: usize,
    /// How much of a request's body is read for inspection.
    pub inspected_body_bytes: usize,
    /// From the first byte of a request, or the connection's start, to the end of its header.
    pub header_timeout: Duration,
    pub tls_handshake_timeout: Duration,
    /// For the inspected part of a request's body to arrive.
    pub body_timeout: Duration,
    /// Between two requests of one connection, and for a client to take more of what it is sent.
    pub idle_timeout: Duration,
    /// Open streams of one HTTP/2 connection.
    pub http2_streams: u32,
    /// From SIGTERM, SIGINT or SIGHUP until what is still open is cut.
    pub drain_grace: Duration,
}

impl Default for Listen {
    fn default() -> Self {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self {
            forward: SocketAddr::new(loopback, 3128),
            admin: SocketAddr::new(loopback, 9901),
            tls: None,
        }
    }
}

impl Default for ListenTls {
    fn default() -> Self {
        Self {
            client_ca: None,
            names: vec!["localhost".to_owned()],
        }
    }
}

impl Default for PolicySettings {
    fn default() -> Self {
        Self {
            source: PolicySource::Directory("policies".into()),
            mode: Mode::Enforce,
        }
    }
}

impl Default for UpstreamSettings {
    fn default() -> Self {
        Self {
            ca_file: None,
            web_roots: true,
            allow_addresses: Vec::new(),
            hosts: BTreeMap::new(),
            connect_timeout: Duration::from_secs(10),
            response_timeout: Duration::from_mins(5),
            idle_timeout: Duration::from_mins(1),
            idle_per_host: 256,
        }
    }
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            ttl: Duration::from_hours(1),
            max: 10_000,
        }
    }
}

impl DetectorSettings {
    /// As far as the URL is all that is said.
    pub fn at(url: impl Into<Arc<str>>) -> Self {
        Self {
            url: url.into(),
            authorization: None,
            types: OutsideType::ALL.into(),
            timeout: Duration::from_secs(2),
            max_bytes: 256 * 1024,
        }
    }
}

impl OutsideType {
    pub const ALL: [Self; 5] = [
        Self::DateTime,
        Self::Location,
        Self::Nrp,
        Self::Organization,
        Self::Person,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DateTime => "DATE_TIME",
            Self::Location => "LOCATION",
            Self::Nrp => "NRP",
            Self::Organization => "ORGANIZATION",
            Self::Person => "PERSON",
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            header_bytes: 64 * 1024,
            headers: 100,
            inspected_body_bytes: 1024 * 1024,
            header_timeout: Duration::from_secs(10),
            tls_handshake_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(90),
            http2_streams: 100,
            drain_grace: Duration::from_secs(25),
        }
    }
}

impl PolicySettings {
    /// What a first installation starts with: the sample, in shadow.
    pub fn sample(data_dir: &Path) -> Self {
        Self {
            source: PolicySource::Sample(data_dir.join("sample-policies")),
            mode: Mode::Shadow,
        }
    }
}

impl PolicySource {
    /// The directory that is read and watched, if it is one.
    pub fn directory(&self) -> Option<&Path> {
        match self {
            Self::Directory(directory) | Self::Sample(directory) => Some(directory),
            Self::Bundle(_) => None,
        }
    }
}

impl Secret {
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// For the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Digest {
    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.0.first_chunk::<4>().map(hex::encode);
        write!(f, "{}…", start.unwrap_or_default())
    }
}
