//! Settings of both planes: what is read has no mistakes, and every mistake has its place in the text and no secret in it.

use std::io;
use std::path::Path;

use aegis_config::{Lookup, Settings, control_plane};
use aegis_document::Problems;

/// The settings of a data plane, and then those of a control plane.
pub fn settings(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else {
        return false;
    };
    let base = Path::new("/etc/aegis");
    let data_plane = Settings::read(FILE, text, base, &Outside);
    let (examined, problems) = Settings::examine(FILE, text, base, &Outside);
    match &data_plane {
        Ok(settings) => {
            assert_eq!(examined.as_ref(), Some(settings));
            assert!(problems.is_empty());
        }
        Err(found) => assert_eq!(found, &problems),
    }
    let _ = Settings::policy_of(FILE, text, base, &Outside);
    let control_plane = control_plane::Settings::read(FILE, text, base, &Outside);
    for problems in data_plane
        .as_ref()
        .err()
        .into_iter()
        .chain(control_plane.as_ref().err())
    {
        are_told_well(problems, text);
    }
    data_plane.is_ok() || control_plane.is_ok()
}

fn are_told_well(problems: &Problems, text: &str) {
    assert!(!problems.is_empty());
    // In YAML a carriage return ends a line as well, and the end of the text stands behind the last.
    let lines = text.split(['\n', '\r']).count() + 1;
    for problem in problems {
        assert_eq!(problem.file, FILE);
        assert!(problem.line >= 1 && problem.line <= lines);
        assert!(problem.column >= 1);
        // Who writes it down instead of a reference to it may be shown a key that has it.
        assert!(text.contains(SECRET) || !problem.to_string().contains(SECRET));
    }
}

/// One variable and one file, which hold the same secret.
struct Outside;

impl Lookup for Outside {
    fn env(&self, name: &str) -> Option<String> {
        (name == "SECRET").then(|| SECRET.to_owned())
    }

    fn file(&self, path: &Path) -> io::Result<String> {
        if path.ends_with("secret") {
            Ok(SECRET.to_owned())
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    }
}

const FILE: &str = "aegis.yaml";
const SECRET: &str = "correct-horse-battery";
