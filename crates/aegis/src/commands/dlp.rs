//! `aegis dlp`: looks for sensitive data in files and pipes, with the rules of the proxy. Prints no value of what it finds.

mod body;
pub(crate) mod redact;
pub(crate) mod scan;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use aegis_dlp::Scanner;
use clap::Args;

use crate::exit::{Exit, Failure};

/// Where the text comes from.
#[derive(Debug, Args)]
struct Input {
    /// A file; standard input where none is named, or `-`
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
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

fn scanner() -> Result<Scanner, Failure> {
    Scanner::new().map_err(|error| Failure::new(Exit::Failed, error))
}
