//! The interception CA: holds the signing key and mints a certificate per name. Never decides what is intercepted.
//!
//! A leaf lives for a week and one key serves all of them, made anew at every start: what leaves
//! the process is never a private key. Leaves and their TLS settings are cached per host.

mod store;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aegis_policy::Host;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use moka::sync::Cache;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rcgen::{KeyUsagePurpose, SanType, SerialNumber};
use ring::rand::{SecureRandom, SystemRandom};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring as tls};
use rustls::server::{
    NoServerSessionStorage, ProducesTickets, ResolvesServerCert, ResolvesServerCertUsingSni,
};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::sha256::sha256;

/// The CA of this data plane. Cheap to share behind an `Arc`.
pub struct Ca {
    authority: Authority,
    leaf_key: KeyPair,
    leaf_signer: Arc<dyn SigningKey>,
    provider: Arc<CryptoProvider>,
    tickets: Arc<dyn ProducesTickets>,
    settings: Cache<Host, Arc<ServerConfig>>,
    nobody: Arc<ServerConfig>,
}

#[derive(Debug, thiserror::Error)]
pub enum CaError {
    #[error("cannot {what} {}", path.display())]
    Io {
        what: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{} exists but {} does not; put the missing file back, or remove both to get a new CA (every client must then trust the new one)", present.display(), missing.display())]
    HalfPair { present: PathBuf, missing: PathBuf },
    #[error("the CA's key {} has mode {mode:03o}, wider than 600; run chmod 600 on it", path.display())]
    Permissions { path: PathBuf, mode: u32 },
    #[error("the CA's key {} is not an unencrypted PKCS #8 private key in PEM; convert it with openssl pkcs8 -topk8 -nocrypt", path.display())]
    Key { path: PathBuf },
    #[error("the CA's certificate {} {problem}", path.display())]
    Certificate {
        path: PathBuf,
        problem: &'static str,
    },
    #[error(
        "the CA's certificate has expired; remove ca.pem and ca.key to get a new CA, or put a renewed one there"
    )]
    Expired,
    #[error("cannot make a certificate")]
    Mint(#[from] rcgen::Error),
    #[error("the system has no randomness to give")]
    Randomness,
    #[error("the TLS library does not accept the certificate that was made")]
    Tls(#[from] rustls::Error),
    #[error("making a certificate for this name failed: {0}")]
    Shared(Arc<CaError>),
}

impl Ca {
    /// Loads `ca.pem` and `ca.key` from `data_dir`, or makes both if neither is there.
    ///
    /// Existing files are never changed. An operator's own CA is taken if it may sign, has not
    /// expired and fits its key; `ca.pem` may carry the chain above it.
    pub fn load_or_create(data_dir: &Path) -> Result<Self, CaError> {
        let authority = store::load_or_create(data_dir)?;
        let leaf_key = KeyPair::generate()?;
        let leaf_signer =
            tls::sign::any_ecdsa_type(&PrivatePkcs8KeyDer::from(leaf_key.serialized_der()).into())?;
        let provider = Arc::new(tls::default_provider());
        let nobody = server_settings(&provider, ResolvesServerCertUsingSni::new())?;
        let ca = Self {
            authority,
            leaf_key,
            leaf_signer,
            provider,
            nobody: Arc::new(nobody),
            tickets: tls::Ticketer::new()?,
            settings: Cache::builder()
                .max_capacity(CACHED)
                .time_to_live(CACHE_TTL)
                .build(),
        };
        ca.check_issuer_name()?;
        Ok(ca)
    }

    /// TLS settings that present a certificate for `host`; HTTP/2 is preferred, HTTP/1.1 offered.
    ///
    /// The first call for a host signs (tens of microseconds), later ones find it in the cache.
    pub fn server_config(&self, host: &Host) -> Result<Arc<ServerConfig>, CaError> {
        if let Some(found) = self.settings.get(host) {
            return Ok(found);
        }
        let made = self
            .settings
            .try_get_with_by_ref(host, || self.make_settings(host).map(Arc::new));
        made.map_err(CaError::Shared)
    }

    /// TLS settings that present no certificate: the handshake ends with the alert `access_denied`.
    pub(crate) fn nobody(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.nobody)
    }

    /// The CA's certificate and the chain above it, for clients' trust stores. Never holds a key.
    pub fn certificate_pem(&self) -> &str {
        &self.authority.pem
    }

    /// SHA-256 of each certificate in that text, as `openssl x509 -fingerprint` writes it.
    pub fn fingerprints(&self) -> Vec<String> {
        CertificateDer::pem_slice_iter(self.authority.pem.as_bytes())
            .flatten()
            .map(|certificate| fingerprint(&certificate))
            .collect()
    }

    /// One certificate as PEM text (RFC 7468).
    pub fn to_pem(certificate: &CertificateDer<'_>) -> String {
        let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
        for (at, letter) in STANDARD.encode(certificate).chars().enumerate() {
            if at > 0 && at % 64 == 0 {
                text.push('\n');
            }
            text.push(letter);
        }
        text + "\n-----END CERTIFICATE-----\n"
    }

    /// One certificate for all of `hosts`, made now; whoever keeps it does so for [`CACHE_TTL`] at most.
    pub(crate) fn certified(&self, hosts: &[Host]) -> Result<CertifiedKey, CaError> {
        let mut chain = vec![self.mint(hosts)?];
        chain.extend(self.authority.presented.iter().cloned());
        Ok(CertifiedKey::new(chain, Arc::clone(&self.leaf_signer)))
    }

    fn make_settings(&self, host: &Host) -> Result<ServerConfig, CaError> {
        let certified = self.certified(slice::from_ref(host))?;
        let mut settings = server_settings(&self.provider, SingleCertAndKey::from(certified))?;
        settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Resumption by ticket: a session store per host would cost more memory than the leaf.
        settings.session_storage = Arc::new(NoServerSessionStorage {});
        settings.ticketer = Arc::clone(&self.tickets);
        Ok(settings)
    }

    fn mint(&self, hosts: &[Host]) -> Result<CertificateDer<'static>, CaError> {
        let now = since_epoch();
        let end = (now + LEAF_VALIDITY).min(self.authority.not_after);
        if end <= now {
            return Err(CaError::Expired);
        }
        let mut params = CertificateParams::default();
        params.not_before = rcgen::date_time_ymd(1970, 1, 1) + now.saturating_sub(BACKDATED);
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + end;
        params.serial_number = Some(random_serial()?);
        params.distinguished_name = hosts.first().map(subject).unwrap_or_default();
        params.subject_alt_names = hosts.iter().map(alternative).collect::<Result<_, _>>()?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&self.leaf_key, &self.authority.issuer)?;
        Ok(leaf.der().clone())
    }

    /// Clients compare the issuer's name byte by byte, and not every name survives being written
    /// again. Better to learn it at the start than from every client.
    fn check_issuer_name(&self) -> Result<(), CaError> {
        let leaf = self.mint(&[Host::Name("aegis.invalid".into())])?;
        let written = store::issuer_name(&leaf);
        if written.as_deref() == Some(self.authority.subject.as_slice()) {
            return Ok(());
        }
        let problem = "has a subject name that cannot be repeated exactly in certificates below it \
                       (an attribute that occurs twice, or an old string type)";
        Err(CaError::Certificate {
            path: self.authority.path.clone(),
            problem,
        })
    }
}

