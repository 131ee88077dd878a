//! A token says only what is understood, in one spelling, and never chooses how it is verified.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::tools::{
    ED25519, ES256, HEADER, RS256, fault, payload, resigned, signed, token, token_parts, with,
    with_token,
};

#[test]
fn the_token_never_chooses_the_algorithm() {
    let bundle = signed();
    let payload = payload(&bundle).to_string();
    for (id, public) in [("EdDSA", ED25519.1), ("RS256", RS256.1), ("ES256", ES256.1)] {
        let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, public.as_bytes());
        let hmac = |message: &[u8]| ring::hmac::sign(&secret, message).as_ref().to_vec();
        for (algorithm, expected) in [
            ("HS256", "bundle.algorithm_mismatch"),
            (id, "bundle.signature_invalid"),
        ] {
            let header = json!({"alg": algorithm, "kid": id, "typ": "JWT"}).to_string();
            let forged = token(&header, &payload, hmac);
            assert_eq!(fault(&with_token(&bundle, &forged)), expected, "{header}");
        }
        for algorithm in ["none", "None", "", "eddsa"] {
            let header = json!({"alg": algorithm, "kid": id}).to_string();
            let forged = token(&header, &payload, |_| Vec::new());
            let fault = fault(&with_token(&bundle, &forged));
            assert_eq!(fault, "bundle.algorithm_mismatch", "{header}");
        }
        let header = json!({"alg": id, "kid": id}).to_string();
        let forged = token(&header, &payload, |_| Vec::new());
        assert_eq!(
            fault(&with_token(&bundle, &forged)),
            "bundle.signature_invalid"
        );
    }
}

#[test]
fn a_token_says_nothing_that_is_not_understood() {
    let bundle = signed();
    let payload = payload(&bundle).to_string();
    assert_eq!(fault(&resigned(&bundle, HEADER, &payload)), "opened");
    for header in [
        r#"{"alg":"EdDSA","kid":"EdDSA","crit":["b64"],"b64":false}"#,
        r#"{"alg":"EdDSA","kid":"EdDSA","jwk":{}}"#,
        r#"{"alg":"EdDSA","kid":"EdDSA","kid":"RS256"}"#,
        r#"{"alg":"EdDSA","kid":"EdDSA","typ":"at+jwt"}"#,
        r#"{"alg":"EdDSA"}"#,
        r#"{"alg":"EdDSA","kid":"EdDSA"} x"#,
        "[]",
        "",
    ] {
        let fault = fault(&resigned(&bundle, header, &payload));
        assert_eq!(fault, "bundle.token_malformed", "{header}");
    }
    let long = json!({"alg": "EdDSA", "kid": "k".repeat(129)}).to_string();
    assert_eq!(
        fault(&resigned(&bundle, &long, &payload)),
        "bundle.token_malformed"
    );
    for payload in [
        payload.replacen('{', r#"{"nbf":1,"#, 1),
        payload.replacen('{', r#"{"scope":"x","#, 1),
        payload.replacen('{', r#"{"keyid":"RS256","#, 1),
        payload.replacen("\"name\"", r#""x":1,"name""#, 1),
        r#"{"scope":""}"#.to_owned(),
        "null".to_owned(),
    ] {
        let fault = fault(&resigned(&bundle, HEADER, &payload));
        assert_eq!(fault, "bundle.token_malformed", "{payload}");
    }
}

#[test]
fn a_token_has_one_spelling() {
    let bundle = signed();
    let [header, payload, signature] = token_parts(&bundle);
    for forged in [
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}."),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}=="),
        format!("{header}.{payload}.{signature}\n"),
        format!(" {header}.{payload}.{signature}"),
        String::new(),
    ] {
        let archive = with_token(&bundle, &forged);
        assert_eq!(fault(&archive), "bundle.token_malformed", "{forged}");
    }
    // The last character of an Ed25519 signature has four bits that mean nothing.
    let mut other = signature.clone();
    let last = other.pop().unwrap();
    other.push(char::from(last as u8 + 1));
    assert!(URL_SAFE_NO_PAD.decode(&signature).is_ok());
    let forged = format!("{header}.{payload}.{other}");
    assert_eq!(
        fault(&with_token(&bundle, &forged)),
        "bundle.token_malformed"
    );
}

#[test]
fn there_is_exactly_one_signature() {
    let bundle = signed();
    let token = token_parts(&bundle).join(".");
    let signatures = |value: Value| fault(&with(&bundle, ".signatures.json", &value.to_string()));
    assert_eq!(
        signatures(json!({"signatures": []})),
        "bundle.signature_count"
    );
    assert_eq!(
        signatures(json!({"signatures": [token, token]})),
        "bundle.signature_count"
    );
    for malformed in [
        json!({"signatures": [token], "plugin": "other"}),
        json!({"signatures": token}),
        json!({"signatures": [1]}),
        json!([token]),
        json!({}),
    ] {
        assert_eq!(
            signatures(malformed.clone()),
            "bundle.signatures_malformed",
            "{malformed}"
        );
    }
    let twice = format!(r#"{{"signatures":["x"],"signatures":["{token}"]}}"#);
    assert_eq!(
        fault(&with(&bundle, ".signatures.json", &twice)),
        "bundle.signatures_malformed"
    );
}
