//! Answers of no API: whatever their bytes are cut into, the data is gone and the rest is what it was.

use aegis_policy::{Action, AnswerEffect, AnswerRules, Numbers, Unread};
use http::HeaderValue;
use serde_json::{Value, json};

use super::*;
use crate::answer::Limits;
use crate::testing::{Names, scanner};
use crate::{ContentError, Medium, Step};

const LIMITS: Limits = Limits {
    event_bytes: 4096,
    hold_bytes: 4096,
    hold_events: 8,
    calls: 8,
};

fn rules(effect: AnswerEffect, unread: Unread) -> AnswerRules {
    let types = ["EMAIL_ADDRESS", "CREDIT_CARD"];
    AnswerRules {
        data: types.map(|kind| (kind.into(), effect)).into(),
        unread,
        numbers: Numbers::Text,
    }
}

fn sent(
    medium: Medium,
    body: &[u8],
    size: usize,
    rules: &AnswerRules,
) -> (String, Option<ContentError>) {
    let mut content = Content::new(medium, Cleaner::new(scanner(), rules), LIMITS);
    let mut pieces = body.chunks(size.max(1));
    let mut sent = Vec::new();
    let error = loop {
        match content.step() {
            Ok(Step::Forward(bytes)) => sent.extend(bytes),
            Ok(Step::Wait) => match pieces.next() {
                Some(piece) => content.feed(piece),
                None => content.finish(),
            },
            Ok(Step::End) => break None,
            Err(error) => break Some(error),
        }
    };
    (String::from_utf8(sent).expect("utf-8"), error)
}

/// However it is cut.
fn cleaned(medium: Medium, body: &str) -> String {
    let rules = rules(AnswerEffect::Sanitize(Action::Label), Unread::Deny);
    let (whole, error) = sent(medium, body.as_bytes(), usize::MAX, &rules);
    assert_eq!(error, None, "{body}");
    for size in 1..body.len() {
        let (pieces, error) = sent(medium, body.as_bytes(), size, &rules);
        assert_eq!(
            (pieces, error),
            (whole.clone(), None),
            "in pieces of {size}"
        );
    }
    whole
}

fn medium(content_type: &str) -> Result<Option<Medium>, ContentError> {
    let mut headers = http::HeaderMap::new();
    let value = HeaderValue::from_str(content_type).unwrap();
    headers.insert(http::header::CONTENT_TYPE, value);
    Medium::of(&headers)
}

#[test]
fn a_document_loses_data_in_strings_numbers_and_names() {
    let body = r#"{"mail": "ann@corp.example", "n": [1.50, 4000123412341234], "bob@corp.example": true, "eve@corp.example": "\u0061"}"#;
    assert_eq!(
        cleaned(Medium::Json, body),
        r#"{"mail": "[REDACTED:EMAIL_ADDRESS]", "n": [1.50, "[REDACTED:CREDIT_CARD]"], "[REDACTED:EMAIL_ADDRESS] 1": true, "[REDACTED:EMAIL_ADDRESS] 2": "\u0061"}"#
    );
}

#[test]
fn a_document_without_data_is_the_same_bytes() {
    let body = " {\"a\" : [1.0, 2e3, null] }\n";
    assert_eq!(cleaned(Medium::Json, body), body);
    assert_eq!(cleaned(Medium::Unknown, body), body);
}

#[test]
fn what_messages_are_told_apart_by_stays_or_nothing_goes() {
    let body = r#"{"jsonrpc": "2.0", "id": "a-7", "method": "go", "params": {"progressToken": 4111111111111111, "id": "ann@corp.example"}}"#;
    assert_eq!(
        cleaned(Medium::Json, body),
        body.replace("ann@corp.example", "[REDACTED:EMAIL_ADDRESS]")
    );
    for body in [
        r#"{"jsonrpc": "2.0", "id": "ann@corp.example", "result": {}}"#,
        r#"[{"jsonrpc": "2.0", "id": 1, "method": "ann@corp.example"}]"#,
        r#"{"jsonrpc": "2.0", "method": "a", "params": {"progressToken": "ann@corp.example"}}"#,
        r#"{"jsonrpc": "2.0", "id": 1, "method": "a", "params": {"_meta": {"progressToken": "ann@corp.example"}}}"#,
    ] {
        let rules = rules(AnswerEffect::Sanitize(Action::Label), Unread::Deny);
        let (out, error) = sent(Medium::Json, body.as_bytes(), usize::MAX, &rules);
        assert_eq!(
            (&*out, error),
            ("", Some(Denied::Event("EMAIL_ADDRESS").into())),
            "{body}"
        );
    }
}

