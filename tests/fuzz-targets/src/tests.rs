//! Every seed and everything that fuzzing has found, through the same functions on the stable toolchain.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::TARGETS;

/// The names of refused ones say so; a target that accepts nothing promises nothing.
#[test]
fn what_must_hold_holds_for_every_seed() {
    let mut wrong = Vec::new();
    for (name, target) in TARGETS {
        let mut accepted = 0;
        for path in seeds(name) {
            let input = fs::read(&path).expect("a seed");
            let file = path.file_name().expect("a name").to_string_lossy();
            let is_accepted = target(&input);
            accepted += usize::from(is_accepted);
            if is_accepted == file.starts_with("refused") {
                wrong.push(path);
            }
        }
        assert!(accepted > 0, "{name}");
    }
    assert!(wrong.is_empty(), "otherwise than named: {wrong:?}");
}

#[test]
fn every_target_has_a_program_and_every_program_a_target() {
    let programs = names(&fuzz().join("fuzz_targets"));
    let targets: BTreeSet<String> = TARGETS
        .iter()
        .map(|(name, _)| format!("{name}.rs"))
        .collect();
    assert_eq!(programs, targets);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).expect("a manifest");
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}

fn seeds(target: &str) -> Vec<PathBuf> {
    let folder = fuzz().join("seeds").join(target);
    let names = names(&folder);
    names.iter().map(|name| folder.join(name)).collect()
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}
