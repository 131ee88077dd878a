//! TLS on the control plane's port, and client certificates where a CA for them is configured. Accepts nothing.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

use crate::keys::{KeyFileError, read_private};
use crate::settings::Tls;

#[derive(Debug, Error)]
pub enum TlsError {
    #[error("{}: no certificates can be read from it", .0.display())]
    Certificates(PathBuf),
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    #[error("{}: no private key can be read from it", .0.display())]
    Key(PathBuf),
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    #[error("client certificates cannot be verified: {0}")]
    ClientCa(#[from] VerifierBuilderError),
}

pub(crate) fn acceptor(tls: &Tls) -> Result<TlsAcceptor, TlsError> {
    let text = read_private(&tls.key)?;
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes());
    let key = key.map_err(|_| TlsError::Key(tls.key.clone()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier(tls)?)
        .with_single_cert(certificates(&tls.certificate)?, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Who presents no certificate may still present a token.
fn verifier(tls: &Tls) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let Some(file) = &tls.client_ca else {
        return Ok(Arc::new(NoClientAuth));
    };
    let mut authorities = RootCertStore::empty();
    for certificate in certificates(file)? {
        authorities.add(certificate)?;
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider);
    Ok(verifier.allow_unauthenticated().build()?)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = || TlsError::Certificates(file.to_owned());
    let read = || -> io::Result<Vec<_>> {
        let text = std::fs::read(file)?;
        let certificates = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
        certificates.map_err(io::Error::other)
    };
    match read() {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(unreadable()),
    }
}
