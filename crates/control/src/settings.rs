//! What a control plane is started with, and whether its parts make sense together. Reads no file.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use aegis_bundle::{Algorithm, Region, Scope};
pub use aegis_config::control_plane::{Limits, Listen, Tls};
use jiff::Timestamp;

#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: Listen,
    pub database: Database,
    /// By which bundles are signed: the one that became active last.
    pub keys: Vec<SigningKey>,
    /// How long an old key stays in `GET /v1/keys` after a newer one has become active.
    pub key_overlap: Duration,
    /// From a bundle's issue to its expiry. It is issued anew when half of that has passed.
    pub bundle_lifetime: Duration,
    /// How old an uploaded audit line may become, by the time that it states; for ever if absent.
    pub audit_keep: Option<Duration>,
    /// Everybody who may ask for anything. The scopes of the data planes are those for which
    /// bundles are made.
    pub principals: Vec<Principal>,
    pub limits: Limits,
}

#[derive(Clone)]
pub enum Database {
    /// A file, made with mode 0600 where it is missing.
    Sqlite(PathBuf),
    /// `postgres://user:password@host/database?sslmode=verify-full`.
    Postgres(String),
}

#[derive(Clone, Debug)]
pub struct SigningKey {
    /// `kid` of the signatures.
    pub id: String,
    pub algorithm: Algorithm,
    /// PEM (PKCS #8), readable by the owner alone.
    pub file: PathBuf,
    /// From when it signs; at once if absent.
    pub active_from: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub struct Principal {
    /// In logs, and as the author of publications.
    pub name: String,
    pub proof: Proof,
    pub role: Role,
}

/// SHA-256 of what the principal shows.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proof {
    /// Of a bearer token (RFC 6750).
    Token([u8; 32]),
    /// Of a client certificate in DER.
    Certificate([u8; 32]),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// May fetch the bundle of its scope, report its status and upload audit lines of its tenants.
    DataPlane {
        scope: Scope,
        /// By which a canary can be chosen.
        labels: BTreeMap<String, String>,
    },
    /// May publish, promote, roll back and look at all that.
    Publisher,
    /// May query the audit lines of these tenants.
    Auditor(Tenants),
    /// May promote, roll back and look at everything but audit lines; may not publish.
    Operator,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tenants {
    /// Also lines of calls whose caller nobody could prove.
    All,
    Only(BTreeSet<String>),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error("{0} is not a loopback address, which needs TLS")]
    PlainText(SocketAddr),
    #[error("there is no signing key")]
    NoKey,
    #[error("the key id {0} is used twice")]
    KeyTwice(String),
    #[error("bundles must live for at least a minute")]
    Lifetime,
    #[error(
        "the principal's name {0:?} is empty, too long, `aegis`, or has other characters than letters, digits and `._-`"
    )]
    Name(String),
    #[error("the principal's name {0} is used twice")]
    NameTwice(String),
    #[error("the principal {0} shows the same token or certificate as another")]
    ProofTwice(String),
    #[error(
        "the principal {0} shows a certificate, and no CA for client certificates is configured"
    )]
    NoClientCa(String),
    #[error(
        "the scope of the principal {0} has no tenant, or a name that is empty or has white space, `,`, `@` or `*` in it"
    )]
    Scope(String),
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let address = self.listen.address;
        if !address.ip().is_loopback() && self.listen.tls.is_none() {
            return Err(SettingsError::PlainText(address));
        }
        if self.keys.is_empty() {
            return Err(SettingsError::NoKey);
        }
        let mut ids = HashSet::new();
        if let Some(key) = self.keys.iter().find(|key| !ids.insert(&key.id)) {
            return Err(SettingsError::KeyTwice(key.id.clone()));
        }
        if self.bundle_lifetime < SHORTEST_LIFE {
            return Err(SettingsError::Lifetime);
        }
        let mut names = HashSet::new();
        let mut proofs = HashSet::new();
        for principal in &self.principals {
            self.check_principal(principal)?;
            if !names.insert(&principal.name) {
                return Err(SettingsError::NameTwice(principal.name.clone()));
            }
            if !proofs.insert(principal.proof) {
                return Err(SettingsError::ProofTwice(principal.name.clone()));
            }
        }
        Ok(())
    }

    fn check_principal(&self, principal: &Principal) -> Result<(), SettingsError> {
        let name = || principal.name.clone();
        if !is_plain(&principal.name) || principal.name == OURSELVES {
            return Err(SettingsError::Name(name()));
        }
        let client_ca = self
            .listen
            .tls
            .as_ref()
            .and_then(|tls| tls.client_ca.as_ref());
        if matches!(principal.proof, Proof::Certificate(_)) && client_ca.is_none() {
            return Err(SettingsError::NoClientCa(name()));
        }
        match &principal.role {
            Role::DataPlane { scope, .. } if !is_scope(scope) => Err(SettingsError::Scope(name())),
            _ => Ok(()),
        }
    }
}

/// Without the password that a URL may have.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => f.debug_tuple("Sqlite").field(file).finish(),
            Self::Postgres(_) => f.debug_tuple("Postgres").finish_non_exhaustive(),
        }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token",
            Self::Certificate(_) => "Certificate",
        })
    }
}

/// 1 to 128 ASCII letters, digits and `._-`.
pub(crate) fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=128).contains(&name.len()) && name.chars().all(plain)
}

/// What the manifest of a bundle will take.
fn is_scope(scope: &Scope) -> bool {
    let separates = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | '@' | '*');
    let is_name = |name: &String| !name.is_empty() && !name.contains(separates);
    let region = match &scope.region {
        Region::Any => true,
        Region::Only(region) => is_name(region),
    };
    region && !scope.tenants.is_empty() && scope.tenants.iter().all(is_name)
}

/// The author of what the control plane does by itself.
pub(crate) const OURSELVES: &str = "aegis";

const SHORTEST_LIFE: Duration = Duration::from_mins(1);
