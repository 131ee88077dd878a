//! A secret key in a file: read, or made once in the data directory. It is used by nobody here.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::whole_file;

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
        create(&path)?;
    }
    read(&path)
}

/// Whole from the first moment it is there, and never in the place of another.
fn create(path: &Path) -> Result<(), KeyFileError> {
    let mut random = Zeroizing::new([0; 32]);
    let drawn = SystemRandom::new().fill(random.as_mut());
    drawn.map_err(|_| KeyFileError::Randomness)?;
    let digits = Zeroizing::new(hex::encode(random.as_ref()));
    let text = Zeroizing::new([digits.as_bytes(), b"\n"].concat());
    match whole_file::create(path, &text, 0o600) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(failed("create", path)(error))
        }
        _ => Ok(()),
    }
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyFileError {
    let path = path.to_owned();
    move |source| KeyFileError::Io { what, path, source }
}

/// Characters.
const SHORTEST: usize = 32;
