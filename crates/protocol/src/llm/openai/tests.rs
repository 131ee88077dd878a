//! Promises about chat completions and Responses.

use aegis_policy::{Action, CallKind, Redaction, Truncation};
use serde_json::{Value, json};

use crate::testing::{MAIL, get, post, request};
use crate::{Dialect, InspectError, LlmApi};

const CHAT: &str = "/v1/chat/completions";

fn chat() -> Value {
    json!({
        "model": "small-1",
        "stream": true,
        "max_tokens": 100,
        "temperature": 0.5,
        "stop": ["x"],
        "messages": [{"role": "user", "content": "hello"}],
        "tools": [
            {"type": "function", "function": {"name": "search"}},
            {"type": "web_search"},
        ],
    })
}

#[test]
fn a_chat_gives_model_stream_options_and_tool_names() {
    for (host, tool) in [
        ("llm.example.com", "llm chat"),
        ("any.example.net", "any.example.net chat"),
    ] {
        let seen = post(host, CHAT).json(&chat()).seen();
        assert_eq!(seen.name(), tool);
        assert_eq!(seen.call.kind, CallKind::Llm);
        assert_eq!(seen.call.model.as_deref(), Some("small-1"));
        assert!(seen.call.stream);
        assert_eq!(seen.reading.dialect, Dialect::OpenAi);
        assert_eq!(seen.reading.llm(), Some(LlmApi::ChatCompletions));
        let parameters = json!({
            "model": "small-1", "stream": true, "max_tokens": 100, "temperature": 0.5,
            "stop": ["x"], "tools": ["search", "web_search"],
        });
        assert_eq!(Value::Object(seen.call.parameters), parameters);
    }
}

#[test]
fn an_option_that_is_an_object_is_a_parameter_and_can_be_redacted() {
    let mut body = chat();
    body["web_search_options"] = json!({"user_location": {"city": "x"}});
    let sent = post("llm.example.com", CHAT).json(&body);
    let option = sent.seen().parameter("web_search_options").cloned();
    assert_eq!(option, Some(json!({"user_location": {"city": "x"}})));
    let redaction = Redaction::Parameter("web_search_options".into(), Action::Label);
    let rewritten = sent.redact(&[redaction]).expect("a rewritten request");
    let rewritten = rewritten.body.expect("a body");
    body["web_search_options"] = json!("[REDACTED]");
    assert_eq!(
        serde_json::from_slice::<Value>(&rewritten).expect("JSON"),
        body
    );
}

#[test]
fn tools_that_are_no_list_are_a_parameter_as_they_are() {
    let mut body = chat();
    body["tools"] = json!({"type": "web_search"});
    let seen = post("llm.example.com", CHAT).json(&body).seen();
    assert_eq!(
        seen.parameter("tools"),
        Some(&json!({"type": "web_search"}))
    );
    assert_eq!(seen.parameter("messages"), None);
}

#[test]
fn data_is_found_in_text_and_in_content_parts() {
    let body = json!({"model": "m", "messages": [
        {"role": "system", "content": MAIL},
        {"role": "user", "content": [{"type": "text", "text": MAIL}]},
    ]});
    let seen = post("llm.example.com", CHAT).json(&body).seen();
    let expected = vec![
        ("EMAIL_ADDRESS", "body:/messages/0/content"),
        ("EMAIL_ADDRESS", "body:/messages/1/content/0/text"),
    ];
    assert_eq!(seen.found(), expected);
}

#[test]
fn a_chat_without_messages_is_a_disagreement() {
    let error = post("llm.example.com", CHAT)
        .json(&json!({"model": "m"}))
        .error();
    let expected = InspectError::Disagreement {
        declared: "openai",
        found: "something else",
    };
    assert_eq!(error, expected);
    assert_eq!(
        post("llm.example.com", CHAT).error().rule(),
        "protocol.disagreement"
    );
}

#[test]
fn a_chat_at_a_service_of_another_kind_is_a_disagreement() {
    for host in [
        "pay.example.com",
        "files.example.com",
        "mcp.example.com:8443",
    ] {
        assert_eq!(
            post(host, CHAT).json(&chat()).error().rule(),
            "protocol.disagreement",
            "{host}"
        );
    }
}

