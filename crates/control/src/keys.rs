//! Signing keys: which one signs now, and which are shown to whoever verifies. Never shows a private part.

use std::cmp::Reverse;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aegis_api::{Jwk, JwkSet};
use aegis_bundle::{Algorithm, KeyError, Signer, TrustedKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::RSAPublicKey;
use zeroize::Zeroizing;

use crate::settings::SigningKey;

/// All configured keys, the one that becomes active last first.
#[derive(Debug)]
pub(crate) struct Keys {
    keys: Vec<Key>,
    overlap: SignedDuration,
}

#[derive(Debug)]
struct Key {
    signer: Arc<Signer>,
    active_from: Timestamp,
    jwk: Jwk,
}

#[derive(Debug, Error)]
pub enum KeyFileError {
    #[error("{}: {error}", file.display())]
    Unreadable { file: PathBuf, error: io::Error },
    #[error("{} may be read by others than its owner; chmod 600 it", file.display())]
    Exposed { file: PathBuf },
    #[error("{}: {error}", file.display())]
    Key { file: PathBuf, error: KeyError },
    #[error("the public part of the key {0} cannot be written as a JSON Web Key")]
    Public(String),
    #[error("no signing key is active yet")]
    NoneActive,
}

impl Keys {
    /// At least one key must be active now.
    pub(crate) fn load(settings: &[SigningKey], overlap: Duration) -> Result<Self, KeyFileError> {
        let mut keys = settings.iter().map(load).collect::<Result<Vec<_>, _>>()?;
        // Keys without a time are active since ever; the later in the list, the newer.
        keys.reverse();
        keys.sort_by_key(|key| Reverse(key.active_from));
        let overlap = SignedDuration::try_from(overlap).unwrap_or(SignedDuration::MAX);
        let keys = Self { keys, overlap };
        match keys.signer(Timestamp::now()) {
            Some(_) => Ok(keys),
            None => Err(KeyFileError::NoneActive),
        }
    }

    /// The newest key that is active.
    pub(crate) fn signer(&self, now: Timestamp) -> Option<&Arc<Signer>> {
        let key = self.keys.iter().find(|key| key.active_from <= now)?;
        Some(&key.signer)
    }

    /// The key that signs, those that will, and those that did until the overlap has passed.
    pub(crate) fn public(&self, now: Timestamp) -> JwkSet {
        let mut shown = Vec::new();
        let mut successor: Option<Timestamp> = None;
        for key in &self.keys {
            let is_over = successor.is_some_and(|since| now.duration_since(since) >= self.overlap);
            if !is_over {
                shown.push(key.jwk.clone());
            }
            if key.active_from <= now {
                successor = Some(key.active_from);
            }
        }
        JwkSet { keys: shown }
    }
}

/// The text of a file that nobody but its owner may read.
pub(crate) fn read_private(file: &Path) -> Result<Zeroizing<String>, KeyFileError> {
    let unreadable = |error| KeyFileError::Unreadable {
        file: file.to_owned(),
        error,
    };
    let mode = fs::metadata(file).map_err(unreadable)?.mode();
    if mode & OTHERS != 0 {
        return Err(KeyFileError::Exposed {
            file: file.to_owned(),
        });
    }
    fs::read_to_string(file)
        .map(Zeroizing::new)
        .map_err(unreadable)
}

fn load(settings: &SigningKey) -> Result<Key, KeyFileError> {
    let text = read_private(&settings.file)?;
    let signer = Signer::from_pem(&settings.id, settings.algorithm, &text).map_err(|error| {
        KeyFileError::Key {
            file: settings.file.clone(),
            error,
        }
    })?;
    let jwk =
        jwk(&signer.trusted_key()).ok_or_else(|| KeyFileError::Public(settings.id.clone()))?;
    Ok(Key {
        signer: Arc::new(signer),
        active_from: settings.active_from.unwrap_or(Timestamp::MIN),
        jwk,
    })
}

/// RFC 8037, section 2, and RFC 7518, sections 6.2.1 and 6.3.1.
fn jwk(key: &TrustedKey) -> Option<Jwk> {
    let encode = |bytes: &[u8]| Some(URL_SAFE_NO_PAD.encode(bytes));
    let common = Jwk {
        kid: key.id().to_owned(),
        alg: key.algorithm().name().to_owned(),
        usage: "sig".to_owned(),
        ..Jwk::default()
    };
    let public = key.public_key();
    Some(match key.algorithm() {
        Algorithm::EdDsa => Jwk {
            kty: "OKP".to_owned(),
            crv: Some("Ed25519".to_owned()),
            x: encode(public),
            ..common
        },
        Algorithm::Es256 => {
            // An uncompressed point: 4, then both coordinates.
            let (x, y) = public.strip_prefix(&[4])?.split_at_checked(32)?;
            Jwk {
                kty: "EC".to_owned(),
                crv: Some("P-256".to_owned()),
                x: encode(x),
                y: encode(y),
                ..common
            }
        }
        Algorithm::Rs256 => {
            let (_, key) = RSAPublicKey::from_der(public).ok()?;
            Jwk {
                kty: "RSA".to_owned(),
                n: encode(without_zeros(key.modulus)),
                e: encode(without_zeros(key.exponent)),
                ..common
            }
        }
    })
}

/// DER puts a zero before a number whose first bit is set.
fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

const OTHERS: u32 = 0o077;
