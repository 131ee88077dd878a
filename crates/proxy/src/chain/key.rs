//! The key of the chain's tokens: read from a file, or made once in the data directory. It signs nothing.

use std::fmt::{self, Write as _};
use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use tempfile::Builder;
use zeroize::Zeroizing;

/// What tokens are sealed and opened with.
pub(super) struct Key {
    secret: hmac::Key,
    id: [u8; KEY_ID],
}

#[derive(Debug, thiserror::Error)]
pub enum ChainKeyError {
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        what: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{} has fewer than {SHORTEST} characters; write one with openssl rand -hex 32", path.display())]
    TooShort { path: PathBuf },
    #[error("the system has no randomness to give")]
    Randomness,
}

impl Key {
    /// Any text that is long enough; blanks around it do not count.
    pub(super) fn read(path: &Path) -> Result<Self, ChainKeyError> {
        let text = fs::read(path).map_err(failed("read", path))?;
        let text = Zeroizing::new(text);
        let secret = text.trim_ascii();
        if secret.len() < SHORTEST {
            let path = path.to_owned();
            return Err(ChainKeyError::TooShort { path });
        }
        Ok(Self::new(secret))
    }

    /// Made by whichever process comes first; the others find it whole.
    pub(super) fn read_or_create(data_dir: &Path) -> Result<Self, ChainKeyError> {
        let path = data_dir.join("chain.key");
        if !path.try_exists().map_err(failed("look for", &path))? {
            let made = DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(data_dir);
            made.map_err(failed("create", data_dir))?;
            create(data_dir, &path)?;
        }
        Self::read(&path)
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

/// Whole from the first moment it is there, and never in the place of another.
fn create(data_dir: &Path, path: &Path) -> Result<(), ChainKeyError> {
    let mut random = Zeroizing::new([0; 32]);
    let drawn = SystemRandom::new().fill(random.as_mut());
    drawn.map_err(|_| ChainKeyError::Randomness)?;
    let mut text = Zeroizing::new(String::with_capacity(2 * random.len() + 1));
    for byte in random.iter() {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    let file = Builder::new()
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(data_dir);
    let placed = file.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
            _ => Ok(()),
        }
    });
    placed.map_err(failed("create", path))
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ChainKeyError {
    let path = path.to_owned();
    move |source| ChainKeyError::Io { what, path, source }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").finish_non_exhaustive()
    }
}

pub(super) const KEY_ID: usize = 4;
/// Characters.
const SHORTEST: usize = 32;
