//! What a publication must look like before anything is made of it. Reads no policy.

use std::collections::BTreeSet;

use aegis_api::SourceFile;

use crate::error::Fault;

pub(crate) fn check_reason(reason: &str) -> Result<(), Fault> {
    let length = reason.chars().count();
    if reason.trim().is_empty() || length > MAX_REASON {
        return Err(Fault::Invalid(
            "`reason` must say why, in up to 1,000 characters".into(),
        ));
    }
    Ok(())
}

/// What a bundle could carry and a file system could hold, whatever the compiler makes of it.
pub(crate) fn check_files(files: &[SourceFile]) -> Result<(), Fault> {
    if files.is_empty() || files.len() > MAX_FILES {
        return Err(Fault::Invalid("`files` must have 1 to 1,000 files".into()));
    }
    let mut seen = BTreeSet::new();
    for SourceFile { path, .. } in files {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
        let hidden = path
            .split('/')
            .any(|part| part.is_empty() || part.starts_with('.'));
        if path.len() > MAX_PATH || hidden || !path.chars().all(plain) {
            return Err(Fault::Invalid(
                "a path must be relative, have up to 100 letters, digits and `._-/`, and no part \
                 of it may be empty or begin with a dot"
                    .into(),
            ));
        }
        if !seen.insert(path.to_ascii_lowercase()) {
            return Err(Fault::Invalid(
                "a file is there twice, or differs from another in letter case only".into(),
            ));
        }
    }
    Ok(())
}

const MAX_REASON: usize = 1_000;
const MAX_FILES: usize = 1_000;
const MAX_PATH: usize = 100;
