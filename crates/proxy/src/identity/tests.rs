use aegis_config::Digest as Known;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, header};

use super::*;

#[test]
fn nothing_presented_is_anonymous() {
    let caller = identities()
        .identify(Front::Forward, &HeaderMap::new(), None)
        .unwrap();

    assert_eq!(caller.auth, Auth::Anonymous);
    assert_eq!(
        (&*caller.tenant, &*caller.agent),
        ("anonymous", "anonymous")
    );
}

#[test]
fn a_secret_counts_with_its_id_or_alone() {
    for value in [
        &*basic("cred-1:pass:word"),
        "Bearer pass:word",
        "bEaReR   pass:word",
    ] {
        let caller = identities()
            .identify(Front::Forward, &presented(&[value]), None)
            .unwrap();

        assert_eq!(
            (&*caller.agent, caller.auth),
            ("bot", Auth::Credential),
            "{value}"
        );
    }
}

#[test]
fn what_is_presented_and_not_known_is_refused() {
    let wrong = [
        basic("cred-1:wrong"),
        basic("cred-2:pass:word"),
        basic("bot:pass:word"),
        basic("cred-1"),
        basic("pass:word"),
        basic(":pass:word"),
        basic("cred-1:"),
        basic(""),
        "Basic".to_owned(),
        "Basic not base64".to_owned(),
        "Bearer".to_owned(),
        "Bearer pass:word pass:word".to_owned(),
        "Negotiate pass:word".to_owned(),
        "pass:word".to_owned(),
        String::new(),
    ];
    for value in wrong {
        assert_refused(identities().identify(Front::Forward, &presented(&[&value]), None));
    }
}

#[test]
fn two_credentials_are_none() {
    let good = basic("cred-1:pass:word");
    assert_refused(identities().identify(Front::Forward, &presented(&[&good, &good]), None));
}

#[test]
fn at_the_gateway_a_credential_stands_where_an_sdk_puts_its_key() {
    let signed = "AWS4-HMAC-SHA256 Credential=cred-1/20261121/eu-west-1/bedrock/aws4_request, \
                  SignedHeaders=host;x-amz-date, Signature=00";
    let token = ("x-amz-security-token", "pass:word");
    let basic = basic("cred-1:pass:word");
    for shown in [
        &[("authorization", "Bearer pass:word")][..],
        &[("authorization", &*basic)],
        &[("proxy-authorization", &*basic)],
        &[("x-api-key", "pass:word")],
        &[("api-key", "pass:word")],
        &[("x-goog-api-key", "pass:word")],
        &[("authorization", signed), token],
        &[
            ("authorization", "Bearer pass:word"),
            ("x-api-key", "pass:word"),
        ],
    ] {
        let mut headers = shown_as(shown);
        let caller = identities().identify(Front::Gateway, &headers, None);
        assert_eq!(&*caller.unwrap().agent, "bot", "{shown:?}");
        strip(&mut headers);
        assert!(headers.is_empty(), "{shown:?}");
    }
}

#[test]
fn at_the_gateway_too_what_is_presented_and_not_known_is_refused() {
    let signed = "AWS4-HMAC-SHA256 Credential=cred-1/20261121, Signature=00";
    let other = "AWS4-HMAC-SHA256 Credential=cred-2/20261121, Signature=00";
    let token = ("x-amz-security-token", "pass:word");
    let good = ("x-api-key", "pass:word");
    for shown in [
        &[("authorization", "pass:word")][..],
        &[("authorization", "Bearer sk-real-key")],
        &[("x-api-key", "")],
        &[("x-api-key", "Bearer pass:word")],
        &[("authorization", signed)],
        &[("authorization", other), token],
        &[("authorization", signed), token, token],
        &[
            ("authorization", "AWS4-HMAC-SHA256 Credential=cred-1"),
            token,
        ],
        &[("proxy-authorization", signed), token],
        &[good, good],
        &[good, ("api-key", "ops secret")],
        &[good, ("authorization", "Bearer wrong")],
    ] {
        let found = identities().identify(Front::Gateway, &shown_as(shown), None);
        let cause = found.map_err(|refusal| refusal.cause).unwrap_err();
        assert_eq!(cause, Cause::ApiKey, "{shown:?}");
    }
}

/// What a destination behind the proxy checks itself is none of the proxy's business.
#[test]
fn the_forward_front_looks_at_its_own_header_only() {
    let headers = shown_as(&[("authorization", "Bearer pass:word"), ("x-api-key", "a")]);
    let caller = identities()
        .identify(Front::Forward, &headers, None)
        .unwrap();
    assert_eq!(caller.auth, Auth::Anonymous);
}

#[test]
fn bytes_that_are_no_text_are_no_credential() {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::PROXY_AUTHORIZATION,
        HeaderValue::from_bytes(b"Bearer \xff").unwrap(),
    );
    assert_refused(identities().identify(Front::Forward, &headers, None));
}

#[test]
fn a_certificate_must_be_registered_and_must_not_contradict_a_credential() {
    let known = sha256(b"certificate");
    let caller = identities()
        .identify(Front::Forward, &HeaderMap::new(), Some(&known))
        .unwrap();
    assert_eq!((&*caller.agent, caller.auth), ("ops", Auth::Certificate));

    let other = presented(&["Bearer pass:word"]);
    assert_refused(identities().identify(Front::Forward, &other, Some(&known)));
    assert_refused(identities().identify(Front::Forward, &other, Some(&sha256(b"stranger"))));
    assert_refused(identities().identify(
        Front::Forward,
        &HeaderMap::new(),
        Some(&sha256(b"stranger")),
    ));
    let own = presented(&["Bearer ops secret"]);
    assert_eq!(
        &*identities()
            .identify(Front::Forward, &own, Some(&known))
            .unwrap()
            .agent,
        "ops"
    );
}

#[test]
fn agents_of_the_same_name_in_two_tenants_are_two_callers() {
    let known = sha256(b"certificate");
    let namesake = presented(&["Bearer namesake"]);
    assert_refused(identities().identify(Front::Forward, &namesake, Some(&known)));
}

#[test]
fn a_secret_does_not_show_in_debug_output() {
    let shown = format!(
        "{:?}",
        identities().identify(Front::Forward, &presented(&["Bearer guess"]), None)
    );
    assert!(!shown.contains("guess"), "{shown}");
}

fn identities() -> Identities {
    let secret = |text: &str| Proof::Secret(Known(sha256(text.as_bytes())));
    Identities::new(&[
        credential("cred-1", "acme", "bot", secret("pass:word")),
        credential("cred-2", "acme", "ops", secret("ops secret")),
        credential(
            "cred-3",
            "acme",
            "ops",
            Proof::Certificate(Known(sha256(b"certificate"))),
        ),
        credential("cred-4", "other", "ops", secret("namesake")),
    ])
}

fn credential(id: &str, tenant: &str, agent: &str, proof: Proof) -> Credential {
    Credential {
        id: id.into(),
        tenant: tenant.into(),
        agent: agent.into(),
        proof,
    }
}

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

fn shown_as(headers: &[(&'static str, &str)]) -> HeaderMap {
    let mut shown = HeaderMap::new();
    for (name, value) in headers {
        shown.append(*name, value.parse().unwrap());
    }
    shown
}

fn presented(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(header::PROXY_AUTHORIZATION, value.parse().unwrap());
    }
    headers
}

fn assert_refused(outcome: Result<Caller, Refusal>) {
    assert_eq!(
        outcome.map_err(|refusal| refusal.cause).unwrap_err(),
        Cause::Credential
    );
}
