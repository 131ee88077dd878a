//! Promises about Google Gemini, directly and on Vertex.

use aegis_policy::{Action, CallKind, Redaction};
use serde_json::{Value, json};

use crate::testing::{MAIL, get, post};
use crate::{Dialect, LlmApi};

const STREAM: &str = "/v1beta/models/gemini-x:streamGenerateContent?alt=sse";
const VERTEX: &str =
    "/v1beta1/projects/p/locations/europe-west4/publishers/google/models/gemini-x:generateContent";
const CLAUDE: &str = "/v1/projects/p/locations/eu/publishers/anthropic/models";

fn content() -> Value {
    json!({
        "contents": [{"role": "user", "parts": [{"text": "hello"}]}],
        "systemInstruction": {"parts": [{"text": "be brief"}]},
        "generationConfig": {"maxOutputTokens": 100},
        "tools": [
            {"functionDeclarations": [{"name": "get_weather"}, {"name": "search"}]},
            {"googleSearch": {}, "codeExecution": {}},
        ],
        "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}},
    })
}

#[test]
fn a_generation_gives_model_stream_and_tool_names() {
    for (host, name) in [
        ("gemini.example.com", "google chat"),
        ("any.example.net", "any.example.net chat"),
    ] {
        let seen = post(host, STREAM).json(&content()).seen();
        assert_eq!(seen.name(), name);
        assert_eq!(seen.call.kind, CallKind::Llm);
        assert_eq!(seen.call.model.as_deref(), Some("gemini-x"));
        assert!(seen.call.stream);
        assert_eq!(seen.reading.llm(), Some(LlmApi::GenerateContent));
        assert_eq!(seen.reading.dialect, Dialect::Gemini);
        let parameters = json!({
            "model": "gemini-x", "stream": true,
            "generationConfig": {"maxOutputTokens": 100},
            "tools": ["get_weather", "search", "googleSearch", "codeExecution"],
            "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}},
        });
        assert_eq!(Value::Object(seen.call.parameters), parameters);
    }
}

#[test]
fn a_path_of_vertex_says_the_location() {
    let seen = post("gemini.example.com", VERTEX).json(&content()).seen();
    assert_eq!(seen.parameter("location"), Some(&json!("europe-west4")));
    assert_eq!(seen.parameter("model"), Some(&json!("gemini-x")));
    let seen = post("gemini.example.com", STREAM).json(&content()).seen();
    assert_eq!(seen.parameter("location"), None);
}

#[test]
fn snake_case_is_judged_as_camel_case() {
    let body = json!({
        "contents": {"parts": {"text": "hello"}},
        "system_instruction": {"parts": {"text": "be brief"}},
        "generation_config": {"temperature": 1},
        "tools": {"function_declarations": {"name": "search"}, "google_search": {}},
    });
    let sent = post("gemini.example.com", STREAM).json(&body);
    let seen = sent.seen();
    assert_eq!(
        seen.parameter("generationConfig"),
        Some(&json!({"temperature": 1}))
    );
    assert_eq!(
        seen.parameter("tools"),
        Some(&json!(["search", "googleSearch"]))
    );
    for name in [
        "generation_config",
        "systemInstruction",
        "system_instruction",
    ] {
        assert_eq!(seen.parameter(name), None, "{name}");
    }
    let rewritten = sent.redact(&[Redaction::Parameter(
        "generationConfig".into(),
        Action::Label,
    )]);
    let rewritten = rewritten
        .expect("a rewritten request")
        .body
        .expect("a body");
    let rewritten: Value = serde_json::from_slice(&rewritten).expect("JSON");
    assert_eq!(rewritten["generation_config"], "[REDACTED]");
}

#[test]
fn judged_members_have_one_spelling() {
    let mut twice = content();
    twice["generation_config"] = json!({});
    let error = post("gemini.example.com", STREAM).json(&twice).error();
    assert_eq!(error.rule(), "protocol.duplicate_parameter");
    for name in ["Contents", "generationconfig", "Tools", "SystemInstruction"] {
        let mut body = content();
        body[name] = json!({});
        let error = post("gemini.example.com", STREAM).json(&body).error();
        assert_eq!(error.rule(), "protocol.malformed", "{name}");
    }
}

#[test]
fn a_body_names_no_other_model() {
    for (model, agrees) in [
        ("gemini-x", true),
        ("models/gemini-x", true),
        ("gemini-y", false),
        ("models/gemini-y", false),
    ] {
        let mut body = content();
        body["model"] = json!(model);
        let sent = post("gemini.example.com", STREAM).json(&body);
        assert_eq!(sent.inspect().is_ok(), agrees, "{model}");
    }
}

#[test]
fn counting_and_other_endpoints_have_actions_of_their_own() {
    let path = "/v1beta/models/gemini-x:countTokens";
    for body in [
        json!({"contents": []}),
        json!({"generateContentRequest": {"contents": []}}),
    ] {
        let seen = post("gemini.example.com", path).json(&body).seen();
        assert_eq!(seen.name(), "google count_tokens");
        assert_eq!(seen.reading.llm(), None);
        assert_eq!(seen.parameter("generateContentRequest"), None);
    }
    let seen = get("gemini.example.com", "/v1beta/models").seen();
    assert_eq!(seen.name(), "google other");
}

#[test]
fn anthropic_on_vertex_is_read_and_refused_in_its_own_language() {
    let body = json!({
        "anthropic_version": "vertex-2023-10-16", "max_tokens": 9, "stream": true,
        "messages": [], "system": MAIL, "tools": [{"type": "web_search_20250305", "name": "s"}],
    });
    let path = format!("{CLAUDE}/claude-x@1:streamRawPredict");
    let seen = post("gemini.example.com", &path).json(&body).seen();
    assert_eq!(seen.name(), "google chat");
    assert_eq!(seen.reading.llm(), Some(LlmApi::Messages));
    assert_eq!(seen.reading.dialect, Dialect::Anthropic);
    assert_eq!(seen.parameter("model"), Some(&json!("claude-x@1")));
    assert_eq!(seen.parameter("location"), Some(&json!("eu")));
    assert_eq!(
        seen.parameter("tools"),
        Some(&json!(["web_search_20250305"]))
    );
    assert_eq!(seen.parameter("system"), None);
    let body = json!({"model": "claude-x", "messages": []});
    let path = format!("{CLAUDE}/count-tokens:rawPredict");
    let seen = post("gemini.example.com", &path).json(&body).seen();
    assert_eq!(seen.name(), "google count_tokens");
    assert_eq!(seen.call.model.as_deref(), Some("claude-x"));
}

#[test]
fn data_goes_from_contents_and_everything_else_stays() {
    let mut body = content();
    body["contents"][0]["parts"][0]["text"] = json!(format!("write to {MAIL}"));
    let sent = post("gemini.example.com", STREAM).json(&body);
    assert_eq!(
        sent.seen().found(),
        vec![("EMAIL_ADDRESS", "body:/contents/0/parts/0/text")]
    );
    let rewritten = sent.redact(&[Redaction::Data("EMAIL_ADDRESS".into(), Action::Label)]);
    let rewritten = rewritten
        .expect("a rewritten request")
        .body
        .expect("a body");
    let rewritten: Value = serde_json::from_slice(&rewritten).expect("JSON");
    assert!(!rewritten.to_string().contains(MAIL));
    body["contents"] = rewritten["contents"].clone();
    assert_eq!(rewritten, body);
}
