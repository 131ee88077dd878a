//! The key of the chain's tokens. It signs nothing.

use std::fmt;
use std::path::Path;

use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use ring::hmac;

use crate::key_file::{self, KeyFileError};

/// What tokens are sealed and opened with.
pub(super) struct Key {
    secret: hmac::Key,
    id: [u8; KEY_ID],
}

impl Key {
    pub(super) fn read(path: &Path) -> Result<Self, KeyFileError> {
        Ok(Self::new(&key_file::read(path)?))
    }

    pub(super) fn read_or_create(data_dir: &Path) -> Result<Self, KeyFileError> {
        let secret = key_file::read_or_create(data_dir, "chain.key")?;
        Ok(Self::new(&secret))
    }

    fn new(secret: &[u8]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let mut id = [0; KEY_ID];
        let named = hmac::sign(&secret, b"aegis chain key id");
        for (to, from) in id.iter_mut().zip(named.as_ref()) {
            *to = *from;
        }
        Self { secret, id }
    }

    /// Tells tokens of this key from those of others; it says nothing of the key.
    pub(super) fn id(&self) -> [u8; KEY_ID] {
        self.id
    }

    /// The key for one token: with one of its own for each, random nonces never meet.
    pub(super) fn of_token(&self, salt: &[u8]) -> Option<LessSafeKey> {
        let mut context = hmac::Context::with_key(&self.secret);
        context.update(b"aegis chain token");
        context.update(salt);
        let derived = context.sign();
        let key = UnboundKey::new(&AES_256_GCM, derived.as_ref()).ok()?;
        Some(LessSafeKey::new(key))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").finish_non_exhaustive()
    }
}

pub(super) const KEY_ID: usize = 4;
