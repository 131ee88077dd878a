//! The settings of a control plane, which have a file of their own; checks nothing that needs another file.

mod convert;
mod mirror;
mod reference;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aegis_document::{Document, Problems};
use jiff::Timestamp;

use crate::convert::Check;
use crate::expand::{Lookup, expand};
use crate::reference::Key;
use crate::sections::{KeyAlgorithm, Proof, Secret};

/// Everything that can be set for `aegis control`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Home of the database unless it is elsewhere.
    pub data_dir: PathBuf,
    pub listen: Listen,
    pub database: Database,
    pub signing: Signing,
    /// How old an uploaded audit line may become; for ever if absent.
    pub audit_keep: Option<Duration>,
    /// Everybody who may ask for anything.
    pub principals: Vec<Principal>,
    pub limits: Limits,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    pub address: SocketAddr,
    /// Needed on every address but loopback, since tokens must not cross a network in clear.
    pub tls: Option<Tls>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// PEM, the server's own certificate first.
    pub certificate: PathBuf,
    /// PEM, readable by the owner alone.
    pub key: PathBuf,
    /// PEM: who may issue client certificates. Without it none are asked for.
    pub client_ca: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A URL, which may have a password in it.
    Postgres(Secret),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    pub keys: Vec<SigningKey>,
    /// How long an old key is shown after a newer one has become active.
    pub overlap: Duration,
    /// From a bundle's issue to its expiry.
    pub bundle_lifetime: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    pub id: String,
    pub algorithm: KeyAlgorithm,
    /// `PRIVATE KEY` in PEM.
    pub file: PathBuf,
    /// From when it signs; at once if absent.
    pub active_from: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub name: Arc<str>,
    /// A [`Proof::Secret`] is that of a bearer token.
    pub proof: Proof,
    pub role: Role,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    DataPlane {
        tenants: BTreeSet<String>,
        /// `None`: bundles for every region.
        region: Option<String>,
        labels: BTreeMap<String, String>,
    },
    Publisher,
    Operator,
    Auditor {
        /// `None`: all of them, and callers that nobody could prove.
        tenants: Option<BTreeSet<String>>,
    },
}

/// How much callers may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open at once; others wait to be accepted.
    pub connections: usize,
    /// For the head of a request, and between two requests on a connection.
    pub header_timeout: Duration,
    /// For the body of a request.
    pub body_timeout: Duration,
    /// The longest wait for a new bundle that is granted.
    pub poll_wait: Duration,
    /// Bytes of a publication.
    pub publication_bytes: usize,
    /// Bytes of a batch of audit lines as it comes.
    pub batch_bytes: usize,
    /// Bytes of a batch of audit lines unpacked.
    pub unpacked_batch_bytes: usize,
    pub batch_lines: usize,
    /// Bytes of any other request.
    pub request_bytes: usize,
    /// For requests that are being answered when the control plane stops.
    pub drain_grace: Duration,
}

impl Settings {
    /// As [`crate::Settings::read`].
    pub fn read(
        file: &str,
        text: &str,
        base: &Path,
        lookup: &dyn Lookup,
    ) -> Result<Self, Problems> {
        let mut document = Document::parse(file, text)?;
        let expanded = document.expand(&|value| expand(value, base, lookup));
        let (mirror, mut problems) = document.read_sound();
        problems.take_from(expanded);
        let settings = mirror.map(|mirror| {
            let mut check = Check::new(&document, &mut problems);
            convert::settings(mirror, base, &mut check)
        });
        match settings {
            Some(settings) => problems.into_result(settings),
            None => Err(problems.sorted()),
        }
    }

    /// Every key of the file, in the order of the reference page.
    pub fn reference() -> Vec<Key> {
        reference::keys()
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 8181).into(),
            tls: None,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            poll_wait: Duration::from_mins(1),
            publication_bytes: 16 << 20,
            batch_bytes: 4 << 20,
            unpacked_batch_bytes: 32 << 20,
            batch_lines: 10_000,
            request_bytes: 256 << 10,
            drain_grace: Duration::from_secs(10),
        }
    }
}

/// A week: what a data plane outlives without its control plane is half of it at least.
pub const BUNDLE_LIFETIME: Duration = Duration::from_hours(168);

/// More than a year of audit lines.
pub const AUDIT_KEEP_DAYS: u32 = 400;

/// As long as a bundle of the old key may be in force.
pub const KEY_OVERLAP: Duration = Duration::from_hours(168);
