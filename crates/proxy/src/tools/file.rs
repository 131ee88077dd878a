//! The definitions of tools on disk, and operators' notes on their way to the proxy. It compares nothing.
//!
//! Proxies alone write the file, each of them under a lock. An operator's command leaves a note beside
//! it, one file each, which a proxy takes over.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::seen::{Definitions, Seen};
use crate::whole_file;

/// A tool as its server lists it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenTool {
    pub tenant: String,
    /// Host and port.
    pub server: String,
    pub tool: String,
    /// SHA-256, in hex, of the definition that was seen first or that an operator accepted.
    pub accepted: String,
    /// Of the definition that was listed last.
    pub listed: String,
    /// RFC 3339, UTC.
    pub first_seen: String,
    /// Since when it is listed as it is now, where that is not what is accepted.
    pub changed_at: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ToolsError {
    #[error("cannot read or write {path}: {error}")]
    Io { path: PathBuf, error: io::Error },
    #[error(
        "{path} is damaged ({what}), so changes of MCP tools cannot be told; put it back, or remove it to take the next definitions for the first"
    )]
    Damaged { path: PathBuf, what: String },
}

/// What an operator has decided.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Note {
    Accept(Acceptance),
    Forget(Forgetting),
}

/// This definition is accepted and no other.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Acceptance {
    pub(super) tenant: String,
    pub(super) server: String,
    pub(super) tool: String,
    pub(super) definition: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forgetting {
    pub(super) tenant: String,
    /// As for [`SeenTool::is_of`].
    pub(super) server: String,
}

#[derive(Clone, Debug)]
pub(super) struct Files {
    data_dir: PathBuf,
}

/// Tells one state of the file from another: it is replaced, never changed in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    inode: u64,
    length: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema_version: u32,
    tools: Vec<SeenTool>,
}

/// What the proxy with this data directory knows of MCP servers' tools.
pub fn seen_tools(data_dir: &Path) -> Result<Vec<SeenTool>, ToolsError> {
    let read = Files::new(data_dir).read()?;
    Ok(read.map(|(tools, _)| tools).unwrap_or_default())
}

/// Tells the proxy with this data directory that the tool's definition is accepted as it is listed
/// in `tool`. A running proxy takes it over within seconds, another one at its next start.
pub fn accept_tool(data_dir: &Path, tool: &SeenTool) -> Result<(), ToolsError> {
    let acceptance = Acceptance {
        tenant: tool.tenant.clone(),
        server: tool.server.clone(),
        tool: tool.tool.clone(),
        definition: tool.listed.clone(),
    };
    Files::new(data_dir).leave(&Note::Accept(acceptance))
}

/// Tells the proxy with this data directory to forget what the tenant has seen of a server's tools,
/// or, with `*.` before it, of all servers below a name: what they list next counts as the first.
pub fn forget_tools(data_dir: &Path, tenant: &str, server: &str) -> Result<(), ToolsError> {
    Files::new(data_dir).leave(&Note::Forget(Forgetting {
        tenant: tenant.to_owned(),
        server: server.to_owned(),
    }))
}

/// Whether `server`, a host and port, is the one that is meant, or is below it: `*.example.com:443`
/// means all below `example.com`.
pub(super) fn is_meant(server: &str, meant: &str) -> bool {
    match meant.strip_prefix('*') {
        Some(suffix) => suffix.starts_with('.') && server.ends_with(suffix),
        None => server == meant,
    }
}

impl SeenTool {
    pub fn has_changed(&self) -> bool {
        self.accepted != self.listed
    }

    /// Whether it is of this server (host and port), or of one below it where `*.` stands before it.
    pub fn is_of(&self, server: &str) -> bool {
        is_meant(&self.server, server)
    }

    /// Accepted and listed.
    pub(super) fn digests(&self) -> Option<([u8; 32], [u8; 32])> {
        unhex(&self.accepted).zip(unhex(&self.listed))
    }
}

