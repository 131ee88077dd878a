//! Signing keys: whoever has the key set can verify every bundle, before, during and after a rotation.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use aegis_control::{Control, KeyFileError, StartError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::read::GzDecoder;
use jiff::{SignedDuration, Timestamp};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::compiler::Words;
use crate::plane::{Plane, key, settings};

#[tokio::test]
async fn the_key_set_verifies_the_bundles_of_every_kind_of_key() {
    for id in ["ed", "es", "rs"] {
        let folder = TempDir::new().unwrap();
        let mut settings = settings(folder.path());
        settings.keys = vec![key(folder.path(), id)];
        let plane = Plane::start_with(folder, settings).await;
        plane.publish(0, "first").await;
        let keys = key_set(&plane).await;
        assert_eq!(keys.len(), 1);
        let archive = plane
            .client("acme-1")
            .get("/v1/bundles/acme@eu-central-1")
            .await
            .body;
        let token = token(&archive);
        assert!(verifies(&keys[0], &token), "{id}");
        let other = token.replacen("ey", "eY", 2);
        assert!(!verifies(&keys[0], &other), "{id}");
    }
}

#[tokio::test]
async fn after_a_rotation_the_new_key_signs_what_is_in_force_and_the_old_one_is_still_shown() {
    let plane = Plane::start().await;
    plane.publish(0, "first").await;
    let before = plane.served("acme-1").await;
    assert_eq!(before.signed_by, "ed");
    plane.control.stop().await;
    let mut settings = settings(plane.folder.path());
    let mut new = key(plane.folder.path(), "es");
    new.active_from = Some(Timestamp::now() - SignedDuration::from_mins(1));
    settings.keys.push(new);
    let plane = Plane::start_with(plane.folder, settings).await;
    let after = plane.served("acme-1").await;
    assert_eq!(after.signed_by, "es");
    assert_eq!(after.text, "first");
    assert_eq!(after.bundle.follows(Some(&before.bundle.active())), Ok(()));
    assert_eq!(kids(&plane).await, ["es", "ed"]);
    let told = plane.client("olga").get("/v1/publications/1").await.json();
    assert_eq!(told["changes"][1]["action"], "renew");
    assert_eq!(told["changes"][1]["author"], "aegis");
    assert_eq!(told["changes"][1]["reason"], "a newer key signs");
}

#[tokio::test]
async fn a_key_is_shown_before_it_signs_and_until_the_overlap_has_passed() {
    let folder = TempDir::new().unwrap();
    let mut settings = settings(folder.path());
    let (mut old, mut new) = (key(folder.path(), "es"), key(folder.path(), "rs"));
    old.active_from = Some(Timestamp::now() - SignedDuration::from_hours(2));
    new.active_from = Some(Timestamp::now() + SignedDuration::from_hours(1));
    settings.keys.extend([old, new]);
    let mut longer = settings.clone();
    longer.key_overlap = Duration::from_hours(3);
    let plane = Plane::start_with(folder, settings).await;
    plane.publish(0, "first").await;
    assert_eq!(plane.served("acme-1").await.signed_by, "es");
    // `ed` was followed two hours ago; the overlap is one.
    assert_eq!(kids(&plane).await, ["rs", "es"]);
    plane.control.stop().await;
    let plane = Plane::start_with(plane.folder, longer).await;
    assert_eq!(kids(&plane).await, ["rs", "es", "ed"]);
}

#[tokio::test]
async fn a_key_file_that_others_may_read_is_refused_and_so_is_one_that_is_no_key() {
    let folder = TempDir::new().unwrap();
    let settings = settings(folder.path());
    let file = settings.keys[0].file.clone();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let started = Control::start(settings.clone(), Arc::new(Words)).await;
    assert!(matches!(
        started,
        Err(StartError::Keys(KeyFileError::Exposed { .. }))
    ));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&file, "-----BEGIN NOTHING-----").unwrap();
    let started = Control::start(settings.clone(), Arc::new(Words)).await;
    assert!(matches!(
        started,
        Err(StartError::Keys(KeyFileError::Key { .. }))
    ));
    let mut settings = settings;
    settings.keys = vec![key(folder.path(), "es")];
    settings.keys[0].active_from = Some(Timestamp::now() + SignedDuration::from_hours(1));
    let started = Control::start(settings, Arc::new(Words)).await;
    assert!(matches!(
        started,
        Err(StartError::Keys(KeyFileError::NoneActive))
    ));
}

async fn key_set(plane: &Plane) -> Vec<Value> {
    let set = plane.nobody().get("/v1/keys").await.json();
    set["keys"].as_array().unwrap().clone()
}

async fn kids(plane: &Plane) -> Vec<String> {
    let keys = key_set(plane).await;
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

fn token(archive: &[u8]) -> String {
    let mut tar = tar::Archive::new(GzDecoder::new(archive));
    let mut entry = tar
        .entries()
        .unwrap()
        .map(Result::unwrap)
        .find(|entry| entry.path().unwrap().ends_with(".signatures.json"))
        .unwrap();
    let mut text = String::new();
    entry.read_to_string(&mut text).unwrap();
    let signatures: Value = serde_json::from_str(&text).unwrap();
    signatures["signatures"][0].as_str().unwrap().to_owned()
}

/// By the members of the key alone, as RFC 7517 and RFC 7518 have them.
fn verifies(key: &Value, token: &str) -> bool {
    let member = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let message = message.as_bytes();
    assert_eq!(key["use"], "sig");
    let kind = (key["kty"].as_str().unwrap(), key["alg"].as_str().unwrap());
    let verified = match kind {
        ("OKP", "EdDSA") => {
            UnparsedPublicKey::new(&ED25519, member("x")).verify(message, &signature)
        }
        ("EC", "ES256") => {
            let point = [vec![4], member("x"), member("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, &signature)
        }
        ("RSA", "RS256") => {
            let key = RsaPublicKeyComponents {
                n: member("n"),
                e: member("e"),
            };
            key.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature)
        }
        other => panic!("{other:?}"),
    };
    verified.is_ok()
}
