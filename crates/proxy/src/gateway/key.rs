//! Fetches a secret from a file, the environment or a command. What it reads goes to its caller and nowhere else.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use aegis_config::{KeyCommand, KeySource};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use zeroize::Zeroizing;

pub(super) type Secret = Zeroizing<String>;

/// A secret that is fetched when it is needed.
pub(super) struct Key {
    source: KeySource,
    /// What a command said last. Whoever comes meanwhile waits for it and does not ask again.
    printed: Mutex<Option<Printed>>,
}

struct Printed {
    at: Instant,
    said: Result<Secret, KeyError>,
}

/// Says where it failed, never what was read. For the operator's log: agents are told nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeyError {
    #[error("its file {} cannot be read: {kind}", file.display())]
    File { file: PathBuf, kind: io::ErrorKind },
    #[error("its variable {0} is not set")]
    Env(Arc<str>),
    #[error("its command {program} cannot be run: {kind}")]
    Command {
        program: Arc<str>,
        kind: io::ErrorKind,
    },
    #[error("its command {program} failed: {status}")]
    Failed {
        program: Arc<str>,
        status: ExitStatus,
    },
    #[error("it did not come in time")]
    Late,
    #[error("it is empty, longer than 16 KiB, or not plain text in its first line")]
    Text,
}

impl Key {
    pub(super) fn new(source: &KeySource) -> Self {
        Self {
            source: source.clone(),
            printed: Mutex::default(),
        }
    }

    pub(super) async fn read(&self) -> Result<Secret, KeyError> {
        match &self.source {
            KeySource::File(file) => timeout(FILE_TIME, first_line_of(file))
                .await
                .map_err(|_| KeyError::Late)?,
            KeySource::Env(name) => {
                let value = std::env::var(&**name).map(Zeroizing::new);
                let value = value.map_err(|_| KeyError::Env(Arc::clone(name)))?;
                first_line(value.as_bytes())
            }
            KeySource::Command(command) => self.printed_by(command).await,
        }
    }

    async fn printed_by(&self, command: &KeyCommand) -> Result<Secret, KeyError> {
        let mut printed = self.printed.lock().await;
        if let Some(last) = &*printed {
            let good = match last.said {
                Ok(_) => command.cache,
                Err(_) => RETRY,
            };
            if last.at.elapsed() < good {
                return last.said.clone();
            }
        }
        let said = timeout(command.timeout, run(command)).await;
        let said = said.unwrap_or(Err(KeyError::Late));
        *printed = Some(Printed {
            at: Instant::now(),
            said: said.clone(),
        });
        said
    }
}

async fn first_line_of(path: &Path) -> Result<Secret, KeyError> {
    let failed = |error: io::Error| KeyError::File {
        file: path.to_owned(),
        kind: error.kind(),
    };
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    first_line(&read_some(file).await.map_err(failed)?)
}

/// What it says of its errors goes nowhere: it may quote what it failed on. Its arguments are not
/// named either.
async fn run(command: &KeyCommand) -> Result<Secret, KeyError> {
    let (program, arguments) = command.argv.split_first().ok_or(KeyError::Text)?;
    let failed = |error: io::Error| KeyError::Command {
        program: program.as_str().into(),
        kind: error.kind(),
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let printed = child.stdout.take().ok_or(KeyError::Text)?;
    let printed = read_some(printed).await.map_err(failed)?;
    let status = child.wait().await.map_err(failed)?;
    if !status.success() {
        let program = program.as_str().into();
        return Err(KeyError::Failed { program, status });
    }
    first_line(&printed)
}

async fn read_some(from: impl AsyncRead + Unpin) -> io::Result<Zeroizing<Vec<u8>>> {
    // Grown once: what a growing buffer leaves behind is not wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let limit = u64::try_from(LONGEST + 1).unwrap_or(u64::MAX);
    from.take(limit).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

fn first_line(bytes: &[u8]) -> Result<Secret, KeyError> {
    let line = bytes.split(|byte| *byte == b'\n').next();
    let line = line.unwrap_or_default().trim_ascii();
    let is_text = line.iter().all(|byte| (b' '..=b'~').contains(byte));
    if line.is_empty() || bytes.len() > LONGEST || !is_text {
        return Err(KeyError::Text);
    }
    let text = std::str::from_utf8(line).map_err(|_| KeyError::Text)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Bytes.
const LONGEST: usize = 16 * 1024;
const FILE_TIME: Duration = Duration::from_secs(10);
/// Before a command that failed is run again.
const RETRY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
