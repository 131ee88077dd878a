//! Promises about bodies in parts: every reader sees the same ones, or nobody gets them.

use aegis_policy::{Action, Numbers, Redaction, Truncation};
use serde_json::json;

use crate::pseudonyms::{Means, Unnamed};
use crate::redact::RedactError;
use crate::testing::{Sent, post, scanner};

const TYPE: &str = "multipart/form-data; boundary=\"-x-\"";

/// As clients write it.
fn body(parts: &[(&str, &str)]) -> String {
    let part = |(head, content): &(&str, &str)| {
        format!("---x-\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
    };
    let parts: String = parts.iter().map(part).collect();
    parts + "---x---\r\n"
}

fn charge(parts: &[(&str, &str)]) -> Sent {
    post("pay.example.com", "/v1/charges").body(TYPE, body(parts))
}

fn redacted(sent: &Sent, redactions: &[Redaction]) -> Result<Option<String>, RedactError> {
    let means = Means {
        heard: crate::Heard::nothing(),
        scanner: scanner(),
        numbers: Numbers::Deny,
        names: &Unnamed,
    };
    let seen = sent.seen();
    let rewritten = seen.reading.redact(&sent.view(), redactions, &means)?;
    Ok(rewritten
        .body
        .map(|body| String::from_utf8(body.to_vec()).expect("utf-8")))
}

fn mail() -> Redaction {
    Redaction::Data("EMAIL_ADDRESS".into(), Action::Label)
}

#[test]
fn fields_are_the_parameters_of_a_call() {
    let seen = charge(&[
        ("name=amount", "5"),
        ("name=\"tag[]\"", "a"),
        ("name=\"tag[]\"", "b"),
        (
            "name=\"note\"; filename=\"note.txt\"\r\nContent-Type: text/plain",
            "two\r\nlines",
        ),
    ])
    .seen();
    assert_eq!(
        json!(seen.call.parameters),
        json!({"amount": "5", "tag": ["a", "b"], "note": "two\r\nlines"})
    );
    assert_eq!(seen.call.truncation, Truncation::Whole);
}

#[test]
fn a_field_that_stands_twice_or_asks_for_another_method_is_refused() {
    for (parts, rule) in [
        (
            [
                "name=a",
                "name=_method\r\nContent-Transfer-Encoding: base64",
            ],
            "protocol.method_override",
        ),
        (
            ["name=a", "name=_charset_\r\nContent-Encoding: gzip"],
            "protocol.charset",
        ),
        (
            ["name=amount", "name=Amount"],
            "protocol.duplicate_parameter",
        ),
        (["name=amount", "name=_method"], "protocol.method_override"),
        (["name=amount", "name=\"a%22b\""], "protocol.malformed"),
    ] {
        let sent = charge(&parts.map(|head| (head, "1")));
        assert_eq!(sent.error().rule(), rule, "{parts:?}");
    }
}

#[test]
fn a_part_that_cannot_be_read_leaves_the_body_unread() {
    for part in [
        ("name=a\r\nContent-Type: image/png", "\0"),
        ("name=a\r\nContent-Transfer-Encoding: base64", "YW5u"),
        ("name=a\r\nContent-Encoding: gzip", "x"),
        (
            "name=a\r\nContent-Type: multipart/mixed; boundary=y",
            "--y--",
        ),
    ] {
        let seen = charge(&[("name=b", "1"), part]).seen();
        assert_eq!(seen.call.truncation, Truncation::Parts, "{part:?}");
        assert_eq!(json!(seen.call.parameters), json!({"b": "1"}));
    }
    let nameless = ("filename=a", "the catalogue wants names");
    let seen = charge(&[("name=b", "1"), nameless]).seen();
    assert_eq!(seen.call.truncation, Truncation::Truncated);
}

#[test]
fn what_two_readers_could_divide_differently_is_refused() {
    let whole = body(&[("name=a", "1")]);
    let bodies = [
        // Not the boundary that the type names, or more than it.
        whole.replace("---x-", "---y-"),
        whole.replace("---x---", "---x-"),
        whole.replace("---x---\r\n", "---x---\r\nafter"),
        format!("before\r\n{whole}"),
        whole.replace("\r\n\r\n1", "\n\n1"),
        // A line that looks like a boundary to some.
        body(&[(
            "name=a",
            "1\n---x-\r\nContent-Disposition: form-data; name=b\r\n\r\n2",
        )]),
        body(&[("name=a", "1\r---x-")]),
        body(&[("name=a", "1\r\n---x-more")]),
        body(&[("name=a", "1\r\n---x- ")]),
        // Heads.
        body(&[("name=a; name=b", "1")]),
        body(&[("name=a; name*=utf-8''b", "1")]),
        body(&[("filename=\"a\\\"; name=\\\"b\"; name=c", "1")]),
        body(&[("filename=\"a; name=b\"; name=c", "1")]),
        body(&[("filename=\"x name=a\"; name=b", "1")]),
        body(&[("filename=\"file name=a\"; name=b", "1")]),
        body(&[("filename=x name=\"a\"; name=\"b\"", "1")]),
        body(&[("xname=\"a\"; name=\"b\"", "1")]),
        body(&[("name=\"a\" b; filename=c", "1")]),
        body(&[("name=\"a", "1")]),
        body(&[("name=a\r\nContent-Length: 2", "1")]),
        body(&[("name=a\r\n folded: x", "1")]),
        body(&[("name=a\r\nno colon", "1")]),
        body(&[("name=a\r\nX y: 1", "1")]),
        body(&[("name=a\r\nContent-Disposition: form-data; name=b", "1")]),
        body(&[("name=a\r\nContent-Type: nonsense", "1")]),
        body(&[("name=a\r\nContent-Type: application/json", "{")]),
        body(&[(&format!("name=a{}", "\r\nx: y".repeat(20)), "1")]),
    ];
    for body in bodies {
        let sent = post("plain.example.com", "/").body(TYPE, body.clone());
        assert_eq!(sent.error().rule(), "protocol.malformed", "{body}");
    }
}

#[test]
fn one_boundary_and_one_character_set_are_named() {
    let whole = body(&[("name=a", "1")]);
    for content_type in [
        "multipart/form-data",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=-x-; boundary=y",
        "multipart/form-data; boundary=-x-; boundary*=utf-8''y",
        "multipart/form-data; boundary=-x-; boundary*0=y",
        "multipart/form-data; xboundary=y; boundary=-x-",
        "multipart/form-data; boundary=\"-x- \"",
    ] {
        let sent = post("plain.example.com", "/").body(content_type, whole.clone());
        assert_eq!(sent.error().rule(), "protocol.malformed", "{content_type}");
    }
    for foreign in [
        ("name=a\r\nContent-Type: text/plain; charset=utf-16", "1"),
        ("name=_Charset_", "utf-7"),
    ] {
        let sent = post("plain.example.com", "/").body(TYPE, body(&[foreign]));
        assert_eq!(sent.error().rule(), "protocol.charset", "{foreign:?}");
    }
    let utf8 = charge(&[
        ("name=_charset_", "UTF-8"),
        ("name=a; filename*=utf-8''%e2", "1"),
    ]);
    assert_eq!(utf8.seen().call.truncation, Truncation::Whole);
}

#[test]
fn data_is_found_in_fields_and_files_and_heads_by_their_names() {
    let seen = charge(&[
        ("name=to", "ann@corp.example"),
        (
            "name=doc\r\nContent-Type: application/json",
            r#"{"a": "\u0061nn@corp.example"}"#,
        ),
        ("name=file; filename=\"eve@corp.example.txt\"", "x"),
    ])
    .seen();
    let mut places: Vec<&str> = seen.data.iter().map(|found| &*found.path).collect();
    places.sort_unstable();
    assert_eq!(places, ["part:", "part:doc", "part:to"]);
}

#[test]
fn data_and_fields_are_redacted_and_every_other_byte_stays() {
    let parts = |to: &str, doc: &str| {
        body(&[
            ("name=to", to),
            (
                "name=doc; filename=d.json\r\nContent-Type: application/json",
                doc,
            ),
            ("name=file; filename=\"x.txt\"", "a\r\nb"),
        ])
    };
    let text = parts(
        "é <ann@corp.example>",
        r#"{"a" : "ann@corp.example", "n":1.0}"#,
    );
    let sent = post("pay.example.com", "/v1/charges").body(TYPE, text.clone());
    assert_eq!(
        redacted(&sent, &[mail()]),
        Ok(Some(parts(
            "é <[REDACTED:EMAIL_ADDRESS]>",
            r#"{"a" : "[REDACTED:EMAIL_ADDRESS]", "n":1.0}"#
        )))
    );
    let whole = ["to", "doc"].map(|name| Redaction::Parameter(name.into(), Action::Label));
    assert_eq!(
        redacted(&sent, &whole),
        Ok(Some(parts("[REDACTED]", r#""[REDACTED]""#)))
    );
    let clean = charge(&[("name=to", "nobody")]);
    assert_eq!(redacted(&clean, &[mail()]), Ok(None));
}

#[test]
fn what_cannot_be_redacted_in_place_is_refused() {
    for (head, content, error) in [
        ("name=\"eve@corp.example\"", "x", RedactError::Name),
        (
            "name=a; filename=\"eve@corp.example\"",
            "x",
            RedactError::Name,
        ),
        (
            "name=a\r\nContent-Length: 16",
            "eve@corp.example",
            RedactError::Ambiguous,
        ),
        (
            "name=a; filename=\"eve@corp.example\"\r\nContent-Type: image/png",
            "\0",
            RedactError::Name,
        ),
        (
            "name=a\r\nContent-Type: application/json",
            "4000123412341234",
            RedactError::Number,
        ),
    ] {
        let card = Redaction::Data("CREDIT_CARD".into(), Action::Label);
        let sent = post("plain.example.com", "/").body(TYPE, body(&[(head, content)]));
        assert_eq!(redacted(&sent, &[mail(), card]), Err(error), "{head}");
    }
}

#[test]
fn a_part_that_cannot_be_read_keeps_its_bytes_beside_those_that_are_redacted() {
    let file = (
        "name=file\r\nContent-Type: image/png",
        "\0 eve@corp.example",
    );
    let sent = charge(&[("name=to", "ann@corp.example"), file, ("name=cc", "x")]);
    let found: Vec<_> = sent.seen().data.iter().map(|it| it.path.clone()).collect();
    assert_eq!(found, ["part:to"]);
    assert_eq!(
        redacted(&sent, &[mail()]),
        Ok(Some(body(&[
            ("name=to", "[REDACTED:EMAIL_ADDRESS]"),
            file,
            ("name=cc", "x")
        ])))
    );
    // It may be the one that is named, to some server.
    for name in ["to", "file", "other"] {
        let named = [Redaction::Parameter(name.into(), Action::Label)];
        assert_eq!(redacted(&sent, &named), Err(RedactError::Unread), "{name}");
    }
}

#[test]
fn what_only_the_text_of_a_json_part_shows_is_not_sent_on() {
    let part = (
        "name=a\r\nContent-Type: application/json",
        r#"{"kind": "ssn", "v": "536903399"}"#,
    );
    let sent = post("plain.example.com", "/").body(TYPE, body(&[part]));
    assert_eq!(sent.seen().data[0].kind, "US_SSN");
    let ssn = Redaction::Data("US_SSN".into(), Action::Label);
    assert_eq!(redacted(&sent, &[ssn]), Err(RedactError::Ambiguous));
}
