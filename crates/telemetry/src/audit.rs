//! The audit log: JSON lines in one file, acknowledged only once they are written; it never judges
//! a call and never holds one longer than a second.
//!
//! Callers serialise their record and put the line into one queue; one thread takes whatever waits,
//! writes it in one go and wakes everyone whose line is in it. What could not be written stays queued
//! (bounded) and is tried again, so that the log heals without a restart.

mod file;
mod queue;
mod record;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use file::{LogFile, UNREAD};
use queue::{Queue, Urgency};

pub use record::{
    AnswerDataRecord, ChainRecord, DataRecord, DecisionRecord, DestinationRecord, EndRecord,
    GrpcRecord, ListsRecord, LlmRecord, MessagesRecord, OutcomeRecord, Recorded, RouteRecord,
    RuleRecord, SchemaVersion, Timings, TokensRecord, format_time, now,
};

/// Where the log is and how durable a line must be before its call goes on.
#[derive(Clone, Debug)]
pub struct LogSettings {
    pub file: PathBuf,
    /// `fsync` before a line counts as written; without it `write(2)` is enough, which survives a
    /// crash of the process but not of the machine.
    pub sync: bool,
}

/// A handle to the log; clones share one file and one writer. The last one dropped ends the writer
/// after what is queued has been written.
#[derive(Clone, Debug)]
pub struct Log {
    handle: Arc<Handle>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    #[error("the audit log did not take the line within a second")]
    Timeout,
    #[error("the audit log has too many lines waiting")]
    Busy,
    #[error("the audit log cannot be written: {0}")]
    Io(io::ErrorKind),
    #[error("the record cannot be written as JSON")]
    Encode,
}

impl Log {
    /// Opens the log for appending, creating it (mode 0600) and its parent directories.
    ///
    /// A last line that a crash tore is closed with a newline first. A FIFO without a reader is no
    /// error: the log then starts unhealthy and heals when a reader comes.
    pub fn open(settings: LogSettings) -> io::Result<Self> {
        let path = settings.file.clone();
        let file = LogFile::open(settings)?;
        if !file.is_open() {
            let file = path.display();
            tracing::error!(%file, why = UNREAD, "the audit log cannot be written; calls are refused");
        }
        let queue = Arc::new(Queue::new(file.is_open(), path));
        let writer = Arc::clone(&queue);
        thread::Builder::new()
            .name("aegis-audit".to_owned())
            .spawn(move || write_batches(&writer, file))?;
        Ok(Self {
            handle: Arc::new(Handle {
                queue,
                follower: OnceLock::new(),
            }),
        })
    }

    /// Appends a line and waits until it is written: for the decision line, before the first byte
    /// goes upstream. An error means that the call must not go on; the line itself may still be
    /// written later.
    pub async fn append<R: Serialize>(&self, record: &R) -> Result<(), AuditError> {
        let (done, written) = oneshot::channel();
        self.push(record, Urgency::Now(done))?;
        self.wait(written).await
    }

    /// Appends a line without waiting for it: for the end line, which the answer must not wait for.
    /// A line that cannot be written yet is kept and tried again.
    pub fn append_later<R: Serialize>(&self, record: &R) -> Result<(), AuditError> {
        self.push(record, Urgency::Later)
    }

    /// Waits until everything appended so far is written, at most a second.
    pub async fn flush(&self) -> Result<(), AuditError> {
        let (done, written) = oneshot::channel();
        self.queue().push(&[], Urgency::Now(done))?;
        self.wait(written).await
    }

    /// The lines that this log takes from now on, and none that others write into its file. Whoever asks
    /// first gets them, and must take them: what it leaves waits in memory.
    pub fn follow(&self) -> UnboundedReceiver<Vec<u8>> {
        let (follower, lines) = unbounded_channel();
        // One that is not the first ends at once.
        let _ = self.handle.follower.set(follower);
        lines
    }

    /// Whether the last attempt to write succeeded; no call can be allowed while this is false.
    pub fn healthy(&self) -> bool {
        self.queue().healthy()
    }

    /// Counts lines that were refused, late or lost, and writes that failed.
    pub fn errors(&self) -> Counter {
        self.queue().errors()
    }

    async fn wait(&self, written: Written) -> Result<(), AuditError> {
        let call = Call(self.queue());
        // Whoever is ready on this thread adds a line first: one call and one write for all of them.
        tokio::task::yield_now().await;
        drop(call);
        match tokio::time::timeout(PATIENCE, written).await {
            Ok(Ok(result)) => result,
            // The writer ended without an answer: nothing was promised.
            Ok(Err(_)) => Err(AuditError::Io(io::ErrorKind::BrokenPipe)),
            Err(_) => {
                self.queue().failed(&AuditError::Timeout);
                Err(AuditError::Timeout)
            }
        }
    }

    fn push<R: Serialize>(&self, record: &R, urgency: Urgency) -> Result<(), AuditError> {
        let mut line = LINE.take();
        line.clear();
        let pushed = if serde_json::to_writer(&mut line, record).is_ok() {
            line.push(b'\n');
            let taken = self.queue().push(&line, urgency);
            if let (Ok(()), Some(follower)) = (&taken, self.handle.follower.get()) {
                // Nobody has to listen to the end.
                let _ = follower.send(line.clone());
            }
            taken
        } else {
            // The record is at fault, not the log: that stays healthy.
            self.queue().errors().inc();
            Err(AuditError::Encode)
        };
        line.shrink_to(KEPT_LINE);
        LINE.set(line);
        pushed
    }

    fn queue(&self) -> &Queue {
        &self.handle.queue
    }
}

#[derive(Debug)]
struct Handle {
    queue: Arc<Queue>,
    follower: OnceLock<UnboundedSender<Vec<u8>>>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// Calls the writer when it is dropped, so that a line is written even if who waited for it is gone.
struct Call<'a>(&'a Queue);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.call();
    }
}

fn write_batches(queue: &Queue, mut file: LogFile) {
    let mut batch = queue::Batch::default();
    while queue.take(&mut batch) {
        let written = file.write(batch.bytes());
        queue.finish(&mut batch, written);
    }
}

/// How long a call may wait for its line.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bytes; a decision line with a destination and many rules.
const KEPT_LINE: usize = 8 << 10;

thread_local! {
    /// The queue copies a line; the room in which it is made is used again.
    static LINE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Tells what became of a line.
type Written = oneshot::Receiver<Result<(), AuditError>>;
