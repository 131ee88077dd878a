//! The audit log read as a queue: which lines were confirmed is remembered on disk, also over rotations and restarts.
//!
//! There is no second copy of the lines: as long as the log's files are there, nothing is lost.

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use uuid::Uuid;

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
    file: File,
    place: Place,
}

/// How far a file was confirmed, and what was sent of the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    inode: u64,
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
            let taken: Vec<&str> = lines.split_inclusive('\n').take(most).collect();
            if taken.is_empty() {
                if !self.turn()? {
                    return Ok(None);
                }
                continue;
            }
            let bytes: usize = taken.iter().map(|line| line.len()).sum();
            let mut place = open.place.clone();
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
        self.most = (lines.split_inclusive('\n').count() / 2).max(1);
        place.sent = 0;
        self.remember(place)
    }

    /// On to the file that took this one's place, once nothing is left in this one.
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
        let next = self.successor(open.place.inode)?;
        self.begin(next)?;
        Ok(true)
    }

    /// The file that was begun after the one with this inode: usually the log itself.
    fn successor(&self, inode: u64) -> io::Result<PathBuf> {
        let siblings = self.siblings()?;
        let at = siblings.iter().position(|(_, known, _)| *known == inode);
        let after = at.and_then(|at| siblings.get(at + 1));
        Ok(after.map_or_else(|| self.log.clone(), |(_, _, path)| path.clone()))
    }

    /// The log and what it was renamed to (`audit.jsonl.1`, `audit.jsonl-20261121`), the oldest first.
    fn siblings(&self) -> io::Result<Vec<(i128, u64, PathBuf)>> {
        let name = self.log.file_name().unwrap_or_default().as_encoded_bytes();
        let parent = self.log.parent().unwrap_or(Path::new("."));
        let mut files = Vec::new();
        for entry in fs::read_dir(parent)? {
            let path = entry?.path();
            let is_of_the_log = path
                .file_name()
                .is_some_and(|file| file.as_encoded_bytes().starts_with(name));
            let is_compressed = path.extension().is_some_and(|extension| extension == "gz");
            if let (true, false, Ok(known)) = (is_of_the_log, is_compressed, fs::metadata(&path)) {
                let changed =
                    i128::from(known.mtime()) * 1_000_000_000 + i128::from(known.mtime_nsec());
                files.push((changed, known.ino(), path));
            }
        }
        files.sort();
        Ok(files)
    }

    /// Where the last run stopped: in the log, or in a file that it was renamed to since.
    fn reopen(&mut self) -> io::Result<Option<Open>> {
        let memo = match fs::read(&self.memo) {
            Ok(text) => Some(serde_json::from_slice::<Place>(&text).map_err(io::Error::other)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let Some(place) = memo else {
            let oldest = self.siblings()?.into_iter().next();
            let first = oldest.map_or_else(|| self.log.clone(), |(_, _, path)| path);
            if !first.exists() {
                return Ok(None);
            }
            self.begin(first)?;
            return Ok(self.open.take());
        };
        let siblings = self.siblings()?;
        let known = siblings.iter().find(|(_, inode, _)| *inode == place.inode);
        if let Some((_, _, path)) = known {
            let file = File::open(path)?;
            return Ok(Some(Open { file, place }));
        }
        tracing::error!(
            "an audit log with lines that the control plane has not confirmed is gone; going on with the next file"
        );
        let first = siblings.into_iter().next();
        let first = first.map_or_else(|| self.log.clone(), |(_, _, path)| path);
        if !first.exists() {
            return Ok(None);
        }
        self.begin(first)?;
        Ok(self.open.take())
    }

    fn begin(&mut self, path: PathBuf) -> io::Result<()> {
        let file = File::open(path)?;
        let place = Place {
            inode: file.metadata()?.ino(),
            stream: Uuid::now_v7().simple().to_string(),
            confirmed: 0,
            sent: 0,
        };
        self.open = Some(Open {
            file,
            place: place.clone(),
        });
        self.remember(place)
    }

    fn remember(&mut self, place: Place) -> io::Result<()> {
        let directory = self.memo.parent().unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(directory)?;
        file.write_all(&serde_json::to_vec(&place)?)?;
        file.persist(&self.memo)?;
        if let Some(open) = &mut self.open {
            open.place = place;
        }
        Ok(())
    }
}

/// The text from `start` to the last line end within `limit`, or to the end of one longer line.
fn whole_lines(file: &File, start: u64, limit: usize) -> io::Result<String> {
    let mut limit = limit;
    loop {
        let mut bytes = vec![0; limit];
        let mut length = 0;
        while let Some(rest) = bytes.get_mut(length..).filter(|rest| !rest.is_empty()) {
            let at = start + u64::try_from(length).unwrap_or(u64::MAX);
            match file.read_at(rest, at)? {
                0 => break,
                read => length += read,
            }
        }
        bytes.truncate(length);
        match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => {
                bytes.truncate(end + 1);
                return Ok(String::from_utf8_lossy(&bytes).into_owned());
            }
            None if length < limit || limit >= LONGEST_LINE => return Ok(String::new()),
            None => limit = LONGEST_LINE,
        }
    }
}

/// A line that was cut off when its writer died is no JSON: it is in the log and nowhere else.
fn json(line: &str) -> Option<String> {
    let line = line.trim_end_matches('\n');
    serde_json::from_str::<&serde_json::value::RawValue>(line)
        .ok()
        .map(|line| line.get().to_owned())
}

const MOST_LINES: usize = 2_000;
const MOST_BYTES: usize = 512 << 10;
const LONGEST_LINE: usize = 4 << 20;
