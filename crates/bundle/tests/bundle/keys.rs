//! Keys fit their algorithm, or are refused when they are configured.

use aegis_bundle::{Algorithm, KeyError, Signer, TrustedKey};

use crate::tools::{PAIRS, signer};

#[test]
fn keys_that_do_not_fit_are_refused_when_they_are_configured() {
    let trusted = |algorithm, pem| TrustedKey::from_pem("k", algorithm, pem).unwrap_err();
    let wrong = |algorithm| KeyError::WrongKind { algorithm };
    for (algorithm, own) in PAIRS {
        for (other, pem) in PAIRS {
            if other != algorithm {
                assert_eq!(trusted(algorithm, pem.1), wrong(algorithm));
                let error = Signer::from_pem("k", algorithm, pem.0).unwrap_err();
                assert_eq!(error, wrong(algorithm));
            }
        }
        assert!(matches!(trusted(algorithm, own.0), KeyError::NotPem { .. }));
        assert_eq!(
            TrustedKey::from_pem("", algorithm, own.1).unwrap_err(),
            KeyError::BadId
        );
        assert_eq!(algorithm.name().parse(), Ok(algorithm));
    }
    assert_eq!(
        "HS256".parse::<Algorithm>(),
        Err(KeyError::UnknownAlgorithm)
    );
    assert_eq!(
        trusted(Algorithm::Rs256, SHORT_RSA),
        wrong(Algorithm::Rs256)
    );
    assert_eq!(trusted(Algorithm::Es256, P384), wrong(Algorithm::Es256));
}

#[test]
fn a_signer_does_not_show_its_key() {
    let shown = format!("{:?}", signer());
    assert_eq!(
        shown, "Signer { id: \"EdDSA\", algorithm: EdDsa, .. }",
        "only these"
    );
}

const SHORT_RSA: &str = include_str!("keys/rsa1024.pub");
const P384: &str = include_str!("keys/p384.pub");
