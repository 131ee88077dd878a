//! The directory of policy sources that a command names: what a proxy reads of it, and the tests. Judges nothing.

use std::path::Path;

use aegis_authoring::Files;
use aegis_policy::Source;

use crate::exit::{Exit, Failure};

/// The policy in this directory and all below it.
pub(crate) fn read(directory: &Path) -> Result<Files, Failure> {
    let files = Files::sort(texts(directory)?);
    if files.data.is_empty() && files.modules.is_empty() {
        return Err(unreadable(&format!(
            "{}: nothing but tests",
            directory.display()
        )));
    }
    Ok(files)
}

/// Each file by its path from the directory on.
pub(crate) fn texts(directory: &Path) -> Result<Vec<Source>, Failure> {
    aegis_proxy::policy_texts(directory).map_err(|error| unreadable(&error.to_string()))
}

fn unreadable(why: &str) -> Failure {
    Failure::new(
        Exit::Configuration,
        format!("cannot read the policy directory: {why}"),
    )
}
