//! Where policies come from: loads them before the first call and again on every change. Judges no call.

mod bundle;
mod contents;
mod directory;
mod directory_reader;
mod expiry;
mod last_good;
#[cfg(test)]
mod tests;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aegis_config::{PolicySource as Named, Settings};
use aegis_policy::Mode;

use crate::activation::Activation;
use crate::clock::Clock;
use crate::drain::Drain;
pub use bundle::read_policy_bundle;
pub(crate) use bundle::{BundleReader, Offered};
pub use directory::{read as read_policy_directory, texts as policy_texts};
use directory_reader::DirectoryReader;
use watch::Watch;

/// A place that policies are read from.
#[derive(Debug)]
pub(crate) enum PolicySource {
    Directory(DirectoryReader),
    Bundle {
        /// `None`: the control plane offers it.
        file: Option<PathBuf>,
        reader: Arc<BundleReader>,
    },
}

impl PolicySource {
    pub(crate) fn new(settings: &Settings) -> Self {
        let mode = mode_of(settings.policy.mode);
        match &settings.policy.source {
            Named::Directory(path) | Named::Sample(path) => {
                Self::Directory(DirectoryReader::new(path.clone(), mode))
            }
            Named::Bundle(bundle) => Self::Bundle {
                file: bundle.file.clone(),
                reader: Arc::new(BundleReader::new(bundle, settings, mode, Clock::system())),
            },
        }
    }

    /// Puts in force what must be before the first call: the last good bundle, then what there is
    /// now. From then on it loads again whenever something changes, until the drain begins.
    pub(crate) async fn start(self, activation: &Arc<Activation>, drain: &Drain) {
        // Before the first look, so that no change falls between the two.
        let watch = self.watched().map(Watch::of);
        let (source, to) = (Arc::new(self), Arc::clone(activation));
        let first = Arc::clone(&source);
        blocking(move || {
            if let Self::Bundle { reader, .. } = &*first {
                reader.start(&to);
            }
            first.load(&to);
        })
        .await;
        if let Self::Bundle { reader, .. } = &*source {
            let (reader, activation) = (Arc::clone(reader), Arc::clone(activation));
            tokio::spawn(expiry::follow(reader, activation, drain.clone()));
        }
        if let Some(watch) = watch {
            tokio::spawn(source.follow(watch, Arc::clone(activation), drain.clone()));
        }
    }

    async fn follow(self: Arc<Self>, mut watch: Watch, activation: Arc<Activation>, drain: Drain) {
        loop {
            tokio::select! {
                () = drain.begun() => return,
                () = watch.changed() => {
                    let (source, to) = (Arc::clone(&self), Arc::clone(&activation));
                    blocking(move || source.load(&to)).await;
                }
            }
        }
    }

    /// Who takes the bundles that a control plane has.
    pub(crate) fn fetched(&self) -> Option<Arc<BundleReader>> {
        match self {
            Self::Bundle { file: None, reader } => Some(Arc::clone(reader)),
            _ => None,
        }
    }

    fn watched(&self) -> Option<&Path> {
        match self {
            Self::Directory(reader) => Some(&reader.path),
            Self::Bundle { file, .. } => file.as_ref()?.parent(),
        }
    }

    /// Activates what is there now, unless that is in force already.
    fn load(&self, activation: &Activation) {
        match self {
            Self::Directory(reader) => reader.load(activation),
            Self::Bundle { file, reader } => {
                if let Some(file) = file {
                    reader.read_file(file, activation);
                }
            }
        }
    }
}

/// Compiling and dropping a large policy takes milliseconds: not on a thread that serves calls.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let done = tokio::task::spawn_blocking(work).await;
    if done.is_err() {
        tracing::error!("loading the policy failed unexpectedly; the last good one stays");
    }
    done.ok()
}

/// As the policy crate names it.
pub fn mode_of(mode: aegis_config::Mode) -> Mode {
    match mode {
        aegis_config::Mode::Enforce => Mode::Enforce,
        aegis_config::Mode::Shadow => Mode::Shadow,
    }
}
