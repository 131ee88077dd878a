//! The chain as a token: encrypted, so that who carries it neither reads nor changes it. It knows no header.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use super::key::{KEY_ID, Key};

/// What Aegis says of a call that it has forwarded.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) tenant: Arc<str>,
    /// From the first on, with the one that called.
    pub(super) agents: Vec<Arc<str>>,
    pub(super) trace_id: Arc<str>,
    /// Seconds since 1970.
    expires: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenError {
    /// It says that it is of our key, or says nothing that could be read, and is not.
    Forged,
    Expired,
}

impl Token {
    pub(super) fn new(tenant: Arc<str>, agents: Vec<Arc<str>>, trace_id: Arc<str>) -> Self {
        Self {
            tenant,
            agents,
            trace_id,
            expires: since_1970() + LIFE.as_secs(),
        }
    }

    /// Version, key id, salt and nonce in the clear; `None` where there is no randomness.
    pub(super) fn seal(&self, key: &Key) -> Option<String> {
        let mut head = [0; HEAD];
        let (clear, random) = head.split_at_mut(CLEAR);
        for (to, from) in clear.iter_mut().zip([VERSION].into_iter().chain(key.id())) {
            *to = from;
        }
        SystemRandom::new().fill(random).ok()?;
        let (salt, nonce) = random.split_at(SALT);
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = serde_json::to_vec(self).ok()?;
        let key = key.of_token(salt)?;
        let aad = Aad::from(&*clear);
        key.seal_in_place_append_tag(nonce, aad, &mut sealed).ok()?;
        Some(URL_SAFE_NO_PAD.encode([&head[..], &sealed].concat()))
    }

    /// `None`: it was made under another key, or by another version, and says nothing here.
    pub(super) fn open(text: &str, key: &Key) -> Result<Option<Self>, TokenError> {
        if text.len() > LONGEST {
            return Err(TokenError::Forged);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text);
        let mut bytes = bytes.map_err(|_| TokenError::Forged)?;
        if bytes.len() < HEAD + AES_256_GCM.tag_len() {
            return Err(TokenError::Forged);
        }
        let (head, sealed) = bytes.split_at_mut(HEAD);
        let (clear, random) = head.split_at(CLEAR);
        if !clear
            .iter()
            .copied()
            .eq([VERSION].into_iter().chain(key.id()))
        {
            return Ok(None);
        }
        let token = Self::opened(key, (clear, random), sealed).ok_or(TokenError::Forged)?;
        if token.expires < since_1970() {
            return Err(TokenError::Expired);
        }
        Ok(Some(token))
    }

    fn opened(key: &Key, (clear, random): (&[u8], &[u8]), sealed: &mut [u8]) -> Option<Self> {
        let (salt, nonce) = random.split_at(SALT);
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let key = key.of_token(salt)?;
        let plain = key.open_in_place(nonce, Aad::from(clear), sealed).ok()?;
        serde_json::from_slice(plain).ok()
    }

    #[cfg(test)]
    pub(super) fn aged(mut self, by: Duration) -> Self {
        self.expires -= by.as_secs();
        self
    }
}

/// A clock before 1970 reads as 1970.
fn since_1970() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

const VERSION: u8 = 1;
/// Bytes.
const CLEAR: usize = 1 + KEY_ID;
const SALT: usize = 16;
const HEAD: usize = CLEAR + SALT + NONCE_LEN;
/// Characters; propagators hand on 4,096 for a member.
const LONGEST: usize = 4_000;
/// An agent may work on a task for hours.
pub(super) const LIFE: Duration = Duration::from_hours(24);
