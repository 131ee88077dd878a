//! Offers signed bundles to the activation: verified, newer, compiled, tested, kept on disk, and only then in force.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use aegis_bundle::{
    Active, Algorithm, Bundle, BundleError, Expected, Limits, Signature, Trust, TrustedKey,
};
use aegis_config::{BundleKey, BundleSettings, KeyAlgorithm, Settings};
use aegis_document::Problems;
use aegis_policy::{Mode, Revision, Snapshot, Sources, Untried, Workbench};
use jiff::Timestamp;

use super::contents;
use super::last_good::LastGood;
use crate::activation::{Activation, BundleStatus, Rejection};
use crate::clock::Clock;
use crate::sha256::sha256;

#[derive(Debug)]
pub(crate) struct BundleReader {
    /// `None`: signatures are not looked at.
    keys: Option<Vec<BundleKey>>,
    scope: Expected,
    mode: Mode,
    last_good: LastGood,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What a new bundle must follow.
    active: Option<Active>,
    /// Set if it is not known what was in force before: then nothing can be told to be newer.
    lost: Option<Rejection>,
    /// SHA-256 of the bytes that were looked at last and will not be judged differently, and how
    /// they were.
    settled: Option<([u8; 32], Result<(), Rejection>)>,
}

/// What the bundle in `file` says, verified for this region. Puts nothing in force and remembers nothing.
pub fn read_policy_bundle(
    bundle: &BundleSettings,
    file: &Path,
    region: &str,
    mode: Mode,
) -> Result<Sources, String> {
    let look = || {
        let archive = read(file, Limits::default().archive_bytes)?;
        let trust = trust(bundle.keys.as_deref(), expected(bundle, region))?;
        let bundle = aegis_bundle::open(&archive, &trust, Timestamp::now())?;
        Ok(contents::policy(bundle.contents(), mode)?.sources)
    };
    look().map_err(|rejection: Rejection| rejection.message)
}

impl BundleReader {
    pub(super) fn new(
        bundle: &BundleSettings,
        settings: &Settings,
        mode: Mode,
        clock: Clock,
    ) -> Self {
        Self {
            keys: bundle.keys.clone(),
            scope: expected(bundle, &settings.region),
            mode,
            last_good: LastGood::new(&settings.data_dir),
            clock,
            state: Mutex::default(),
        }
    }

    /// Starts from the bundle that was in force last, verified again.
    pub(super) fn start(&self, activation: &Activation) {
        let known = self.last_good.active(&self.scope.to_string());
        let kept = known.and_then(|active| Ok((active, self.last_good.archive()?)));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match kept {
            Ok((active, archive)) => {
                state.active = active;
                let Some(archive) = archive else { return };
                let taken = self.take(&archive, &mut state, activation, Keep::Already);
                if let Err(rejection) = taken {
                    activation.reject(rejection.about("the last good bundle on disk"));
                }
            }
            Err(error) => {
                let rejection = last_good_unreadable(&error).about("the last good bundle on disk");
                activation.reject(rejection.clone());
                state.lost = Some(rejection);
            }
        }
    }

    /// Puts the bundle that was in force last in force again: it had expired by a clock that was wrong.
    pub(super) fn resume(&self, activation: &Activation) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if activation.current().is_some() {
            return;
        }
        let resumed = match self.last_good.archive() {
            Ok(Some(archive)) => self.take(&archive, &mut state, activation, Keep::Already),
            Ok(None) => return,
            Err(error) => Err(last_good_unreadable(&error)),
        };
        if let Err(rejection) = resumed {
            activation.reject(rejection.about("the last good bundle on disk"));
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// For whom a bundle must be made, as its signature says it.
    pub(crate) fn scope(&self) -> String {
        self.scope.to_string()
    }

    /// The entity tag that a control plane gives to the bundle on disk, if that is in force.
    pub(crate) fn last_good_etag(&self, activation: &Activation) -> Option<String> {
        activation.current()?;
        let archive = self.last_good.archive().ok()??;
        Some(format!("\"{}\"", hex::encode(sha256(&archive))))
    }

    /// Offers what the file holds now.
    pub(super) fn read_file(&self, file: &Path, activation: &Activation) {
        match read(file, Limits::default().archive_bytes) {
            Ok(archive) => drop(self.offer(&archive, activation)),
            Err(rejection) => activation.reject(rejection),
        }
    }

    /// Puts a bundle in force if it is good; else the one in force stays and the status says why.
    pub(crate) fn offer(&self, archive: &[u8], activation: &Activation) -> Offered {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lost) = &state.lost {
            activation.reject(lost.clone());
            return Offered::Settled;
        }
        let seen = sha256(archive);
        let judged = match state.settled.take() {
            Some((bytes, judged)) if bytes == seen => judged,
            _ => self.take(archive, &mut state, activation, Keep::OnDisk),
        };
        match &judged {
            Ok(()) => activation.confirm(),
            Err(rejection) => activation.reject(rejection.clone()),
        }
        // A clock goes on, and a disk or a key file may be there the next time.
        if judged.as_ref().err().is_none_or(Rejection::is_final) {
            state.settled = Some((seen, judged));
            return Offered::Settled;
        }
        Offered::Again
    }

