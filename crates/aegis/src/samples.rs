//! The policies that this binary brings along, and how they get into a directory. Never overwrites a user's edits.

use std::fs::{self, DirBuilder};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use aegis_config::{Mode, PolicySettings, PolicySource};
use anyhow::Context as _;

use crate::exit::{Exit, Failure};
use crate::output::{Style, note};

/// Files by name.
pub(crate) type Sample = [(&'static str, &'static str)];

/// Puts the sample where settings without a policy directory expect it, and says so: in shadow it
/// looks exactly like a policy that is enforced until somebody reads the log.
pub(crate) fn install(policy: &PolicySettings) -> Result<(), Failure> {
    let PolicySource::Sample(directory) = &policy.source else {
        return Ok(());
    };
    write(&FIRST, directory).map_err(|error| {
        let message = format!("{error:#}; to do without the sample, set policy.directory");
        Failure::new(Exit::Configuration, message)
    })?;
    let how = match policy.mode {
        Mode::Shadow => "IN SHADOW, nothing that it finds is enforced",
        Mode::Enforce => "and is enforced",
    };
    let place = directory.display();
    let text = format!(
        "NO POLICY OF YOUR OWN: the built-in sample in {place} is in force {how}; \
         to enforce yours, name their directory (policy.directory, or --policy of a run)"
    );
    note(Style::stderr().yellow(&text));
    Ok(())
}

/// Only what is not there yet: the user's own edits stay. Says whether something differs.
pub(crate) fn write(sample: &Sample, directory: &Path) -> anyhow::Result<bool> {
    // As the CA makes the data directory, if this is what comes first.
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory);
    made.with_context(|| format!("cannot create {}", directory.display()))?;
    let mut edited = false;
    for (name, text) in sample {
        let path = directory.join(name);
        let created =
            fs::File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        match created {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                edited |= fs::read_to_string(&path).map_or(true, |found| found != *text);
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot write {}", path.display()));
            }
        }
    }
    Ok(edited)
}

/// The one agent of the sample of a first installation, and its tenant.
pub(crate) const AGENT: (&str, &str) = ("agent", "local");

/// Of a first installation. All data stays in the one file that older versions wrote as well: an
/// entry in a second file beside an older first one would be there twice, which is a mistake.
pub(crate) const FIRST: [(&str, &str); 1] = [(
    "policy.yaml",
    include_str!("../../../policies/sample/policy.yaml"),
)];

/// Of `aegis demo`; one file of data for the same reason.
pub(crate) const DEMO: [(&str, &str); 3] = [
    (
        "policy.yaml",
        include_str!("../../../policies/demo/policy.yaml"),
    ),
    (
        "refunds.rego",
        include_str!("../../../policies/demo/refunds.rego"),
    ),
    (
        "refunds_test.rego",
        include_str!("../../../policies/demo/refunds_test.rego"),
    ),
];
