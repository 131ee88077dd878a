//! Which certificate authorities an upstream's certificate may come from.

use std::fs;
use std::path::{Path, PathBuf};

use aegis_config::UpstreamSettings;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    #[error("cannot read the CA file {}: {source}", file.display())]
    Unreadable {
        file: PathBuf,
        source: std::io::Error,
    },
    #[error("{} holds no PEM certificate that can be used as a CA", file.display())]
    NotCertificates { file: PathBuf },
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Verifies with the web's roots (as the settings say) and the operator's own; HTTP/2 before HTTP/1.1.
pub(crate) fn client_config(settings: &UpstreamSettings) -> Result<ClientConfig, RootsError> {
    let mut roots = RootCertStore::empty();
    if settings.web_roots {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if let Some(file) = &settings.ca_file {
        add_file(&mut roots, file)?;
    }
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Reads the certificates of a PEM file into a store.
pub(crate) fn add_file(roots: &mut RootCertStore, file: &Path) -> Result<(), RootsError> {
    let pem = fs::read(file).map_err(|source| RootsError::Unreadable {
        file: file.to_owned(),
        source,
    })?;
    let mut added = 0;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let usable = certificate.is_ok_and(|certificate| roots.add(certificate).is_ok());
        if !usable {
            return Err(RootsError::NotCertificates {
                file: file.to_owned(),
            });
        }
        added += 1;
    }
    if added == 0 {
        return Err(RootsError::NotCertificates {
            file: file.to_owned(),
        });
    }
    Ok(())
}

pub(crate) fn provider() -> std::sync::Arc<rustls::crypto::CryptoProvider> {
    std::sync::Arc::new(rustls::crypto::ring::default_provider())
}
