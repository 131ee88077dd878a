//! What a detector elsewhere is shown, and what becomes of what it says.

use aegis_dlp::{Class, Hit};
use aegis_policy::{Action, Redaction};
use serde_json::json;

use super::{Finder, Heard, Texts};
use crate::testing::{MAIL, Sent, get, means, post, scanner};
use crate::{Means, RedactError, Rewritten};

fn texts(sent: &Sent) -> Vec<(Option<String>, String)> {
    let texts = Texts::of(&sent.view(), scanner(), 1 << 20);
    let owned = |(name, text): (Option<&str>, &str)| (name.map(str::to_owned), text.to_owned());
    texts.iter().map(owned).collect()
}

fn named(name: &str, text: &str) -> (Option<String>, String) {
    (Some(name.to_owned()), text.to_owned())
}

fn unnamed(text: &str) -> (Option<String>, String) {
    (None, text.to_owned())
}

/// A detector that knows one person, wherever she stands.
fn knows(sent: &Sent, person: &str) -> Heard {
    let texts = Texts::of(&sent.view(), scanner(), 1 << 20);
    let found = texts.iter().enumerate().flat_map(|(at, (_, text))| {
        let places = text.match_indices(person).collect::<Vec<_>>();
        let hits = places
            .into_iter()
            .map(|(start, value)| hit(start, start + value.len()));
        hits.map(move |hit| (at, hit)).collect::<Vec<_>>()
    });
    let found: Vec<_> = found.collect();
    texts.heard(found).expect("places in the texts")
}

fn hit(start: usize, end: usize) -> Hit {
    Hit {
        kind: "PERSON",
        class: Class::Pii,
        confidence: 90,
        range: start..end,
        is_whole: true,
    }
}

fn redacted(sent: &Sent, heard: &Heard) -> Result<Rewritten, RedactError> {
    let finder = Finder {
        scanner: scanner(),
        heard,
    };
    let inspected = sent.inspect_with(finder).expect("a request");
    let person = Redaction::Data("PERSON".into(), Action::Label);
    let means = Means { heard, ..means() };
    inspected.reading.redact(&sent.view(), &[person], &means)
}

fn body(sent: &Sent, heard: &Heard) -> String {
    let rewritten = redacted(sent, heard).expect("a redaction");
    let body = rewritten.body.expect("another body");
    String::from_utf8(body.to_vec()).expect("text")
}

#[test]
fn every_text_is_shown_once_and_with_its_name() {
    let inner = json!({"who": "Bob"}).to_string();
    let sent = post("plain.example.com", "/to/Ann%20Lee?q=a+b&q=a+b&n=").json(&json!({
        "note": "for Ann", "list": ["for Ann", "x"], "count": 7, "on": true, "blank": " ",
        "more": {"note": "for Ann"}, "inner": inner,
    }));
    let shown = texts(&sent);
    let expected = [
        unnamed("to"),
        unnamed("Ann Lee"),
        named("q", "a b"),
        named("note", "for Ann"),
        named("list", "for Ann"),
        named("list", "x"),
        named("who", "Bob"),
    ];
    assert_eq!(shown.len(), expected.len(), "{shown:?}");
    assert!(
        expected.iter().all(|text| shown.contains(text)),
        "{shown:?}"
    );

    let form = post("plain.example.com", "/").form("note=for+Ann&json=%5B%22x%22%5D");
    assert_eq!(texts(&form), [named("note", "for Ann"), named("json", "x")]);
    let plain = post("plain.example.com", "/").body("text/plain", "for Ann");
    assert_eq!(texts(&plain), [unnamed("for Ann")]);
    let binary = post("plain.example.com", "/").body("image/png", "\u{0}PNG");
    assert_eq!(texts(&binary), []);
}

#[test]
fn what_was_heard_is_found_in_its_place_and_redacted_there() {
    let sent = post("plain.example.com", "/").json(&json!({
        "note": format!("Ann Lee, {MAIL}"), "to": ["x", "Ann Lee"], "other": "Annie",
    }));
    let heard = knows(&sent, "Ann Lee");
    let finder = Finder {
        scanner: scanner(),
        heard: &heard,
    };
    let found = sent.inspect_with(finder).expect("a request").data;
    let mut found: Vec<_> = found
        .iter()
        .map(|it| (it.kind, it.class, &*it.path))
        .collect();
    found.sort_unstable();
    let expected = [
        ("EMAIL_ADDRESS", "pii", "body:/note"),
        ("PERSON", "pii", "body:/note"),
        ("PERSON", "pii", "body:/to/1"),
    ];
    assert_eq!(found, expected);
    let after: serde_json::Value = serde_json::from_str(&body(&sent, &heard)).expect("JSON");
    assert_eq!(after["note"], format!("[REDACTED:PERSON], {MAIL}"));
    assert_eq!(after["to"], json!(["x", "[REDACTED:PERSON]"]));
    assert_eq!(after["other"], "Annie");
}

