//! The log's file: opened, written, watched for rotation and opened again after an error; it knows
//! lines only by their newline.

#[cfg(test)]
mod tests;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use super::LogSettings;
use super::queue::WriteFailure;

#[derive(Debug)]
pub(super) struct LogFile {
    settings: LogSettings,
    open: Option<Open>,
    /// The last line in the file has no newline yet.
    torn: bool,
    checked: Instant,
}

#[derive(Debug)]
struct Open {
    file: File,
    regular: bool,
    /// Device and inode.
    identity: (u64, u64),
}

impl LogFile {
    pub(super) fn open(settings: LogSettings) -> io::Result<Self> {
        if let Some(parent) = settings.file.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(parent)?;
        }
        let mut log = Self {
            settings,
            open: None,
            torn: false,
            checked: Instant::now(),
        };
        match log.reopen() {
            Err(error) if !log.waits_for_reader(&error) => Err(error),
            _ => Ok(log),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Writes whole lines. After an error the file is opened anew for the next attempt.
    pub(super) fn write(&mut self, lines: &[u8]) -> Result<(), WriteFailure> {
        let mut result = self.attempt(lines);
        if result
            .as_ref()
            .is_err_and(|failure| failure.kind == io::ErrorKind::NotFound)
        {
            // The file was deleted under the writer; a new one takes the same lines.
            self.open = None;
            result = self.attempt(lines);
        }
        // A pipe that is only full stays open: closing it would end its reader's stream.
        if result
            .as_ref()
            .is_err_and(|failure| failure.kind != io::ErrorKind::TimedOut)
        {
            self.open = None;
        }
        result
    }

    fn attempt(&mut self, lines: &[u8]) -> Result<(), WriteFailure> {
        self.follow_path().map_err(|error| {
            let unread = self.waits_for_reader(&error);
            let failure = nothing_written(&error);
            let why = if unread {
                UNREAD.to_owned()
            } else {
                failure.why
            };
            WriteFailure { why, ..failure }
        })?;
        let Some(open) = &self.open else {
            return Err(WriteFailure {
                complete: 0,
                kind: io::ErrorKind::NotConnected,
                why: UNREAD.to_owned(),
            });
        };
        let deadline = Instant::now() + WRITE_PATIENCE;
        if self.torn {
            let (_, closed) = write_until(open, b"\n", deadline);
            closed.map_err(|error| nothing_written(&error))?;
            self.torn = false;
        }
        let (written, result) = write_until(open, lines, deadline);
        if let Err(error) = result {
            let complete = complete_lines(lines, written);
            self.torn = written > complete;
            return Err(WriteFailure {
                complete,
                kind: error.kind(),
                why: error.to_string(),
            });
        }
        open.settle(self.settings.sync)
            .map_err(|error| nothing_written(&error))
    }

    /// Opens the file if it is not open, or if its path means another file now (log rotation).
    fn follow_path(&mut self) -> io::Result<()> {
        let due = self.checked.elapsed() >= ROTATION_CHECK;
        match &self.open {
            Some(open) if !due || open.is_at(&self.settings.file) => {}
            _ => return self.reopen(),
        }
        if due {
            self.checked = Instant::now();
        }
        Ok(())
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.open = None;
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            // A FIFO must fail here instead of blocking; it means nothing for a regular file.
            .custom_flags(NONBLOCK)
            .open(&self.settings.file)?;
        let metadata = file.metadata()?;
        let regular = metadata.is_file();
        if regular {
            self.torn =
                metadata.len() > 0 && !ends_with_newline(&self.settings.file, metadata.len());
        }
        self.open = Some(Open {
            file,
            regular,
            identity: (metadata.dev(), metadata.ino()),
        });
        self.checked = Instant::now();
        Ok(())
    }

    fn waits_for_reader(&self, error: &io::Error) -> bool {
        let fifo = fs::metadata(&self.settings.file).is_ok_and(|data| data.file_type().is_fifo());
        fifo && error.raw_os_error() == Some(Errno::NXIO.raw_os_error())
    }
}

impl Open {
    fn is_at(&self, path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|data| (data.dev(), data.ino()) == self.identity)
    }

    /// Makes what was written count: on the disk if asked for, and in a file that still has a name.
    fn settle(&self, sync: bool) -> io::Result<()> {
        if !self.regular {
            return Ok(());
        }
        if sync {
            self.file.sync_data()?;
        }
        if self.file.metadata()?.nlink() == 0 {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(())
    }
}

/// Writes as much as it can until the deadline; returns how much that was.
fn write_until(open: &Open, bytes: &[u8], deadline: Instant) -> (usize, io::Result<()>) {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match (&open.file).write(rest) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if let Err(error) = wait_writable(&open.file, deadline) {
                    return (written, Err(error));
                }
            }
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

fn wait_writable(file: &File, deadline: Instant) -> io::Result<()> {
    let left = deadline.saturating_duration_since(Instant::now());
    let left = Timespec::try_from(left).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut watched = [PollFd::new(file, PollFlags::OUT)];
    match rustix::event::poll(&mut watched, Some(&left)) {
        Ok(0) => Err(io::ErrorKind::TimedOut.into()),
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Length of the whole lines among the first `written` bytes.
fn complete_lines(lines: &[u8], written: usize) -> usize {
    let written = lines.get(..written).unwrap_or(lines);
    written
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |at| at + 1)
}

/// What cannot be read is taken as torn: an empty line does no harm, a glued one does.
fn ends_with_newline(path: &Path, length: u64) -> bool {
    let mut last = [0];
    File::open(path)
        .and_then(|file| file.read_exact_at(&mut last, length.saturating_sub(1)))
        .is_ok_and(|()| last == *b"\n")
}

fn nothing_written(error: &io::Error) -> WriteFailure {
    WriteFailure {
        complete: 0,
        kind: error.kind(),
        why: error.to_string(),
    }
}

#[expect(
    clippy::cast_possible_wrap,
    reason = "one flag bit, far below the sign"
)]
const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits() as i32;
pub(super) const UNREAD: &str = "it is a pipe that nobody reads";
/// How long a reader of a pipe may keep the writer waiting, below the patience of a caller.
const WRITE_PATIENCE: Duration = Duration::from_millis(500);
const ROTATION_CHECK: Duration = Duration::from_secs(1);
