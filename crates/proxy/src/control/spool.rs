//! The audit log read as a queue: which lines were confirmed is remembered on disk, also over rotations and restarts.
//!
//! There is no second copy of the lines: as long as the log's files are there, compressed or not,
//! nothing is lost.

mod files;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::whole_file;
use files::{Found, whole_lines};

#[derive(Debug)]
pub(super) struct Spool {
    log: PathBuf,
    memo: PathBuf,
    open: Option<Open>,
    /// Lines in a batch; fewer while one is looked for that is refused.
    most: usize,
    behind: u64,
}

/// Lines to be sent together, without their newlines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    /// The same lines have the same name, also after a restart.
    pub(super) name: String,
    pub(super) lines: Vec<String>,
}

#[derive(Debug)]
struct Open {
    /// Of a compressed file the text of it.
    file: File,
    place: Place,
    /// When the file was changed last, for when it can no longer be found.
    changed: i128,
}

/// How far a file was confirmed, and what was sent of the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    inode: u64,
    /// Of its first line, once that was read. Whoever compresses or copies a file makes another one
    /// with the same lines.
    #[serde(default)]
    mark: Option<String>,
    /// Of this file alone: inodes are used again.
    stream: String,
    confirmed: u64,
    /// Bytes that may have been stored although nobody said so: they are sent again as they were.
    sent: u64,
}

impl Spool {
    pub(super) fn new(log: &Path, data_dir: &Path) -> Self {
        Self {
            log: log.to_owned(),
            memo: data_dir.join("uploaded.json"),
            open: None,
            most: MOST_LINES,
            behind: 0,
        }
    }

    /// Bytes that are not confirmed yet, as of the last look.
    pub(super) fn behind(&self) -> u64 {
        self.behind
    }

    /// The next lines, if there are whole ones. The same again until they are confirmed.
    pub(super) fn batch(&mut self) -> io::Result<Option<Batch>> {
        if self.open.is_none() {
            self.open = self.reopen()?;
        }
        loop {
            let Some(open) = &mut self.open else {
                return Ok(None);
            };
            let length = open.file.metadata()?.len();
            self.behind = length.saturating_sub(open.place.confirmed);
            let limit = match open.place.sent {
                0 => MOST_BYTES,
                sent => usize::try_from(sent).unwrap_or(MOST_BYTES),
            };
            let lines = whole_lines(&open.file, open.place.confirmed, limit)?;
            let most = if open.place.sent == 0 {
                self.most
            } else {
                usize::MAX
            };
            let taken: Vec<&[u8]> = by_line(&lines).take(most).collect();
            let Some(first) = taken.first() else {
                if !self.turn()? {
                    return Ok(None);
                }
                continue;
            };
            let bytes: usize = taken.iter().map(|line| line.len()).sum();
            let mut place = open.place.clone();
            if place.confirmed == 0 {
                place.mark = Some(files::mark(first));
            }
            place.sent = u64::try_from(bytes).unwrap_or(u64::MAX);
            let batch = Batch {
                name: format!("{}-{}", place.stream, place.confirmed),
                lines: taken.iter().filter_map(|line| json(line)).collect(),
            };
            self.remember(place)?;
            if batch.lines.is_empty() {
                self.confirm()?;
                continue;
            }
            return Ok(Some(batch));
        }
    }

    /// The last batch is stored.
    pub(super) fn confirm(&mut self) -> io::Result<()> {
        let Some(open) = &self.open else {
            return Ok(());
        };
        let mut place = open.place.clone();
        place.confirmed += place.sent;
        place.sent = 0;
        self.behind = self.behind.saturating_sub(open.place.sent);
        self.most = (self.most * 2).min(MOST_LINES);
        self.remember(place)
    }

    /// The last batch was refused as a whole: nothing of it is stored, and the next is half as long.
    pub(super) fn halve(&mut self) -> io::Result<()> {
        let Some(open) = &self.open else {
            return Ok(());
        };
        let mut place = open.place.clone();
        let lines = whole_lines(
            &open.file,
            place.confirmed,
            usize::try_from(place.sent).unwrap_or(MOST_BYTES),
        )?;
        self.most = (by_line(&lines).count() / 2).max(1);
        place.sent = 0;
        self.remember(place)
    }

