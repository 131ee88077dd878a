//! TLS of the benchmark's own parts, from files that every process of a run can read.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use aegis_testkit::TestCa;
use anyhow::{Context as _, Result};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// Makes an authority and one certificate for every host of the benchmark.
pub(crate) fn write(directory: &Path) -> Result<()> {
    let ca = TestCa::new();
    let leaf = ca.issue(&["*.bench.test"]);
    fs::write(directory.join(CA), ca.pem())?;
    fs::write(directory.join(LEAF), leaf.pem())?;
    fs::write(directory.join(KEY), leaf.key_pem())?;
    Ok(())
}

/// HTTP/1.1 on both sides, so that all rows of the table do the same work.
pub(crate) fn server(directory: &Path) -> Result<Arc<ServerConfig>> {
    let leaf = CertificateDer::from_pem_file(directory.join(LEAF))?;
    let key = PrivateKeyDer::from_pem_file(directory.join(KEY))?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![leaf], key)?;
    config.alpn_protocols = vec![HTTP1.to_vec()];
    Ok(Arc::new(config))
}

pub(crate) fn client(authority: &Path) -> Result<Arc<ClientConfig>> {
    let pem = CertificateDer::from_pem_file(authority)
        .with_context(|| authority.display().to_string())?;
    let mut roots = RootCertStore::empty();
    roots.add(pem)?;
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![HTTP1.to_vec()];
    Ok(Arc::new(config))
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

pub(crate) const CA: &str = "ca.pem";
const LEAF: &str = "leaf.pem";
const KEY: &str = "key.pem";
const HTTP1: &[u8] = b"http/1.1";