impl Files {
    pub(super) fn new(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
        }
    }

    /// Held until the file that comes back is dropped. A process that is stopped while it holds it
    /// must not stop the others from ending.
    pub(super) fn lock(&self) -> Result<File, ToolsError> {
        let path = self.data_dir.join(LOCK);
        let mut options = OpenOptions::new();
        let opened = options.append(true).create(true).mode(0o600).open(&path);
        let locked = opened.and_then(|file| {
            let until = Instant::now() + PATIENCE;
            loop {
                match file.try_lock() {
                    Ok(()) => return Ok(file),
                    Err(TryLockError::WouldBlock) if Instant::now() < until => {
                        std::thread::sleep(PAUSE);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        });
        locked.map_err(|error| ToolsError::Io { path, error })
    }

    /// Nothing where there is no file.
    pub(super) fn mark(&self) -> Option<Mark> {
        let metadata = fs::metadata(self.data_dir.join(TOOLS));
        metadata.ok().as_ref().map(Mark::of)
    }

    /// Nothing where there is no file yet.
    pub(super) fn read(&self) -> Result<Option<(Vec<SeenTool>, Mark)>, ToolsError> {
        let path = self.data_dir.join(TOOLS);
        let (text, mark) = match read(&path, MOST_BYTES) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ToolsError::Io { path, error }),
        };
        let document: Document = serde_json::from_slice(&text)
            .map_err(|error| self.damaged(&format!("line {} of it", error.line())))?;
        if document.schema_version != SCHEMA_VERSION {
            return Err(self.damaged("another version's"));
        }
        Ok(Some((document.tools, mark)))
    }

    /// What was read, as it is known in memory.
    pub(super) fn seen(&self, tools: &[SeenTool]) -> Result<Seen, ToolsError> {
        let mut seen = Seen::default();
        for tool in tools {
            let (accepted, listed) = tool.digests().ok_or_else(|| self.damaged("a digest"))?;
            let kept = seen.insert(
                (&tool.tenant, &tool.server, &tool.tool),
                Definitions {
                    accepted,
                    listed,
                    first_seen: tool.first_seen.clone(),
                    changed_at: tool.changed_at.clone(),
                },
            );
            if !kept {
                return Err(self.damaged("a tool that stands there twice, or one too many"));
            }
        }
        seen.unwritten = false;
        Ok(seen)
    }

    pub(super) fn write(&self, tools: Vec<SeenTool>) -> Result<Mark, ToolsError> {
        let document = Document {
            schema_version: SCHEMA_VERSION,
            tools,
        };
        let path = self.data_dir.join(TOOLS);
        let placed = place(&path, &document);
        placed.map_err(|error| ToolsError::Io { path, error })
    }

    pub(super) fn has_notes(&self) -> bool {
        self.paths_of_notes().next().is_some()
    }

    /// With the file that each is in, in the order of time. What cannot be read is removed: nobody
    /// decided it.
    pub(super) fn notes(&self) -> Vec<(PathBuf, Note)> {
        let mut found = Vec::new();
        for path in self.paths_of_notes() {
            let text = read(&path, MOST_BYTES_OF_NOTE);
            let read = text.and_then(|(text, _)| Ok(serde_json::from_slice(&text)?));
            match read {
                Ok(note) => found.push((path, note)),
                Err(error) => {
                    tracing::error!(path = %path.display(), %error, "an operator's note cannot be read");
                    self.remove(vec![path]);
                }
            }
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found
    }

    #[expect(
        clippy::unused_self,
        reason = "only files of this directory are removed"
    )]
    pub(super) fn remove(&self, paths: Vec<PathBuf>) {
        for path in paths {
            if let Err(error) = fs::remove_file(&path) {
                tracing::error!(path = %path.display(), %error, "an operator's note cannot be removed");
            }
        }
    }

    pub(super) fn damaged(&self, what: &str) -> ToolsError {
        ToolsError::Damaged {
            path: self.data_dir.join(TOOLS),
            what: what.to_owned(),
        }
    }

    fn paths_of_notes(&self) -> impl Iterator<Item = PathBuf> {
        let entries = fs::read_dir(self.data_dir.join(NOTES));
        let paths = entries.into_iter().flatten().flatten();
        let paths = paths.map(|entry| entry.path());
        paths.filter(|path| path.extension().is_some_and(|it| it == "json"))
    }

    /// In the order of time by their names.
    fn leave(&self, note: &Note) -> Result<(), ToolsError> {
        let directory = self.data_dir.join(NOTES);
        let path = directory.join(format!("{}.json", Uuid::now_v7().simple()));
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory);
        let left = made.and_then(|()| place(&path, note));
        left.map(drop)
            .map_err(|error| ToolsError::Io { path, error })
    }
}

impl Mark {
    fn of(metadata: &Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

fn place(path: &Path, value: &impl Serialize) -> io::Result<Mark> {
    let file = whole_file::replace(path, &serde_json::to_vec(value)?)?;
    Ok(Mark::of(&file.metadata()?))
}

fn read(path: &Path, limit: u64) -> io::Result<(Vec<u8>, Mark)> {
    let mut text = Vec::new();
    let file = File::open(path)?;
    let mark = Mark::of(&file.metadata()?);
    file.take(limit).read_to_end(&mut text)?;
    Ok((text, mark))
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text, &mut digest).ok()?;
    Some(digest)
}

const TOOLS: &str = "mcp-tools.json";
/// Beside the file, since that is replaced.
const LOCK: &str = "mcp-tools.lock";
/// How long a process waits for another one's writing.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(10);
/// A directory; Unix sockets, other files and drafts in it are left alone.
const NOTES: &str = "mcp-notes";
const SCHEMA_VERSION: u32 = 1;
/// More than as many tools as are kept can take; what is longer is cut off, and so damaged.
const MOST_BYTES: u64 = 128 << 20;
const MOST_BYTES_OF_NOTE: u64 = 4 << 10;
