//! The CA's two files: made once, read and checked at each start. Never signs for a host.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rcgen::PublicKeyData;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

use super::{Authority, BACKDATED, Ca, CaError, DAY, random_serial, since_epoch};
use crate::whole_file;

/// One process at a time makes the pair; whoever waited finds it complete. The lock is the
/// kernel's and ends with the process, so a crash leaves nothing to clean up.
pub(super) fn load_or_create(data_dir: &Path) -> Result<Authority, CaError> {
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir);
    made.map_err(io("create", data_dir))?;
    let (certificate, key) = (data_dir.join("ca.pem"), data_dir.join("ca.key"));
    let lock_path = data_dir.join(".ca.lock");
    // A read-only directory with an operator's CA in it needs no lock: nothing is made there.
    if !(exists(&certificate)? && exists(&key)?) {
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path);
        let lock = lock.map_err(io("open", &lock_path))?;
        lock.lock().map_err(io("lock", &lock_path))?;
        match (exists(&certificate)?, exists(&key)?) {
            (true, true) => {}
            (false, false) => create(&certificate, &key)?,
            (true, false) => {
                return Err(CaError::HalfPair {
                    present: certificate,
                    missing: key,
                });
            }
            (false, true) => {
                return Err(CaError::HalfPair {
                    present: key,
                    missing: certificate,
                });
            }
        }
    }
    load(&certificate, &key)
}

/// The issuer's name in a certificate, as it stands there.
pub(super) fn issuer_name(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    Some(parsed.issuer().as_raw().to_vec())
}

fn create(certificate: &Path, key: &Path) -> Result<(), CaError> {
    let pair = KeyPair::generate()?;
    let params = ca_params(&pair)?;
    let signed = params.self_signed(&pair)?;
    let secret = Zeroizing::new(pair.serialize_pem());
    // The key first: should the second step fail, no certificate is there that somebody may
    // already have trusted without its key.
    whole_file::create(key, secret.as_bytes(), 0o600).map_err(io("create", key))?;
    let certified = whole_file::create(certificate, signed.pem().as_bytes(), 0o644);
    certified.map_err(io("create", certificate))
}

fn ca_params(pair: &KeyPair) -> Result<CertificateParams, CaError> {
    let now = since_epoch();
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + now.saturating_sub(BACKDATED);
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + (now + CA_VALIDITY);
    params.serial_number = Some(random_serial()?);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // A name of its own for each CA: a trust store with an old one never confuses the two.
    let id = params.key_identifier(pair);
    let id = hex::encode(id.get(..6).unwrap_or(&id));
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Aegis");
    params
        .distinguished_name
        .push(DnType::CommonName, format!("Aegis interception CA {id}"));
    Ok(params)
}

fn load(certificate: &Path, key: &Path) -> Result<Authority, CaError> {
    let pair = load_key(key)?;
    let chain = load_chain(certificate)?;
    let refuse = |problem| CaError::Certificate {
        path: certificate.to_owned(),
        problem,
    };
    let Some(first) = chain.first() else {
        return Err(refuse("holds no certificate in PEM"));
    };
    let (_, parsed) =
        X509Certificate::from_der(first).map_err(|_| refuse("cannot be read as X.509"))?;
    check(&parsed, &pair).map_err(refuse)?;
    let not_after = u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or(0);
    if not_after <= since_epoch().as_secs() {
        return Err(CaError::Expired);
    }
    Ok(Authority {
        path: certificate.to_owned(),
        subject: parsed.subject().as_raw().to_vec(),
        not_after: Duration::from_secs(not_after),
        pem: chain
            .iter()
            .map(|certificate| Ca::to_pem(certificate))
            .collect(),
        presented: chain
            .iter()
            .filter(|certificate| !is_root(certificate))
            .cloned()
            .collect(),
        issuer: Issuer::from_ca_cert_der(first, pair)?,
    })
}

fn load_key(path: &Path) -> Result<KeyPair, CaError> {
    let mut file = File::open(path).map_err(io("read", path))?;
    let mode = file
        .metadata()
        .map_err(io("read", path))?
        .permissions()
        .mode()
        & 0o777;
    if mode & 0o177 != 0 {
        return Err(CaError::Permissions {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text).map_err(io("read", path))?;
    KeyPair::from_pem(&text).map_err(|_| CaError::Key {
        path: path.to_owned(),
    })
}

fn load_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, CaError> {
    let text = fs::read(path).map_err(io("read", path))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    chain.map_err(|_| CaError::Certificate {
        path: path.to_owned(),
        problem: "is not valid PEM",
    })
}

fn check(certificate: &X509Certificate<'_>, pair: &KeyPair) -> Result<(), &'static str> {
    if certificate.public_key().raw != pair.subject_public_key_info() {
        return Err("belongs to another key than ca.key");
    }
    let constraints = certificate.basic_constraints().ok().flatten();
    if !constraints.is_some_and(|found| found.value.ca) {
        return Err("is not a CA's (basicConstraints does not say CA:TRUE)");
    }
    let usage = certificate
        .key_usage()
        .map_err(|_| "has an unreadable keyUsage")?;
    if usage.is_some_and(|found| !found.value.key_cert_sign()) {
        return Err("may not sign certificates (keyUsage lacks keyCertSign)");
    }
    if certificate.validity().not_before.timestamp() > since_epoch().as_secs().cast_signed() {
        return Err("is not valid yet; is this machine's clock right?");
    }
    Ok(())
}

/// A root is what clients already hold; sending it is a waste.
fn is_root(certificate: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(certificate)
        .is_ok_and(|(_, parsed)| parsed.subject().as_raw() == parsed.issuer().as_raw())
}

fn exists(path: &Path) -> Result<bool, CaError> {
    path.try_exists().map_err(io("look for", path))
}

fn io<'a>(what: &'static str, path: &'a Path) -> impl Fn(std::io::Error) -> CaError + use<'a> {
    move |source| CaError::Io {
        what,
        path: path.to_owned(),
        source,
    }
}

/// A CA per installation, trusted by hand: long enough to be rolled out once, and renewed by
/// removing both files.
const CA_VALIDITY: Duration = DAY.saturating_mul(3650);
