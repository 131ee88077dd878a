//! Offers a policy directory to the activation: read whole, compiled, tried, and only then in force.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use aegis_authoring::Files;
use aegis_policy::Mode;

use super::directory;
use crate::activation::{Activation, Rejection};
use crate::sha256::{Digest, of_parts};

#[derive(Debug)]
pub(crate) struct DirectoryReader {
    pub(super) path: PathBuf,
    mode: Mode,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many policies were built so far.
    built: u64,
    /// SHA-256 of the files that the policy in force was made of.
    in_force: Option<Digest>,
}

impl DirectoryReader {
    pub(super) fn new(path: PathBuf, mode: Mode) -> Self {
        Self {
            path,
            mode,
            state: Mutex::default(),
        }
    }

    /// Puts in force what the directory holds now, if it is good; else the policy in force stays and the
    /// status says why.
    pub(super) fn load(&self, activation: &Activation) {
        let files = match directory::read(&self.path) {
            Ok(files) => files,
            Err(error) => return activation.reject(Rejection::of(&error)),
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = digest(&files);
        if state.in_force == Some(seen) {
            return activation.confirm();
        }
        // What was refused is tried again: a trial that took too long may not the next time.
        match self.take(&files, &mut state.built, activation) {
            Ok(()) => {
                state.in_force = Some(seen);
                activation.confirm();
            }
            Err(rejection) => activation.reject(rejection),
        }
    }

    fn take(
        &self,
        files: &Files,
        built: &mut u64,
        activation: &Activation,
    ) -> Result<(), Rejection> {
        if let (Some(active), Ok(compiled)) =
            (activation.current(), aegis_authoring::compile(files))
            && active.revision().is_of(&compiled.sources(self.mode))
        {
            return Ok(());
        }
        let (_, snapshot) = aegis_authoring::check(files, self.mode, *built + 1)
            .map_err(|problems| Rejection::of(&problems))?;
        *built += 1;
        activation.activate(snapshot, None);
        // Compiling took several times what the policy needs.
        aegis_heap::keep_nothing();
        Ok(())
    }
}

/// Of names and texts, each with its length before it.
fn digest(files: &Files) -> Digest {
    of_parts(|add| {
        for sources in [&files.modules, &files.data] {
            add(&sources.len().to_be_bytes());
            for part in sources
                .iter()
                .flat_map(|source| [&source.file, &source.text])
            {
                add(&part.len().to_be_bytes());
                add(part.as_bytes());
            }
        }
    })
}
