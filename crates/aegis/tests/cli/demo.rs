//! The demo is a test of the whole product, so it is one here as well.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use serde_json::Value;

use crate::harness::{aegis, code, command, demo, err, home, out, path, scene, write};

#[test]
fn the_demo_shows_every_outcome_with_what_was_forwarded_and_recorded() {
    let home = home();
    let said = demo(&home);
    assert_eq!(code(&said), 0, "{}{}", out(&said), err(&said));
    let told: Value = serde_json::from_str(&out(&said)).expect("JSON");
    assert_eq!(told["schema_version"], 1);
    assert_eq!(told["as_expected"], true);
    let outcome = |name: &str| scene(&told, name)["decided"]["outcome"].clone();
    for name in ["allow", "deny", "sanitize", "approval_needed"] {
        assert_eq!(outcome(name), name);
    }
    let charge = scene(&told, "sanitize");
    assert_eq!(charge["forwarded"]["note"], "[REDACTED]");
    assert_eq!(charge["recorded"]["decision"]["outcome"], "sanitize");
    assert_eq!(charge["recorded"]["end"]["outcome_detail"], "forwarded");
    let answered = scene(&told, "llm_answer");
    let found = &answered["recorded"]["end"]["answer_data"][0];
    assert_eq!(found["type"], "EMAIL_ADDRESS");
    assert_eq!(found["effect"], "sanitize");
    let shadowed = scene(&told, "shadow");
    assert_eq!(shadowed["decided"]["would"], "deny");
    assert_eq!(shadowed["forwarded"]["amount"], 10);
    for name in [
        "deny",
        "approval_needed",
        "residency",
        "llm_deny",
        "mcp_deny",
        "anonymous",
    ] {
        assert!(scene(&told, name)["forwarded"].is_null(), "{name}");
    }
    assert!(
        told.get("curl").is_none(),
        "no secret outlives the proxy that knew it"
    );
}

#[test]
fn the_ca_of_the_demo_is_made_once_and_its_key_is_private() {
    let home = home();
    assert_eq!(code(&demo(&home)), 0);
    let key = home.path().join("ca.key");
    let first = fs::read(&key).expect("a key");
    assert_eq!(
        fs::metadata(&key).expect("a key").permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(code(&demo(&home)), 0);
    assert_eq!(fs::read(&key).expect("a key"), first);
}

#[test]
fn a_demo_with_edited_policies_keeps_them_and_says_what_changed() {
    let home = home();
    assert_eq!(code(&demo(&home)), 0);
    let policy = home.path().join("policies/policy.yaml");
    let text = fs::read_to_string(&policy).expect("a policy");
    let edited = text.replace("approveAbove: 5000", "approveAbove: 50");
    fs::write(&policy, &edited).expect("a policy");
    let said = demo(&home);
    assert_eq!(code(&said), 1);
    let told: Value = serde_json::from_str(&out(&said)).expect("JSON");
    assert_eq!(told["policy_edited"], true);
    assert_eq!(
        scene(&told, "allow")["decided"]["outcome"],
        "approval_needed"
    );
    assert_eq!(fs::read_to_string(&policy).expect("a policy"), edited);
}

/// It was written by a version that brought plain data along; nothing is put beside it.
#[test]
fn a_demo_with_the_policies_of_an_older_version_goes_on_with_them() {
    let home = home();
    let older = include_str!("../../../policy/tests/demo/policy.yaml");
    let policy = write(&home, "policies/policy.yaml", older);
    let said = demo(&home);
    assert_eq!(code(&said), 0, "{}{}", out(&said), err(&said));
    let told: Value = serde_json::from_str(&out(&said)).expect("JSON");
    assert_eq!(told["as_expected"], true);
    assert_eq!(fs::read_to_string(&policy).expect("a policy"), older);
}

#[test]
fn a_taken_port_is_told_with_the_flag_that_chooses_another() {
    let home = home();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let data = path(home.path());
    let said = aegis(&[
        "demo",
        "--once",
        "--data-dir",
        &data,
        "--forward",
        &address,
        "--admin",
        "127.0.0.1:0",
    ]);
    assert_eq!(code(&said), 1);
    assert!(
        err(&said).contains(&address) && err(&said).contains("--forward"),
        "{}",
        err(&said)
    );
}

#[test]
fn a_reader_that_hangs_up_is_no_crash() {
    let home = home();
    let data = path(home.path());
    let mut child = command(&[
        "demo",
        "--once",
        "--data-dir",
        &data,
        "--forward",
        "127.0.0.1:0",
        "--admin",
        "127.0.0.1:0",
    ])
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("it starts");
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .expect("a pipe")
        .read_to_string(&mut said)
        .expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}
