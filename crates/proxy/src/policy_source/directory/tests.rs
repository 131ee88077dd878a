use std::fs;

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
    let read = super::read(directory.path()).unwrap();
    let files = read.data.iter().chain(&read.modules);
    let files: Vec<&str> = files
        .map(|source| source.file.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(files, ["policy.yaml", "own.rego"]);
}
