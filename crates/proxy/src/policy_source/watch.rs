//! Tells when something in a directory may have changed, or below it. Reads nothing there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::{Interval, interval, sleep, timeout};

pub(super) struct Watch {
    directory: PathBuf,
    watcher: notify::Result<RecommendedWatcher>,
    hints: mpsc::Receiver<()>,
    look: Interval,
}

impl Watch {
    pub(super) fn of(directory: &Path) -> Self {
        let (hint, hints) = mpsc::channel(1);
        let mut look = interval(LOOK_AGAIN);
        look.reset();
        let mut watch = Self {
            directory: directory.to_owned(),
            watcher: watcher(hint),
            hints,
            look,
        };
        if let Err(error) = watch.again() {
            tracing::warn!(%error, "the policy cannot be watched; it is read every few seconds instead");
        }
        watch
    }

    /// Resolves when it is time to look. A watch can be lost (a directory replaced as a whole, a
    /// network file system), a look cannot. Not to be dropped halfway: the hint would be lost.
    pub(super) async fn changed(&mut self) {
        tokio::select! {
            _ = self.look.tick() => drop(self.again()),
            Some(()) = self.hints.recv() => settle(&mut self.hints).await,
        }
    }

    /// Watches what the path means now: a directory that replaced another one has to be watched anew.
    fn again(&mut self) -> Result<(), String> {
        match &mut self.watcher {
            Ok(watcher) => watcher
                .watch(&self.directory, RecursiveMode::Recursive)
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Editors and Kubernetes write in several steps: wait until it has been quiet for a moment. Who
/// never stops writing is not waited for.
async fn settle(hints: &mut mpsc::Receiver<()>) {
    let quiet = async {
        while timeout(QUIET, hints.recv())
            .await
            .is_ok_and(|hint| hint.is_some())
        {
            sleep(QUIET / 10).await;
        }
    };
    // Either way it is time to look.
    let _ = timeout(LONGEST_WAIT, quiet).await;
}

fn watcher(hint: mpsc::Sender<()>) -> notify::Result<RecommendedWatcher> {
    notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let reading = event.as_ref().is_ok_and(|event| event.kind.is_access());
        if !reading {
            // Full means that a hint is waiting already.
            let _ = hint.try_send(());
        }
    })
}

const LOOK_AGAIN: Duration = Duration::from_secs(5);
const QUIET: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
