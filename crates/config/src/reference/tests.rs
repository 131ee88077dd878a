//! The reference page against the code: its keys, its defaults and its examples.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use aegis_document::Problems;

use super::{Fallback, Key};
use crate::{Lookup, Settings};

pub(crate) const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// Stands in a key for a name that the operator chooses.
const CHOSEN: &str = "NAME";

/// An environment without variables and files.
pub(crate) struct Nothing;

impl Lookup for Nothing {
    fn env(&self, _: &str) -> Option<String> {
        None
    }

    fn file(&self, _: &Path) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn read(text: &str) -> Result<Settings, Problems> {
    Settings::read("a.yaml", text, Path::new("/etc/aegis"), &Nothing)
}

/// Sound content for a key that has no literal default.
fn example(path: &str) -> String {
    match path.rsplit('.').next().unwrap() {
        "secret_sha256" => HASH.to_owned(),
        "otlp_endpoint" => "http://127.0.0.1:4318".to_owned(),
        "client_ca" | "ca_file" | "client_certificate" | "file" | "directory" => {
            "some.file".to_owned()
        }
        "mode" => "shadow".to_owned(),
        "region" | "id" | "tenant" | "agent" => "some-name".to_owned(),
        "tenants" => "[some-name]".to_owned(),
        "algorithm" => "EdDSA".to_owned(),
        "signature" => "required".to_owned(),
        "url" => "https://control.example:8181".to_owned(),
        "token" => "some-token".to_owned(),
        "authorization" => "Bearer some-token".to_owned(),
        "key_file" => "chain.key".to_owned(),
        "upload_decisions" => "false".to_owned(),
        "upstream" => "https://api.example/v1".to_owned(),
        "send_as" => "x-api-key".to_owned(),
        "env" => "SOME_NAME".to_owned(),
        "command" => "[some, program]".to_owned(),
        "access_key_id" | "secret_access_key" | "session_token" => "{env: SOME_NAME}".to_owned(),
        other => panic!("the test knows no example for `{other}`"),
    }
}

/// A settings file of one value for each of these keys.
pub(crate) fn file_of<'a>(keys: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut sections: BTreeMap<&str, Vec<(&str, String)>> = BTreeMap::new();
    let mut parts = Vec::new();
    for (path, value) in keys {
        match path.split_once('.') {
            Some((section, rest)) => sections.entry(section).or_default().push((rest, value)),
            None => parts.push(format!("{path}: {value}")),
        }
    }
    for (section, keys) in sections {
        let inner = file_of(keys);
        let section = section.replace(CHOSEN, "some-name");
        parts.push(match section.strip_suffix("[]") {
            Some(list) => format!("{list}: [{inner}]"),
            None => format!("{section}: {inner}"),
        });
    }
    format!("{{{}}}", parts.join(", "))
}

pub(crate) fn default_of(key: &Key) -> Option<(&'static str, String)> {
    match &key.default {
        Fallback::Literal(text) => Some((key.path, text.clone())),
        _ => None,
    }
}

#[test]
fn a_file_of_all_documented_defaults_changes_nothing() {
    let keys = Settings::reference();
    // Writing anything below these switches something on: they are compared on their own.
    let defaults = || keys.iter().filter_map(default_of);
    let (gateway, others): (Vec<_>, Vec<_>) =
        defaults().partition(|(path, _)| path.starts_with("gateway."));
    let (tls, others): (Vec<_>, Vec<_>) = others
        .into_iter()
        .partition(|(path, _)| path.starts_with("listen.tls."));
    let (detector, others): (Vec<_>, Vec<_>) = others
        .into_iter()
        .partition(|(path, _)| path.starts_with("dlp.detector."));
    let region = ("region", "eu".to_owned());
    let text = file_of(others.into_iter().chain([region.clone()]));
    assert_eq!(read(&text).unwrap(), read("region: eu").unwrap());

    assert!(!tls.is_empty());
    let text = file_of(tls.into_iter().chain([region.clone()]));
    assert_eq!(
        read(&text).unwrap(),
        read("{region: eu, listen: {tls: {}}}").unwrap()
    );

    assert_eq!(detector.len(), 4);
    let url = ("dlp.detector.url", example("url"));
    let text = file_of(detector.into_iter().chain([region.clone(), url.clone()]));
    let alone = file_of([region.clone(), url]);
    assert_eq!(read(&text).unwrap(), read(&alone).unwrap());

    assert_eq!(gateway.len(), 5);
    // A key by command, then a signature.
    for left_out in [
        &["sigv4", "key.file", "key.env"][..],
        &["credential.key", "send_as"],
    ] {
        let belongs = |path: &&str| !left_out.iter().any(|part| path.contains(part));
        let needed = keys.iter().filter(|key| key.path.starts_with("gateway."));
        let needed = needed
            .filter(|key| default_of(key).is_none() && belongs(&key.path))
            .map(|key| (key.path, example(key.path)));
        let needed: Vec<_> = needed.chain([region.clone()]).collect();
        let defaults = gateway.iter().filter(|(path, _)| belongs(path)).cloned();
        let written = read(&file_of(needed.iter().cloned().chain(defaults)));
        assert_eq!(written.unwrap(), read(&file_of(needed)).unwrap());
    }
}

