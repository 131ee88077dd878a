//! Whom policies know, and that what the binary brings along is good.

use super::*;
use aegis_config::Mode;

fn source(file: &str, text: &str) -> Source {
    Source {
        file: file.to_owned(),
        text: text.to_owned(),
    }
}

fn known(policy: &PolicySettings) -> Policy {
    read(policy, "eu").ok().flatten().expect("a good policy")
}

#[test]
fn the_sample_is_a_good_policy_in_shadow_with_one_agent_and_is_not_written_by_a_look() {
    let home = tempfile::tempdir().unwrap();
    let policy = PolicySettings::sample(home.path());
    let Policy { sources, snapshot } = known(&policy);
    let modes: Vec<_> = snapshot.modes().values().map(|mode| mode.policy).collect();
    assert_eq!(modes, [aegis_policy::Mode::Shadow]);
    assert_eq!(agents(&sources).len(), 1);
    assert!(!policy.source.directory().unwrap().exists());
}

#[test]
fn edits_of_the_sample_are_kept_and_looked_at() {
    let home = tempfile::tempdir().unwrap();
    let policy = PolicySettings::sample(home.path());
    samples::install(&policy).unwrap();
    let file = policy.source.directory().unwrap().join("policy.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        text.replace("agents: {agent: {}}", "agents: {mine: {}}"),
    )
    .unwrap();
    samples::install(&policy).unwrap();
    let known = agents(&known(&policy).sources);
    assert_eq!(known.keys().collect::<Vec<_>>(), ["mine"]);
}

/// Plain data in one file, which an older version wrote: nothing that is the same is put beside it.
#[test]
fn the_sample_of_an_older_version_stays_as_it_is_and_in_force() {
    let home = tempfile::tempdir().unwrap();
    let policy = PolicySettings::sample(home.path());
    let directory = policy.source.directory().unwrap();
    let older = include_str!("../../../policy/tests/sample/policy.yaml");
    std::fs::create_dir(directory).unwrap();
    std::fs::write(directory.join("policy.yaml"), older).unwrap();
    samples::install(&policy).unwrap();
    let known = agents(&known(&policy).sources);
    assert_eq!(known.keys().collect::<Vec<_>>(), ["agent"]);
    let files = std::fs::read_dir(directory).unwrap();
    assert_eq!(files.count(), 1);
    let now = std::fs::read_to_string(directory.join("policy.yaml")).unwrap();
    assert_eq!(now, older);
}

#[test]
fn a_directory_that_is_named_is_never_replaced_by_the_sample() {
    let named = PolicySettings {
        source: aegis_config::PolicySource::Directory("/nonexistent".into()),
        ..PolicySettings::default()
    };
    assert!(read(&named, "eu").is_err());
    samples::install(&named).unwrap();
    assert!(!Path::new("/nonexistent").exists());
    assert_eq!(named.mode, Mode::Enforce);
}

#[test]
fn agents_of_all_files_are_known_by_their_tenant_and_broken_files_know_nobody() {
    let data = vec![
        source("a.yaml", "aegis: {agents: {a: {tenant: t, profile: p}}}"),
        source("b.json", r#"{"aegis": {"agents": {"b": {"tenant": "u"}}}}"#),
        source("c.yaml", "a: b: c"),
        source("d.yaml", "own: 1"),
    ];
    let sources = Sources {
        modules: Vec::new(),
        data,
        mode: aegis_policy::Mode::Enforce,
    };
    let known = agents(&sources);
    let known: Vec<_> = known
        .iter()
        .map(|(a, t)| (a.as_str(), t.as_str()))
        .collect();
    assert_eq!(known, [("a", "t"), ("b", "u")]);
}
