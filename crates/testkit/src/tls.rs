//! A certificate authority for tests, good and bad certificates; keys live in memory only.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// An authority of its own: what one `TestCa` issues, no other trusts.
#[derive(Debug)]
pub struct TestCa {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A leaf with its key.
#[derive(Debug)]
pub struct Certificate {
    leaf: CertificateDer<'static>,
    pem: String,
    key: KeyPair,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    Current,
    Expired,
    NotYet,
}

impl TestCa {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params
            .self_signed(&key)
            .expect("the authority signs itself");
        Self {
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// The authority's certificate, as a trust bundle.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A server's certificate for DNS names and addresses.
    pub fn issue(&self, names: &[&str]) -> Certificate {
        self.issue_valid(names, Validity::Current)
    }

    pub fn issue_valid(&self, names: &[&str], validity: Validity) -> Certificate {
        self.sign(names, validity, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A client's certificate; [`Certificate::sha256`] is its fingerprint.
    pub fn issue_client(&self, name: &str) -> Certificate {
        self.sign(
            &[name],
            Validity::Current,
            ExtendedKeyUsagePurpose::ClientAuth,
        )
    }

    fn sign(
        &self,
        names: &[&str],
        validity: Validity,
        usage: ExtendedKeyUsagePurpose,
    ) -> Certificate {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("the names fit in a certificate");
        (params.not_before, params.not_after) = match validity {
            Validity::Current => (date_time_ymd(2020, 1, 1), date_time_ymd(2100, 1, 1)),
            Validity::Expired => (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1)),
            Validity::NotYet => (date_time_ymd(2099, 1, 1), date_time_ymd(2100, 1, 1)),
        };
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().expect("a key can be made");
        let leaf = params
            .signed_by(&key, &self.issuer)
            .expect("the authority signs a leaf");
        Certificate {
            leaf: leaf.der().clone(),
            pem: leaf.pem(),
            key,
        }
    }
}

impl Default for TestCa {
    fn default() -> Self {
        Self::new()
    }
}

impl Certificate {
    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// SHA-256 over the DER form, in lower-case hex.
    pub fn sha256(&self) -> String {
        hex::encode(ring::digest::digest(&ring::digest::SHA256, &self.leaf))
    }

    /// A server that shows this certificate and offers these protocols, the preferred one first.
    pub fn server(&self, alpn: &[&str]) -> Arc<ServerConfig> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("ring has the default protocol versions")
            .with_no_client_auth()
            .with_single_cert(vec![self.leaf.clone()], self.private_key())
            .expect("the key belongs to the certificate");
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }
}

/// A client that trusts exactly the authorities in `pem`, and shows `identity` if asked to.
pub(crate) fn client(
    pem: &str,
    identity: Option<&Certificate>,
    alpn: &[&str],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.expect("the trust bundle is PEM");
        roots
            .add(certificate)
            .expect("the trust bundle has certificates");
    }
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring has the default protocol versions")
        .with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(own) => builder
            .with_client_auth_cert(vec![own.leaf.clone()], own.private_key())
            .expect("the key belongs to the certificate"),
    };
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
