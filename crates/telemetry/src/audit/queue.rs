//! The bounded queue between callers and the writer: lines in, batches out, everyone told; it does
//! not touch the file.

#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::io;
use std::mem;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tokio::sync::oneshot;

use super::AuditError;

#[derive(Debug)]
pub(super) struct Queue {
    /// Where the lines go, for those who read of a failure.
    file: PathBuf,
    state: Mutex<State>,
    /// Only the writer waits on it.
    work: Condvar,
    /// Whether the last attempt to write succeeded. While it did not, the writer tries again by
    /// itself, with what is kept at the front of `bytes` or with nothing.
    healthy: AtomicBool,
    errors: Counter,
}

/// Whether somebody waits for the line.
#[derive(Debug)]
pub(super) enum Urgency {
    Now(Waiter),
    Later,
}

type Waiter = oneshot::Sender<Result<(), AuditError>>;

/// Lines that are written in one go. Its buffers are used again for the next batch.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    waiters: Vec<Waiter>,
}

/// Why a batch is not, or not wholly, in the file.
#[derive(Debug)]
pub(super) struct WriteFailure {
    /// Bytes at the start of the batch that are in the file, always whole lines.
    pub(super) complete: usize,
    pub(super) kind: io::ErrorKind,
    /// In words for those who run the proxy.
    pub(super) why: String,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    waiters: Vec<Waiter>,
    writer: Writer,
    closed: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Writer {
    /// Or has been woken: it will look at what waits before it rests.
    #[default]
    Busy,
    /// Wakes by itself soon; only a call, or very many lines, wake it earlier.
    Lingers,
    /// Sleeps until it is woken.
    Sleeps,
}

impl Queue {
    pub(super) fn new(healthy: bool, file: PathBuf) -> Self {
        Self {
            file,
            state: Mutex::default(),
            work: Condvar::new(),
            healthy: AtomicBool::new(healthy),
            errors: Counter::default(),
        }
    }

    /// Takes a line, or refuses it when too much waits already. Whoever waits for it has to
    /// [`call`](Self::call) the writer, too.
    pub(super) fn push(&self, line: &[u8], urgency: Urgency) -> Result<(), AuditError> {
        let mut state = self.lock();
        if state.bytes.len() + line.len() > CAPACITY || state.waiters.len() >= MOST_WAITERS {
            drop(state);
            self.failed(&AuditError::Busy);
            return Err(AuditError::Busy);
        }
        state.bytes.extend_from_slice(line);
        match urgency {
            Urgency::Now(waiter) => state.waiters.push(waiter),
            // Where somebody waits, they call the writer, and the line rides along.
            Urgency::Later if state.waiters.is_empty() => {
                if state.writer == Writer::Sleeps || self.is_urgent(&state) {
                    self.wake(state);
                }
            }
            Urgency::Later => {}
        }
        Ok(())
    }

    /// Has the writer start with the lines that somebody waits for, if it has not.
    pub(super) fn call(&self) {
        let state = self.lock();
        if self.is_urgent(&state) {
            self.wake(state);
        }
    }

    /// Fills `batch` with what waits, sleeping until there is something; false when the log is
    /// closed and nothing is left.
    ///
    /// After a batch the writer lingers before it sleeps: end lines that come meanwhile ride along
    /// with the next decision line, or are written when the time is over, and wake nobody. While
    /// the log is unhealthy it never sleeps for long: an empty batch shows that the file is back.
    pub(super) fn take(&self, batch: &mut Batch) -> bool {
        let mut state = self.lock();
        let mut lingered = false;
        while !self.is_urgent(&state) {
            let idle = state.bytes.is_empty();
            if state.closed && idle {
                return false;
            }
            if state.closed || (lingered && !(idle && self.healthy())) {
                break;
            }
            if lingered {
                state.writer = Writer::Sleeps;
                state = self
                    .work
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            } else {
                state.writer = Writer::Lingers;
                let pause = if self.healthy() { LINGER } else { RETRY };
                let waited = self.work.wait_timeout(state, pause);
                let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                lingered = timeout.timed_out();
                state = guard;
            }
        }
        state.writer = Writer::Busy;
        mem::swap(&mut state.bytes, &mut batch.bytes);
        mem::swap(&mut state.waiters, &mut batch.waiters);
        true
    }

    /// Tells everyone in the batch what became of it and keeps what was not written.
    pub(super) fn finish(&self, batch: &mut Batch, written: Result<(), WriteFailure>) {
        let answer = match written {
            Ok(()) => {
                if !self.healthy.swap(true, Ordering::Relaxed) {
                    tracing::info!("the audit log is written again");
                }
                batch.bytes.clear();
                Ok(())
            }
            Err(failure) => {
                self.failed(&failure.why);
                self.keep(batch, failure.complete);
                Err(AuditError::Io(failure.kind))
            }
        };
        batch.bytes.shrink_to(KEPT_BUFFER);
        for waiter in batch.waiters.drain(..) {
            // A caller that has given up is no longer there to hear it.
            let _ = waiter.send(answer);
        }
    }

    /// Puts the unwritten lines back to the front; when the log closes they are counted as lost.
    fn keep(&self, batch: &mut Batch, complete: usize) {
        batch.bytes.drain(..complete.min(batch.bytes.len()));
        let mut state = self.lock();
        if state.closed {
            let lost = batch
                .bytes
                .split(|&byte| byte == b'\n')
                .count()
                .saturating_sub(1);
            tracing::error!(
                lines = lost,
                "audit lines could not be written before the end"
            );
            self.errors.inc_by(lost as u64);
        } else {
            batch.bytes.append(&mut state.bytes);
            mem::swap(&mut state.bytes, &mut batch.bytes);
        }
        batch.bytes.clear();
    }

    /// Counts an error and lets the writer find out when the log is well again.
    pub(super) fn failed(&self, why: &dyn Display) {
        self.errors.inc();
        if self.healthy.swap(false, Ordering::Relaxed) {
            let file = self.file.display();
            tracing::error!(%file, %why, "the audit log cannot be written; calls are refused");
        }
        // Under the lock, or the writer could fall asleep between its look and our call.
        let _state = self.lock();
        self.work.notify_one();
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.work.notify_one();
    }

    pub(super) fn healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed)
    }

    pub(super) fn errors(&self) -> Counter {
        self.errors.clone()
    }

    /// Once: until the writer has looked, more calls would tell it nothing.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        if state.writer != Writer::Busy {
            state.writer = Writer::Busy;
            drop(state);
            self.work.notify_one();
        }
    }

    /// Whether the writer should start now: somebody waits, or much has gathered and there is hope.
    fn is_urgent(&self, state: &State) -> bool {
        !state.waiters.is_empty() || (self.healthy() && state.bytes.len() >= LARGE_BATCH)
    }

    /// A panic while the lock was held leaves lines at worst, never a broken invariant.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batch {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Bytes that may wait; as many again may be in the writer's hands.
const CAPACITY: usize = 8 << 20;
const MOST_WAITERS: usize = 16_384;
const LARGE_BATCH: usize = 256 << 10;
const KEPT_BUFFER: usize = 1 << 20;
/// How long a line that nobody waits for may wait for company.
const LINGER: Duration = Duration::from_millis(10);
/// How often a log that fails is tried again without a new line.
const RETRY: Duration = Duration::from_secs(1);
