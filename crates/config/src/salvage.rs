//! What a settings file with mistakes still says about its policies, so that they can be checked as well.

use std::path::Path;

use aegis_document::Document;
use serde::de::IgnoredAny;

use crate::expand::{Lookup, expand};
use crate::mirror;
use crate::sections::{Mode, PolicySettings, PolicySource};

/// `None` where a directory is written and cannot be read; a mode that cannot be read is the default.
pub(crate) fn policy(
    document: &Document,
    base: &Path,
    lookup: &dyn Lookup,
) -> Option<PolicySettings> {
    let text = |path: &[&str]| {
        let text = document.read_at::<String>(path).ok()?;
        expand(&text, base, lookup)
            .ok()
            .map(|new| new.unwrap_or(text))
    };
    let is_written = |path: &[&str]| document.read_at::<IgnoredAny>(path).is_ok();
    let directory = ["policy", "directory"];
    let mut policy = if is_written(&directory) {
        PolicySettings {
            source: PolicySource::Directory(base.join(text(&directory)?)),
            ..PolicySettings::default()
        }
    } else if is_written(&["policy", "bundle"]) {
        return None;
    } else {
        let data_dir = text(&["data_dir"]).unwrap_or_else(|| "data".to_owned());
        PolicySettings::sample(&base.join(data_dir))
    };
    match document.read_at(&["policy", "mode"]) {
        Ok(mirror::Mode::Enforce) => policy.mode = Mode::Enforce,
        Ok(mirror::Mode::Shadow) => policy.mode = Mode::Shadow,
        Err(_) => {}
    }
    Some(policy)
}
