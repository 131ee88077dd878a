//! Where policies come from, and what is asked of bundles and of a control plane.

use std::path::{Path, PathBuf};

use super::{Fake, complaints, read};
use crate::{BundleSettings, KeyAlgorithm, Mode, PolicySettings, PolicySource, Settings};

const PLACE: &str = "/etc/aegis";

fn in_force(written: &str) -> PolicySettings {
    read(&format!("region: eu\n{written}")).unwrap().policy
}

fn directory(name: &str) -> PolicySource {
    PolicySource::Directory(Path::new(PLACE).join(name))
}

fn sample() -> PolicySource {
    PolicySource::Sample(PathBuf::from("/etc/aegis/data/sample-policies"))
}

fn bundle(written: &str) -> BundleSettings {
    match in_force(written).source {
        PolicySource::Bundle(bundle) => bundle,
        other => panic!("a bundle, not {other:?}"),
    }
}

#[test]
fn policies_that_are_named_are_enforced_and_a_sample_that_nobody_asked_for_is_in_shadow() {
    let nothing = in_force("");
    assert_eq!((nothing.source, nothing.mode), (sample(), Mode::Shadow));
    let named = in_force("policy: {directory: policies}");
    let wanted = (directory("policies"), Mode::Enforce);
    assert_eq!((named.source, named.mode), wanted);
    let enforced = in_force("policy: {mode: enforce}");
    assert_eq!((enforced.source, enforced.mode), (sample(), Mode::Enforce));
}

#[test]
fn settings_with_mistakes_still_say_which_policies_they_mean() {
    let policy = |text: &str| Settings::policy_of("a.yaml", text, Path::new(PLACE), &Fake);
    let broken = |policy: &str| format!("regoin: eu\ndata_dir: ${{env:NONE}}\n{policy}");
    let named = policy(&broken(
        "policy: {directory: 'p-${env:REGION}', mode: shadow, x: 1}",
    ));
    let named = named.unwrap();
    let wanted = (directory("p-eu-west-1"), Mode::Shadow);
    assert_eq!((named.source, named.mode), wanted);
    let sample = policy(&broken("policy: {mode: shadwo}")).unwrap();
    assert!(matches!(sample.source, PolicySource::Sample(_)) && sample.mode == Mode::Shadow);
    assert_eq!(policy(&broken("policy: {directory: '${env:NONE}'}")), None);
    assert_eq!(policy(&broken("policy: {directory: [a]}")), None);
    assert_eq!(policy(&broken("policy: {bundle: {file: a}}")), None);
    assert_eq!(policy("a: b: c"), None);
}

#[test]
fn a_bundle_is_enforced_and_needs_a_trusted_key() {
    let written = "policy: {bundle: {file: b.tar.gz, tenants: [acme], keys: [{id: a, algorithm: ES256, file: a.pem}]}}";
    assert_eq!(in_force(written).mode, Mode::Enforce);
    let bundle = bundle(written);
    assert_eq!(
        bundle.file.as_deref(),
        Some(Path::new("/etc/aegis/b.tar.gz"))
    );
    let keys = bundle.keys.unwrap();
    assert_eq!(keys[0].algorithm, KeyAlgorithm::Es256);
    assert_eq!(keys[0].file, Path::new("/etc/aegis/a.pem"));
    assert_eq!(
        complaints("region: eu\npolicy: {bundle: {file: b.tar.gz, tenants: [acme]}}"),
        "2:18: without a trusted key no bundle is accepted"
    );
}

#[test]
fn signatures_are_switched_off_by_name_only() {
    let skip = "policy: {bundle: {file: b, tenants: [acme], signature: insecure_skip}}";
    assert_eq!(bundle(skip).keys, None);
    let both = "region: eu
policy: {bundle: {file: b, tenants: [acme], signature: insecure_skip, keys: [{id: a, algorithm: EdDSA, file: a}]}}";
    assert!(complaints(both).contains("leave one of the two out"));
}

#[test]
fn policies_come_from_one_place_and_a_bundle_from_somewhere() {
    let tail = "tenants: [a], keys: [{id: a, algorithm: EdDSA, file: a}]}}";
    let both = complaints(&format!(
        "region: eu\npolicy: {{directory: p, bundle: {{file: b, {tail}"
    ));
    assert!(both.contains("policies come from one place"), "{both}");
    let nowhere = complaints(&format!("region: eu\npolicy: {{bundle: {{{tail}"));
    assert!(
        nowhere.contains("needs a `file`, or the section `control`"),
        "{nowhere}"
    );
    let control = "control: {url: 'http://127.0.0.1:8181/', id: plane-1}";
    assert_eq!(
        bundle(&format!("policy: {{bundle: {{{tail}\n{control}")).file,
        None
    );
}

#[test]
fn a_scope_names_tenants_that_a_bundle_can_have_each_once() {
    let of = |tenants: &str| {
        complaints(&format!(
            "region: eu\npolicy: {{bundle: {{file: b, signature: insecure_skip, tenants: {tenants}}}}}"
        ))
    };
    assert!(of("[]").contains("at least one tenant"));
    assert!(of("[a, a]").contains("there twice"));
    assert!(of("['a,b']").contains("with `,`, `@` or `*`"));
    assert!(of("[anonymous]").contains("callers that prove nothing"));
}

#[test]
fn a_control_plane_is_reached_in_the_clear_on_loopback_only() {
    let of = |url: &str| read(&format!("region: eu\ncontrol: {{id: a, url: '{url}'}}"));
    for good in [
        "http://127.0.0.1:8181",
        "http://[::1]:8181/aegis/",
        "http://localhost",
        "https://control.example",
    ] {
        let control = of(good).unwrap().control.unwrap();
        assert_eq!(&*control.url, good.trim_end_matches('/'));
        assert!(control.upload_decisions);
    }
    for clear in [
        "http://control.example:8181",
        "http://10.0.0.1",
        "http://127.0.0.1.example",
    ] {
        let problems = of(clear).unwrap_err().to_string();
        assert!(problems.contains("in the clear"), "{clear}: {problems}");
    }
    for bad in [
        "control.example",
        "ftp://control.example",
        "https://user:pw@control.example",
        "https://",
    ] {
        let problems = of(bad).unwrap_err().to_string();
        assert!(problems.contains("expected a URL"), "{bad}: {problems}");
    }
}

#[test]
fn a_token_is_printed_nowhere() {
    let settings = read("region: eu\ncontrol: {id: a, url: 'https://c.example', token: hunter2}");
    let settings = settings.unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
    let token = settings.control.unwrap().token.unwrap();
    assert_eq!(token.reveal(), "hunter2");
    assert!(
        complaints("region: eu\ncontrol: {id: a, url: 'https://c.example', token: ''}")
            .contains("empty")
    );
}
