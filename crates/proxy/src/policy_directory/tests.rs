use std::fs;

use aegis_policy::Mode;

/// Table tests live in one: data of a policy they are not.
#[test]
fn subdirectories_and_rego_tests_are_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str| fs::write(directory.path().join(name), "{}").unwrap();
    fs::create_dir(directory.path().join("tests")).unwrap();
    fs::create_dir(directory.path().join("looks-like-data.yaml")).unwrap();
    for name in [
        "policy.yaml",
        "own.rego",
        "own_test.rego",
        "tests/table.yaml",
    ] {
        write(name);
    }
    let sources = super::read(directory.path(), Mode::Enforce).unwrap();
    let files = sources.data.iter().chain(&sources.modules);
    let files: Vec<&str> = files
        .map(|source| source.file.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(files, ["policy.yaml", "own.rego"]);
}
