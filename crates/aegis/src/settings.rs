//! Reads the settings file for every command that takes one. Opens nothing that the file names.

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use aegis_config::{PolicySettings, Settings, System, control_plane};

use crate::exit::{Exit, Failure};

/// The settings, or every mistake in the file with its place.
pub(crate) fn read(file: &Path) -> Result<Settings, Failure> {
    let text = text(file)?;
    parse(file, &text).map_err(|problems| Failure::new(Exit::Configuration, problems))
}

/// The same of a control plane's settings.
pub(crate) fn read_control_plane(file: &Path) -> Result<control_plane::Settings, Failure> {
    let text = text(file)?;
    let name = file.display().to_string();
    control_plane::Settings::read(&name, &text, directory_of(file), &System)
        .map_err(|problems| Failure::new(Exit::Configuration, problems))
}

pub(crate) fn text(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| {
        let message = format!("cannot read the settings file {}: {error}", file.display());
        Failure::new(Exit::Configuration, message)
    })
}

pub(crate) fn parse(file: &Path, text: &str) -> Result<Settings, aegis_document::Problems> {
    Settings::read(
        &file.display().to_string(),
        text,
        directory_of(file),
        &System,
    )
}

/// As far as the file can be read, and its mistakes: for those who list them.
pub(crate) fn examine(file: &Path, text: &str) -> (Option<Settings>, aegis_document::Problems) {
    let name = file.display().to_string();
    Settings::examine(&name, text, directory_of(file), &System)
}

/// Which policies a file with mistakes means, as far as it says it.
pub(crate) fn policy_of(file: &Path, text: &str) -> Option<PolicySettings> {
    let name = file.display().to_string();
    Settings::policy_of(&name, text, directory_of(file), &System)
}

fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// `NAME` below the user's data directory (XDG base directories).
pub(crate) fn user_data(name: &str) -> Result<PathBuf, Failure> {
    let set = |variable| std::env::var_os(variable).filter(|value| !value.is_empty());
    let home = || set("HOME").map(|home| Path::new(&home).join(".local/share"));
    let base = set("XDG_DATA_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    base.or_else(home)
        .map(|base| base.join(name))
        .ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                "there is no home directory to keep data in: give --data-dir",
            )
        })
}
