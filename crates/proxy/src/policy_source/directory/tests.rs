use std::fs;
use std::os::unix::fs::symlink;

use super::*;

fn written(names: &[&str]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for name in names {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "{}").unwrap();
    }
    directory
}

fn names(sources: &[Source]) -> Vec<&str> {
    sources.iter().map(|source| &*source.file).collect()
}

#[test]
fn a_policy_is_everything_below_its_directory_but_tests_and_what_is_hidden() {
    let directory = written(&[
        "policy.yaml",
        "own.rego",
        "own_test.rego",
        "README.md",
        "tests/table.yaml",
        "teams.yaml/finance.json",
        "teams.yaml/rules/refunds.rego",
        ".git/config.yaml",
        "lost+found/x.yaml",
    ]);
    let files = read(directory.path()).unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    assert_eq!(
        names(&files.data),
        [path("policy.yaml"), path("teams.yaml/finance.json")]
    );
    assert_eq!(
        names(&files.modules),
        [path("own.rego"), path("teams.yaml/rules/refunds.rego")]
    );
    let texts = texts(directory.path()).unwrap();
    assert!(names(&texts).contains(&"tests/table.yaml"));
}

#[test]
fn all_files_of_a_mounted_volume_are_of_one_version() {
    let directory = written(&["..v1/policy.yaml", "..v2/policy.yaml", "..v2/own.rego"]);
    symlink("..v2", directory.path().join("..data")).unwrap();
    for name in ["policy.yaml", "own.rego"] {
        let target = format!("..data/{name}");
        symlink(target, directory.path().join(name)).unwrap();
    }
    let texts = texts(directory.path()).unwrap();
    assert_eq!(names(&texts), ["own.rego", "policy.yaml"]);
}

#[test]
fn what_would_be_part_of_it_and_cannot_be_read_is_an_error_with_its_name() {
    for (name, target) in [
        ("gone.rego", "nowhere"),
        ("rules", "teams"),
        ("x.yaml", "/dev/null"),
    ] {
        let directory = written(&["policy.yaml", "teams/finance.yaml"]);
        symlink(target, directory.path().join(name)).unwrap();
        let error = read(directory.path()).map(drop).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn nobody_means_a_policy_of_nothing() {
    for names in [&["README.md"][..], &["tests/table.yaml", "own_test.rego"]] {
        assert!(read(written(names).path()).is_err());
    }
}