#[test]
fn what_looks_like_a_message_elsewhere_is_data() {
    for body in [
        r#"{"data": {"jsonrpc": "2.0", "id": "ann@corp.example", "method": "ann@corp.example"}}"#,
        r#"{"jsonrpc": "ann@corp.example", "id": "ann@corp.example"}"#,
        r#"{"params": {"progressToken": "ann@corp.example"}}"#,
        r#"{"jsonrpc": "2.0", "id": 1, "result": {"jsonrpc": "2.0", "id": "ann@corp.example"}}"#,
        r#"{"jsonrpc": "2.0", "id": 1, "result": {"_meta": {"progressToken": "ann@corp.example"}}}"#,
    ] {
        let expected = body.replace("ann@corp.example", "[REDACTED:EMAIL_ADDRESS]");
        assert_eq!(cleaned(Medium::Json, body), expected);
    }
}

#[test]
fn lines_and_events_are_documents_of_their_own() {
    let lines = "{\"a\": \"ann@corp.example\"}\n\n[1]\n\"x\"";
    let expected = "{\"a\": \"[REDACTED:EMAIL_ADDRESS]\"}\n\n[1]\n\"x\"";
    assert_eq!(cleaned(Medium::Lines, lines), expected);
    let events =
        ": hello\n\nid: 7\ndata: {\"a\": \"ann@corp.example\"}\n\ndata: to ann@corp.example\n\n";
    let expected = ": hello\n\nid: 7\ndata: {\"a\": \"[REDACTED:EMAIL_ADDRESS]\"}\n\ndata: to [REDACTED:EMAIL_ADDRESS]\n\n";
    assert_eq!(cleaned(Medium::Events, events), expected);
}

#[test]
fn other_text_is_searched_as_it_comes() {
    let text = "été: write to ann@corp.example, or pay with 4000 1234 1234 1234.";
    let expected = "été: write to [REDACTED:EMAIL_ADDRESS], or pay with [REDACTED:CREDIT_CARD].";
    assert_eq!(cleaned(Medium::Text, text), expected);
    assert_eq!(cleaned(Medium::Unknown, text), expected);
}

#[test]
fn what_nobody_names_is_json_or_text_as_far_as_it_reads_so() {
    let mail = "ann@corp.example";
    let redacted = "[REDACTED:EMAIL_ADDRESS]";
    for body in [
        r#" {"a": "\u0061", "to": "MAIL"}"#,
        "[section]\nto = MAIL",
        "{\"a\": \"MAIL\"}\n{\"b\": \"MAIL\"}\n",
        "\x1e{\"a\": \"MAIL\"}\n",
        "name,to\nann,MAIL\n",
    ] {
        let sent = cleaned(Medium::Unknown, &body.replace("MAIL", mail));
        assert_eq!(sent, body.replace("MAIL", redacted));
    }
    let long = format!("[\"{}\", \"{mail}\"]", "a ".repeat(2500));
    let rules = rules(AnswerEffect::Sanitize(Action::Label), Unread::Deny);
    let (sent, error) = sent(Medium::Unknown, long.as_bytes(), 100, &rules);
    assert_eq!((sent, error), (long.replace(mail, redacted), None));
}

#[test]
fn bytes_that_are_no_text_pass_where_nobody_says_that_they_are() {
    let body = b"to ann@corp.example, \x01 and bob@corp.example";
    let wide: Vec<u8> = "ann@corp.example".bytes().flat_map(|b| [b, 0]).collect();
    let deny = rules(AnswerEffect::Sanitize(Action::Label), Unread::Deny);
    for size in 1..body.len() {
        let (passed, error) = sent(Medium::Unknown, body, size, &deny);
        let expected = "to [REDACTED:EMAIL_ADDRESS], \x01 and bob@corp.example";
        assert_eq!((&*passed, error), (expected, None));
        let (_, error) = sent(Medium::Text, &wide, size, &deny);
        assert_eq!(error, Some(ContentError::Utf8));
    }
    let allow = rules(AnswerEffect::Sanitize(Action::Label), Unread::Allow);
    let (passed, error) = sent(Medium::Text, &wide, 5, &allow);
    assert_eq!((passed.as_bytes(), error), (&*wide, None));
}

