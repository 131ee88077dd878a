//! How the proxy ends: first no new work, then a grace period, then what is left is cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Shared by everything that holds a connection open. As an executor it runs the streams of HTTP/2
/// connections, which outlive these for a moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drain {
    begun: CancellationToken,
    over: CancellationToken,
    tasks: TaskTracker,
    cut: Arc<AtomicU64>,
}

impl Drain {
    /// Runs a connection's task; the drain waits for it.
    pub(crate) fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(task);
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun.is_cancelled()
    }

    /// Resolves when no new work may start.
    pub(crate) async fn begun(&self) {
        self.begun.cancelled().await;
    }

    /// Resolves when the grace period is over.
    pub(crate) async fn over(&self) {
        self.over.cancelled().await;
    }

    /// Whether what is still open is being cut.
    pub(crate) fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

    /// Notes that a call was cut.
    pub(crate) fn note_cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    /// Begins, waits up to `grace` for open work, cuts the rest, and says how much was cut.
    pub(crate) async fn run(&self, grace: Duration) -> u64 {
        self.begun.cancel();
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait())
            .await
            .is_err()
        {
            self.over.cancel();
            // What is cut still writes its end line; it does not wait for anybody.
            let _ = tokio::time::timeout(CUT_TIME, self.tasks.wait()).await;
        }
        self.cut.load(Ordering::Relaxed)
    }
}

impl<F> hyper::rt::Executor<F> for Drain
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, task: F) {
        self.tasks.spawn(async move { drop(task.await) });
    }
}

const CUT_TIME: Duration = Duration::from_secs(2);
