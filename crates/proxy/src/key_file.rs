//! A secret key in a file: read, or made once in the data directory. It is used by nobody here.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};
use tempfile::Builder;
use zeroize::Zeroizing;

#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
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

/// Any text that is long enough; blanks around it do not count.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let text = fs::read(path).map_err(failed("read", path))?;
    let text = Zeroizing::new(text);
    let secret = text.trim_ascii();
    if secret.len() < SHORTEST {
        let path = path.to_owned();
        return Err(KeyFileError::TooShort { path });
    }
    Ok(Zeroizing::new(secret.to_owned()))
}

/// Made by whichever process comes first; the others find it whole.
pub(crate) fn read_or_create(
    data_dir: &Path,
    name: &str,
) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let path = data_dir.join(name);
    if !path.try_exists().map_err(failed("look for", &path))? {
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data_dir);
        made.map_err(failed("create", data_dir))?;
        create(data_dir, &path)?;
    }
    read(&path)
}

/// Whole from the first moment it is there, and never in the place of another.
fn create(data_dir: &Path, path: &Path) -> Result<(), KeyFileError> {
    let mut random = Zeroizing::new([0; 32]);
    let drawn = SystemRandom::new().fill(random.as_mut());
    drawn.map_err(|_| KeyFileError::Randomness)?;
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

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyFileError {
    let path = path.to_owned();
    move |source| KeyFileError::Io { what, path, source }
}

/// Characters.
const SHORTEST: usize = 32;
