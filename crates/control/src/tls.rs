//! TLS on the control plane's port, and client certificates where a CA for them is configured; follows the files as they change. Accepts nothing.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::keys::{KeyFileError, read_private};
use crate::principals::{Digest, sha256};
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

/// Looks after the files: whoever connects is met with what they say now. A connection keeps what it
/// was accepted with.
pub(crate) struct Follower {
    files: Tls,
    known: Prints,
    current: watch::Sender<TlsAcceptor>,
    /// What was wrong at the last look, so that it is told once.
    complaint: Option<String>,
}

impl Follower {
    /// The first acceptor must be there; a later one that is mistaken changes nothing.
    pub(crate) fn start(files: &Tls) -> Result<Self, TlsError> {
        let texts = Texts::read(files)?;
        Ok(Self {
            files: files.clone(),
            known: texts.prints(),
            current: watch::Sender::new(acceptor(files, &texts)?),
            complaint: None,
        })
    }

    pub(crate) fn current(&self) -> watch::Receiver<TlsAcceptor> {
        self.current.subscribe()
    }

    /// Until the control plane stops.
    pub(crate) async fn follow(mut self, stopping: CancellationToken) {
        let mut looks = tokio::time::interval(PERIOD);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                () = stopping.cancelled() => return,
            }
            let look = move || {
                self.look();
                self
            };
            match tokio::task::spawn_blocking(look).await {
                Ok(looked) => self = looked,
                Err(error) => {
                    return tracing::error!(%error, "the TLS files are no longer followed");
                }
            }
        }
    }

    fn look(&mut self) {
        match self.changed() {
            Ok(Some(acceptor)) => {
                self.current.send_replace(acceptor);
                tracing::info!("the TLS files have changed; new connections are met with them");
                self.complaint = None;
            }
            Ok(None) => self.complaint = None,
            Err(error) => {
                let complaint = Some(error.to_string());
                if self.complaint != complaint {
                    tracing::error!(%error, "the TLS files cannot be used; what they said before stays");
                    self.complaint = complaint;
                }
            }
        }
    }

    /// Halfway through a rotation key and certificate do not belong together, which is an error, too.
    fn changed(&mut self) -> Result<Option<TlsAcceptor>, TlsError> {
        let texts = Texts::read(&self.files)?;
        let prints = texts.prints();
        if prints == self.known {
            return Ok(None);
        }
        let acceptor = acceptor(&self.files, &texts)?;
        self.known = prints;
        Ok(Some(acceptor))
    }
}

/// What the files say at one moment.
struct Texts {
    certificate: Vec<u8>,
    key: Zeroizing<String>,
    client_ca: Option<Vec<u8>>,
}

/// SHA-256 of each text.
type Prints = [Option<Digest>; 3];

impl Texts {
    fn read(files: &Tls) -> Result<Self, TlsError> {
        let read = |file: &PathBuf| {
            std::fs::read(file).map_err(|_| TlsError::Certificates(file.to_owned()))
        };
        Ok(Self {
            certificate: read(&files.certificate)?,
            key: read_private(&files.key)?,
            client_ca: files.client_ca.as_ref().map(read).transpose()?,
        })
    }

    fn prints(&self) -> Prints {
        [
            Some(sha256(&self.certificate)),
            Some(sha256(self.key.as_bytes())),
            self.client_ca.as_deref().map(sha256),
        ]
    }
}

fn acceptor(files: &Tls, texts: &Texts) -> Result<TlsAcceptor, TlsError> {
    let key = PrivateKeyDer::from_pem_slice(texts.key.as_bytes());
    let key = key.map_err(|_| TlsError::Key(files.key.clone()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier(files, texts)?)
        .with_single_cert(certificates(&files.certificate, &texts.certificate)?, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Who presents no certificate may still present a token.
fn verifier(files: &Tls, texts: &Texts) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let (Some(file), Some(text)) = (&files.client_ca, &texts.client_ca) else {
        return Ok(Arc::new(NoClientAuth));
    };
    let mut authorities = RootCertStore::empty();
    for certificate in certificates(file, text)? {
        authorities.add(certificate)?;
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider);
    Ok(verifier.allow_unauthenticated().build()?)
}

fn certificates(file: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(TlsError::Certificates(file.to_owned())),
    }
}

/// How late a rotation may be noticed.
const PERIOD: Duration = Duration::from_secs(1);
