//! Promises about how bodies are read.

use aegis_policy::Truncation;
use serde_json::json;

use crate::redact::BodyKind;
use crate::testing::{MAIL, get, post};

#[test]
fn a_body_is_read_as_what_it_is() {
    let table = [
        ("application/json", r#"{"a":1}"#, Some(BodyKind::Json)),
        (
            "Application/JSON; charset=UTF-8",
            "[]",
            Some(BodyKind::Json),
        ),
        ("application/vnd.api+json", "{}", Some(BodyKind::Json)),
        ("text/plain", r#"{"a":1}"#, Some(BodyKind::Json)),
        ("", "[1]", Some(BodyKind::Json)),
        ("text/plain", "{not json", Some(BodyKind::Text)),
        (
            "text/plain; charset=us-ascii",
            "hello",
            Some(BodyKind::Text),
        ),
        ("application/xml", "<a/>", Some(BodyKind::Text)),
        (
            "application/x-www-form-urlencoded",
            "a=1",
            Some(BodyKind::Form),
        ),
        (
            "application/x-www-form-urlencoded; charset=\"utf-8\"",
            "a=1",
            Some(BodyKind::Form),
        ),
        ("multipart/form-data; boundary=x", "--x--", None),
        ("application/json", "", None),
    ];
    for (content_type, body, kind) in table {
        let seen = post("plain.example.com", "/")
            .body(content_type, body)
            .seen();
        assert_eq!(seen.places.body, kind, "{content_type} {body}");
    }
}

#[test]
fn what_cannot_be_looked_into_is_truncated() {
    let hidden = [
        post("plain.example.com", "/").too_long(),
        post("plain.example.com", "/").body("multipart/form-data; boundary=x", "--x--"),
        post("plain.example.com", "/")
            .body("text/plain", "x")
            .header("content-encoding", "gzip"),
        post("plain.example.com", "/").body("application/octet-stream", [0xff]),
    ];
    for sent in hidden {
        assert_eq!(sent.seen().call.truncation, Truncation::Truncated);
    }
    let identity = post("plain.example.com", "/").body("text/plain", "x");
    let identity = identity.header("content-encoding", "Identity");
    assert_eq!(identity.seen().call.truncation, Truncation::Whole);
    assert_eq!(
        get("plain.example.com", "/").seen().call.truncation,
        Truncation::Whole
    );
}

#[test]
fn malformed_bodies_are_refused() {
    let bodies = [
        ("application/json", r#"{"a":1"#, "protocol.malformed"),
        ("application/json", r#"{"a":1,"a":2}"#, "protocol.malformed"),
        ("application/problem+json", "x", "protocol.malformed"),
        ("application/json; charset=utf-16", "{}", "protocol.charset"),
        (
            "text/plain; Charset=\"ISO-8859-1\"",
            "x",
            "protocol.charset",
        ),
    ];
    for (content_type, body, rule) in bodies {
        let error = post("plain.example.com", "/")
            .body(content_type, body)
            .error();
        assert_eq!(error.rule(), rule, "{content_type} {body}");
    }
    let form = "application/x-www-form-urlencoded";
    let not_utf8 = post("plain.example.com", "/").body(form, [b'a', b'=', 0xff]);
    assert_eq!(not_utf8.error().rule(), "protocol.malformed");
    let two_types = post("plain.example.com", "/").body("text/plain", "x");
    let two_types = two_types.header("content-type", "application/json");
    assert_eq!(two_types.error().rule(), "protocol.malformed");
}

#[test]
fn an_error_never_repeats_what_was_sent() {
    let errors = [
        post("pay.example.com", "/v1/charges?x=1")
            .json(&json!({"x": MAIL}))
            .error(),
        post("plain.example.com", "/")
            .body("application/json", format!("{{{MAIL}"))
            .error(),
        post("pay.example.com", &format!("/{MAIL}//")).error(),
    ];
    for error in errors {
        assert!(!format!("{error} {error:?}").contains(MAIL));
    }
}
