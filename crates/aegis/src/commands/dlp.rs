//! `aegis dlp`: looks for sensitive data in files and pipes, with the rules of the proxy. Prints no value of what it finds.

mod body;
pub(crate) mod redact;
pub(crate) mod scan;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aegis_dlp::Scanner;
use aegis_policy::Mode;
use clap::Args;

use crate::commands::policy::directory;
use crate::exit::{Exit, Failure};

/// Where the text comes from.
#[derive(Debug, Args)]
struct Input {
    /// A file; standard input where none is named, or `-`
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

/// What is looked for.
#[derive(Debug, Args)]
struct Rules {
    /// Look also for what the detectors of this policy describe
    #[arg(long, value_name = "DIR")]
    policy: Option<PathBuf>,
}

impl Input {
    fn open(&self) -> Result<Box<dyn Read>, Failure> {
        if self.file == Path::new("-") {
            return Ok(Box::new(io::stdin().lock()));
        }
        let file = File::open(&self.file).map_err(|error| self.failure(&error))?;
        Ok(Box::new(file))
    }

    fn failure(&self, error: &io::Error) -> Failure {
        let file = self.file.display();
        Failure::new(Exit::Failed, format!("cannot read {file}: {error}"))
    }
}

impl Rules {
    fn scanner(&self) -> Result<Arc<Scanner>, Failure> {
        let Some(policy) = &self.policy else {
            return Scanner::standard().map_err(|error| Failure::new(Exit::Failed, error));
        };
        let files = directory::read(policy)?;
        let built = aegis_authoring::untried(&files, Mode::Enforce);
        let (_, policy) = built.map_err(|problems| Failure::new(Exit::Configuration, problems))?;
        Ok(Arc::clone(policy.bench().snapshot().scanner()))
    }
}