#[test]
fn a_form_is_redacted_whether_a_plus_is_a_space_or_not() {
    let sent = post("plain.example.com", "/").form("a=1&note=%2B+Ann+Lee+%C3%A9&to=b%40c.example");
    let heard = knows(&sent, "Ann Lee");
    let expected = "a=1&note=%20%20%5BREDACTED%3APERSON%5D%20%C3%A9&to=b%40c.example";
    assert_eq!(body(&sent, &heard), expected);

    let email = post("plain.example.com", "/").form(&format!("note=Ann+Lee+{MAIL}"));
    let heard = knows(&email, "Ann Lee");
    assert_eq!(
        body(&email, &heard).replace("%40", "@").replace("%20", " "),
        format!("note=%5BREDACTED%3APERSON%5D {MAIL}")
    );
}

#[test]
fn json_in_a_text_stays_json() {
    let inner = json!({"who": "Ann \"Lee\""}).to_string();
    let sent = post("plain.example.com", "/").json(&json!({"inner": inner}));
    let heard = knows(&sent, "Ann \"Lee\"");
    let after: serde_json::Value = serde_json::from_str(&body(&sent, &heard)).expect("JSON");
    let inner = after["inner"].as_str().expect("a text");
    let inner: serde_json::Value = serde_json::from_str(inner).expect("JSON");
    assert_eq!(inner, json!({"who": "[REDACTED:PERSON]"}));
}

#[test]
fn parts_are_shown_and_redacted_as_fields_are() {
    let part = |head: &str, value: &str| {
        format!("--b\r\ncontent-disposition: form-data; name={head}\r\n\r\n{value}\r\n")
    };
    let json = "\"who\"\r\ncontent-type: application/json";
    let sent = |who: &str| {
        let parts = [
            part("\"note\"", &format!("for {who}")),
            part(json, &format!("\"{who}\"")),
            part(json, &format!("{{\"to\":[\"{who}\"]}}")).replace("\"who\"", "\"more\""),
        ];
        parts.concat() + "--b--\r\n"
    };
    let kind = "multipart/form-data; boundary=b";
    let request = post("plain.example.com", "/").body(kind, sent("Ann Lee"));
    let heard = knows(&request, "Ann Lee");
    assert_eq!(body(&request, &heard), sent("[REDACTED:PERSON]"));
    let file = part("\"f\"; filename=\"Ann Lee.txt\"", "x") + "--b--\r\n";
    let request = post("plain.example.com", "/").body(kind, file);
    let heard = knows(&request, "Ann Lee");
    assert_eq!(redacted(&request, &heard), Err(RedactError::Name));
}

/// JSON this deep is read one level further for being rewritten than for being shown.
#[test]
fn what_was_heard_and_is_still_there_after_redaction_refuses_the_call() {
    let deep = (0..6).fold("for Ann Lee".to_owned(), |inner, _| {
        json!([inner]).to_string()
    });
    let part = format!(
        "--b\r\ncontent-disposition: form-data; name=\"a\"\r\ncontent-type: application/json\r\n\r\n{deep}\r\n--b--\r\n"
    );
    let request = post("plain.example.com", "/").body("multipart/form-data; boundary=b", part);
    let heard = knows(&request, "Ann Lee");
    assert_eq!(redacted(&request, &heard), Err(RedactError::Remains));
}

#[test]
fn what_was_heard_of_the_path_or_of_a_name_cannot_be_redacted() {
    let path = get("plain.example.com", "/users/Ann%20Lee");
    let heard = knows(&path, "Ann Lee");
    assert_eq!(redacted(&path, &heard), Err(RedactError::Fixed));
    // The text has shown that the name is one, too.
    let name = post("plain.example.com", "/").json(&json!({"Ann Lee": {"who": "Ann Lee"}}));
    let heard = knows(&name, "Ann Lee");
    assert_eq!(redacted(&name, &heard), Err(RedactError::Name));
    let finder = Finder {
        scanner: scanner(),
        heard: &heard,
    };
    let found = name.inspect_with(finder).expect("a request").data;
    assert!(!format!("{found:?}").contains("Ann"), "{found:?}");
}

#[test]
fn a_place_that_is_not_in_the_text_is_heard_of_nothing() {
    let sent = post("plain.example.com", "/").body("text/plain", "é Ann");
    for (at, hit) in [
        (1, hit(0, 2)),
        (0, hit(0, 99)),
        (0, hit(0, 1)),
        (0, hit(2, 2)),
    ] {
        let texts = Texts::of(&sent.view(), scanner(), 1 << 20);
        assert!(texts.heard(vec![(at, hit)]).is_none());
    }
    let texts = Texts::of(&sent.view(), scanner(), 1 << 20);
    let both = vec![(0, hit(3, 5)), (0, hit(4, 6))];
    let heard = texts.heard(both).expect("places in the text");
    assert_eq!(body(&sent, &heard), "é [REDACTED:PERSON]");
}

#[test]
fn no_more_is_kept_than_may_be_asked() {
    let name = "n".repeat(1000);
    let many: Vec<String> = (0..1000).map(|at| format!("{at} a")).collect();
    let sent = post("plain.example.com", "/").json(&json!({name: many}));
    for (most, too_many) in [(10_000, true), (200_000, false)] {
        let texts = Texts::of(&sent.view(), scanner(), most);
        assert_eq!(texts.are_too_many(), too_many);
        let kept = texts
            .iter()
            .map(|(name, text)| name.unwrap_or_default().len() + text.len());
        assert!(kept.sum::<usize>() <= most);
    }
}
