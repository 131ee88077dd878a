//! SHA-256 as an array, by which things are looked up and compared.

use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN};

pub(crate) type Digest = [u8; SHA256_OUTPUT_LEN];

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    of_parts(|add| add(bytes))
}

/// Of what `parts` adds, one after another.
pub(crate) fn of_parts(parts: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Digest {
    let mut context = Context::new(&SHA256);
    parts(&mut |part| context.update(part));
    let mut digest = Digest::default();
    digest.copy_from_slice(context.finish().as_ref());
    digest
}
