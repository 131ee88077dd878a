//! Whose word counts: a signature by a trusted key, under its algorithm, over exactly these files.

use aegis_bundle::{Algorithm, Signature, Signer, build, open};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, SHA384, SHA512, SHA512_256};
use ring::rand::SystemRandom;
use serde_json::{Value, json};

use crate::tools::{
    ED25519, HEADER, archive, contents, edited, entries, fault, hash, keys, now, opened, payload,
    resigned, signed, time, trust, with, without,
};

#[test]
fn each_algorithm_signs_and_verifies() {
    for (signer, key) in keys() {
        let mut trust = trust();
        trust.keys = vec![key];
        let archive = build(&contents(), Some(&signer)).unwrap();
        let bundle = open(&archive, &trust, now()).unwrap();
        assert_eq!(bundle.signed_by(), Some(signer.id()));
        assert_eq!(bundle.into_contents(), contents());
        trust.keys = vec![signer.trusted_key()];
        assert!(open(&archive, &trust, now()).is_ok(), "{signer:?}");
    }
}

#[test]
fn an_unsigned_bundle_is_refused_unless_that_is_switched_off_by_name() {
    let unsigned = build(&contents(), None).unwrap();
    assert_eq!(fault(&unsigned), "bundle.signature_missing");
    let mut trust = trust();
    trust.signature = Signature::InsecureSkip;
    let bundle = open(&unsigned, &trust, now()).unwrap();
    assert_eq!(bundle.signed_by(), None);
    let late = time("2027-01-01T00:00:00Z");
    assert_eq!(
        open(&unsigned, &trust, late).unwrap_err().code(),
        "bundle.expired"
    );
}

#[test]
fn a_bundle_signed_again_by_a_stranger_is_refused() {
    let stranger = stranger("EdDSA");
    let archive = build(&contents(), Some(&stranger)).unwrap();
    assert_eq!(fault(&archive), "bundle.signature_invalid");
    let stranger = self::stranger("stranger");
    let archive = build(&contents(), Some(&stranger)).unwrap();
    assert_eq!(fault(&archive), "bundle.untrusted_key");
}

#[test]
fn a_signature_under_the_id_of_another_key_is_refused() {
    let signer = Signer::from_pem("RS256", Algorithm::EdDsa, ED25519.0).unwrap();
    let archive = build(&contents(), Some(&signer)).unwrap();
    assert_eq!(fault(&archive), "bundle.algorithm_mismatch");
    let mut trust = trust();
    trust.keys.clear();
    assert_eq!(
        open(&signed(), &trust, now()).unwrap_err().code(),
        "bundle.untrusted_key"
    );
}

#[test]
fn every_file_is_signed_and_every_signed_file_is_there() {
    let bundle = signed();
    for (path, _) in entries(&bundle) {
        if path != ".signatures.json" {
            let altered = edited(&bundle, &path, |bytes| {
                let digit = bytes.iter_mut().find(|byte| byte.is_ascii_lowercase());
                *digit.unwrap() ^= 1;
            });
            assert_eq!(fault(&altered), "bundle.file_altered", "{path}");
            let missing = without(&bundle, &path);
            assert_eq!(fault(&missing), "bundle.signed_file_missing", "{path}");
        }
    }
    let added = with(&bundle, "users/more.rego", "package aegis.ext\n");
    assert_eq!(fault(&added), "bundle.file_not_signed");
    let mut renamed = entries(&bundle);
    renamed
        .iter_mut()
        .filter(|(path, _)| path == "aegis.rego")
        .for_each(|(path, _)| "other.rego".clone_into(path));
    assert_eq!(fault(&archive(&renamed)), "bundle.file_not_signed");
}

#[test]
fn json_is_signed_by_its_value_and_everything_else_by_its_bytes() {
    let bundle = signed();
    let spaced = edited(&bundle, "data.json", |bytes| {
        let value: Value = serde_json::from_slice(bytes).unwrap();
        *bytes = serde_json::to_vec_pretty(&value).unwrap();
    });
    assert_eq!(
        opened(&spaced).unwrap().active(),
        opened(&bundle).unwrap().active()
    );
    let number = edited(&bundle, "data.json", |bytes| {
        *bytes = String::from_utf8_lossy(bytes)
            .replace("1.5", "1.50")
            .into_bytes();
    });
    assert_eq!(fault(&number), "bundle.file_altered");
    let spaced = edited(&bundle, "aegis.rego", |bytes| bytes.push(b'\n'));
    assert_eq!(fault(&spaced), "bundle.file_altered");
}

#[test]
fn hashes_are_sha_256_or_better() {
    let bundle = signed();
    let rehashed = |algorithm: &str, hash: &str| {
        let mut payload = payload(&bundle);
        payload["files"][1]["algorithm"] = json!(algorithm);
        payload["files"][1]["hash"] = json!(hash);
        fault(&resigned(&bundle, HEADER, &payload.to_string()))
    };
    let path = payload(&bundle)["files"][1]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let (_, bytes) = entries(&bundle)
        .into_iter()
        .find(|(name, _)| *name == path)
        .unwrap();
    for (name, algorithm) in [
        ("SHA-256", &SHA256),
        ("SHA-384", &SHA384),
        ("SHA-512", &SHA512),
        ("SHA-512-256", &SHA512_256),
    ] {
        let hash = hash(algorithm, &bytes).to_uppercase();
        assert_eq!(rehashed(name, &hash), "opened", "{name}");
    }
    for weak in ["MD5", "SHA-1", "SHA-224", "SHA-512-224", "sha-256", ""] {
        assert_eq!(
            rehashed(weak, &"0".repeat(64)),
            "bundle.hash_algorithm",
            "{weak}"
        );
    }
    assert_eq!(rehashed("SHA-256", ""), "bundle.file_altered");
}

#[test]
fn a_file_listed_twice_is_refused() {
    let bundle = signed();
    let mut payload = payload(&bundle);
    let files = payload["files"].as_array_mut().unwrap();
    files.push(files[0].clone());
    let archive = resigned(&bundle, HEADER, &payload.to_string());
    assert_eq!(fault(&archive), "bundle.token_malformed");
}

/// A key that nobody trusts.
fn stranger(id: &str) -> Signer {
    let key = ring::signature::Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(key.as_ref())
    );
    Signer::from_pem(id, Algorithm::EdDsa, &pem).unwrap()
}
