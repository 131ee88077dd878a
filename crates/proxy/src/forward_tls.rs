//! TLS on the agents' ports themselves, so that clients can prove who they are by a certificate. Accepts nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use aegis_config::ListenTls;
use aegis_policy::Host;
use moka::sync::Cache;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, NoClientAuth, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::ca::{CACHE_TTL, Ca, CaError};
use crate::roots::{self, RootsError};

#[derive(Debug, thiserror::Error)]
pub enum ForwardTlsError {
    #[error("{0} in listen.tls.names is not a host name or address")]
    Name(String),
    #[error(transparent)]
    Ca(#[from] CaError),
    #[error(transparent)]
    Roots(#[from] RootsError),
    #[error("client certificates cannot be verified: {0}")]
    ClientCa(#[from] rustls::server::VerifierBuilderError),
}

/// Shows a certificate of Aegis' own CA for the configured names and for the address that the port
/// listens on, and asks clients for theirs where a CA for them is configured. `alpn` is what the
/// port speaks, the best first.
pub(crate) fn acceptor(
    tls: &ListenTls,
    listens_on: IpAddr,
    ca: &Arc<Ca>,
    alpn: &[&str],
) -> Result<TlsAcceptor, ForwardTlsError> {
    let certificate = OwnCertificate {
        ca: Arc::clone(ca),
        names: names(tls, listens_on)?,
        shown: Cache::builder().time_to_live(CACHE_TTL).build(),
    };
    // What cannot be made is better known at the start than from every client.
    certificate.current()?;
    let mut config = ServerConfig::builder_with_provider(roots::provider())
        .with_safe_default_protocol_versions()
        .map_err(RootsError::from)?
        .with_client_cert_verifier(verifier(tls)?)
        .with_cert_resolver(Arc::new(certificate));
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Where a port listens everywhere, this machine reaches it on loopback.
fn names(tls: &ListenTls, listens_on: IpAddr) -> Result<Vec<Host>, ForwardTlsError> {
    let mut names = Vec::with_capacity(tls.names.len() + 1);
    for name in &tls.names {
        names.push(Host::parse(name).map_err(|_| ForwardTlsError::Name(name.clone()))?);
    }
    let reached_at = if listens_on.is_unspecified() {
        vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
    } else {
        vec![listens_on]
    };
    for address in reached_at.into_iter().map(Host::Address) {
        if !names.contains(&address) {
            names.push(address);
        }
    }
    Ok(names)
}

/// Who presents no certificate may still present a credential: `identity` decides.
fn verifier(tls: &ListenTls) -> Result<Arc<dyn ClientCertVerifier>, ForwardTlsError> {
    let Some(file) = &tls.client_ca else {
        return Ok(Arc::new(NoClientAuth));
    };
    let mut authorities = RootCertStore::empty();
    roots::add_file(&mut authorities, file)?;
    let provider = roots::provider();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider);
    Ok(verifier.allow_unauthenticated().build()?)
}

/// One for all names, since a client that knows an address asks for no name. Made again in time,
/// for a port is open longer than a leaf is valid.
#[derive(Debug)]
struct OwnCertificate {
    ca: Arc<Ca>,
    names: Vec<Host>,
    shown: Cache<(), Arc<CertifiedKey>>,
}

impl OwnCertificate {
    fn current(&self) -> Result<Arc<CertifiedKey>, CaError> {
        let made = self
            .shown
            .try_get_with((), || self.ca.certified(&self.names).map(Arc::new));
        made.map_err(CaError::Shared)
    }
}

impl ResolvesServerCert for OwnCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current();
        current
            .inspect_err(|error| tracing::error!(%error, "no certificate for the agents' ports"))
            .ok()
    }
}