fn server_settings(
    provider: &Arc<CryptoProvider>,
    certificates: impl ResolvesServerCert + 'static,
) -> Result<ServerConfig, CaError> {
    let settings = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificates));
    Ok(settings)
}

impl fmt::Debug for Ca {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ca")
            .field("path", &self.authority.path)
            .field("cached", &self.settings.entry_count())
            .finish_non_exhaustive()
    }
}

/// What was read from the two files.
struct Authority {
    path: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    subject: Vec<u8>,
    not_after: Duration,
    pem: String,
    /// Sent after the leaf: what lies between it and a root that clients hold themselves.
    presented: Vec<CertificateDer<'static>>,
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digest = sha256(certificate);
    let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

fn alternative(host: &Host) -> Result<SanType, rcgen::Error> {
    Ok(match host {
        Host::Name(name) => SanType::DnsName(name.as_ref().try_into()?),
        Host::Address(ip) => SanType::IpAddress(*ip),
    })
}

/// Old clients read the common name, which has room for 64 characters; longer names go without.
fn subject(host: &Host) -> rcgen::DistinguishedName {
    let text = match host {
        Host::Name(name) => name.to_string(),
        Host::Address(ip) => ip.to_string(),
    };
    let mut name = rcgen::DistinguishedName::new();
    if text.len() <= 64 {
        name.push(DnType::CommonName, text);
    }
    name
}

/// 127 random bits, never zero: positive and at most 20 octets, as RFC 5280, 4.1.2.2 wants.
fn random_serial() -> Result<SerialNumber, CaError> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| CaError::Randomness)?;
    Ok(SerialNumber::from_slice(
        &(u128::from_be_bytes(bytes) >> 1 | 1).to_be_bytes(),
    ))
}

/// A clock before 1970 reads as 1970: everything is then not yet valid, which is the safe side.
fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

const DAY: Duration = Duration::from_hours(24);
const LEAF_VALIDITY: Duration = DAY.saturating_mul(7);
/// For clients whose clocks are behind.
const BACKDATED: Duration = DAY;
/// Well below the validity, so that a cached leaf never runs out in use.
pub(crate) const CACHE_TTL: Duration = DAY;
const CACHED: u64 = 1_000;
