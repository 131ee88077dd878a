//! Prepares the trust files that agents' processes are pointed at. Never touches a system store.
//!
//! Most runtimes let one variable replace their whole trust store. Pointing it at our CA alone
//! would break every tunnel that is not intercepted, so they get one bundle: what this machine
//! trusts, what the user's own variables named, and our CA.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use aegis_proxy::Ca;
use rustls_native_certs::load_certs_from_paths;
use rustls_pki_types::CertificateDer;

/// Reads one environment variable; handed in so that nothing here depends on the process.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The trust files.
#[derive(Debug)]
pub(crate) struct Trust {
    /// For variables that replace the trust store: system roots, the user's own, our CA.
    pub(crate) bundle: TrustFile,
    /// For variables that add to it: our CA, and what the user had added already.
    pub(crate) added: TrustFile,
    /// How many certificates besides our CA are in the bundle. Zero deserves a warning: tunnels
    /// that are not intercepted cannot be verified by the agent.
    pub(crate) others: usize,
}

/// A file of certificates, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrustFile {
    /// Absolute.
    pub(crate) path: PathBuf,
    pub(crate) pem: String,
}

impl TrustFile {
    /// The last part of its path.
    pub(crate) fn name(&self) -> Cow<'_, str> {
        self.path.file_name().unwrap_or_default().to_string_lossy()
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum TrustError {
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{variable} names {}, which holds no readable certificates", path.display())]
    Inherited {
        variable: &'static str,
        path: PathBuf,
    },
}

/// Writes `ca-bundle.pem` and `ca-added.pem` into `data_dir`, each whole or not at all.
pub(crate) fn prepare(
    data_dir: &Path,
    ca_pem: &str,
    inherited: Lookup<'_>,
) -> Result<Trust, TrustError> {
    let failed = |source| TrustError::Write {
        path: data_dir.to_owned(),
        source,
    };
    let data_dir = data_dir.canonicalize().map_err(failed)?;
    let (bundle, added) = (
        data_dir.join("ca-bundle.pem"),
        data_dir.join("ca-added.pem"),
    );
    // Variables set by an earlier `aegis env` name our own files. Reading them back would keep a
    // CA trusted for ever after it was replaced.
    let ours = |path: &Path| path == bundle || path == added;

    let mut others = system_roots(inherited);
    for variable in REPLACING {
        others.extend(named_by(variable, inherited, &ours)?);
    }
    let added_before = named_by(ADDING, inherited, &ours)?;
    others.extend(added_before.iter().cloned());

    let others = without_repeats(others);
    Ok(Trust {
        bundle: write(bundle, ca_pem, &others)?,
        added: write(added, ca_pem, &without_repeats(added_before))?,
        others: others.len(),
    })
}

/// Variables whose file replaces the trust store of those who read them.
pub(crate) const REPLACING: [&str; 8] = [
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "PIP_CERT",
    "CARGO_HTTP_CAINFO",
    "GIT_SSL_CAINFO",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
];

/// The variable whose file is added to the trust store (Node).
pub(crate) const ADDING: &str = "NODE_EXTRA_CA_CERTS";

/// The platform's roots. The loader itself obeys `SSL_CERT_FILE` and `SSL_CERT_DIR` and would then
/// give only the user's; those are merged separately, so the platform's own file is read instead.
fn system_roots(inherited: Lookup<'_>) -> Vec<CertificateDer<'static>> {
    let overridden = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .iter()
        .any(|name| inherited(name).is_some());
    if !overridden {
        return rustls_native_certs::load_native_certs().certs;
    }
    let file = PLATFORM_FILES
        .iter()
        .map(Path::new)
        .find(|path| path.exists());
    file.map(|file| load_certs_from_paths(Some(file), None).certs)
        .unwrap_or_default()
}

/// The certificates in the file or directory that a variable of the user names.
///
/// Nothing readable there is an error: to leave it out would silently trust less than before.
fn named_by(
    variable: &'static str,
    inherited: Lookup<'_>,
    ours: &dyn Fn(&Path) -> bool,
) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let Some(value) = inherited(variable).filter(|value| !value.is_empty()) else {
        return Ok(vec![]);
    };
    let path = PathBuf::from(value);
    if ours(&path) || path.canonicalize().is_ok_and(|path| ours(&path)) {
        return Ok(vec![]);
    }
    let found = if path.is_dir() {
        load_certs_from_paths(None, Some(&path))
    } else {
        load_certs_from_paths(Some(&path), None)
    };
    if found.certs.is_empty() {
        return Err(TrustError::Inherited { variable, path });
    }
    Ok(found.certs)
}

fn without_repeats(certificates: Vec<CertificateDer<'static>>) -> Vec<CertificateDer<'static>> {
    let mut seen = HashSet::new();
    certificates
        .into_iter()
        .filter(|certificate| seen.insert(certificate.clone()))
        .collect()
}

/// Our CA first, so that whoever opens the file sees what was added. Readable by all: an agent may
/// run as another user, and there is no secret in it.
fn write(
    path: PathBuf,
    ca_pem: &str,
    others: &[CertificateDer<'_>],
) -> Result<TrustFile, TrustError> {
    let mut pem = ca_pem.to_owned();
    pem.extend(others.iter().map(Ca::to_pem));
    let directory = path.parent().unwrap_or(Path::new("."));
    let file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(directory);
    let written = file.and_then(|mut file| {
        file.write_all(pem.as_bytes())?;
        Ok(file.persist(&path)?)
    });
    match written {
        Ok(_) => Ok(TrustFile { path, pem }),
        Err(source) => Err(TrustError::Write { path, source }),
    }
}

/// Debian, Fedora, openSUSE, Alpine: where each keeps all roots in one file.
const PLATFORM_FILES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
