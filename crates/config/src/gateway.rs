//! The gateway's settings: which services it fronts, and where their keys come from. Reads no key.

pub(crate) mod convert;
pub(crate) mod mirror;
pub(crate) mod reference;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The front that agents reach by a base URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewaySettings {
    pub address: SocketAddr,
    /// By the first segment of the path.
    pub services: BTreeMap<Arc<str>, GatewayService>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayService {
    pub upstream: ServiceUrl,
    /// Absent: requests leave without a key.
    pub credential: Option<ServiceCredential>,
}

/// `https://host[:port][/prefix]`, in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceUrl {
    pub tls: bool,
    /// Host, and port where one is written.
    pub authority: Arc<str>,
    /// Empty, or with a slash at its beginning and none at its end.
    pub prefix: Arc<str>,
}

/// What a service takes for proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceCredential {
    Key { send_as: SendAs, key: KeySource },
    Sigv4(Sigv4),
}

/// Where a key stands in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendAs {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// The whole value of this header, in lower case.
    Header(Arc<str>),
}

/// AWS Signature Version 4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sigv4 {
    pub region: Arc<str>,
    /// The name that the service signs under, such as `bedrock`.
    pub service: Arc<str>,
    pub access_key_id: KeySource,
    pub secret_access_key: KeySource,
    pub session_token: Option<KeySource>,
}

/// Where a secret is; its first line counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// Read for every call.
    File(PathBuf),
    /// A variable of the data plane's environment.
    Env(Arc<str>),
    Command(KeyCommand),
}

/// A program that prints a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCommand {
    /// The program and its arguments; no shell reads them. Never empty.
    pub argv: Vec<String>,
    /// For the program to end.
    pub timeout: Duration,
    /// How long what it printed is good.
    pub cache: Duration,
}

impl GatewaySettings {
    /// Without services.
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address,
            services: BTreeMap::new(),
        }
    }
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self::at(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080))
    }
}

impl KeyCommand {
    /// With the defaults of the settings file.
    pub fn new(argv: Vec<String>) -> Self {
        Self {
            argv,
            timeout: Duration::from_secs(10),
            cache: Duration::from_mins(5),
        }
    }
}
