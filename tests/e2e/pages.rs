//! What the pages show is true: every policy and every settings file in them loads.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aegis_authoring::Files;
use aegis_config::{Lookup, Settings};
use aegis_policy::{Mode, Source};

#[test]
fn every_policy_in_the_pages_loads() {
    for (mark, least) in [("apiVersion:", 2), ("aegis:", 1)] {
        let policies = blocks("yaml", mark);
        assert!(policies.len() >= least, "{mark} in {}", policies.len());
        for (place, text) in policies {
            check(&Files {
                data: vec![source(&place, text)],
                ..Files::default()
            });
        }
    }
}

#[test]
fn every_module_in_the_pages_loads() {
    let modules = blocks("rego", "package aegis.ext");
    assert!(!modules.is_empty());
    // Tests of modules are no modules: the tests of `aegis-policy` run those.
    let is_test = |text: &str| text.contains("package aegis.ext_test");
    for (place, text) in modules.into_iter().filter(|(_, text)| !is_test(text)) {
        check(&Files {
            modules: vec![source(&place, text)],
            ..Files::default()
        });
    }
}

/// A code that nobody explains would help nobody, and neither would one that is never told.
#[test]
fn the_page_of_bundles_has_every_code_and_no_other() {
    let page = fs::read_to_string(root().join("docs/bundles.md")).expect("the page");
    let (_, table) = page.split_once("\n| code |").expect("the table");
    let cells = table.lines().filter_map(|row| row.split('|').nth(1));
    let told = cells.flat_map(|cell| codes(cell, '`'));
    let mut explained: Vec<String> = told.collect();
    explained.sort();
    let mut known = BTreeSet::new();
    for folder in ["crates/bundle/src", "crates/proxy/src/policy_source"] {
        for file in sources_below(&root().join(folder)) {
            known.extend(codes(&fs::read_to_string(file).expect("a source"), '"'));
        }
    }
    assert!(known.len() > 40, "{known:?}");
    assert_eq!(explained, known.into_iter().collect::<Vec<_>>());
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

fn check(files: &Files) {
    if let Err(problems) = aegis_authoring::check(files, Mode::Enforce, 1) {
        panic!("{problems}");
    }
}

/// The codes of bundles between two such quotes.
fn codes(text: &str, quote: char) -> impl Iterator<Item = String> {
    let quoted = text.split(quote);
    let codes = quoted.filter(|word| {
        let name = word.strip_prefix("bundle.").unwrap_or_default();
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
    });
    codes.map(str::to_owned)
}

fn sources_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources_below(&path));
        } else {
            found.push(path);
        }
    }
    found
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
    let docs = fs::read_dir(root().join("docs")).expect("docs");
    let pages = docs.map(|entry| entry.expect("an entry").path());
    let is_page = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    pages
        .filter(is_page)
        .chain([root().join("README.md")])
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
