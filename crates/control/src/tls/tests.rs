//! What becomes of each state that the files can be in during a rotation.

#![allow(clippy::unwrap_used, reason = "a test: to fail loudly is its job")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use super::*;

fn write(file: &Path, text: &str) {
    fs::write(file, text).unwrap();
    fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
}

/// Certificate and key.
fn pair() -> [String; 2] {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    [certificate.pem(), key.serialize_pem()]
}

#[test]
fn only_files_that_make_sense_together_take_the_place_of_what_was_there() {
    let folder = TempDir::new().unwrap();
    let files = Tls {
        certificate: folder.path().join("server.pem"),
        key: folder.path().join("server.key"),
        client_ca: Some(folder.path().join("ca.pem")),
    };
    let ca = files.client_ca.clone().unwrap();
    let [first, second] = [pair(), pair()];
    write(&files.certificate, &first[0]);
    write(&files.key, &first[1]);
    write(&ca, &first[0]);
    let mut follower = Follower::start(&files).unwrap();
    let mut current = follower.current();
    let mut look = |what: &str, complains: bool, changes: bool| {
        follower.look();
        assert_eq!(follower.complaint.is_some(), complains, "{what}");
        assert_eq!(current.has_changed().unwrap(), changes, "{what}");
        current.mark_unchanged();
    };
    look("nothing has changed", false, false);
    write(&files.key, &second[1]);
    look("the key of another certificate", true, false);
    write(&files.certificate, &second[0]);
    look("both are new", false, true);
    look("nothing has changed since", false, false);
    fs::remove_file(&ca).unwrap();
    look("a file is missing", true, false);
    write(&ca, "no certificate");
    look("a file is mistaken", true, false);
    write(&ca, &second[0]);
    look("another authority", false, true);
    fs::set_permissions(&files.key, Permissions::from_mode(0o644)).unwrap();
    look("others may read the key", true, false);
}
