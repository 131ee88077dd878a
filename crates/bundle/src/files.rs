//! What a signature is over: the hash of each file as OPA takes it, and the digest of them all.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ring::digest::{Algorithm, SHA256, SHA384, SHA512, SHA512_256, digest};
use serde::{Deserialize, Serialize};

use crate::archive::Files;
use crate::error::BundleError;
use crate::json;
use crate::path::{self, Kind};

/// One line of the signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignedFile {
    pub(crate) name: String,
    pub(crate) hash: String,
    pub(crate) algorithm: String,
}

/// Brings the structured files into the text that their hashes are over; all others are hashed as
/// they are.
pub(crate) fn canonicalise(files: &mut Files) -> Result<(), BundleError> {
    for (path, bytes) in files {
        if path::classify(path).is_ok_and(Kind::structured) {
            *bytes = json::canonical(bytes).map_err(|problem| BundleError::JsonMalformed {
                path: path.clone(),
                problem,
            })?;
        }
    }
    Ok(())
}

pub(crate) fn listed(files: &Files) -> Vec<SignedFile> {
    let line = |(name, bytes): (&String, &Vec<u8>)| SignedFile {
        name: name.clone(),
        hash: hash(&SHA256, bytes),
        algorithm: "SHA-256".to_owned(),
    };
    files.iter().map(line).collect()
}

/// Every file signed and unchanged, and every signed file there.
pub(crate) fn check(files: &Files, signed: &[SignedFile]) -> Result<(), BundleError> {
    let mut rest: BTreeMap<&str, &SignedFile> = BTreeMap::new();
    for file in signed {
        if rest.insert(&file.name, file).is_some() {
            let problem = "it lists a file twice";
            return Err(BundleError::TokenMalformed { problem });
        }
    }
    for (path, bytes) in files {
        let path = path.clone();
        let Some(signed) = rest.remove(path.as_str()) else {
            return Err(BundleError::FileNotSigned { path });
        };
        let Some(algorithm) = strong(&signed.algorithm) else {
            return Err(BundleError::HashAlgorithm { path });
        };
        if !hash(algorithm, bytes).eq_ignore_ascii_case(&signed.hash) {
            return Err(BundleError::FileAltered { path });
        }
    }
    match rest.into_keys().next() {
        Some(path) => Err(BundleError::SignedFileMissing {
            path: path.to_owned(),
        }),
        None => Ok(()),
    }
}

/// The identity of the contents, whoever signed or compressed them: the hexadecimal SHA-256 of a
/// list of all files as `sha256sum` prints it.
pub(crate) fn overall(files: &Files) -> String {
    let mut list = String::new();
    for (path, bytes) in files {
        let _ = writeln!(list, "{}  {path}", hash(&SHA256, bytes));
    }
    hash(&SHA256, list.as_bytes())
}

/// OPA's names of the algorithms that are strong enough here.
fn strong(name: &str) -> Option<&'static Algorithm> {
    match name {
        "SHA-256" => Some(&SHA256),
        "SHA-384" => Some(&SHA384),
        "SHA-512" => Some(&SHA512),
        "SHA-512-256" => Some(&SHA512_256),
        _ => None,
    }
}

fn hash(algorithm: &'static Algorithm, bytes: &[u8]) -> String {
    hex::encode(digest(algorithm, bytes))
}
