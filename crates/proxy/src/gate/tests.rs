use aegis_policy::{
    Auth, Authority, Call, Caller, Chain, Destination, Front, Obligations, Phase, Scheme,
};

use super::*;

/// Policy said yes to all of these; where it restricts regions, the grant holds it to its word.
#[test]
fn a_grant_covers_only_lawful_regions_whatever_policy_decided() {
    for (lawful, declared, covered) in [
        (&["eu"][..], &["eu"][..], true),
        (&["eu", "us"], &["us"], true),
        (&["eu", "us"], &["eu", "us"], true),
        (&["eu"], &["us"], false),
        (&["eu"], &["eu", "us"], false),
        (&["eu"], &["EU"], false),
        (&["eu"], &["eu-north"], false),
        (&["eu"], &[], false),
        (&[], &["eu"], false),
        (&[], &[], false),
    ] {
        let outcome = grant(Some(lawful), declared).lawful_region();
        assert_eq!(outcome.is_ok(), covered, "{declared:?} in {lawful:?}");
        if let Err(refusal) = outcome {
            assert_eq!(refusal.cause, Cause::Residency);
        }
    }
}

#[test]
fn a_grant_without_restriction_covers_every_region() {
    assert_eq!(&*grant(None, &["us"]).lawful_region().unwrap(), "us");
    assert_eq!(
        &*grant(None, &["eu", "us"]).lawful_region().unwrap(),
        "eu,us"
    );
    assert_eq!(&*grant(None, &[]).lawful_region().unwrap(), UNKNOWN_REGION);
}

fn grant(lawful: Option<&[&str]>, declared: &[&str]) -> Grant {
    let words =
        |words: &[&str]| -> Vec<Arc<str>> { words.iter().map(|word| (*word).into()).collect() };
    let obligations = Obligations {
        restrict_regions: lawful.map(words),
        ..Obligations::default()
    };
    let decision = Decision {
        outcome: Outcome::Allow,
        reasons: Vec::new(),
        obligations,
        would: None,
        fault: None,
    };
    Grant {
        intent: Arc::new(intent(words(declared).into())),
        decision,
        epoch: 1,
        scanner: aegis_dlp::Scanner::standard().unwrap(),
    }
}

fn intent(regions: Arc<[Arc<str>]>) -> Intent {
    Intent {
        phase: Phase::Connect,
        id: "1".into(),
        time: "2026-01-01T00:00:00Z".into(),
        front: Front::Forward,
        region: "eu".into(),
        caller: Caller {
            tenant: "acme".into(),
            agent: "bot".into(),
            auth: Auth::Credential,
        },
        chain: Chain::default(),
        destination: Destination {
            scheme: Scheme::Https,
            authority: Authority::parse("a.test", 443).unwrap(),
            path: "".into(),
            provider: "".into(),
            regions,
        },
        call: Call::tunnel(),
        http: None,
        data: Vec::new(),
    }
}
