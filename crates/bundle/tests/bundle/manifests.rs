//! What a manifest may say, and that it is the same for whoever builds and whoever opens.

use aegis_bundle::{BundleError, Contents, Region, Signature, build, open};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::tools::{contents, edited, fault, file, now, opened, signed, signer, trust};

#[test]
fn an_unknown_format_is_named_before_its_unknown_fields() {
    let manifest = |edit: &dyn Fn(&mut Value)| {
        let archive = edited(&build(&contents(), None).unwrap(), ".manifest", |bytes| {
            let mut manifest: Value = serde_json::from_slice(bytes).unwrap();
            edit(&mut manifest);
            *bytes = manifest.to_string().into_bytes();
        });
        let mut trust = trust();
        trust.signature = Signature::InsecureSkip;
        match open(&archive, &trust, now()) {
            Ok(_) => "opened",
            Err(error) => error.code(),
        }
    };
    assert_eq!(manifest(&|_| {}), "opened");
    assert_eq!(
        manifest(&|manifest| {
            manifest["metadata"]["aegis"]["format"] = json!(2);
            manifest["metadata"]["aegis"]["a"] = json!({});
        }),
        "bundle.format_unknown"
    );
    for (pointer, key, value) in [
        ("", "wasm", json!([])),
        ("", "file_rego_versions", json!({})),
        ("", "roots", json!("aegis")),
        ("/metadata", "other", json!({})),
        (
            "/metadata/aegis",
            "exipres_at",
            json!("2027-01-01T00:00:00Z"),
        ),
        ("/metadata/aegis", "issued_at", json!("yesterday")),
        ("/metadata/aegis", "number", json!(-1)),
        ("/metadata/aegis", "format", json!("1")),
        ("/metadata/aegis/scope", "agents", json!([])),
    ] {
        let fault = manifest(&|manifest| {
            manifest.pointer_mut(pointer).unwrap()[key] = value.clone();
        });
        assert_eq!(fault, "bundle.json_malformed", "{pointer}/{key}");
    }
    assert_eq!(
        manifest(&|manifest| manifest["rego_version"] = json!(0)),
        "bundle.manifest_invalid"
    );
    let twice = edited(&signed(), ".manifest", |bytes| {
        *bytes = String::from_utf8_lossy(bytes)
            .replacen("\"number\":7", "\"number\":7,\"number\":7", 1)
            .into_bytes();
    });
    assert_eq!(fault(&twice), "bundle.json_malformed");
}

#[test]
fn build_makes_nothing_that_open_would_refuse() {
    type Change = &'static dyn Fn(&mut Contents);
    let cases: [(Change, &str); 13] = [
        (
            &|own| own.manifest.revision.clear(),
            "bundle.manifest_invalid",
        ),
        (&|own| own.manifest.roots.clear(), "bundle.manifest_invalid"),
        (
            &|own| own.manifest.roots.push("aegis/ext".to_owned()),
            "bundle.manifest_invalid",
        ),
        (
            &|own| own.manifest.roots.push("/x".to_owned()),
            "bundle.manifest_invalid",
        ),
        (
            &|own| own.manifest.aegis.scope.tenants.clear(),
            "bundle.manifest_invalid",
        ),
        (
            &|own| own.manifest.aegis.scope.region = Region::Only("a@b".to_owned()),
            "bundle.manifest_invalid",
        ),
        (
            &|own| own.manifest.aegis.expires_at = Some(own.manifest.aegis.issued_at),
            "bundle.manifest_invalid",
        ),
        (
            &|own| own.manifest.aegis.issued_at += SignedDuration::from_millis(1),
            "bundle.manifest_invalid",
        ),
        (
            &|own| own.manifest.aegis.rollback_from = Some(7),
            "bundle.manifest_invalid",
        ),
        (
            &|own| drop(own.data.insert("other".to_owned(), json!({}))),
            "bundle.outside_roots",
        ),
        (
            &|own| own.modules.push(file("aegis.rego", "")),
            "bundle.duplicate_file",
        ),
        (
            &|own| own.modules.push(file("data.json", "{}")),
            "bundle.unknown_file",
        ),
        (
            &|own| own.tests.push(file("../x.yaml", "")),
            "bundle.unsafe_path",
        ),
    ];
    for (number, (change, expected)) in cases.into_iter().enumerate() {
        let mut contents = contents();
        change(&mut contents);
        assert_eq!(code(&contents), expected, "case {number}");
    }
}

#[test]
fn data_may_be_a_part_of_what_the_roots_own() {
    let rooted = |roots: &[&str], data: Value| {
        let mut contents = contents();
        contents.manifest.roots = roots.iter().map(|root| (*root).to_owned()).collect();
        contents.data = data.as_object().unwrap().clone();
        code(&contents)
    };
    assert_eq!(rooted(&[""], json!({"any": 1})), "opened");
    assert_eq!(
        rooted(&["a/b", "a/c"], json!({"a": {"b": 1, "c": {}}})),
        "opened"
    );
    assert_eq!(rooted(&["a/b"], json!({"a": {}})), "opened");
    assert_eq!(rooted(&["a/b"], json!({"a": 1})), "bundle.outside_roots");
    assert_eq!(
        rooted(&["a/b"], json!({"a": {"bc": 1}})),
        "bundle.outside_roots"
    );
}

#[test]
fn data_is_an_object_and_modules_are_text() {
    let mut skip = trust();
    skip.signature = Signature::InsecureSkip;
    let spoiled = |path: &str, bytes: &'static [u8]| {
        let archive = edited(&signed(), path, |content| *content = bytes.to_vec());
        open(&archive, &skip, now()).unwrap_err()
    };
    let error = spoiled("data.json", b"\"a secret\"");
    assert_eq!(error.code(), "bundle.json_malformed");
    assert!(!error.to_string().contains("secret"), "{error}");
    let path = "aegis.rego".to_owned();
    assert_eq!(
        spoiled("aegis.rego", b"\xff"),
        BundleError::NotUtf8 { path }
    );
}

/// Built, signed and opened.
fn code(contents: &Contents) -> &'static str {
    match build(contents, Some(&signer())).and_then(|archive| opened(&archive)) {
        Ok(_) => "opened",
        Err(error) => error.code(),
    }
}
