//! `ID=ALGORITHM:FILE`: a key on the command line. Never shows what is in the file.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::str::FromStr;

use aegis_bundle::{Algorithm, Signer, TrustedKey};
use zeroize::Zeroizing;

use crate::exit::{Exit, Failure};

/// Which key, for which algorithm alone, and where its PEM is.
#[derive(Clone, Debug)]
pub(crate) struct KeyFile {
    id: String,
    algorithm: Algorithm,
    file: PathBuf,
}

impl KeyFile {
    /// The private half. Nobody but its owner may be able to read it.
    pub(crate) fn signer(&self) -> Result<Signer, Failure> {
        let mut file = File::open(&self.file).map_err(|error| self.unreadable(&error))?;
        let mode = file
            .metadata()
            .map_err(|error| self.unreadable(&error))?
            .mode();
        if mode & OTHERS != 0 {
            let message = "it may be used by others than its owner; chmod 600 it";
            return Err(self.unusable(message));
        }
        let mut pem = Zeroizing::new(String::new());
        file.read_to_string(&mut pem)
            .map_err(|error| self.unreadable(&error))?;
        Signer::from_pem(&self.id, self.algorithm, &pem).map_err(|error| self.unusable(error))
    }

    /// The public half.
    pub(crate) fn trusted(&self) -> Result<TrustedKey, Failure> {
        let pem = std::fs::read_to_string(&self.file).map_err(|error| self.unreadable(&error))?;
        TrustedKey::from_pem(&self.id, self.algorithm, &pem).map_err(|error| self.unusable(error))
    }

    fn unreadable(&self, error: &io::Error) -> Failure {
        self.unusable(error)
    }

    fn unusable(&self, error: impl std::fmt::Display) -> Failure {
        let message = format!("the key {}: {error}", self.file.display());
        Failure::new(Exit::Configuration, message)
    }
}

impl FromStr for KeyFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = "a key is written ID=ALGORITHM:FILE";
        let (id, rest) = text.split_once('=').ok_or(shape)?;
        let (algorithm, file) = rest.split_once(':').ok_or(shape)?;
        if id.is_empty() || file.is_empty() {
            return Err(shape.to_owned());
        }
        let algorithm: Algorithm = algorithm
            .parse()
            .map_err(|error: aegis_bundle::KeyError| error.to_string())?;
        Ok(Self {
            id: id.to_owned(),
            algorithm,
            file: file.into(),
        })
    }
}

const OTHERS: u32 = 0o077;
