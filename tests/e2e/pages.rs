//! What the pages show is true: every policy and every settings file in them loads.

use std::fs;
use std::path::{Path, PathBuf};

use aegis_config::{Lookup, Settings};
use aegis_policy::{Mode, Snapshot, Source, Sources};

#[test]
fn every_policy_in_the_pages_loads() {
    let policies = blocks("yaml", "aegis:");
    assert!(
        policies.len() >= 2,
        "the README and the policy page show one each"
    );
    for (place, text) in policies {
        let data = vec![source(&place, text)];
        build(
            &Sources {
                modules: Vec::new(),
                data,
                mode: Mode::Enforce,
            },
            &place,
        );
    }
}

#[test]
fn every_module_in_the_pages_loads() {
    let modules = blocks("rego", "package aegis.ext");
    assert!(!modules.is_empty());
    // Tests of modules are no modules: the tests of `aegis-policy` run those.
    let is_test = |text: &str| text.contains("package aegis.ext_test");
    for (place, text) in modules.into_iter().filter(|(_, text)| !is_test(text)) {
        let modules = vec![source(&place, text)];
        build(
            &Sources {
                modules,
                data: Vec::new(),
                mode: Mode::Enforce,
            },
            &place,
        );
    }
}

#[test]
fn every_settings_file_in_the_pages_is_read() {
    let files = blocks("yaml", "region:");
    assert!(!files.is_empty());
    for (place, text) in files {
        let read = Settings::read(&place, &text, Path::new("/etc/aegis"), &Everything);
        if let Err(problems) = read {
            panic!("{place}: {problems}");
        }
    }
}

/// Whatever a page's example asks the environment for is there.
struct Everything;

impl Lookup for Everything {
    fn env(&self, _: &str) -> Option<String> {
        Some("a".repeat(64))
    }

    fn file(&self, _: &Path) -> std::io::Result<String> {
        Ok("a".repeat(64))
    }
}

fn build(sources: &Sources, place: &str) {
    if let Err(problems) = Snapshot::build(sources, 1) {
        panic!("{place}: {problems}");
    }
}

fn source(place: &str, text: String) -> Source {
    Source {
        file: place.to_owned(),
        text,
    }
}

/// The fenced blocks of a language that have a line which begins with `mark`.
fn blocks(language: &str, mark: &str) -> Vec<(String, String)> {
    let fence = format!("```{language}\n");
    let mut found = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        for (number, block) in text.split(&fence).skip(1).enumerate() {
            let (block, _) = block.split_once("\n```").expect("a fence is closed");
            if block.lines().any(|line| line.starts_with(mark)) {
                found.push((
                    format!("{} block {}", page.display(), number + 1),
                    block.to_owned(),
                ));
            }
        }
    }
    found
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let docs = fs::read_dir(root.join("docs")).expect("docs");
    let pages = docs.map(|entry| entry.expect("an entry").path());
    let is_page = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    pages
        .filter(is_page)
        .chain([root.join("README.md")])
        .collect()
}
