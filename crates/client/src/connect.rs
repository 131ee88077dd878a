//! How a control plane is reached and how a caller proves itself there.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;

pub(crate) type Http = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Where the control plane is, and what proves the caller to it.
#[derive(Clone, Default)]
pub struct Access {
    /// `https://…`, or `http://…` on loopback.
    pub url: String,
    pub token: Option<String>,
    /// PEM file with the only trusted roots; else the web's.
    pub ca_file: Option<PathBuf>,
    /// PEM file with a certificate chain and its key.
    pub client_certificate: Option<PathBuf>,
}

#[derive(Debug, Error)]
pub enum SetupError {
    #[error("cannot read {}: {source}", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{} holds no PEM certificate that can be used as a CA", file.display())]
    NoRoots { file: PathBuf },
    #[error("{} holds no certificate with its private key in PEM", file.display())]
    NoIdentity { file: PathBuf },
    #[error("the token holds characters that no HTTP header can have")]
    Token,
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl Access {
    pub(crate) fn authorization(&self) -> Result<Option<HeaderValue>, SetupError> {
        let Some(token) = &self.token else {
            return Ok(None);
        };
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut value = value.map_err(|_| SetupError::Token)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

pub(crate) fn http(access: &Access) -> Result<Http, SetupError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIME));
    tcp.set_keepalive(Some(KEEPALIVE));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls(access)?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIME)
        .build(connector))
}

fn tls(access: &Access) -> Result<ClientConfig, SetupError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(access.ca_file.as_deref())?);
    let Some(file) = &access.client_certificate else {
        return Ok(builder.with_no_client_auth());
    };
    let pem = read(file)?;
    let no_identity = || SetupError::NoIdentity { file: file.clone() };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| no_identity())?;
    Ok(builder.with_client_auth_cert(chain.ok_or_else(no_identity)?, key)?)
}

fn roots(file: Option<&Path>) -> Result<RootCertStore, SetupError> {
    let mut roots = RootCertStore::empty();
    let Some(file) = file else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return Ok(roots);
    };
    let no_roots = || SetupError::NoRoots {
        file: file.to_owned(),
    };
    for certificate in CertificateDer::pem_slice_iter(&read(file)?) {
        let certificate = certificate.map_err(|_| no_roots())?;
        roots.add(certificate).map_err(|_| no_roots())?;
    }
    if roots.is_empty() {
        return Err(no_roots());
    }
    Ok(roots)
}

fn read(file: &Path) -> Result<Vec<u8>, SetupError> {
    fs::read(file).map_err(|source| SetupError::Unreadable {
        file: file.to_owned(),
        source,
    })
}

/// The token is not for printing.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("url", &self.url)
            .field("ca_file", &self.ca_file)
            .field("client_certificate", &self.client_certificate)
            .finish_non_exhaustive()
    }
}

const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Shorter than what middleboxes forget a silent connection after: a long poll is silent.
const KEEPALIVE: Duration = Duration::from_secs(20);
const IDLE_TIME: Duration = Duration::from_mins(1);