#[test]
fn other_spellings_of_the_path_are_a_chat_or_refused() {
    let seen = post("llm.example.com", "/v1/Chat/completions")
        .json(&chat())
        .seen();
    assert_eq!(seen.name(), "llm chat");
    for path in [
        "/v1//chat/completions",
        "/v1/chat/completions/",
        "/v1/x/../chat/completions",
    ] {
        let error = post("llm.example.com", path).json(&chat()).error();
        assert_eq!(error.rule(), "protocol.ambiguous_path", "{path}");
        assert_eq!(
            post("any.example.net", path).json(&chat()).seen().call.kind,
            CallKind::Llm
        );
    }
}

#[test]
fn a_second_spelling_of_a_member_is_malformed() {
    let mut body = chat();
    body["Model"] = json!("large-1");
    assert_eq!(
        post("llm.example.com", CHAT).json(&body).error().rule(),
        "protocol.malformed"
    );
}

#[test]
fn what_is_stored_has_actions_of_its_own() {
    let update = json!({"metadata": {"a": "b"}});
    for (sent, name, id) in [
        (get("llm.example.com", CHAT), "llm retrieve", None),
        (
            get("llm.example.com", "/v1/chat/completions/c"),
            "llm retrieve",
            Some("c"),
        ),
        (
            get("llm.example.com", "/v1/responses/r"),
            "llm retrieve",
            Some("r"),
        ),
        (
            post("llm.example.com", "/v1/responses/r/cancel"),
            "llm cancel",
            Some("r"),
        ),
        (
            post("llm.example.com", "/v1/chat/completions/c").json(&update),
            "llm update",
            Some("c"),
        ),
        (
            get("llm.example.com", "/v1/responses/r/input_items"),
            "llm other",
            None,
        ),
        (
            request("DELETE", "llm.example.com", "/v1/responses/r"),
            "llm other",
            None,
        ),
    ] {
        let seen = sent.seen();
        assert_eq!(seen.name(), name);
        assert_eq!(seen.parameter("id").and_then(Value::as_str), id, "{name}");
        assert!(!seen.call.stream);
        assert_eq!(seen.reading.dialect, Dialect::OpenAi);
    }
    let streamed = get(
        "llm.example.com",
        "/v1/responses/r?stream=true&starting_after=3",
    )
    .seen();
    assert!(streamed.call.stream);
    assert_eq!(streamed.parameter("stream"), Some(&json!(true)));
}

#[test]
fn json_under_another_content_type_is_still_a_chat() {
    let seen = post("llm.example.com", CHAT)
        .body("text/plain", chat().to_string())
        .seen();
    assert_eq!(seen.call.model.as_deref(), Some("small-1"));
}

#[test]
fn a_chat_that_cannot_be_read_has_no_parameters() {
    let seen = post("llm.example.com", CHAT).too_long().seen();
    assert_eq!(seen.name(), "llm chat");
    assert_eq!(seen.call.truncation, Truncation::Truncated);
    assert!(seen.call.parameters.is_empty());
    assert_eq!(seen.call.model, None);
}

#[test]
fn other_endpoints_of_a_service_are_other() {
    assert_eq!(
        get("llm.example.com", "/v1/models").seen().name(),
        "llm other"
    );
    let seen = post("llm.example.com", "/v1/embeddings")
        .json(&json!({"input": MAIL}))
        .seen();
    assert_eq!(seen.name(), "llm other");
    assert_eq!(seen.found(), vec![("EMAIL_ADDRESS", "body:/input")]);
}

const RESPONSES: &str = "/v1/responses";

fn response() -> Value {
    json!({
        "model": "small-1",
        "stream": true,
        "instructions": "be brief",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "hello"}]},
            {"type": "additional_tools", "tools": [{"type": "function", "name": "later"}]},
        ],
        "prompt": {"id": "p-1", "variables": {"name": "x"}},
        "tools": [
            {"type": "function", "name": "search", "parameters": {}},
            {"type": "custom", "name": "shell"},
            {"type": "mcp", "server_label": "s", "server_url": "https://mcp.example.net"},
            {"type": "web_search", "name": "harmless"},
            {"type": "namespace", "name": "crm", "tools": [{"type": "function", "name": "find"}]},
        ],
        "store": false,
    })
}

