//! From sources and a key to a bundle that a data plane takes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{aegis, code, err, names, out, path, write};
use crate::policy::{TESTS, policy};

#[test]
fn the_same_policy_and_time_make_the_same_bytes_which_a_data_plane_opens() {
    let home = policy();
    new_key(&home, "EdDSA");
    let said = build(
        &home,
        "a.tar.gz",
        &[
            "--key",
            &key(&home, "EdDSA", "pem"),
            "--issued-at",
            "2026-01-01T00:00:00Z",
        ],
    );
    assert_eq!(code(&said), 0, "{}", err(&said));
    let again = build(
        &home,
        "b.tar.gz",
        &[
            "--key",
            &key(&home, "EdDSA", "pem"),
            "--issued-at",
            "2026-01-01T00:00:00Z",
        ],
    );
    assert_eq!(code(&again), 0, "{}", err(&again));
    let bytes = |name: &str| fs::read(home.path().join("out").join(name)).expect("a bundle");
    assert!(bytes("a.tar.gz") == bytes("b.tar.gz"));
    let said = validate(&home, "a.tar.gz", "EdDSA");
    assert_eq!(code(&said), 0, "{}", err(&said));
}

#[test]
fn es256_is_taken_too_and_a_bundle_of_another_tenant_is_not() {
    let home = policy();
    new_key(&home, "ES256");
    let said = build(
        &home,
        "a.tar.gz",
        &[
            "--key",
            &key(&home, "ES256", "pem"),
            "--expires",
            "30d",
            "--output",
            "json",
        ],
    );
    assert_eq!(code(&said), 0, "{}", err(&said));
    let told: Value = serde_json::from_str(&out(&said)).expect("JSON");
    assert_eq!(
        (&told["number"], &told["key"]),
        (&7.into(), &"release".into())
    );
    assert!(told["expires_at"].is_string() && told["digest"].is_string());
    assert_eq!(code(&validate(&home, "a.tar.gz", "ES256")), 0);
    let refused = validate(&home, "a.tar.gz", "EdDSA");
    assert_eq!(code(&refused), 78, "{}", err(&refused));
    let other = build(&home, "b.tar.gz", &["--unsigned", "--tenant", "globex"]);
    assert_eq!(code(&other), 78);
    assert!(err(&other).contains("`globex`"), "{}", err(&other));
}

#[test]
fn a_policy_that_fails_its_tests_is_not_built_and_what_was_there_stays() {
    let home = policy();
    assert_eq!(code(&build(&home, "a.tar.gz", &["--unsigned"])), 0);
    let before = fs::read(home.path().join("out/a.tar.gz")).expect("a bundle");
    write(
        &home,
        "tests/a.yaml",
        &TESTS.replace("outcome: allow", "outcome: deny"),
    );
    let said = build(&home, "a.tar.gz", &["--unsigned"]);
    assert_eq!(code(&said), 1);
    assert!(out(&said).contains("tests/a.yaml:2:"), "{}", out(&said));
    assert!(fs::read(home.path().join("out/a.tar.gz")).expect("a bundle") == before);
    assert_eq!(
        names(&home.path().join("out")).len(),
        1,
        "nothing half-written stays"
    );
}

#[test]
fn a_private_key_that_others_may_read_is_refused() {
    let home = policy();
    new_key(&home, "EdDSA");
    let file = home.path().join("keys/release.pem");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("set");
    let said = build(&home, "a.tar.gz", &["--key", &key(&home, "EdDSA", "pem")]);
    assert_eq!(code(&said), 78);
    assert!(err(&said).contains("chmod 600"), "{}", err(&said));
}

#[test]
fn a_bundle_is_signed_or_said_not_to_be() {
    let home = policy();
    assert_eq!(code(&build(&home, "a.tar.gz", &[])), 2);
    let both = ["--unsigned", "--key", "a=EdDSA:b"];
    assert_eq!(code(&build(&home, "a.tar.gz", &both)), 2);
}

#[test]
fn a_key_pair_is_made_for_the_owner_alone_and_never_overwritten() {
    let home = policy();
    let said = new_key(&home, "EdDSA");
    assert!(out(&said).contains("/release.pub"), "{}", out(&said));
    assert!(!out(&said).contains("PRIVATE") && !err(&said).contains("BEGIN"));
    let file = home.path().join("keys/release.pem");
    let mode = fs::metadata(&file).expect("a key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = fs::read(&file).expect("a key");
    assert_eq!(code(&keys_new(&home, "EdDSA")), 1);
    assert!(fs::read(&file).expect("a key") == before);
}

fn new_key(home: &TempDir, algorithm: &str) -> Output {
    let said = keys_new(home, algorithm);
    assert_eq!(code(&said), 0, "{}", err(&said));
    said
}

fn keys_new(home: &TempDir, algorithm: &str) -> Output {
    let keys = path(&home.path().join("keys"));
    aegis(&[
        "policy",
        "keys",
        "new",
        "--id",
        "release",
        "--algorithm",
        algorithm,
        "--out",
        &keys,
    ])
}

fn key(home: &TempDir, algorithm: &str, end: &str) -> String {
    format!(
        "release={algorithm}:{}/keys/release.{end}",
        path(home.path())
    )
}

fn build(home: &TempDir, name: &str, more: &[&str]) -> Output {
    let directory = path(home.path());
    fs::create_dir_all(home.path().join("out")).expect("a directory");
    let file = path(&home.path().join("out").join(name));
    let words = [
        "policy",
        "build",
        &directory,
        "-o",
        &file,
        "--number",
        "7",
        "--tenant",
        "acme",
        "--region",
        "eu-central-1",
    ];
    aegis(&[&words, more].concat())
}

/// As a data plane of eu-central-1 would take it.
fn validate(home: &TempDir, bundle: &str, algorithm: &str) -> Output {
    let root = path(home.path());
    let settings = format!(
        "region: eu-central-1\npolicy:\n  bundle:\n    file: {root}/out/{bundle}\n    tenants: [acme]\n    keys: [{{id: release, algorithm: {algorithm}, file: {root}/keys/release.pub}}]\n"
    );
    let config = write(home, ".settings/aegis.yaml", &settings);
    aegis(&["validate", "--config", &config])
}
