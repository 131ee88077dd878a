//! The data directory where it is to blame: what cannot be made in it has many names, and nobody has written most of them.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use crate::exit::{Exit, Failure};

/// Made where it is not there yet, as the CA makes it.
pub(crate) fn make(directory: &Path) -> Result<(), Failure> {
    create(directory).map_err(|error| unusable(directory, &error))
}

/// The failure as it is, or with the directory named where nothing can be written to it. A directory
/// that needs nothing written is good as it is, so it is tried only after something has failed.
pub(crate) fn named(failure: Failure, directory: &Path) -> Failure {
    let is_below = failure
        .to_string()
        .contains(&directory.display().to_string());
    let tried = create(directory).and_then(|()| tempfile::tempfile_in(directory).map(drop));
    match tried {
        Err(error) if is_below => {
            let message = format!("{}: {failure}", words(directory, &error));
            Failure::new(Exit::Configuration, message)
        }
        _ => failure,
    }
}

fn create(directory: &Path) -> io::Result<()> {
    let mut made = DirBuilder::new();
    made.recursive(true).mode(0o700).create(directory)
}

fn unusable(directory: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Configuration, words(directory, error))
}

fn words(directory: &Path, error: &io::Error) -> String {
    format!(
        "data_dir {} cannot be written ({error})",
        directory.display()
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_what_fails_below_a_directory_that_cannot_be_written_is_its_fault() {
        let home = tempfile::tempdir().expect("a directory");
        let (good, bad) = (home.path().join("good"), home.path().join("bad"));
        fs::write(&bad, "a file").expect("written");
        let failure = |place: &Path| Failure::new(Exit::Failed, format!("{}/x", place.display()));
        for (directory, place, is_named) in [
            (&bad, &bad, true),
            (&bad, &good, false),
            (&good, &good, false),
        ] {
            let told = named(failure(place), directory);
            let wanted = format!("data_dir {} cannot be written", directory.display());
            assert_eq!(told.to_string().starts_with(&wanted), is_named, "{told}");
            assert_eq!(told.exit == Exit::Configuration, is_named, "{told}");
        }
        let told = make(&bad).expect_err("a file is there");
        assert!(told.to_string().contains("data_dir"), "{told}");
    }
}
