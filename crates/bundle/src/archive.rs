//! Files to a gzipped tar archive and back, within limits; knows nothing of what the files mean.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use flate2::{Compression, GzBuilder, bufread::GzDecoder, write::GzEncoder};

use crate::error::BundleError;
use crate::path;

/// Contents by path, in the order of the archive.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// How much an archive may ask of whoever unpacks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the archive as it comes.
    pub archive_bytes: usize,
    /// Bytes of the archive unpacked, tar headers and padding included.
    pub unpacked_bytes: usize,
    /// Bytes of a single file.
    pub file_bytes: usize,
    pub entries: usize,
    /// How many times larger than itself the archive may unpack; the first MiB is free.
    pub ratio: usize,
}

/// 16 MiB packed, 64 MiB unpacked, 32 MiB for a file, 1,000 entries, 100 times.
impl Default for Limits {
    fn default() -> Self {
        Self {
            archive_bytes: 16 << 20,
            unpacked_bytes: 64 << 20,
            file_bytes: 32 << 20,
            entries: 1_000,
            ratio: 100,
        }
    }
}

/// The same files make the same bytes: sorted, with nothing of the machine or the time in them.
pub(crate) fn pack(files: &Files) -> io::Result<Vec<u8>> {
    let gzip: GzEncoder<Vec<u8>> = GzBuilder::new()
        .operating_system(UNKNOWN_SYSTEM)
        .write(Vec::new(), Compression::default());
    let mut tar = tar::Builder::new(gzip);
    for (path, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_path(path)?;
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_cksum();
        tar.append(&header, bytes.as_slice())?;
    }
    tar.into_inner()?.finish()
}

/// Everything in the archive, or the first fault in it. Memory stays within the limits whatever
/// the archive claims about itself.
pub(crate) fn unpack(archive: &[u8], limits: &Limits) -> Result<Files, BundleError> {
    let unpacked = inflate(archive, limits)?;
    let mut tar = tar::Archive::new(unpacked.as_slice());
    let mut files = Files::new();
    let mut spellings = BTreeSet::new();
    // Raw: extension headers come out as entries of their own, which are refused by their type.
    let entries = tar.entries().map_err(|_| BundleError::HeaderMalformed)?;
    for (index, entry) in entries.raw(true).enumerate() {
        if index >= limits.entries {
            let limit = limits.entries;
            return Err(BundleError::TooManyEntries { limit });
        }
        let entry = entry.map_err(|_| BundleError::HeaderMalformed)?;
        let (path, bytes) = read(entry, limits)?;
        if !spellings.insert(path.to_ascii_lowercase()) {
            return Err(BundleError::DuplicateFile { path });
        }
        files.insert(path, bytes);
    }
    check_end(tar.into_inner())?;
    Ok(files)
}

/// Only the header that `pack` and OPA write, since nothing in it is under the checksum: no name,
/// time or extra field, in which bytes could change unnoticed.
fn inflate(archive: &[u8], limits: &Limits) -> Result<Vec<u8>, BundleError> {
    if archive.len() > limits.archive_bytes {
        let limit = limits.archive_bytes;
        return Err(BundleError::ArchiveTooLarge { limit });
    }
    if !archive.starts_with(&GZIP_HEADER) {
        let cut = GZIP_HEADER.starts_with(archive);
        return Err(if cut {
            BundleError::Truncated
        } else {
            BundleError::NotGzip
        });
    }
    let inflated = archive.len().saturating_mul(limits.ratio).max(FREE_BYTES);
    let allowed = inflated.min(limits.unpacked_bytes);
    let mut decoder = GzDecoder::new(archive);
    let mut unpacked = Vec::new();
    let read = (&mut decoder)
        .take((allowed as u64).saturating_add(1))
        .read_to_end(&mut unpacked);
    match read {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(BundleError::Truncated),
        Err(_) => Err(BundleError::Corrupt),
        Ok(_) if unpacked.len() <= allowed => match decoder.into_inner() {
            [] => Ok(unpacked),
            _ => Err(BundleError::TrailingData),
        },
        Ok(_) if allowed == limits.unpacked_bytes => {
            Err(BundleError::UnpackedTooLarge { limit: allowed })
        }
        Ok(_) => Err(BundleError::RatioTooHigh {
            limit: limits.ratio,
        }),
    }
}

fn read<R: Read>(
    mut entry: tar::Entry<'_, R>,
    limits: &Limits,
) -> Result<(String, Vec<u8>), BundleError> {
    let path = String::from_utf8_lossy(&entry.header().path_bytes()).into_owned();
    if entry.header().entry_type() != tar::EntryType::Regular {
        return Err(BundleError::NotARegularFile { path });
    }
    path::classify(&path)?;
    let size = entry.size();
    if size > limits.file_bytes as u64 {
        let limit = limits.file_bytes;
        return Err(BundleError::FileTooLarge { path, limit });
    }
    let mut bytes = Vec::new();
    match entry.read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 == size => Ok((path, bytes)),
        _ => Err(BundleError::Truncated),
    }
}

/// The first of the two zero blocks that end an archive has been read if it was there.
fn check_end(rest: &[u8]) -> Result<(), BundleError> {
    if rest.iter().any(|byte| *byte != 0) {
        return Err(BundleError::TrailingData);
    }
    if rest.len() < BLOCK {
        return Err(BundleError::Truncated);
    }
    Ok(())
}

/// Deflate, no flags, no time, default effort, unknown system (RFC 1952, section 2.3.1).
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, UNKNOWN_SYSTEM];
const UNKNOWN_SYSTEM: u8 = 255;

const BLOCK: usize = 512;

/// Tar pads to whole blocks of zeros, so that small archives have high ratios without harm.
const FREE_BYTES: usize = 1 << 20;