    /// On to the file that was begun after this one, once nothing is left in this one.
    fn turn(&mut self) -> io::Result<bool> {
        let Some(open) = &self.open else {
            return Ok(false);
        };
        let current = match fs::metadata(&self.log) {
            Ok(current) => current,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let shortened = open.file.metadata()?.len() < open.place.confirmed;
        if current.ino() == open.place.inode && !shortened {
            return Ok(false);
        }
        // Its first line tells that the writer has left the old file; then the last ones there count.
        if current.len() == 0 {
            return Ok(false);
        }
        if !whole_lines(&open.file, open.place.confirmed, MOST_BYTES)?.is_empty() {
            return Ok(true);
        }
        let files = files::all(&self.log)?;
        let at = known(&files, &open.place)?;
        let copy = at.and_then(|at| files.get(at));
        let copy = copy.filter(|copy| shortened && copy.inode != open.place.inode);
        if let Some(copy) = copy {
            // It was copied and then emptied.
            self.open = Some(self.open(copy, open.place.clone())?);
            return Ok(true);
        }
        let next = match at {
            Some(at) => files.get(at + 1),
            // It was deleted while it was read.
            None => files.iter().find(|file| file.changed > open.changed),
        };
        // Usually it is the log itself.
        let next = next.map_or_else(|| Found::of(&self.log), |next| Ok(next.clone()))?;
        self.begin(&next)?;
        Ok(true)
    }

    /// Where the last run stopped: in the log, or in a file that was made of it since.
    fn reopen(&mut self) -> io::Result<Option<Open>> {
        let memo = self.remembered()?;
        let files = files::all(&self.log)?;
        if let Some(place) = memo {
            if let Some(found) = known(&files, &place)?.and_then(|at| files.get(at)) {
                return self.open(found, place).map(Some);
            }
            tracing::error!(
                "an audit log with lines that the control plane has not confirmed is gone; going on with the next file"
            );
        }
        let Some(first) = files.first() else {
            return Ok(None);
        };
        self.begin(first)?;
        Ok(self.open.take())
    }

    /// A memo that is no memo is none: all that is there is sent again, and the control plane keeps a
    /// line that it has.
    fn remembered(&self) -> io::Result<Option<Place>> {
        let text = match fs::read(&self.memo) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let read = serde_json::from_slice(&text);
        Ok(read
            .inspect_err(|error| {
                tracing::error!(path = %self.memo.display(), %error, "how much of the audit log is confirmed cannot be read; all of it is sent again");
            })
            .ok())
    }

    fn begin(&mut self, file: &Found) -> io::Result<()> {
        let place = Place {
            inode: file.inode,
            mark: None,
            stream: Uuid::now_v7().simple().to_string(),
            confirmed: 0,
            sent: 0,
        };
        self.open = Some(self.open(file, place.clone())?);
        self.remember(place)
    }

    fn open(&self, found: &Found, place: Place) -> io::Result<Open> {
        Ok(Open {
            file: found.open(self.directory())?,
            place: Place {
                inode: found.inode,
                ..place
            },
            changed: found.changed,
        })
    }

    fn remember(&mut self, place: Place) -> io::Result<()> {
        whole_file::replace(&self.memo, &serde_json::to_vec(&place)?)?;
        if let Some(open) = &mut self.open {
            open.place = place;
        }
        Ok(())
    }

    fn directory(&self) -> &Path {
        self.memo.parent().unwrap_or(Path::new("."))
    }
}

/// Which of these files it is. Inodes are used again, so that a file's first line counts where it is
/// known; usually it is the one with the same inode.
fn known(files: &[Found], place: &Place) -> io::Result<Option<usize>> {
    let mut order: Vec<(usize, &Found)> = files.iter().enumerate().collect();
    order.sort_by_key(|(_, file)| file.inode != place.inode);
    for (at, file) in order {
        let is_it = match &place.mark {
            Some(_) => file.mark()? == place.mark,
            None => file.inode == place.inode,
        };
        if is_it {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// Each with its line end.
fn by_line(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines.split_inclusive(|byte| *byte == b'\n')
}

/// A line that was cut off when its writer died is no JSON: it is in the log and nowhere else.
fn json(line: &[u8]) -> Option<String> {
    serde_json::from_slice::<&serde_json::value::RawValue>(line)
        .ok()
        .map(|line| line.get().to_owned())
}

const MOST_LINES: usize = 2_000;
const MOST_BYTES: usize = 512 << 10;
