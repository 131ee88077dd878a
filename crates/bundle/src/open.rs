//! Archive to bundle: verified, in scope, in time; decides whether it may be used, activates nothing.

use std::collections::BTreeSet;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::archive::{self, Files, Limits};
use crate::error::BundleError;
use crate::files;
use crate::keys::TrustedKey;
use crate::manifest::{Manifest, Metadata, Region, Scope};
use crate::path::{self, DATA, Kind, MANIFEST, SIGNATURES};
use crate::roots;
use crate::token::{self, Statement};
use crate::{Contents, File};

/// What a reader accepts. Comes from its own configuration, never from a bundle.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Several, so that keys can be changed without a pause. Told apart by their ids.
    pub keys: Vec<TrustedKey>,
    pub signature: Signature,
    pub scope: Expected,
    pub limits: Limits,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signature {
    #[default]
    Required,
    /// Neither signature nor hashes are looked at; everything else is.
    InsecureSkip,
}

/// Where and for whom the reader works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// A bundle must be made for all of these and for no other.
    pub tenants: BTreeSet<String>,
    /// A bundle must be made for this region, or for any.
    pub region: String,
}

/// A bundle that may be used at the time it was opened for.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    contents: Contents,
    digest: String,
    signed_by: Option<String>,
}

/// What must be remembered of the bundle in force, also over a restart, to notice a rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Active {
    pub number: u64,
    /// SHA-256 of the list of all files with their SHA-256, as `sha256sum` prints it, sorted by
    /// path and without the signature; hexadecimal.
    pub digest: String,
}

/// How far the clock of whoever issued a bundle may be ahead of the reader's. Expiry has no
/// allowance: in doubt a bundle is too old.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The bundle in `archive`, or the first thing that is wrong with it.
pub fn open(archive: &[u8], trust: &Trust, now: Timestamp) -> Result<Bundle, BundleError> {
    let mut files = archive::unpack(archive, &trust.limits)?;
    let statement = verify(files.remove(SIGNATURES), trust)?;
    files::canonicalise(&mut files)?;
    if let Some(statement) = &statement {
        files::check(&files, &statement.files)?;
    }
    let digest = files::overall(&files);
    let manifest = Manifest::read(&take(&mut files, MANIFEST)?)?;
    check_scope(&manifest.aegis.scope, statement.as_ref(), &trust.scope)?;
    check_time(&manifest.aegis, now)?;
    Ok(Bundle {
        contents: contents(manifest, files)?,
        digest,
        signed_by: statement.map(|statement| statement.key),
    })
}

/// What an archive says of itself, whether it is true or not: for whoever opens it as what it
/// claims to be, to look into it. A data plane never asks.
pub fn claimed(archive: &[u8], limits: &Limits) -> Result<Metadata, BundleError> {
    let mut files = archive::unpack(archive, limits)?;
    files::canonicalise(&mut files)?;
    Ok(Manifest::read(&take(&mut files, MANIFEST)?)?.aegis)
}

impl Bundle {
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    pub fn into_contents(self) -> Contents {
        self.contents
    }

    /// The id of the key; `None` if the signature was not looked at.
    pub fn signed_by(&self) -> Option<&str> {
        self.signed_by.as_deref()
    }

    /// What to remember once this bundle is in force.
    pub fn active(&self) -> Active {
        Active {
            number: self.contents.manifest.aegis.number,
            digest: self.digest.clone(),
        }
    }

    /// Whether this bundle may take the place of the one in force: a newer one, the same again, or
    /// an older one whose signer names the number that it may replace.
    pub fn follows(&self, active: Option<&Active>) -> Result<(), BundleError> {
        let Some(active) = active else {
            return Ok(());
        };
        let Metadata {
            number,
            rollback_from,
            ..
        } = self.contents.manifest.aegis;
        if number == active.number && self.digest != active.digest {
            return Err(BundleError::NumberReused { number });
        }
        if number < active.number && rollback_from != Some(active.number) {
            return Err(BundleError::RolledBack {
                offered: number,
                active: active.number,
            });
        }
        Ok(())
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = Scope {
            tenants: self.tenants.clone(),
            region: Region::Only(self.region.clone()),
        };
        scope.fmt(f)
    }
}

/// Before anything else in the archive is parsed.
fn verify(signatures: Option<Vec<u8>>, trust: &Trust) -> Result<Option<Statement>, BundleError> {
    match (trust.signature, signatures) {
        (Signature::InsecureSkip, _) => Ok(None),
        (Signature::Required, None) => Err(BundleError::SignatureMissing),
        (Signature::Required, Some(signatures)) => {
            token::verify(&signatures, &trust.keys).map(Some)
        }
    }
}

fn check_scope(
    scope: &Scope,
    statement: Option<&Statement>,
    expected: &Expected,
) -> Result<(), BundleError> {
    let wrong = |offered: &str| BundleError::WrongScope {
        offered: offered.to_owned(),
        expected: expected.to_string(),
    };
    let text = scope.to_string();
    if let Some(statement) = statement
        && statement.scope != text
    {
        return Err(wrong(&statement.scope));
    }
    let here = match &scope.region {
        Region::Any => true,
        Region::Only(region) => *region == expected.region,
    };
    if !here || scope.tenants != expected.tenants {
        return Err(wrong(&text));
    }
    Ok(())
}

fn check_time(metadata: &Metadata, now: Timestamp) -> Result<(), BundleError> {
    let issued_at = metadata.issued_at;
    if issued_at.duration_since(now) > CLOCK_SKEW {
        return Err(BundleError::NotYetValid { issued_at });
    }
    match metadata.expires_at {
        Some(expires_at) if expires_at <= now => Err(BundleError::Expired { expires_at }),
        _ => Ok(()),
    }
}

fn contents(manifest: Manifest, mut files: Files) -> Result<Contents, BundleError> {
    let data = take(&mut files, DATA)?;
    let data = serde_json::from_slice(&data).map_err(|_| BundleError::JsonMalformed {
        path: DATA.to_owned(),
        problem: "it must be an object".to_owned(),
    })?;
    roots::check_data(&data, &manifest.roots)?;
    let mut modules = Vec::new();
    let mut tests = Vec::new();
    for (path, bytes) in files {
        let kind = path::classify(&path)?;
        let Ok(text) = String::from_utf8(bytes) else {
            return Err(BundleError::NotUtf8 { path });
        };
        match kind {
            Kind::Test => tests.push(File { path, text }),
            _ => modules.push(File { path, text }),
        }
    }
    Ok(Contents {
        manifest,
        data,
        modules,
        tests,
    })
}

fn take(files: &mut Files, path: &'static str) -> Result<Vec<u8>, BundleError> {
    files.remove(path).ok_or(BundleError::FileMissing { path })
}