#[test]
fn nothing_of_an_answer_goes_out_from_denied_data_on() {
    let rules = rules(AnswerEffect::Deny, Unread::Allow);
    for (medium, body) in [
        (Medium::Json, r#"{"a": "ann@corp.example"}"#),
        (Medium::Lines, "{\"a\": \"ann@corp.example\"}\n"),
        (Medium::Events, "data: ann@corp.example\n\n"),
        (Medium::Text, "ann@corp.example and more"),
    ] {
        for size in [1, 5, 100] {
            let (sent, error) = sent(medium, body.as_bytes(), size, &rules);
            assert_eq!(sent, "", "{medium:?}");
            assert_eq!(
                error,
                Some(Denied::Data("EMAIL_ADDRESS").into()),
                "{medium:?}"
            );
        }
    }
}

#[test]
fn what_cannot_be_read_is_refused_or_passes_as_it_is() {
    let long = format!("[\"{}\"]", "a".repeat(5000));
    for (medium, body) in [
        (Medium::Json, "{\"a\": 1, \"a\": 2}"),
        (Medium::Json, &long),
        (Medium::Lines, "{\"a\"\n"),
        (Medium::Events, "nonsense\n\n"),
    ] {
        let deny = rules(AnswerEffect::Sanitize(Action::Label), Unread::Deny);
        let (refused, error) = sent(medium, body.as_bytes(), 64, &deny);
        assert_eq!(refused, "");
        assert_eq!(
            error.map(ContentError::rule).as_deref(),
            Some("data.unread")
        );
        let allow = rules(AnswerEffect::Sanitize(Action::Label), Unread::Allow);
        assert_eq!(
            sent(medium, body.as_bytes(), 64, &allow),
            (body.to_owned(), None)
        );
    }
}

#[test]
fn the_content_type_says_whether_an_answer_is_text() {
    for (content_type, expected) in [
        ("application/json", Some(Medium::Json)),
        (
            "application/problem+json; charset=UTF-8",
            Some(Medium::Json),
        ),
        ("text/event-stream", Some(Medium::Events)),
        ("application/x-ndjson", Some(Medium::Lines)),
        ("text/html; charset=iso-8859-1", Some(Medium::Text)),
        ("image/svg+xml", Some(Medium::Text)),
        ("image/png", None),
        ("application/grpc", None),
        ("application/octet-stream", Some(Medium::Unknown)),
        ("application/x-amz-json-1.1", Some(Medium::Unknown)),
        ("application/csv; charset=iso-8859-1", Some(Medium::Text)),
        ("multipart/mixed; boundary=x", Some(Medium::Unknown)),
    ] {
        assert_eq!(medium(content_type), Ok(expected), "{content_type}");
    }
    for charset in [
        "charset=utf-16",
        "Charset = \"UTF-16LE\"",
        "a=\";\"; charset=ibm500",
    ] {
        let content_type = format!("text/plain; {charset}");
        assert_eq!(
            medium(&content_type),
            Err(ContentError::Encoded),
            "{charset}"
        );
    }
    assert_eq!(
        Medium::of(&http::HeaderMap::new()),
        Ok(Some(Medium::Unknown))
    );
}

#[test]
fn debug_output_shows_nothing_of_the_answer() {
    let rules = rules(AnswerEffect::Sanitize(Action::Label), Unread::Deny);
    let mut content = Content::new(Medium::Text, Cleaner::new(scanner(), &rules), LIMITS);
    content.feed(b"ann@corp.example");
    let shown = format!("{content:?} {:?} {content:?}", content.step());
    assert!(!shown.contains("corp"), "{shown}");
}

#[test]
fn a_number_that_is_data_ends_an_answer_where_it_must_not_become_text() {
    let rules = AnswerRules {
        numbers: Numbers::Deny,
        ..rules(AnswerEffect::Sanitize(Action::Label), Unread::Allow)
    };
    let (sent, error) = sent(Medium::Json, br#"{"n": 4000123412341234}"#, 64, &rules);
    assert_eq!(sent, "");
    assert_eq!(error, Some(Denied::Number("CREDIT_CARD").into()));
    let rule = error.map(ContentError::rule);
    assert_eq!(rule.as_deref(), Some("data.number"));
}

#[test]
fn tokens_become_their_values_after_data_was_looked_for() {
    let names: Arc<dyn Pseudonyms> = Arc::new(Names::default());
    let token = names
        .token("EMAIL_ADDRESS", "ann@corp.example")
        .expect("room");
    let token = format!("[EMAIL_ADDRESS:{token}]");
    let rules = rules(AnswerEffect::Sanitize(Action::Token), Unread::Deny);
    let own: Arc<dyn Pseudonyms> = Arc::new(Names::default());
    own.token("US_SSN", "another name for the first")
        .expect("room");
    for (medium, body, expected) in [
        (
            Medium::Json,
            format!(r#"{{"to": "{token}", "{token}": "bob@corp.example"}}"#),
            format!(
                r#"{{"to": "ann@corp.example", "{token}": "[EMAIL_ADDRESS:0000000000000001]"}}"#
            ),
        ),
        (
            Medium::Text,
            format!("<a>{token}</a> {token}"),
            "<a>ann@corp.example</a> ann@corp.example".to_owned(),
        ),
        (
            Medium::Events,
            format!("data: to {token}\n\n"),
            "data: to ann@corp.example\n\n".to_owned(),
        ),
    ] {
        for size in 1..body.len() {
            let cleaner = Cleaner::new(scanner(), &rules)
                .naming(Arc::clone(&own))
                .restoring(Arc::clone(&names));
            let mut content = Content::new(medium, cleaner, LIMITS);
            let mut pieces = body.as_bytes().chunks(size);
            let mut sent = Vec::new();
            loop {
                match content.step().expect("an answer") {
                    Step::Forward(bytes) => sent.extend(bytes),
                    Step::Wait => match pieces.next() {
                        Some(piece) => content.feed(piece),
                        None => content.finish(),
                    },
                    Step::End => break,
                }
            }
            let sent = String::from_utf8(sent).expect("utf-8");
            assert_eq!(sent, expected, "{medium:?} in pieces of {size}");
        }
    }
}

#[test]
fn json_in_strings_loses_data_however_it_is_escaped_and_stays_json() {
    let inner = r#"{"mail": "ann\u0040corp.example", "n": 4000123412341234, "url": "https:\/\/h.example\/?to=ann\u0040corp.example", "say": "\"ann@corp.example\""}"#;
    let expected = json!({
        "mail": "[REDACTED:EMAIL_ADDRESS]",
        "n": "[REDACTED:CREDIT_CARD]",
        "url": "https://h.example/?to=[REDACTED:EMAIL_ADDRESS]",
        "say": "\"[REDACTED:EMAIL_ADDRESS]\"",
    });
    let mut text = inner.to_owned();
    for level in 1..=4 {
        let body = json!({"content": [{"type": "text", "text": text}]}).to_string();
        for (medium, body) in [
            (Medium::Json, body.clone()),
            (Medium::Lines, format!("{body}\n{body}")),
            (Medium::Events, format!("event: message\ndata: {body}\n\n")),
            (Medium::Unknown, body.clone()),
        ] {
            let rules = rules(AnswerEffect::Sanitize(Action::Label), Unread::Deny);
            let (sent, error) = sent(medium, body.as_bytes(), 50 * level + 1, &rules);
            assert_eq!(error, None, "{level} {medium:?}");
            let start = sent.find('{').unwrap();
            let first = sent.get(start..).unwrap().lines().next().unwrap();
            let mut value: Value = serde_json::from_str(first).unwrap();
            value = value["content"][0]["text"].take();
            for _ in 0..level {
                value = serde_json::from_str(value.as_str().unwrap()).unwrap();
                value = match value.get_mut("again") {
                    Some(again) => again.take(),
                    None => value,
                };
            }
            assert_eq!(value, expected, "{level} {medium:?}");
        }
        text = json!({"again": text}).to_string();
    }
}

#[test]
fn a_number_in_json_in_a_string_must_not_become_text_either() {
    let mut rules = rules(AnswerEffect::Sanitize(Action::Label), Unread::Deny);
    rules.numbers = Numbers::Deny;
    let body = r#"{"text": "{\"n\": 4000123412341234}"}"#;
    let (out, error) = sent(Medium::Json, body.as_bytes(), usize::MAX, &rules);
    let denied = Denied::Number("CREDIT_CARD");
    assert_eq!((&*out, error), ("", Some(ContentError::Denied(denied))));
}
