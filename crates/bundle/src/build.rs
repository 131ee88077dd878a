//! Contents to archive; makes nothing that `open` would refuse within its limits, writes no files.

use crate::archive::{self, Files};
use crate::error::BundleError;
use crate::files;
use crate::keys::Signer;
use crate::path::{self, DATA, Kind, MANIFEST, SIGNATURES};
use crate::roots;
use crate::token;
use crate::{Contents, File};

/// The archive of `contents`, signed if there is a signer.
///
/// Reproducible: the same contents and key make the same bytes, since both Ed25519 and RSA
/// PKCS #1 v1.5 are deterministic. ES256 is not, its nonce is random; the digest of the contents
/// ([`crate::Active::digest`]) is the same all the same.
///
/// The size is not limited here: the [`crate::Limits`] are those of whoever opens it.
pub fn build(contents: &Contents, signer: Option<&Signer>) -> Result<Vec<u8>, BundleError> {
    let manifest = &contents.manifest;
    let mut archive = Files::new();
    archive.insert(MANIFEST.to_owned(), manifest.write()?);
    roots::check_data(&contents.data, &manifest.roots)?;
    let data = serde_json::to_vec(&contents.data).map_err(|error| BundleError::JsonMalformed {
        path: DATA.to_owned(),
        problem: error.to_string(),
    })?;
    archive.insert(DATA.to_owned(), data);
    add(&mut archive, &contents.modules, Kind::Module)?;
    add(&mut archive, &contents.tests, Kind::Test)?;
    // In the archive, too: whoever hashes the bytes as they are gets the signed hashes.
    files::canonicalise(&mut archive)?;
    if let Some(signer) = signer {
        let scope = manifest.aegis.scope.to_string();
        let signatures = token::sign(files::listed(&archive), scope, signer)?;
        archive.insert(SIGNATURES.to_owned(), signatures);
    }
    archive::pack(&archive).map_err(|_| BundleError::WritingFailed)
}

fn add(archive: &mut Files, added: &[File], kind: Kind) -> Result<(), BundleError> {
    for File { path, text } in added {
        let path = path.clone();
        if path::classify(&path)? != kind {
            return Err(BundleError::UnknownFile { path });
        }
        if archive
            .keys()
            .any(|other| other.eq_ignore_ascii_case(&path))
        {
            return Err(BundleError::DuplicateFile { path });
        }
        archive.insert(path, text.clone().into_bytes());
    }
    Ok(())
}