#[test]
fn every_documented_key_is_accepted() {
    let keys = Settings::reference();
    // The two proofs of a credential exclude each other, so do the two places of policies, the
    // three places of a key, and a key and a signature.
    let excluded = [
        "identity.credentials[].certificate_sha256",
        "policy.directory",
        "gateway.services.NAME.credential.key.file",
        "gateway.services.NAME.credential.key.env",
    ];
    let text = |alternative: &str| {
        let keys = keys
            .iter()
            .filter(|key| !excluded.contains(&key.path) && !key.path.contains(alternative));
        file_of(keys.map(|key| default_of(key).unwrap_or_else(|| (key.path, example(key.path)))))
    };
    let with_key = text(".sigv4.");
    read(&with_key).unwrap();
    read(&with_key.replace("secret_sha256", "certificate_sha256")).unwrap();
    for other in ["file: some.file", "env: SOME_NAME"] {
        let command = "command: [some, program], timeout: 10s, cache: 5m";
        assert!(with_key.contains(command), "{with_key}");
        read(&with_key.replace(command, other)).unwrap();
    }
    let signed = text(".credential.key.").replace("send_as: x-api-key, ", "");
    read(&signed).unwrap();
}

/// A wrong key in each section makes the reader list the keys it knows there.
#[test]
fn the_reader_knows_the_documented_keys_and_no_others() {
    assert_known(&Settings::reference(), |text| read(text).unwrap_err());
}

pub(crate) fn assert_known(keys: &[Key], complaints: impl Fn(&str) -> Problems) {
    let mut sections: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for key in keys {
        let mut path = key.path;
        while let Some((section, name)) = path.rsplit_once('.') {
            sections
                .entry(section)
                .or_default()
                .insert(name.trim_end_matches("[]"));
            path = section;
        }
        let name = path.trim_end_matches("[]");
        sections.entry("").or_default().insert(name);
    }
    for (section, documented) in sections {
        // Any name is known there.
        if documented.contains(CHOSEN) {
            continue;
        }
        let wrong = if section.is_empty() {
            "wrong-key"
        } else {
            &format!("{section}.wrong-key")
        };
        let problems = complaints(&file_of([(wrong, "1".to_owned())]));
        let problem = problems
            .iter()
            .find(|problem| problem.message == "unknown key `wrong-key`");
        let hint = problem.and_then(|problem| problem.hint.as_deref()).unwrap();
        let known: BTreeSet<_> = hint.split('`').skip(1).step_by(2).collect();
        assert_eq!(known, documented, "in section `{section}`");
    }
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_page_has_exactly_the_table_that_the_code_makes() {
    let head = [
        "| Key | Written as | Default | Meaning |",
        "|---|---|---|---|",
    ];
    let rows: Vec<_> = Settings::reference()
        .iter()
        .map(ToString::to_string)
        .collect();
    let table = [&head.map(str::to_owned), rows.as_slice()]
        .concat()
        .join("\n");
    let page = page();
    let committed: Vec<_> = page.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(
        committed.join("\n"),
        table,
        "put this into docs/configuration.md:\n{table}"
    );
}

#[test]
fn every_example_of_the_page_is_a_sound_settings_file() {
    let page = page();
    let examples = page
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let mut count = 0;
    for example in examples {
        read(example).unwrap_or_else(|problems| panic!("{problems}\n{example}"));
        count += 1;
    }
    assert!(count >= 2, "the page shows examples");
}
