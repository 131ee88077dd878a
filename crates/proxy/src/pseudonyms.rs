//! Names for sensitive values, by caller: keyed hashes, and tokens from the vault. It finds no value and replaces none.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aegis_config::Settings;
use aegis_ledger::{Keeping, MemoryVault, Scope, Side, Token, Vault};
use aegis_policy::Caller;
use ring::hmac;
use tokio::time::Instant;

use crate::key_file::{self, KeyFileError};

/// Those of everybody.
pub(crate) struct Pseudonyms(Arc<Kept>);

struct Kept {
    key: hmac::Key,
    vault: Box<dyn Vault>,
    begun: Instant,
}

/// Those of one caller, for one call.
pub(crate) struct Names {
    kept: Arc<Kept>,
    scope: Scope,
    count: Arc<TokenCount>,
}

/// How often a token took the place of a value, and a value that of its token.
#[derive(Debug, Default)]
pub(crate) struct TokenCount {
    made: AtomicU64,
    restored: AtomicU64,
}

impl Pseudonyms {
    pub(crate) fn new(settings: &Settings) -> Result<Self, KeyFileError> {
        let secret = key_file::read_or_create(&settings.data_dir, "dlp.key")?;
        let tokens = &settings.dlp.tokens;
        let keeping = Keeping {
            ttl: tokens.ttl,
            most: tokens.max,
        };
        Ok(Self(Arc::new(Kept {
            key: hmac::Key::new(hmac::HMAC_SHA256, &secret),
            vault: Box::new(MemoryVault::new(keeping)),
            begun: Instant::now(),
        })))
    }

    /// Hashes are the same for all agents of a tenant; tokens are the agent's own.
    pub(crate) fn of(&self, caller: &Caller, side: Side, count: &Arc<TokenCount>) -> Names {
        Names {
            kept: Arc::clone(&self.0),
            scope: Scope {
                tenant: Arc::clone(&caller.tenant),
                agent: Arc::clone(&caller.agent),
                side,
            },
            count: Arc::clone(count),
        }
    }
}

impl Names {
    fn key_of_tenant(&self) -> hmac::Key {
        let mut key = hmac::Context::with_key(&self.kept.key);
        key.update(b"aegis dlp hash\0");
        key.update(self.scope.tenant.as_bytes());
        hmac::Key::new(hmac::HMAC_SHA256, key.sign().as_ref())
    }

    fn now(&self) -> Duration {
        self.kept.begun.elapsed()
    }
}

impl aegis_protocol::Pseudonyms for Names {
    fn hash(&self, value: &str) -> Option<String> {
        let key = self.key_of_tenant();
        // What could be taken for a number is passed over.
        let mut hashes = (0..=u8::MAX).map(|turn| {
            let mut hash = hmac::Context::with_key(&key);
            hash.update(&[turn]);
            hash.update(value.as_bytes());
            let hash = hash.sign();
            hex::encode(hash.as_ref().get(..HASH).unwrap_or(hash.as_ref()))
        });
        hashes.find(|hash| aegis_dlp::is_stand_in(hash.as_bytes()))
    }

    fn token(&self, kind: &str, value: &str) -> Option<String> {
        let (vault, now) = (&self.kept.vault, self.now());
        let token = vault.token(&self.scope, kind, value, now)?;
        self.count.made.fetch_add(1, Ordering::Relaxed);
        Some(token.as_str().to_owned())
    }

    fn value(&self, kind: &str, token: &str) -> Option<String> {
        let token = Token::parse(token)?;
        let (vault, now) = (&self.kept.vault, self.now());
        let value = vault.value(&self.scope, kind, &token, now)?;
        self.count.restored.fetch_add(1, Ordering::Relaxed);
        Some(value.to_string())
    }
}

impl TokenCount {
    pub(crate) fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    pub(crate) fn restored(&self) -> u64 {
        self.restored.load(Ordering::Relaxed)
    }
}

/// No key and no value.
impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pseudonyms")
            .field("vault", &self.0.vault)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// Bytes of a hash that are shown.
const HASH: usize = 8;

#[cfg(test)]
mod tests {
    use aegis_policy::Auth;
    use aegis_protocol::Pseudonyms as _;

    use super::*;

    fn pseudonyms(directory: &tempfile::TempDir) -> Pseudonyms {
        let settings = Settings::for_directory(directory.path(), "eu-central-1");
        Pseudonyms::new(&settings).unwrap()
    }

    fn names(of: &Pseudonyms, tenant: &str, agent: &str) -> Names {
        let caller = Caller {
            tenant: tenant.into(),
            agent: agent.into(),
            auth: Auth::Credential,
        };
        of.of(&caller, Side::Sent, &Arc::default())
    }

    #[tokio::test]
    async fn a_hash_is_the_same_for_a_tenant_and_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let first = pseudonyms(&directory);
        let hash = |of: &Pseudonyms, tenant, agent| names(of, tenant, agent).hash("ann").unwrap();
        let ann = hash(&first, "acme", "bot");
        assert_eq!(hash(&first, "acme", "other"), ann);
        assert_ne!(hash(&first, "other", "bot"), ann);
        assert_eq!(hash(&pseudonyms(&directory), "acme", "bot"), ann);
        let elsewhere = pseudonyms(&tempfile::tempdir().unwrap());
        assert_ne!(hash(&elsewhere, "acme", "bot"), ann);
    }

    #[tokio::test]
    async fn the_key_is_for_its_owner_alone_and_no_name_looks_like_data() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let all = pseudonyms(&directory);
        let key = directory.path().join("dlp.key").metadata().unwrap();
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
        let names = names(&all, "acme", "bot");
        for value in 0..500 {
            let value = value.to_string();
            for name in [names.hash(&value), names.token("US_SSN", &value)] {
                assert!(aegis_dlp::is_stand_in(name.unwrap().as_bytes()));
            }
        }
    }
}
