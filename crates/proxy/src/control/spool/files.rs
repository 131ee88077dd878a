//! The audit log's files: the log itself and what rotation has made of it, compressed or not. It knows nothing of what was sent.

use std::fs::{self, File, Metadata};
use std::io::{self, BufRead as _, BufReader, Read};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::sha256::sha256;

/// The log, or a file that it was renamed to (`audit.jsonl.1`, `audit.jsonl-20261121`,
/// `audit.jsonl.2.gz`).
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Of the last change, in nanoseconds. Programs that compress a file leave it as it was.
    pub(super) changed: i128,
    pub(super) inode: u64,
    path: PathBuf,
}

/// The log's files, the oldest first.
pub(super) fn all(log: &Path) -> io::Result<Vec<Found>> {
    // Rotation renames files while they are listed: two looks have to agree.
    let mut before = look(log)?;
    loop {
        let now = look(log)?;
        let same = |(one, other): (&Found, &Found)| one.is_at(other);
        if before.len() == now.len() && before.iter().zip(&now).all(same) {
            return Ok(now);
        }
        before = now;
    }
}

fn look(log: &Path) -> io::Result<Vec<Found>> {
    let name = log.file_name().unwrap_or_default().as_encoded_bytes();
    let parent = log.parent().unwrap_or(Path::new("."));
    let mut files = Vec::new();
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        let is_of_the_log = path
            .file_name()
            .is_some_and(|file| file.as_encoded_bytes().starts_with(name));
        // As long as the original is there, its compressed copy is not whole.
        let is_half = is_packed(&path) && path.with_extension("").exists();
        if let (true, false, Ok(known)) = (is_of_the_log, is_half, fs::metadata(&path))
            && known.is_file()
        {
            files.push(Found {
                changed: changed(&known),
                inode: known.ino(),
                path,
            });
        }
    }
    files.sort_by_key(|file| (file.changed, file.inode));
    Ok(files)
}

impl Found {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let known = fs::metadata(path)?;
        Ok(Self {
            changed: changed(&known),
            inode: known.ino(),
            path: path.to_owned(),
        })
    }

    /// The file itself, or its text in a file without a name in `spare`.
    pub(super) fn open(&self, spare: &Path) -> io::Result<File> {
        let file = File::open(&self.path)?;
        if is_packed(&self.path) {
            unpacked(file, spare)
        } else {
            Ok(file)
        }
    }

    /// Of its first line, if that is whole.
    pub(super) fn mark(&self) -> io::Result<Option<String>> {
        let file = BufReader::new(File::open(&self.path)?);
        if is_packed(&self.path) {
            match first_line(MultiGzDecoder::new(file)) {
                Err(error) if is_damage(&error) => Ok(None),
                read => read,
            }
        } else {
            first_line(file)
        }
    }

    fn is_at(&self, other: &Self) -> bool {
        self.inode == other.inode && self.path == other.path
    }
}

/// By which a file is known again when it is another file: its lines are of one moment each.
pub(super) fn mark(line: &[u8]) -> String {
    hex::encode(sha256(line))
}

/// Of the last change, also of a file that has no name any more.
pub(super) fn changed(file: &Metadata) -> i128 {
    i128::from(file.mtime()) * 1_000_000_000 + i128::from(file.mtime_nsec())
}

/// The bytes from `start` to the last line end within `limit`, or to the end of one longer line. A line
/// that was cut off need not be text.
pub(super) fn whole_lines(file: &File, start: u64, limit: usize) -> io::Result<Vec<u8>> {
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
                return Ok(bytes);
            }
            None if length < limit || limit >= LONGEST_LINE => return Ok(Vec::new()),
            None => limit = LONGEST_LINE,
        }
    }
}

fn first_line(text: impl Read) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let limit = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX);
    BufReader::new(text.take(limit)).read_until(b'\n', &mut line)?;
    let is_whole = line.last() == Some(&b'\n');
    Ok(is_whole.then(|| mark(&line)))
}

/// What is damaged ends where the damage begins: the lines before it are good, and those after it
/// are nowhere else.
fn unpacked(file: File, spare: &Path) -> io::Result<File> {
    let mut text = tempfile::tempfile_in(spare)?;
    let done = io::copy(&mut MultiGzDecoder::new(BufReader::new(file)), &mut text);
    match done {
        Err(error) if is_damage(&error) => {
            tracing::error!(%error, "a compressed audit log is damaged; only the lines before the damage are sent");
        }
        done => drop(done?),
    }
    Ok(text)
}

fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};

    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

fn is_packed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "gz")
}

const LONGEST_LINE: usize = 4 << 20;
