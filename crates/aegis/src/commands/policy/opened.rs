//! A policy that people look into: a directory of sources or a bundle, compiled, with its tests. Puts nothing in force.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use aegis_authoring::{Compiled, Files};
use aegis_bundle::{
    Active, Bundle, Contents, Expected, Layout, Limits, Region, Signature, Trust, claimed,
};
use aegis_document::Problems;
use aegis_policy::explain::Place;
use aegis_policy::suite::Suite;
use aegis_policy::{Mode, Source, Workbench};
use clap::Args;

use super::directory;
use super::key::KeyFile;
use crate::exit::{Exit, Failure};

/// Whose bundles are believed.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Believed {
    /// A public key that signatures of bundles count with
    #[arg(long = "key", value_name = "ID=ALGORITHM:FILE")]
    keys: Vec<KeyFile>,
    /// Do not look at the signatures of bundles
    #[arg(long, conflicts_with = "keys")]
    insecure_skip_signature: bool,
}

pub(crate) struct Opened {
    /// As the user named it.
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) compiled: Compiled,
    pub(crate) bench: Workbench,
    pub(crate) suite: Suite,
    pub(crate) files: Files,
    /// Of a bundle; its data has no author's place.
    bundle: Option<Active>,
}

impl Opened {
    /// An archive where it is a file, else a directory.
    pub(crate) fn read(path: &Path, believed: &Believed) -> Result<Self, Failure> {
        if path.is_file() {
            let bundle = open(path, believed)?;
            let files = files(bundle.contents())?;
            return Self::of(path, files, Some(bundle.active()));
        }
        Self::directory(path)
    }

    pub(crate) fn directory(path: &Path) -> Result<Self, Failure> {
        Self::of(path, directory::read(path)?, None)
    }

    fn of(name: &Path, files: Files, bundle: Option<Active>) -> Result<Self, Failure> {
        let name = name.display().to_string();
        Self::build(name, files, bundle, Mode::Enforce)
            .map_err(|problems| Failure::new(Exit::Configuration, problems))
    }

    fn build(
        name: String,
        files: Files,
        bundle: Option<Active>,
        mode: Mode,
    ) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let built = problems.take_from(aegis_authoring::bench(&files, mode));
        let suite = problems.take_from(Suite::read(&files.tests));
        let (Some((compiled, bench)), Some(suite)) = (built, suite) else {
            return Err(problems.sorted());
        };
        Ok(Self {
            name,
            mode,
            compiled,
            bench,
            suite,
            files,
            bundle,
        })
    }

    /// The same policy with every finding suspended, as a setting of the proxy can have it.
    pub(crate) fn in_shadow(&self) -> Result<Self, Failure> {
        let (name, files) = (self.name.clone(), self.files.clone());
        Self::build(name, files, self.bundle.clone(), Mode::Shadow)
            .map_err(|problems| Failure::new(Exit::Configuration, problems))
    }

    pub(crate) fn is_bundle(&self) -> bool {
        self.bundle.is_some()
    }

    /// By which records name this policy. SHA-256 in hex.
    pub(crate) fn digest(&self) -> &str {
        match &self.bundle {
            Some(bundle) => &bundle.digest,
            None => &self.bench.snapshot().revision().digest,
        }
    }

    /// That its publisher gave it.
    pub(crate) fn number(&self) -> Option<u64> {
        self.bundle.as_ref().map(|bundle| bundle.number)
    }

    /// Where its author wrote what is at `path` of the data; `found` is what the policy itself can
    /// tell of a module.
    pub(crate) fn place(&self, path: &[String], found: Option<&Place>) -> Option<Place> {
        if path.is_empty() {
            return found.cloned();
        }
        if self.is_bundle() {
            return None;
        }
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let origin = self.compiled.origin(&path)?;
        Some(Place {
            file: origin.file,
            line: origin.line,
            column: origin.column,
        })
    }
}

/// As what it claims to be, at the time for which it was made: this only looks into it.
fn open(path: &Path, believed: &Believed) -> Result<Bundle, Failure> {
    let refused = |error: &dyn std::fmt::Display| {
        Failure::new(Exit::Configuration, format!("{}: {error}", path.display()))
    };
    let signature = match (believed.insecure_skip_signature, &*believed.keys) {
        (true, _) => Signature::InsecureSkip,
        (false, []) => {
            let message = "a bundle needs --key ID=ALGORITHM:FILE, or --insecure-skip-signature";
            return Err(Failure::new(
                Exit::Usage,
                format!("{}: {message}", path.display()),
            ));
        }
        (false, _) => Signature::Required,
    };
    let keys = believed.keys.iter().map(KeyFile::trusted);
    let limits = Limits::default();
    let archive = read(path, limits.archive_bytes).map_err(|error| refused(&error))?;
    let metadata = claimed(&archive, &limits).map_err(|error| refused(&error))?;
    let trust = Trust {
        keys: keys.collect::<Result<_, _>>()?,
        signature,
        scope: Expected {
            tenants: metadata.scope.tenants,
            region: match metadata.scope.region {
                Region::Only(region) => region,
                Region::Any => String::new(),
            },
        },
        limits,
    };
    aegis_bundle::open(&archive, &trust, metadata.issued_at).map_err(|error| refused(&error))
}

/// The sources that went into it. What it carries for OPA alone is left out.
pub(super) fn files(contents: &Contents) -> Result<Files, Failure> {
    let mut data = contents.data.clone();
    data.remove(Layout::COMPILED);
    let text = serde_json::to_string_pretty(&data)
        .map_err(|error| Failure::new(Exit::Configuration, error))?;
    let mut files = Files {
        data: vec![Source {
            file: "data.json".to_owned(),
            text,
        }],
        ..Files::default()
    };
    let source = |file: &aegis_bundle::File| Source {
        file: file.path.clone(),
        text: file.text.clone(),
    };
    for module in &contents.modules {
        match Layout::of(&module.path) {
            Layout::Module => files.modules.push(source(module)),
            Layout::ModuleTest => files.module_tests.push(source(module)),
            Layout::Library | Layout::Unknown => {}
        }
    }
    files.tests = contents.tests.iter().map(source).collect();
    Ok(files)
}

/// Never more than a bundle may have, whatever the file is.
fn read(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let mut archive = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(most).read_to_end(&mut archive)?;
    Ok(archive)
}
