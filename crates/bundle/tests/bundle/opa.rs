//! Real OPA verifies the signature, makes the same hashes and decides with what is in the archive.

use std::path::Path;
use std::process::Command;

use aegis_bundle::build;
use serde_json::{Value, json};

use crate::tools::{ED25519, PAIRS, contents, entries, keys, payload};

#[test]
fn opa_verifies_hashes_and_decides() {
    let place = tempfile::tempdir().unwrap();
    let mut cases = Vec::new();
    let mut archives = Vec::new();
    for ((signer, _), (_, (_, public))) in keys().into_iter().zip(PAIRS) {
        let archive = build(&contents(), Some(&signer)).unwrap();
        let name = format!("{}.tar.gz", signer.id());
        std::fs::write(place.path().join(&name), &archive).unwrap();
        // With a key of another kind, so that a yes means something.
        for (algorithm, key) in [("EdDSA", ED25519.1), (signer.id(), public)] {
            cases.push(json!({
                "archive": name, "key": key, "algorithm": algorithm,
                "path": "aegis.decision.outcome", "inputs": [{"amount": 1}, {"amount": 1.5}],
            }));
            archives.push((signer.id() == algorithm, archive.clone()));
        }
    }
    let answers = ask(place.path(), &json!(cases));
    assert_eq!(answers.len(), archives.len());
    for (answer, (right_key, archive)) in answers.iter().zip(archives) {
        assert_eq!(answer["verified"], right_key);
        if right_key {
            assert_eq!(answer["claims"], payload(&archive));
        }
        check_hashes(answer, &archive);
        assert_eq!(answer["decisions"], json!(["allow", "allow"]));
    }
}

/// The signature lists what OPA hashes, and the structured files are in OPA's own order and
/// spelling, so that hashing them by value is hashing them by bytes.
fn check_hashes(answer: &Value, archive: &[u8]) {
    let payload = payload(archive);
    let files = payload["files"].as_array().unwrap();
    let hashes = answer["hashes"].as_object().unwrap();
    assert_eq!(files.len(), hashes.len());
    for file in files {
        let name = file["name"].as_str().unwrap();
        assert_eq!(hashes[name], file["hash"], "{name}");
    }
    for (path, bytes) in entries(archive) {
        if let Some(canonical) = answer["canonical"].get(&path) {
            // OPA's builtin escapes for HTML; its bundle hash does not.
            let text = String::from_utf8(bytes).unwrap();
            let escaped = text
                .replace('<', "\\u003c")
                .replace('>', "\\u003e")
                .replace('&', "\\u0026");
            assert_eq!(canonical, &json!(escaped), "{path}");
        }
    }
}

fn ask(directory: &Path, cases: &Value) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("../../.tools/python/bin/python");
    assert!(
        python.exists(),
        "the Python tools are not installed: run `make tools`"
    );
    std::fs::write(directory.join("cases.json"), cases.to_string()).unwrap();
    let run = Command::new(python)
        .arg(root.join("tests/bundle/opa.py"))
        .arg(directory)
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "opa.py failed: {}",
        String::from_utf8_lossy(&run.stderr)
    );
    let answers = std::fs::read(directory.join("answers.json")).unwrap();
    serde_json::from_slice(&answers).unwrap()
}
