//! TLS on the agents' ports themselves, so that clients can prove who they are by a certificate. Accepts nothing.

use std::sync::Arc;

use aegis_config::ListenTls;
use aegis_policy::Host;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, NoClientAuth, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::ca::{Ca, CaError};
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

/// Shows certificates of Aegis' own CA for the configured names, and asks clients for theirs where
/// a CA for them is configured. `alpn` is what the port speaks, the best first.
pub(crate) fn acceptor(
    tls: &ListenTls,
    ca: &Ca,
    alpn: &[&str],
) -> Result<TlsAcceptor, ForwardTlsError> {
    let mut names = Vec::with_capacity(tls.names.len());
    for name in &tls.names {
        let host = Host::parse(name).map_err(|_| ForwardTlsError::Name(name.clone()))?;
        names.push((
            host.to_string(),
            Arc::clone(&ca.server_config(&host)?.cert_resolver),
        ));
    }
    let mut config = ServerConfig::builder_with_provider(roots::provider())
        .with_safe_default_protocol_versions()
        .map_err(RootsError::from)?
        .with_client_cert_verifier(verifier(tls)?)
        .with_cert_resolver(Arc::new(ByName { names }));
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(TlsAcceptor::from(Arc::new(config)))
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

/// The certificate of the name that the client asks for, the first one where it asks for none.
#[derive(Debug)]
struct ByName {
    names: Vec<(String, Arc<dyn ResolvesServerCert>)>,
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name().map(str::to_ascii_lowercase);
        let known = self
            .names
            .iter()
            .find(|(name, _)| Some(name) == asked.as_ref());
        let (_, resolver) = known.or_else(|| self.names.first())?;
        resolver.resolve(hello)
    }
}
