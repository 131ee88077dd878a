//! Bundle archives: what opens is within the limits and comes out again as it went in; no signature is ever made up.

use std::io::Write as _;

use aegis_bundle::{
    Algorithm, Expected, Limits, Signature, Trust, TrustedKey, build, claimed, open,
};
use flate2::{Compression, GzBuilder};
use jiff::Timestamp;

use crate::input::choice;

/// `0` and a gzipped tar archive, `1` and a tar archive, or `2` and files: a line `=== path` before each.
pub fn bundle(input: &[u8]) -> bool {
    let archive = match choice(input, 3) {
        Some((0, gzip)) => gzip.to_vec(),
        Some((1, tar)) => gzipped(&with_checksums(tar)),
        Some((_, files)) => gzipped(&packed(files)),
        None => return false,
    };
    let now = Timestamp::from_second(NOW).unwrap_or_default();
    let opened = open(&archive, &trust(Signature::InsecureSkip), now);
    let signed = open(&archive, &trust(Signature::Required), now);
    assert!(signed.is_err(), "the key that could sign it is thrown away");
    let Ok(bundle) = opened else {
        return false;
    };
    let contents = bundle.contents();
    assert_eq!(
        claimed(&archive, &LIMITS).ok().as_ref(),
        Some(&contents.manifest.aegis)
    );
    let texts = contents.modules.iter().chain(&contents.tests);
    let lengths: Vec<usize> = texts.map(|file| file.text.len()).collect();
    assert!(lengths.len() + 2 <= LIMITS.entries);
    assert!(lengths.iter().all(|length| *length <= LIMITS.file_bytes));
    assert!(lengths.iter().sum::<usize>() <= LIMITS.unpacked_bytes);
    assert_eq!(bundle.follows(Some(&bundle.active())).ok(), Some(()));
    let rebuilt = build(contents, None);
    assert!(rebuilt.is_ok(), "{:?}", rebuilt.err());
    let again = open(
        &rebuilt.unwrap_or_default(),
        &trust(Signature::InsecureSkip),
        now,
    );
    assert_eq!(again.ok().as_ref(), Some(&bundle));
    true
}

fn trust(signature: Signature) -> Trust {
    let key = TrustedKey::from_pem("key", Algorithm::EdDsa, PUBLIC_KEY);
    assert!(key.is_ok(), "{:?}", key.err());
    Trust {
        keys: key.into_iter().collect(),
        signature,
        scope: Expected {
            tenants: ["acme".to_owned()].into(),
            region: "eu-central-1".to_owned(),
        },
        limits: LIMITS,
    }
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new()
        .operating_system(255)
        .write(Vec::new(), Compression::new(2));
    // Writing to memory does not fail; if it did, the archive would be cut off and refused.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// The files of a text as a tar archive.
fn packed(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let mut tar = tar::Builder::new(Vec::new());
    for file in text.split("=== ").skip(1) {
        let (path, content) = file.split_once('\n').unwrap_or((file, ""));
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(content.len() as u64);
        // As it stands: the library would not write some of the names that are to be refused.
        let name = header.as_old_mut().name.iter_mut();
        name.zip(path.bytes())
            .for_each(|(place, byte)| *place = byte);
        header.set_cksum();
        let _ = tar.append(&header, content.as_bytes());
    }
    tar.into_inner().unwrap_or_default()
}

/// Right checksums in the headers of a tar archive, which stand where the sizes say.
fn with_checksums(tar: &[u8]) -> Vec<u8> {
    let mut right = tar.to_vec();
    let mut at = 0;
    while let Some(block) = right
        .get_mut(at..)
        .and_then(<[u8]>::first_chunk_mut::<BLOCK>)
    {
        if block.iter().all(|byte| *byte == 0) {
            break;
        }
        let header = tar::Header::from_byte_slice(block);
        let size = header.entry_size().unwrap_or_default();
        let mut header = header.clone();
        header.set_cksum();
        block.copy_from_slice(header.as_bytes());
        let blocks = usize::try_from(size).unwrap_or_default().div_ceil(BLOCK);
        at = at
            .saturating_add(BLOCK)
            .saturating_add(blocks.saturating_mul(BLOCK));
    }
    right
}

const LIMITS: Limits = Limits {
    archive_bytes: 16 << 10,
    unpacked_bytes: 64 << 10,
    file_bytes: 4 << 10,
    entries: 8,
    ratio: 100,
};

const BLOCK: usize = 512;

/// 21 November 2026, in seconds.
const NOW: i64 = 1_795_262_400;

const PUBLIC_KEY: &str = include_str!("key.pub");
