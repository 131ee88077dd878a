use super::*;
use crate::body::RequestBody;
use bytes::Bytes;
use std::sync::Arc;

#[test]
fn what_is_meant_for_one_hop_does_not_cross() {
    let mut headers = of(&[
        ("connection", "close, x-own, X-Other"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("proxy-authorization", "Bearer secret"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("http2-settings", "AAMAAABkAAQAAP__"),
        ("te", "gzip"),
        ("x-own", "1"),
        ("x-other", "1"),
        ("accept", "*/*"),
    ]);

    clean_request(&mut headers);

    assert_eq!(names(&headers), ["accept"]);
}

#[test]
fn te_crosses_only_as_the_word_that_grpc_needs() {
    let mut headers = of(&[("te", "gzip;q=0.5, Trailers")]);
    clean_request(&mut headers);
    assert_eq!(headers["te"], "trailers");
}

#[test]
fn connection_cannot_take_away_what_was_judged() {
    let kept = [
        "authorization",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
    ];
    let mut headers = of(&kept.map(|name| (name, "1")));
    headers.insert("connection", kept.join(",").parse().unwrap());

    clean_request(&mut headers);

    assert_eq!(names(&headers), kept);
}

#[test]
fn what_a_caller_claims_about_itself_does_not_cross() {
    for name in [
        "aegis-decision",
        "aegis-agent",
        "x-aegis-tenant",
        "x-agent-id",
        "x-agent",
        "x-tenant-id",
        "x-tenant",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded",
        "forwarded",
        "x-real-ip",
        "x-client-ip",
        "true-client-ip",
        "x_agent_id",
        "x_forwarded_for",
        "aegis_agent",
        "x-aegis_agent",
    ] {
        let mut headers = of(&[(name, "admin"), (name, "root"), ("x-request-id", "7")]);
        clean_request(&mut headers);
        assert_eq!(names(&headers), ["x-request-id"], "{name}");
    }
}

#[test]
fn no_name_that_some_server_takes_for_an_identity_crosses_in_a_head_or_a_trailer() {
    for name in CLAIMS.split_whitespace() {
        for spelled in [name.to_owned(), name.replace('-', "_")] {
            let pairs = [(spelled.as_str(), "root"), ("x-request-id", "7")];
            let mut head = of(&pairs);
            clean_request(&mut head);
            assert_eq!(names(&head), ["x-request-id"], "{spelled}");

            let body = RequestBody::whole(Bytes::new(), Some(of(&pairs)), Arc::default());
            let trailers = body.trailers().unwrap();
            assert_eq!(names(trailers), ["x-request-id"], "{spelled}");
        }
    }
}

#[test]
fn no_trailer_says_what_belongs_to_a_head() {
    let late = "authorization proxy-authorization x-api-key x_api_key api-key x-goog-api-key baggage \
                traceparent tracestate cookie host content-length content-type content-encoding \
                transfer-encoding mcp-method mcp-name mcp-param-x mcp_session_id x-original-url \
                x-http-method-override trailer expect";
    for name in late.split_whitespace() {
        let pairs = [(name, "1"), ("content-digest", "7")];
        let body = RequestBody::whole(Bytes::new(), Some(of(&pairs)), Arc::default());
        assert_eq!(
            names(body.trailers().unwrap()),
            ["content-digest"],
            "{name}"
        );
    }
    let pairs = [("content-digest", "7")];
    let body = RequestBody::whole(Bytes::new(), Some(of(&pairs)), Arc::default());
    assert!(!body.without_trailers().has_trailers());
}

#[test]
fn what_a_destination_checks_itself_or_what_names_nobody_crosses() {
    let mut kept: Vec<&str> = KEPT.split_whitespace().collect();
    kept.sort_unstable();
    let pairs: Vec<_> = kept.iter().map(|name| (*name, "1")).collect();
    let mut headers = of(&pairs);
    clean_request(&mut headers);
    assert_eq!(names(&headers), kept);
}

/// Of the prefixes one or two names each.
const CLAIMS: &str = "
    aegis-agent x-aegis-tenant x-agent x-agent-id x-tenant x-tenant-id
    forwarded x-forwarded x-forwarded-for x-forwarded-user x-forwarded-email x-forwarded-groups
    x-forwarded-preferred-username x-forwarded-client-cert x-original-forwarded-for x-real-ip client-ip
    x-client-ip true-client-ip x-cluster-client-ip x-originating-ip x-remote-user x-remote-group
    x-remote-extra-scopes x-envoy-external-address
    cf-connecting-ip cf-connecting-ipv6 cf-pseudo-ipv4 fastly-client-ip x-azure-clientip x-appengine-user-ip
    client-cert client-cert-chain x-client-cert x-client-cert-chain x-client-certificate x-client-dn
    ssl-client-cert ssl-client-s-dn x-ssl-client-cert x-ssl-client-verify x-arr-clientcert
    x-amzn-mtls-clientcert
    remote-user remote-groups x-user x-user-id x-userid x-user-name x-username x-user-email x-user-roles
    x-userinfo x-email x-groups x-principal x-authenticated-userid x-authenticated-scope x-webauth-user
    x-auth-request-user x-auth-request-email x-authentik-username x-authelia-groups
    x-pomerium-jwt-assertion tailscale-user-login oidc-claim-sub shib-identity-provider sm-user iv-user
    x-consumer-username x-credential-identifier x-amzn-oidc-data x-amzn-oidc-identity
    x-goog-authenticated-user-email x-goog-iap-jwt-assertion x-apigateway-api-userinfo
    x-ms-client-principal x-ms-client-principal-name x-ms-token-aad-id-token
    cf-access-authenticated-user-email cf-access-jwt-assertion x-spiffe-id l5d-client-id";

const KEPT: &str = "
    authorization accept cookie user-agent x-user-agent x-request-id x-api-key x-auth-token x-auth-key
    x-auth-email cf-access-client-id cf-access-client-secret x-amzn-trace-id x-amz-date x-goog-api-key
    x-goog-user-project x-ms-version x-ms-client-request-id openai-organization x-forward
    x-client-version x-client-name remote agent x-agents idempotency-key";

#[test]
fn only_aegis_says_what_aegis_decided() {
    let mut headers = of(&[
        ("aegis-decision", "allow"),
        ("aegis-decision", "deny"),
        ("aegis-anything", "1"),
        ("connection", "x-own"),
        ("x-own", "1"),
        ("x-forwarded-for", "an upstream may say this"),
        ("content-type", "text/plain"),
    ]);

    clean_response(&mut headers);

    assert_eq!(names(&headers), ["content-type", "x-forwarded-for"]);
}

#[test]
fn an_upgrade_needs_both_headers_and_is_never_to_http2() {
    let asked = |pairs: &[(&str, &str)]| upgrade(&of(pairs)).is_some();

    assert!(asked(&[
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket")
    ]));
    assert!(!asked(&[("upgrade", "websocket")]));
    assert!(!asked(&[("connection", "upgrade")]));
    assert!(!asked(&[
        ("connection", "upgrade, http2-settings"),
        ("upgrade", "h2c")
    ]));
    assert!(!asked(&[
        ("connection", "upgraded"),
        ("upgrade", "websocket")
    ]));
}

fn of(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
    }
    headers
}

fn names(headers: &HeaderMap) -> Vec<&str> {
    let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names
}
