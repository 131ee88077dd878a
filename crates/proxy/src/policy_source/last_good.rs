//! The last good bundle on disk, and what must not be forgotten of it. Judges neither.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use aegis_bundle::Active;
use serde::{Deserialize, Serialize};

use crate::whole_file;

#[derive(Debug)]
pub(super) struct LastGood {
    directory: PathBuf,
}

/// What tells a rollback, even when the bundle itself can no longer be used.
#[derive(Serialize, Deserialize)]
struct Memo {
    /// Numbers are compared within a scope only.
    scope: String,
    #[serde(flatten)]
    active: Active,
}

impl LastGood {
    pub(super) fn new(data_dir: &Path) -> Self {
        Self {
            directory: data_dir.join("bundle"),
        }
    }

    /// The archive, if one has been kept.
    pub(super) fn archive(&self) -> io::Result<Option<Vec<u8>>> {
        read(&self.directory.join(ARCHIVE))
    }

    /// What was last in force for this scope.
    pub(super) fn active(&self, scope: &str) -> io::Result<Option<Active>> {
        let path = self.directory.join(MEMO);
        let Some(text) = read(&path)? else {
            return Ok(None);
        };
        let memo: Memo = serde_json::from_slice(&text).map_err(|error| {
            let message = format!("{} is not what was written: {error}", path.display());
            io::Error::new(io::ErrorKind::InvalidData, message)
        })?;
        Ok((memo.scope == scope).then_some(memo.active))
    }

    /// On disk when this returns. The archive goes first: it says its number itself, so that a stop
    /// in between loses nothing.
    pub(super) fn keep(&self, archive: &[u8], scope: &str, active: &Active) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)?;
        let memo = Memo {
            scope: scope.to_owned(),
            active: active.clone(),
        };
        whole_file::replace(&self.directory.join(ARCHIVE), archive)?;
        let memo = serde_json::to_vec(&memo)?;
        whole_file::replace(&self.directory.join(MEMO), &memo).map(drop)
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

const ARCHIVE: &str = "last-good.tar.gz";
const MEMO: &str = "active.json";