    fn take(
        &self,
        archive: &[u8],
        state: &mut State,
        activation: &Activation,
        keep: Keep,
    ) -> Result<(), Rejection> {
        let bundle = aegis_bundle::open(archive, &self.trust()?, self.now())?;
        bundle.follows(state.active.as_ref())?;
        let active = bundle.active();
        if activation.current().is_some() && state.active.as_ref() == Some(&active) {
            return Ok(());
        }
        let snapshot = self.build(&bundle)?;
        if keep == Keep::OnDisk {
            self.last_good
                .keep(archive, &self.scope.to_string(), &active)
                .map_err(|error| not_kept(&error))?;
        }
        activation.activate(snapshot, Some(status(&bundle)));
        state.active = Some(active);
        drop(bundle);
        // Compiling took several times what the policy needs.
        aegis_heap::keep_nothing();
        Ok(())
    }

    /// Compiles the policy and runs the tests that travel with it.
    fn build(&self, bundle: &Bundle) -> Result<Snapshot, Rejection> {
        let policy = contents::policy(bundle.contents(), self.mode)?;
        let Active { number, digest } = bundle.active();
        let digest = digest.into();
        let invalid = |problems: Problems| refused("bundle.policy_invalid", &problems);
        let revision = Revision { number, digest };
        let tested = |bench: &Workbench| {
            bench
                .test(&policy.tables, &policy.module_tests)
                .map_err(|problems| refused("bundle.tests_failed", &problems))
        };
        let mut sources = policy.sources;
        if self.mode == Mode::Enforce {
            let bench = Workbench::build_as(&sources, revision).map_err(invalid)?;
            tested(&bench)?;
            return Ok(bench.into_snapshot());
        }
        // In shadow nothing would decide as the tests expect: they ask a copy that decides no traffic.
        sources.mode = Mode::Enforce;
        tested(Untried::build(&sources).map_err(invalid)?.bench())?;
        sources.mode = self.mode;
        Snapshot::build_as(&sources, revision).map_err(invalid)
    }

    /// Keys are read with every bundle: one that was added or taken away counts from now on.
    fn trust(&self) -> Result<Trust, Rejection> {
        trust(self.keys.as_deref(), self.scope.clone())
    }
}

fn trust(keys: Option<&[BundleKey]>, scope: Expected) -> Result<Trust, Rejection> {
    let (signature, keys) = match keys {
        None => (Signature::InsecureSkip, Vec::new()),
        Some(keys) => {
            let keys: Result<_, _> = keys.iter().map(trusted).collect();
            (Signature::Required, keys?)
        }
    };
    Ok(Trust {
        keys,
        signature,
        scope,
        limits: Limits::default(),
    })
}

fn expected(bundle: &BundleSettings, region: &str) -> Expected {
    Expected {
        tenants: bundle.tenants.clone(),
        region: region.to_owned(),
    }
}

/// Whether the same bytes should be offered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    Settled,
    /// Nothing is wrong with them that cannot pass.
    Again,
}

/// Whether what is taken is on disk already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    OnDisk,
    Already,
}

impl From<BundleError> for Rejection {
    fn from(error: BundleError) -> Self {
        Self {
            code: Some(error.code()),
            message: error.to_string(),
        }
    }
}

impl Rejection {
    /// Whether the same bytes will be refused for ever.
    fn is_final(&self) -> bool {
        !matches!(
            self.code,
            Some(
                // The clock may be put right, the disk get room, the keys be corrected.
                "bundle.not_yet_valid"
                    | "bundle.expired"
                    | "bundle.not_kept"
                    | "bundle.key_unusable"
                    | "bundle.untrusted_key"
                    | "bundle.signature_invalid"
            )
        )
    }

    fn about(self, what: &str) -> Self {
        Self {
            message: format!("{what}: {}", self.message),
            ..self
        }
    }
}

fn trusted(key: &BundleKey) -> Result<TrustedKey, Rejection> {
    let unusable = |error: &dyn std::fmt::Display| Rejection {
        code: Some("bundle.key_unusable"),
        message: format!("the key {}: {error}", key.file.display()),
    };
    let pem = fs::read_to_string(&key.file).map_err(|error| unusable(&error))?;
    let algorithm = match key.algorithm {
        KeyAlgorithm::EdDsa => Algorithm::EdDsa,
        KeyAlgorithm::Es256 => Algorithm::Es256,
        KeyAlgorithm::Rs256 => Algorithm::Rs256,
    };
    TrustedKey::from_pem(&key.id, algorithm, &pem).map_err(|error| unusable(&error))
}

fn status(bundle: &Bundle) -> BundleStatus {
    let manifest = &bundle.contents().manifest;
    let Active { number, digest } = bundle.active();
    BundleStatus {
        revision: manifest.revision.clone(),
        number,
        digest,
        signed_by: bundle.signed_by().map(str::to_owned),
        issued_at: manifest.aegis.issued_at,
        expires_at: manifest.aegis.expires_at,
    }
}

/// Never more than a bundle may have, whatever the file is.
fn read(file: &Path, limit: usize) -> Result<Vec<u8>, Rejection> {
    use std::io::Read;
    let unreadable = |error: std::io::Error| Rejection {
        code: Some("bundle.unreadable"),
        message: format!("{}: {error}", file.display()),
    };
    let open = fs::File::open(file).map_err(unreadable)?;
    let mut archive = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    open.take(most)
        .read_to_end(&mut archive)
        .map_err(unreadable)?;
    Ok(archive)
}

fn refused(code: &'static str, problems: &Problems) -> Rejection {
    Rejection {
        code: Some(code),
        message: problems.to_string(),
    }
}

fn last_good_unreadable(error: &std::io::Error) -> Rejection {
    Rejection {
        code: Some("bundle.last_good_unreadable"),
        message: error.to_string(),
    }
}

fn not_kept(error: &std::io::Error) -> Rejection {
    Rejection {
        code: Some("bundle.not_kept"),
        message: format!("the bundle is good and cannot be kept on disk: {error}"),
    }
}