#[test]
fn a_response_gives_model_stream_options_and_tool_names() {
    for (host, tool) in [
        ("llm.example.com", "llm chat"),
        ("any.example.net", "any.example.net chat"),
    ] {
        let seen = post(host, RESPONSES).json(&response()).seen();
        assert_eq!(seen.name(), tool);
        assert_eq!(seen.call.model.as_deref(), Some("small-1"));
        assert!(seen.call.stream);
        assert_eq!(seen.reading.llm(), Some(LlmApi::Responses));
        let parameters = json!({
            "model": "small-1", "stream": true, "store": false, "prompt": "p-1",
            "tools": ["search", "shell", "mcp", "web_search", "find", "later"],
        });
        assert_eq!(Value::Object(seen.call.parameters), parameters);
    }
}

#[test]
fn a_tool_shows_every_name_that_a_server_may_take_for_its_own() {
    let tools = [
        (
            json!({"type": "function", "function": {"name": "a"}, "name": "b"}),
            json!(["a", "b"]),
        ),
        (
            json!({"type": "custom", "custom": {"name": "a"}}),
            json!(["a"]),
        ),
        (
            json!({"type": "web_search", "name": "a"}),
            json!(["web_search"]),
        ),
        (
            json!({"type": "namespace", "name": "a", "tools": []}),
            json!([""]),
        ),
        (json!({"type": 1, "name": 2}), json!([""])),
        (json!("a"), json!([""])),
    ];
    for (tool, names) in tools {
        let body = json!({"model": "m", "input": "x", "tools": [tool]});
        let seen = post("llm.example.com", RESPONSES).json(&body).seen();
        assert_eq!(seen.parameter("tools"), Some(&names), "{tool}");
    }
}

#[test]
fn a_response_starts_from_input_or_from_what_is_stored_and_names_its_model() {
    for start in ["input", "prompt", "conversation", "previous_response_id"] {
        let body = json!({"model": "m", start: "x"});
        let seen = post("llm.example.com", RESPONSES).json(&body).seen();
        assert_eq!(seen.name(), "llm chat");
        let without_model = json!({start: {"id": "x"}});
        let sent = post("llm.example.com", RESPONSES).json(&without_model);
        assert_eq!(sent.error().rule(), "protocol.disagreement");
    }
}

#[test]
fn data_in_input_and_instructions_is_found() {
    let body = json!({"model": "m", "input": MAIL, "instructions": MAIL});
    let seen = post("llm.example.com", RESPONSES).json(&body).seen();
    let expected = vec![
        ("EMAIL_ADDRESS", "body:/input"),
        ("EMAIL_ADDRESS", "body:/instructions"),
    ];
    assert_eq!(seen.found(), expected);
}

#[test]
fn azure_names_the_deployment_in_the_path() {
    let path = "/openai/deployments/small-1/chat/completions?api-version=2025-01-01";
    let mut body = chat();
    for host in ["llm.example.com", "any.example.net"] {
        let seen = post(host, path).json(&body).seen();
        assert_eq!(seen.parameter("model"), Some(&json!("small-1")));
    }
    body["model"] = json!("large-1");
    let error = post("llm.example.com", path).json(&body).error();
    assert_eq!(error.rule(), "protocol.malformed");
    body.as_object_mut().expect("an object").remove("model");
    let seen = post("llm.example.com", path).json(&body).seen();
    assert_eq!(seen.call.model.as_deref(), Some("small-1"));
    let path = "/x/../deployments/small-1/chat/completions";
    let error = post("any.example.net", path).json(&body).error();
    assert_eq!(error.rule(), "protocol.ambiguous_path");
}

#[test]
fn counting_tokens_has_an_action_of_its_own() {
    let seen = post("llm.example.com", "/v1/responses/input_tokens")
        .json(&json!({"model": "m", "input": "x"}))
        .seen();
    assert_eq!(seen.name(), "llm count_tokens");
    assert_eq!(seen.reading.llm(), None);
}
