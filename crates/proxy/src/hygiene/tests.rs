use super::*;

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
