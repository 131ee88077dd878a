//! Promises about Anthropic's Messages.

use aegis_policy::{Action, CallKind, Redaction};
use serde_json::{Value, json};

use crate::testing::{MAIL, get, post};
use crate::{Dialect, LlmApi};

const MESSAGES: &str = "/v1/messages?beta=true";

fn message() -> Value {
    json!({
        "model": "claude-x",
        "max_tokens": 1024,
        "stream": true,
        "inference_geo": "us",
        "system": [{"type": "text", "text": "be brief"}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
        "tools": [
            {"name": "get_weather", "description": "d", "input_schema": {"type": "object"}},
            {"type": "custom", "name": "search", "input_schema": {"type": "object"}},
            {"type": "web_search_20250305", "name": "harmless", "max_uses": 3},
        ],
        "tool_choice": {"type": "auto"},
        "new_member": {"passes": "untouched"},
    })
}

#[test]
fn a_message_gives_model_stream_region_and_tool_names() {
    for (host, name) in [
        ("claude.example.com", "claude chat"),
        ("any.example.net", "any.example.net chat"),
    ] {
        let seen = post(host, MESSAGES).json(&message()).seen();
        assert_eq!(seen.name(), name);
        assert_eq!(seen.call.kind, CallKind::Llm);
        assert_eq!(seen.call.model.as_deref(), Some("claude-x"));
        assert!(seen.call.stream && seen.reading.streams());
        assert_eq!(seen.reading.llm(), Some(LlmApi::Messages));
        assert_eq!(seen.reading.dialect, Dialect::Anthropic);
        let parameters = json!({
            "model": "claude-x", "max_tokens": 1024, "stream": true, "inference_geo": "us",
            "tools": ["get_weather", "search", "web_search_20250305"],
            "tool_choice": {"type": "auto"}, "new_member": {"passes": "untouched"},
        });
        assert_eq!(Value::Object(seen.call.parameters), parameters);
    }
}

#[test]
fn counting_tokens_has_an_action_of_its_own() {
    let body = json!({"model": "claude-x", "messages": [{"role": "user", "content": MAIL}]});
    let seen = post("claude.example.com", "/v1/messages/count_tokens")
        .json(&body)
        .seen();
    assert_eq!(seen.name(), "claude count_tokens");
    assert_eq!(seen.reading.llm(), None);
    assert_eq!(seen.call.model.as_deref(), Some("claude-x"));
    assert_eq!(
        seen.found(),
        vec![("EMAIL_ADDRESS", "body:/messages/0/content")]
    );
}

#[test]
fn other_endpoints_are_other() {
    let batches = post("claude.example.com", "/v1/messages/batches").json(&json!({"requests": []}));
    for sent in [get("claude.example.com", "/v1/models"), batches] {
        let seen = sent.seen();
        assert_eq!(seen.name(), "claude other");
        assert_eq!(seen.reading.llm(), None);
        assert_eq!(seen.reading.dialect, Dialect::Anthropic);
    }
}

#[test]
fn judged_members_have_one_spelling() {
    for name in ["Model", "MESSAGES", "Inference_Geo", "Tools", "System"] {
        let mut body = message();
        body[name] = json!("x");
        let error = post("claude.example.com", MESSAGES).json(&body).error();
        assert_eq!(error.rule(), "protocol.malformed", "{name}");
    }
}

#[test]
fn data_goes_from_messages_and_system_and_everything_else_stays() {
    let mut body = message();
    body["system"][0]["text"] = json!(MAIL);
    body["messages"][0]["content"][0]["text"] = json!(format!("write to {MAIL}"));
    let sent = post("claude.example.com", MESSAGES).json(&body);
    let rewritten = sent.redact(&[Redaction::Data("EMAIL_ADDRESS".into(), Action::Label)]);
    let rewritten = rewritten
        .expect("a rewritten request")
        .body
        .expect("a body");
    let rewritten: Value = serde_json::from_slice(&rewritten).expect("JSON");
    assert!(!rewritten.to_string().contains(MAIL));
    body["system"] = rewritten["system"].clone();
    body["messages"] = rewritten["messages"].clone();
    assert_eq!(rewritten, body);
}
