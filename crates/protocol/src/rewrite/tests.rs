//! Promises about redaction: exactly what policy names goes, or the call is refused.

use std::sync::Arc;

use aegis_policy::{Action, Redaction};
use serde_json::{Value, json};

use crate::testing::{MAIL, Sent, get, post};
use crate::{RedactError, Rewritten};

fn parameter(name: &str) -> Redaction {
    Redaction::Parameter(Arc::from(name), Action::Label)
}

fn email() -> Redaction {
    Redaction::Data(Arc::from("EMAIL_ADDRESS"), Action::Label)
}

fn body(rewritten: &Rewritten) -> Value {
    serde_json::from_slice(rewritten.body.as_ref().expect("a body")).expect("JSON")
}

fn charge() -> Sent {
    post("pay.example.com", "/v1/charges").json(&json!({"amount": 5, "note": {"to": "me"}}))
}

#[test]
fn a_parameter_goes_from_where_it_stands() {
    let rewritten = charge().redact(&[parameter("note")]).expect("redacted");
    assert_eq!(body(&rewritten), json!({"amount": 5, "note": "[REDACTED]"}));
    assert_eq!(rewritten.query, None);

    let sent = post("pay.example.com", "/v1/charges?note=a&x=1").form("amount=5&tag[]=a&tag[]=b");
    let rewritten = sent
        .redact(&[parameter("note"), parameter("tag")])
        .expect("redacted");
    assert_eq!(rewritten.query.as_deref(), Some("note=%5BREDACTED%5D&x=1"));
    let expected = "amount=5&tag[]=%5BREDACTED%5D&tag[]=%5BREDACTED%5D";
    assert_eq!(rewritten.body.as_deref(), Some(expected.as_bytes()));
}

#[test]
fn an_argument_of_a_tool_goes() {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                         "params": {"name": "n", "arguments": {"a/b": MAIL, "c": MAIL}}});
    let sent = post("mcp.example.com:8443", "/mcp").json(&message);
    let rewritten = body(&sent.redact(&[parameter("a/b"), email()]).expect("redacted"));
    let expected = json!({"a/b": "[REDACTED]", "c": "[REDACTED:EMAIL_ADDRESS]"});
    assert_eq!(rewritten["params"]["arguments"], expected);
}

#[test]
fn data_goes_from_query_and_body() {
    let sent = post("plain.example.com", &format!("/?to={MAIL}")).body("text/plain", MAIL);
    let rewritten = sent.redact(&[email()]).expect("redacted");
    assert_eq!(
        rewritten.query.as_deref(),
        Some("to=%5BREDACTED%3AEMAIL_ADDRESS%5D")
    );
    assert_eq!(
        rewritten.body.as_deref(),
        Some(b"[REDACTED:EMAIL_ADDRESS]".as_slice())
    );
}

#[test]
fn what_needs_no_redaction_stays_as_it_is() {
    assert_eq!(charge().redact(&[]), Ok(Rewritten::default()));
    assert_eq!(
        charge().redact(&[parameter("absent"), email()]),
        Ok(Rewritten::default())
    );
}

#[test]
fn what_cannot_be_reached_is_an_error() {
    let in_path = post("pay.example.com", "/v1/charges/ch_1/refund");
    assert_eq!(
        in_path.redact(&[parameter("charge")]),
        Err(RedactError::Fixed)
    );
    let found_in_path = get("plain.example.com", &format!("/{MAIL}"));
    assert_eq!(found_in_path.redact(&[email()]), Err(RedactError::Fixed));
    let chat = json!({"model": "m", "messages": [], "functions": [{"name": "f"}]});
    let derived = post("llm.example.com", "/v1/chat/completions").json(&chat);
    assert_eq!(
        derived.redact(&[parameter("tools")]),
        Err(RedactError::Fixed)
    );
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                         "params": {"name": "n", "arguments": {"to": "me"}}});
    let mirrored = post("mcp.example.com:8443", "/")
        .json(&message)
        .header("mcp-param-to", "me");
    assert_eq!(mirrored.redact(&[parameter("to")]), Err(RedactError::Fixed));
}

#[test]
fn what_was_not_seen_whole_is_not_rewritten() {
    let unseen = [
        charge().too_long(),
        post("pay.example.com", "/v1/charges").body("text/plain", MAIL),
    ];
    for sent in unseen {
        assert_eq!(sent.redact(&[email()]), Err(RedactError::Unread));
    }
}

#[test]
fn a_signed_request_is_not_rewritten() {
    let signed = charge().header("content-digest", "sha-256=:x:");
    assert_eq!(
        signed.redact(&[parameter("note")]),
        Err(RedactError::Signed)
    );
}
