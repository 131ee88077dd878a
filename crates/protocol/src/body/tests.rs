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
        ("text/plain", r#""a\u0040b""#, Some(BodyKind::Json)),
        ("text/plain", r"see \u0040", Some(BodyKind::Text)),
        ("text/plain", "{not json", Some(BodyKind::Text)),
        ("text/plain", "[INFO] done", Some(BodyKind::Text)),
        ("text/markdown", "[a](b) {\"c\": 1}", Some(BodyKind::Text)),
        ("", "{{ name }}", Some(BodyKind::Text)),
        (
            "application/x-ndjson",
            "{\"index\":{}}\r\n\n{\"input\":\"x\"}\n",
            Some(BodyKind::Text),
        ),
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
        (
            "multipart/form-data; boundary=x",
            "--x--",
            Some(BodyKind::Multipart),
        ),
        (
            "application/x-www-form-urlencoded",
            r#"{"a":1}"#,
            Some(BodyKind::Form),
        ),
        ("application/json", "", None),
    ];
    for (content_type, body, kind) in table {
        let seen = post("plain.example.com", "/")
            .body(content_type, body)
            .seen();
        assert_eq!(seen.reading.body, kind, "{content_type} {body}");
    }
}

#[test]
fn what_cannot_be_looked_into_is_truncated() {
    let hidden = [
        post("plain.example.com", "/").too_long(),
        post("plain.example.com", "/")
            .body("text/plain", "x")
            .header("content-encoding", "gzip"),
        post("plain.example.com", "/").body("application/octet-stream", [0xff]),
        post("plain.example.com", "/").body("text/plain", "a\0b"),
        post("plain.example.com", "/")
            .body("text/plain", r#"{"a":1,"a":1,"m":"jane\u0040example.com"}"#),
        post("plain.example.com", "/").body("", "\u{feff} [\"jane\\u0040example.com\"]"),
        post("plain.example.com", "/").body("text/plain", r#""jane\u0040example.com" and"#),
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

/// What a lenient server may take for a call, by whatever name it comes.
#[test]
fn what_begins_as_json_and_is_none_is_a_body_that_was_not_read() {
    let chat = r#"{"model":"m","messages":[]}"#;
    let rpc = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#;
    let deep = format!("{}{}", "[".repeat(70), "]".repeat(70));
    let mut bodies = Vec::new();
    for good in [chat, rpc] {
        let with = |more: &str| good.replacen('{', &format!("{{{more},"), 1);
        bodies.extend([
            with(r#""id":1,"id":2"#),
            with(r#""x":NaN"#),
            with(r#""x":1e999"#),
            with(r#""x":"\ud800""#),
            with(&format!(r#""x":{deep}"#)),
            format!("\u{feff}{good}"),
            format!("\u{b}{good}"),
            format!("{good}\n{good}"),
            format!("{good} x"),
            format!("{good}\0"),
            format!("/* x */{good}"),
            format!("[{good},]"),
            good.replace('"', "'"),
            good.replace('}', ",}"),
            good.replacen('"', "", 2),
        ]);
    }
    for content_type in ["", "text/plain", "application/octet-stream", FORM] {
        for body in &bodies {
            let sent = post("any.example.net", "/v1/chat/completions").body(content_type, &**body);
            let seen = sent.seen();
            let unread = (seen.call.truncation, seen.reading.body);
            assert_eq!(
                unread,
                (Truncation::Truncated, None),
                "{content_type} {body}"
            );
        }
    }
    let records = format!("{rpc}\n{rpc}");
    let sent = post("any.example.net", "/x").body("application/x-ndjson", records);
    assert_eq!(sent.seen().call.truncation, Truncation::Truncated);
    for host in ["llm.example.com", "mcp.example.com:8443"] {
        let sent = post(host, "/v1/chat/completions").body("", &*bodies[0]);
        assert_eq!(sent.error().rule(), "protocol.disagreement", "{host}");
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

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
fn a_form_is_searched_as_a_form_even_if_it_is_json_as_well() {
    let escaped = MAIL.replace('j', "%6a").replace('@', "%40");
    let sent = post("plain.example.com", "/").form(&format!(r#"["&mail={escaped}&"]"#));
    assert_eq!(sent.seen().found(), [("EMAIL_ADDRESS", "form:mail")]);
}

#[test]
fn a_form_that_hides_another_message_is_refused() {
    let bodies = [
        r#"{"m":"jane\u0040example.com"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
        r#"{"model":"m","messages":[]}"#,
    ];
    for body in bodies {
        let error = post("plain.example.com", "/v1/chat/completions").form(body);
        assert_eq!(error.error().rule(), "protocol.disagreement", "{body}");
    }
}

#[test]
fn a_content_type_that_is_not_one_media_type_is_malformed() {
    let types = [
        "application/x-www-form-urlencoded, x",
        "application/json text/plain",
        "application/json,text/plain",
        "text",
        "/json",
        "text/",
        "a/b/c",
        "; charset=utf-8",
    ];
    for content_type in types {
        let sent = post("plain.example.com", "/").body(content_type, "{}");
        assert_eq!(sent.error().rule(), "protocol.malformed", "{content_type}");
    }
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
