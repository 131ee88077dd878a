//! A bundle comes out as it went in, for whom, when and in which order it may be used.

use aegis_bundle::{
    Active, Algorithm, BundleError, CLOCK_SKEW, Contents, Manifest, Metadata, Region, Signer,
    build, claimed, open,
};
use jiff::SignedDuration;
use ring::digest::SHA256;
use serde_json::json;

use crate::tools::{
    ES256, HEADER, RS256, contents, entries, fault, hash, now, opened, payload, resigned, signed,
    signer, time, trust,
};

#[test]
fn what_goes_in_comes_out() {
    let bundle = opened(&signed()).unwrap();
    assert_eq!(bundle.contents(), &contents());
}

#[test]
fn an_archive_says_what_it_claims_to_be_before_anybody_believes_it() {
    let unsigned = build(&contents(), None).unwrap();
    for archive in [signed(), unsigned] {
        let claimed = claimed(&archive, &trust().limits).unwrap();
        assert_eq!(claimed, contents().manifest.aegis);
    }
    assert!(claimed(b"nothing", &trust().limits).is_err());
}

#[test]
fn the_same_contents_make_the_same_bytes_in_whatever_order_they_come() {
    let mut shuffled = contents();
    shuffled.modules.reverse();
    let data = shuffled.data["aegis"].as_object_mut().unwrap();
    let limits = data.shift_remove("limits").unwrap();
    data.insert("limits".to_owned(), limits);
    assert_eq!(build(&shuffled, Some(&signer())).unwrap(), signed());
    let rsa = Signer::from_pem("RS256", Algorithm::Rs256, RS256.0).unwrap();
    assert_eq!(
        build(&shuffled, Some(&rsa)).unwrap(),
        build(&contents(), Some(&rsa)).unwrap()
    );
    let paths: Vec<String> = entries(&signed())
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    assert!(paths.is_sorted(), "{paths:?}");
}

#[test]
fn who_signed_does_not_change_the_digest() {
    let es256 = Signer::from_pem("ES256", Algorithm::Es256, ES256.0).unwrap();
    let first = build(&contents(), Some(&es256)).unwrap();
    let second = build(&contents(), Some(&es256)).unwrap();
    assert_ne!(first, second, "the nonce is random");
    let digests = [first, second, signed()].map(|archive| opened(&archive).unwrap().active());
    assert!(digests.iter().all(|active| *active == digests[0]));
}

#[test]
fn the_digest_can_be_made_with_other_tools() {
    let mut lines = Vec::new();
    for (path, bytes) in entries(&signed()) {
        if path != ".signatures.json" {
            lines.push(format!("{}  {path}\n", hash(&SHA256, &bytes)));
        }
    }
    let expected = hash(&SHA256, lines.concat().as_bytes());
    assert_eq!(opened(&signed()).unwrap().active().digest, expected);
}

#[test]
fn a_bundle_for_others_is_refused() {
    let offered = |change: &dyn Fn(&mut Metadata)| code(&contents_with(change));
    assert_eq!(offered(&|own| own.scope.region = Region::Any), "opened");
    let cases: [&dyn Fn(&mut Metadata); 3] = [
        &|own| own.scope.region = Region::Only("us-east-1".to_owned()),
        &|own| own.scope.tenants = ["beta".to_owned()].into(),
        &|own| own.scope.tenants.extend(["beta".to_owned()]),
    ];
    for change in cases {
        assert_eq!(offered(change), "bundle.wrong_scope");
    }
    let mut both = trust();
    both.scope.tenants.insert("beta".to_owned());
    assert_eq!(
        open(&signed(), &both, now()).unwrap_err(),
        BundleError::WrongScope {
            offered: "acme@eu-central-1".to_owned(),
            expected: "acme,beta@eu-central-1".to_owned(),
        }
    );
}

#[test]
fn the_scope_of_the_signature_is_that_of_the_manifest() {
    let bundle = signed();
    let mut payload = payload(&bundle);
    assert_eq!(payload["scope"], "acme@eu-central-1");
    payload["scope"] = json!("acme@*");
    let archive = resigned(&bundle, HEADER, &payload.to_string());
    assert_eq!(fault(&archive), "bundle.wrong_scope");
}

#[test]
fn a_bundle_has_its_time() {
    let archive = signed();
    let at = |now| match open(&archive, &trust(), now) {
        Ok(_) => "opened",
        Err(error) => error.code(),
    };
    let second = SignedDuration::from_secs(1);
    let issued = time("2026-11-20T10:00:00Z");
    assert_eq!(at(issued), "opened");
    assert_eq!(at(issued - CLOCK_SKEW), "opened");
    assert_eq!(at(issued - CLOCK_SKEW - second), "bundle.not_yet_valid");
    let expires = time("2026-12-20T10:00:00Z");
    assert_eq!(at(expires - second), "opened");
    assert_eq!(at(expires), "bundle.expired");
    assert_eq!(
        at("9999-12-30T00:00:00Z".parse().unwrap()),
        "bundle.expired"
    );
    let eternal = build(
        &contents_with(&|own| own.expires_at = None),
        Some(&signer()),
    )
    .unwrap();
    assert!(open(&eternal, &trust(), time("9999-12-30T00:00:00Z")).is_ok());
}

#[test]
fn an_older_bundle_follows_only_with_a_signed_permission_for_that_step() {
    let numbered = |number, rollback_from| {
        let contents = contents_with(&|own| {
            own.number = number;
            own.rollback_from = rollback_from;
        });
        opened(&build(&contents, Some(&signer())).unwrap()).unwrap()
    };
    let seven = numbered(7, None);
    let active = seven.active();
    assert_eq!(seven.follows(None), Ok(()));
    assert_eq!(seven.follows(Some(&active)), Ok(()), "the same again");
    assert_eq!(numbered(8, None).follows(Some(&active)), Ok(()));
    assert_eq!(
        numbered(6, None).follows(Some(&active)),
        Err(BundleError::RolledBack {
            offered: 6,
            active: 7
        })
    );
    assert_eq!(numbered(6, Some(7)).follows(Some(&active)), Ok(()));
    assert_eq!(
        numbered(6, Some(8))
            .follows(Some(&active))
            .unwrap_err()
            .code(),
        "bundle.rolled_back"
    );
    let other = Active {
        digest: "0".repeat(64),
        ..active
    };
    assert_eq!(
        seven.follows(Some(&other)),
        Err(BundleError::NumberReused { number: 7 })
    );
    assert_eq!(
        numbered(7, Some(9)).follows(Some(&seven.active())),
        Err(BundleError::NumberReused { number: 7 })
    );
}

fn contents_with(change: &dyn Fn(&mut Metadata)) -> Contents {
    let mut contents = contents();
    let Manifest { aegis, .. } = &mut contents.manifest;
    change(aegis);
    contents
}

/// Built, signed and opened.
fn code(contents: &Contents) -> &'static str {
    match build(contents, Some(&signer())).and_then(|archive| opened(&archive)) {
        Ok(_) => "opened",
        Err(error) => error.code(),
    }
}
