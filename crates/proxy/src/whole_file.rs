//! Writes files that are there whole or not at all, also after a loss of power. What is in them is nothing to it.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// In the place of what is there. Readable by its owner alone, and on disk when this returns.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<File> {
    let file = draft(path, bytes, 0o600)?.persist(path)?;
    keep_name(path)?;
    Ok(file)
}

/// Never in the place of another, which is an error of the kind `AlreadyExists`. The mode is there
/// from the first byte, and all of it on disk when this returns.
pub(crate) fn create(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    draft(path, bytes, mode)?.persist_noclobber(path)?;
    keep_name(path)
}

/// Beside its place. What is in it is on disk before it has its name.
fn draft(path: &Path, bytes: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    let mut file = Builder::new()
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(directory(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn keep_name(path: &Path) -> io::Result<()> {
    File::open(directory(path))?.sync_all()
}

fn directory(path: &Path) -> &Path {
    let parent = path.parent().filter(|it| !it.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_readable_by_its_owner_alone() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("memo");
        fs::write(&path, "much longer than what comes").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(names(directory.path()), ["memo"]);
    }

    #[test]
    fn a_file_is_created_once_and_the_first_stays() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("key");
        create(&path, b"first", 0o640).unwrap();
        let error = create(&path, b"second", 0o640).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(mode(&path), 0o640);
        assert_eq!(names(directory.path()), ["key"]);
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }
}
