//! `.manifest` as strict types, and whether its parts make sense; the time and the place of use are not known here.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::BundleError;
use crate::path::MANIFEST;
use crate::roots;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// For people and logs; order is told by [`Metadata::number`].
    pub revision: String,
    /// What of `data` the bundle owns, as OPA writes it: `aegis/ext`, or one empty text for all.
    pub roots: Vec<String>,
    /// Under `metadata.aegis`.
    pub aegis: Metadata,
}

/// What the manifest says to Aegis alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    pub format: Format,
    /// Grows with every bundle of a scope.
    pub number: u64,
    /// UTC, whole seconds (RFC 3339).
    pub issued_at: Timestamp,
    /// Not used from this moment on. A bundle without it can be served for ever by whoever keeps
    /// newer ones away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    pub scope: Scope,
    /// The signer's permission to replace the bundle of this greater number by the present one.
    /// It does not bury the greater number: publish under a new one for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_from: Option<u64>,
}

/// The version of [`Metadata`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u64", try_from = "u64")]
pub enum Format {
    #[default]
    V1,
}

/// For whom a bundle is made: exactly these tenants, and one region or all.
///
/// Its text, `acme,beta@eu-central-1`, is the scope of the signature, where OPA compares it with
/// the `scope` of its configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    pub tenants: BTreeSet<String>,
    pub region: Region,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Region {
    /// Written `*`.
    Any,
    Only(String),
}

impl Manifest {
    /// Reads a canonical text, so that no key is there twice.
    pub(crate) fn read(text: &[u8]) -> Result<Self, BundleError> {
        let written: Value = serde_json::from_slice(text).map_err(|error| malformed(&error))?;
        // First of all: the fields of a later format would be called mistakes.
        let format = written.pointer("/metadata/aegis/format");
        if let Some(format) = format.and_then(Value::as_u64)
            && Format::try_from(format).is_err()
        {
            return Err(BundleError::FormatUnknown { format });
        }
        let written: Written =
            serde_json::from_value(written).map_err(|error| malformed(&error))?;
        if written.rego_version.is_some_and(|version| version != 1) {
            return Err(invalid("`rego_version` must be 1"));
        }
        let manifest = Self {
            revision: written.revision,
            roots: written.roots,
            aegis: written.metadata.aegis,
        };
        manifest.check()?;
        Ok(manifest)
    }

    pub(crate) fn write(&self) -> Result<Vec<u8>, BundleError> {
        self.check()?;
        let written = Written {
            revision: self.revision.clone(),
            roots: self.roots.clone(),
            rego_version: Some(1),
            metadata: Extensions {
                aegis: self.aegis.clone(),
            },
        };
        serde_json::to_vec(&written).map_err(|error| malformed(&error))
    }

    fn check(&self) -> Result<(), BundleError> {
        if self.revision.is_empty() {
            return Err(invalid("`revision` is empty"));
        }
        roots::check(&self.roots).map_err(invalid)?;
        self.aegis.check().map_err(invalid)
    }
}

impl Metadata {
    fn check(&self) -> Result<(), &'static str> {
        let Self {
            number,
            issued_at,
            expires_at,
            scope,
            rollback_from,
            ..
        } = self;
        let mut times = [Some(issued_at), expires_at.as_ref()].into_iter().flatten();
        if times.any(|time| time.subsec_nanosecond() != 0) {
            return Err("its times must be whole seconds");
        }
        if expires_at.is_some_and(|end| end <= *issued_at) {
            return Err("`expires_at` must be after `issued_at`");
        }
        if rollback_from.is_some_and(|from| from <= *number) {
            return Err("`rollback_from` must be greater than `number`");
        }
        if scope.tenants.is_empty() {
            return Err("its scope has no tenant");
        }
        let region = match &scope.region {
            Region::Any => None,
            Region::Only(region) => Some(region),
        };
        if !scope.tenants.iter().chain(region).all(|name| is_name(name)) {
            return Err("a name in its scope is empty or has white space, `,`, `@` or `*` in it");
        }
        Ok(())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, tenant) in self.tenants.iter().enumerate() {
            f.write_str(if index > 0 { "," } else { "" })?;
            f.write_str(tenant)?;
        }
        write!(f, "@{}", String::from(self.region.clone()))
    }
}

impl From<Format> for u64 {
    fn from(_: Format) -> Self {
        1
    }
}

impl TryFrom<u64> for Format {
    type Error = &'static str;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::V1),
            _ => Err("unknown format"),
        }
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        match region {
            Region::Any => "*".to_owned(),
            Region::Only(region) => region,
        }
    }
}

impl From<String> for Region {
    fn from(text: String) -> Self {
        match text.as_str() {
            "*" => Self::Any,
            _ => Self::Only(text),
        }
    }
}

/// The file as OPA knows it. Fields that change how modules are read (`wasm`,
/// `file_rego_versions`) are refused like any other.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    revision: String,
    roots: Vec<String>,
    #[serde(default)]
    rego_version: Option<u8>,
    metadata: Extensions,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Extensions {
    aegis: Metadata,
}

fn is_name(name: &str) -> bool {
    let separates = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | '@' | '*');
    !name.is_empty() && !name.contains(separates)
}

fn malformed(error: &serde_json::Error) -> BundleError {
    BundleError::JsonMalformed {
        path: MANIFEST.to_owned(),
        problem: error.to_string(),
    }
}

fn invalid(problem: impl Into<String>) -> BundleError {
    BundleError::ManifestInvalid {
        problem: problem.into(),
    }
}
